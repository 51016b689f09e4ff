//! What the worst costs a hub that its limits let in: somebody who is enrolled, or has the key of somebody who is, asks as
//! dearly as the protocol allows, of a hub that serves as it always does, in a process of its own. Beside it an honest device
//! brings an interview.

mod attack;
mod thief;

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value as Json, json};
use teranga_client::Device;
use teranga_client::invent::Seeded;
use teranga_core::problem::Explain as _;
use teranga_hub::link::{Link, LinkError, Road};
use teranga_hub::serve::{DOOR, Door};
use teranga_hub::synchronise::{Holder, Patience, synchronise};
use teranga_office::admin::Command;

use attack::Attack;
use thief::Thief;

use super::held::Held;
use super::ingest;
use super::row::{Outcome, Row, Rows};
use super::served::{self, Served};
use crate::said::Manner;

/// What a hub may take with fifty devices.
const MEGABYTES_MAX: f64 = 150.0;
/// How long a whole first session of an honest device may take beside it, in milliseconds.
const HONEST_MS_MAX: u128 = 30_000;
/// How often somebody looks whether anything is left to apply.
const LOOK: Duration = Duration::from_millis(200);

/// A row for each way to be dear.
pub(super) fn run(manner: Manner) -> Result<()> {
    let mut rows = Rows::new(manner);
    for attack in Attack::ALL {
        let outcome = match served::cannot_be_told() {
            Some(why) => Outcome::Skipped(why),
            None => measure(attack)?,
        };
        let target = Some("at most 150 MB, and an honest session beside it in half a minute");
        rows.add(attack.name(), &Row { what: attack.told(), target, outcome });
    }
    rows.end();
    Ok(())
}

fn measure(attack: Attack) -> Result<Outcome> {
    ingest::install_tls();
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("hub");
    let mut seed = Seeded(6);
    let mut office = teranga_examples::hub(&data, &mut seed);
    let mut honest =
        teranga_examples::device(&folder.path().join("awa"), "Awa Exemple", &mut office, &mut seed);
    let case = teranga_examples::invented(&mut honest, "profile", None, &mut seed);
    teranga_examples::invented(&mut honest, "rss", Some(case), &mut seed);
    let mut thief = Thief::enrolled(&mut office, &mut seed)?;
    drop(office);
    let bodies = attack.requests(&mut thief, &mut seed)?;
    let bytes: usize = bodies.iter().map(Vec::len).sum();
    let requests = bodies.len();
    let hub = Served::start(&data)?;
    let (before, idle) = (hub.worked_ms()?, hub.megabytes("VmRSS")?);
    let answers = answers(&hub, bodies)?;
    let answered = hub.worked_ms()? - before;
    let (waited, round_trips) = honest_session(&hub, honest)?;
    all_applied(&hub, &data)?;
    let (worked, most) = (hub.worked_ms()? - before, hub.megabytes("VmHWM")?);
    let told = json!({
        "requests": requests, "bytes_up": bytes, "answers": answers, "worked_ms_until_answered": answered,
        "worked_ms": worked, "megabytes_idle": idle, "megabytes": most, "honest_session_ms": waited,
        "honest_round_trips": round_trips,
    });
    Ok(Outcome::Measured(told, most <= MEGABYTES_MAX && waited <= HONEST_MS_MAX))
}

/// What the requests are answered, one after the other: nothing, or a problem's code.
fn answers(hub: &Served, bodies: Vec<Vec<u8>>) -> Result<Vec<String>> {
    let link = Link::new(&format!("http://{}", hub.address), None)?;
    runtime()?.block_on(async {
        let mut answers = Vec::new();
        for body in bodies {
            answers.push(match link.exchange(Road::Answers, body).await {
                Ok(_) => "taken".to_owned(),
                Err(LinkError::Refused { problem }) => problem.code().to_owned(),
                Err(error) => return Err(error.into()),
            });
        }
        Ok(answers)
    })
}

/// How long an honest device's whole session takes that begins once everything was answered, in milliseconds, and how many requests
/// it is: whatever is applied meanwhile comes down in it too.
fn honest_session(hub: &Served, device: Device) -> Result<(u128, u64)> {
    let link = Link::new(&format!("http://{}", hub.address), None)?;
    let held = Held(Mutex::new(device));
    let begun = Instant::now();
    let session = runtime()?.block_on(synchronise(&held, &link, Patience::FIELD, |_| {}))?;
    ensure!(session.refused.is_ok(), "an honest device is refused: {:?}", session.refused);
    ensure!(held.with(|replica| replica.log_counts())?.unsent == 0, "an honest device's work is not taken");
    Ok((begun.elapsed().as_millis(), session.summary.round_trips))
}

/// Waits until nothing is left to apply.
fn all_applied(hub: &Served, data: &Path) -> Result<()> {
    let door: Door = serde_json::from_slice(&std::fs::read(data.join(DOOR))?)?;
    let link = Link::new(&format!("http://{}", hub.address), None)?;
    runtime()?.block_on(async {
        loop {
            let status: Json = link.ask(&door.secret, &Command::Status).await?;
            let logged = status.pointer("/changes/logged").and_then(Json::as_u64);
            if logged.context("the hub's status says what is logged")? == 0 {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    })
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
