//! Enrolling a device at its hub, and syncing with it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use teranga_client::Device;
use teranga_core::id::PublicKey;
use teranga_hub::carry;
use teranga_hub::link::Link;
use teranga_hub::synchronise::{Holder, Patience, Session, carry_files, synchronise};
use teranga_hub::world::now;
use teranga_store::Replica;
use teranga_store::conversation::Summary;
use teranga_store::erase::Destroyed;
use teranga_store::lane::{Errand, Lane, LaneSummary};
use teranga_store::network::{Allowance, Cost, Network, NetworkName};

use super::{lists, network};
use crate::budget::Budget;
use crate::enrolment::{self, HubBefore};
use crate::failure::{Failure, Outcome};
use crate::messages::Messages;
use crate::say::say;
use crate::size;

#[derive(Debug, Args)]
pub(crate) struct EnrolArgs {
    #[arg(long)]
    hub: String,
    #[arg(long, env = "TERANGA_CODE", hide_env_values = true)]
    code: String,
    #[arg(long)]
    cert: Option<PathBuf>,
    #[arg(long)]
    anew: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SyncArgs {
    #[arg(long)]
    cert: Option<PathBuf>,
    #[arg(long)]
    hub: Option<String>,
    #[arg(long, default_value_t = 5)]
    failures: u32,
    #[arg(long, default_value_t = 1000)]
    pause_permille: u64,
    #[arg(long = "attachments")]
    attachment_bytes: Option<Budget>,
    #[arg(long)]
    network: Option<String>,
    #[arg(long)]
    json: bool,
}

/// The way to a hub.
pub(super) struct Way {
    /// Whose way it was when it was found.
    hub: PublicKey,
    link: Link,
    patience: Patience,
}

impl Way {
    /// The way to the hub of this device, at another address where one is named.
    pub(super) fn new(device: &Device, url: Option<&str>, certificate: Option<&Path>) -> Outcome<Self> {
        let uplink = device.replica().uplink()?.ok_or_else(|| Failure::new("not-enrolled", Vec::new()))?;
        let link = Link::new(url.unwrap_or(&uplink.url), certificate)?;
        Ok(Self { hub: uplink.key, link, patience: Patience::FIELD })
    }

    /// Keeps the address where the hub that took the place of the former one was met: nobody answers any more at that one's.
    fn keep(&self, replica: &mut Replica, address: &str) -> Outcome {
        if replica.uplink()?.is_some_and(|uplink| uplink.key != self.hub) {
            replica.keep_address(address)?;
        }
        Ok(())
    }
}

/// Enrols with a code.
pub(super) async fn enrol(mut device: Device, arguments: EnrolArgs, messages: &Messages) -> Outcome {
    let EnrolArgs { hub, code, cert, anew } = arguments;
    let before = if anew { HubBefore::Left } else { HubBefore::Stays };
    let place = |device: &Device| device.replica().profile().audience.place.code().to_owned();
    let (followed, own) = (device.replica().uplink()?.is_some(), place(&device));
    let answer = enrolment::enrol(device.replica_mut(), &hub, cert.as_deref(), &code, before).await?;
    say!("{}", messages.with("field-enrolled", &[("hub", &answer.hub_name), ("person", &answer.person)]));
    let region = place(&device);
    if followed && own != region {
        say!("{}", messages.with("field-moved", &[("own", &own), ("region", &region)]));
    }
    Ok(())
}

/// A device, held by this process alone.
struct Held(Mutex<Device>);

impl Holder for Held {
    fn with<T>(&self, work: impl FnOnce(&mut Replica) -> T) -> T {
        work(self.0.lock().unwrap_or_else(PoisonError::into_inner).replica_mut())
    }
}

/// Syncs until nothing is left, answers before files, and says where everything lies.
pub(super) async fn run(device: Device, arguments: SyncArgs, messages: &Messages) -> Outcome {
    let mut way = Way::new(&device, arguments.hub.as_deref(), arguments.cert.as_deref())?;
    way.patience = Patience { failures_max: arguments.failures, pause_permille: arguments.pause_permille };
    let network = network::meant(device.replica(), arguments.network.as_deref())?;
    let bytes = arguments.attachment_bytes.map_or_else(|| network.left(), |Budget(bytes)| Some(bytes));
    let bar = spinner();
    let progress = |summary: &Summary| bar.set_message(told(summary, messages));
    let held = Held(Mutex::new(device));
    let outcome = synchronise(&held, &way.link, way.patience, progress).await;
    held.with(Replica::apply_the_rest)?;
    // However the session ended.
    if let Some(address) = &arguments.hub {
        held.with(|replica| way.keep(replica, address))?;
    }
    bar.finish_and_clear();
    let Session { summary, refused } = outcome?;
    // What is carried for others never fails one's own session.
    let handed_over = carry::hand_over(&held, &way.link).await?;
    let device = held.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (mut device, carried, ended) = if arguments.attachment_bytes == Some(Budget(0)) {
        (device, LaneSummary::default(), Ok(()))
    } else {
        let allowance = Allowance { over: network.name.clone(), bytes };
        files(device, &way, Errand::All, allowance, messages).await
    };
    device.reload_catalogue()?;
    let ended = refused.map_err(Failure::from).and(ended);
    if arguments.json {
        say!("{}", as_json(&device, &summary, (&carried, &network.name), &handed_over)?);
        return ended;
    }
    say!("{}", told(&summary, messages));
    if let Some(erased) = told_erased(summary.destroyed, messages) {
        say!("{erased}");
    }
    if carried.round_trips > 0 {
        say!("{}", told_files(&carried, messages));
    }
    if summary.heirs > 0 {
        say!("{}", messages.text("sync-hub-succeeded"));
    }
    // At another hub one is begun in any case, and says nothing of copies.
    if summary.lines > summary.heirs {
        say!("{}", messages.text("sync-line-begun"));
    }
    told_handed_over(&handed_over, messages);
    if carried.used_up {
        let of_today = arguments.attachment_bytes.is_none().then_some(&network);
        told_used_up(&device, of_today, messages)?;
    }
    lists::status(&device, messages)?;
    ended
}

/// Why the other files do not go, where there are others: what a network allows in a day, where this sync was told nothing else.
fn told_used_up(device: &Device, of_today: Option<&Network>, messages: &Messages) -> Outcome {
    let waiting = device.replica().files_waiting()?;
    if waiting.files == 0 && waiting.wanted == 0 {
        return Ok(());
    }
    match of_today.map(|network| network.cost) {
        Some(Cost::Metered { bytes_a_day }) => {
            let size = size::told(bytes_a_day, messages);
            say!("{}", messages.with("files-used-up-today", &[("size", &size)]));
        }
        Some(Cost::Unmetered) | None => say!("{}", messages.text("files-used-up")),
    }
    Ok(())
}

/// Carries files. The device comes back however it ended.
pub(super) async fn files(
    device: Device,
    way: &Way,
    errand: Errand,
    allowance: Allowance,
    messages: &Messages,
) -> (Device, LaneSummary, Outcome) {
    let bar = spinner();
    let progress = |summary: &LaneSummary| bar.set_message(told_files(summary, messages));
    let lane = Lane::begin(errand, allowance, way.patience.failures_max);
    let held = Held(Mutex::new(device));
    let (summary, ended) = carry_files(&held, &way.link, way.patience, lane, progress).await;
    bar.finish_and_clear();
    let device = held.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    (device, summary, ended.map_err(Failure::from))
}

fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    bar
}

