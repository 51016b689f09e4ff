//! Enrolling a device at its hub, and syncing with it.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use teranga_client::Device;
use teranga_hub::carry;
use teranga_hub::link::Link;
use teranga_hub::synchronise::{Holder, Patience, synchronise};
use teranga_store::Replica;
use teranga_store::conversation::Summary;

use super::lists;
use crate::enrolment;
use crate::failure::{Failure, Outcome};
use crate::messages::Messages;
use crate::say::say;

#[derive(Debug, Args)]
pub(crate) struct EnrolArgs {
    #[arg(long)]
    hub: String,
    #[arg(long, env = "TERANGA_CODE", hide_env_values = true)]
    code: String,
    #[arg(long)]
    cert: Option<PathBuf>,
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
    #[arg(long)]
    json: bool,
}

/// Enrols with a code.
pub(super) async fn enrol(mut device: Device, arguments: EnrolArgs, messages: &Messages) -> Outcome {
    let answer =
        enrolment::enrol(device.replica_mut(), &arguments.hub, arguments.cert.as_deref(), &arguments.code)
            .await?;
    say!("{}", messages.with("field-enrolled", &[("hub", &answer.hub_name), ("person", &answer.person)]));
    Ok(())
}

/// A device, held by this process alone.
struct Held(Mutex<Device>);

impl Holder for Held {
    fn with<T>(&self, work: impl FnOnce(&mut Replica) -> T) -> T {
        work(self.0.lock().unwrap_or_else(PoisonError::into_inner).replica_mut())
    }
}

/// Syncs until nothing is left, and says where everything lies.
pub(super) async fn run(device: Device, arguments: SyncArgs, messages: &Messages) -> Outcome {
    let uplink = device.replica().uplink()?.ok_or_else(|| Failure::new("not-enrolled", Vec::new()))?;
    let link = Link::new(arguments.hub.as_deref().unwrap_or(&uplink.url), arguments.cert.as_deref())?;
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    let progress = |summary: &Summary| bar.set_message(told(summary, messages));
    let held = Held(Mutex::new(device));
    let patience = Patience { failures_max: arguments.failures, pause_permille: arguments.pause_permille };
    let outcome = synchronise(&held, &link, patience, progress).await;
    bar.finish_and_clear();
    let summary = outcome?;
    // What is carried for others never fails one's own session.
    let handed_over = carry::hand_over(&held, &link).await?;
    let mut device = held.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    device.reload_catalogue()?;
    if arguments.json {
        let counts = device.replica().log_counts()?;
        say!(
            "{}",
            serde_json::json!({
                "round_trips": summary.round_trips, "failures": summary.failures, "bytes_up": summary.bytes_up,
                "bytes_down": summary.bytes_down, "applied": summary.applied, "packs_again": summary.packs_again,
                "lines": summary.lines, "handed_over": handed_over.taken,
                "unsent": counts.unsent,
            })
        );
        return Ok(());
    }
    say!("{}", told(&summary, messages));
    if summary.lines > 0 {
        say!("{}", messages.text("sync-line-begun"));
    }
    if handed_over != carry::HandedOver::default() {
        let counts =
            [handed_over.taken, handed_over.unwanted, handed_over.left].map(|count| count.to_string());
        let [taken, unwanted, left] = counts.each_ref().map(String::as_str);
        let told = [("taken", taken), ("unwanted", unwanted), ("left", left)];
        say!("{}", messages.with("sync-handed-over", &told));
    }
    lists::status(&device, messages)
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