fn as_json(
    device: &Device,
    summary: &Summary,
    (files, over): (&LaneSummary, &NetworkName),
    handed_over: &carry::HandedOver,
) -> Outcome<serde_json::Value> {
    let network = device.replica().network(over, now())?;
    let waiting = device.replica().files_waiting()?;
    Ok(serde_json::json!({
        "round_trips": summary.round_trips, "failures": summary.failures, "bytes_up": summary.bytes_up,
        "bytes_down": summary.bytes_down, "applied": summary.applied, "packs_again": summary.packs_again,
        "erased": summary.destroyed.records, "erased_unsent": summary.destroyed.unsent,
        "lines": summary.lines, "heirs": summary.heirs, "handed_over": handed_over.taken,
        "unsent": device.replica().log_counts()?.unsent,
        "files": {
            "round_trips": files.round_trips, "failures": files.failures, "bytes_up": files.bytes_up,
            "bytes_down": files.bytes_down, "bytes_again": files.bytes_again, "up": files.files_up,
            "down": files.files_down, "thumbnails_up": files.thumbnails_up,
            "thumbnails_down": files.thumbnails_down, "waiting": waiting.files,
            "bytes_waiting": waiting.bytes, "bytes_left_today": network.and_then(|network| network.left()),
        },
    }))
}

/// What was erased here, where something was: whoever wrote it hears that it is gone, what nobody else ever had too.
pub(super) fn told_erased(destroyed: Destroyed, messages: &Messages) -> Option<String> {
    let (records, unsent) = (destroyed.records.to_string(), destroyed.unsent.to_string());
    let told = [("records", records.as_str()), ("unsent", &unsent)];
    (destroyed.records > 0).then(|| messages.with("sync-erased", &told))
}

/// What was carried for others, where there was something.
fn told_handed_over(handed_over: &carry::HandedOver, messages: &Messages) {
    if *handed_over == carry::HandedOver::default() {
        return;
    }
    let counts = [handed_over.taken, handed_over.unwanted, handed_over.left].map(|count| count.to_string());
    let [taken, unwanted, left] = counts.each_ref().map(String::as_str);
    let told = [("taken", taken), ("unwanted", unwanted), ("left", left)];
    say!("{}", messages.with("sync-handed-over", &told));
}

fn told_files(summary: &LaneSummary, messages: &Messages) -> String {
    messages.with(
        "files-summary",
        &[
            ("up", &summary.files_up.to_string()),
            ("down", &summary.files_down.to_string()),
            ("thumbnails", &(summary.thumbnails_up + summary.thumbnails_down).to_string()),
            ("size", &size::told(summary.bytes_up + summary.bytes_down, messages)),
        ],
    )
}

fn told(summary: &Summary, messages: &Messages) -> String {
    messages.with(
        "sync-summary",
        &[
            ("trips", &summary.round_trips.to_string()),
            ("up", &summary.bytes_up.to_string()),
            ("down", &summary.bytes_down.to_string()),
            ("applied", &summary.applied.to_string()),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn what_was_erased_is_told_with_what_had_not_been_sent_and_nothing_where_nothing_was() {
        for language in Language::ALL {
            let messages = Messages::new(language);
            let told = told_erased(Destroyed { words: 5, records: 2, unsent: 3 }, &messages).unwrap();
            assert!(told.starts_with("2 ") && told.contains(" 3 "), "{told}");
            assert_eq!(told_erased(Destroyed { words: 5, ..Destroyed::default() }, &messages), None);
        }
    }
}
