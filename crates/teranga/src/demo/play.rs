//! What the volunteers do: fill interviews offline, edit the same answers apart, settle some, and sync over bad links.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use teranga_client::interview::Setting;
use teranga_client::invent::{self, Extent, Seeded};
use teranga_client::{ClientError, Device};
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::value::Value;
use teranga_hub::bad_link::{BadLink, Cuts, Weather};
use teranga_hub::link::Link;
use teranga_hub::synchronise::{Holder, Patience, Session, synchronise};
use teranga_hub::world::now;
use teranga_office::admin::Command;
use teranga_store::Replica;
use teranga_store::conversation::Summary;

use super::progress::Step;
use super::stage::{Hub, Stage};
use crate::enrolment::{self, HubBefore};
use crate::failure::{Failure, Outcome};
use crate::ledger::Ledger;
use crate::messages::Messages;

/// Six of ten connections are cut, each within its first 6 KB: a small sync is little more, so that even a short
/// demonstration sees several cuts, and what is left gets through.
const CUTS: Cuts = Cuts::Some { percent: 60, bytes_max: 6_000 };
/// Volunteers who know each other's records: two of one region edit the same answers apart.
const TEAM: usize = 2;
/// On loopback nobody waits, and many cuts in a row are tried through.
const PATIENCE: Patience = Patience { failures_max: 40, pause_permille: 2 };

/// A volunteer with a device and a link to the region.
pub(super) struct Volunteer {
    pub(super) name: String,
    pub(super) region: usize,
    pub(super) device: Mutex<Device>,
    pub(super) ledger: Ledger,
    link: BadLink,
}

/// The play.
pub(super) struct Play<'a> {
    pub(super) stage: &'a Stage,
    pub(super) volunteers: Vec<Volunteer>,
    pub(super) total: Summary,
    seed: Seeded,
    messages: &'a Messages,
}

impl Holder for Volunteer {
    fn with<T>(&self, work: impl FnOnce(&mut Replica) -> T) -> T {
        work(self.device().replica_mut())
    }
}

impl Volunteer {
    pub(super) fn device(&self) -> std::sync::MutexGuard<'_, Device> {
        self.device.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Play<'a> {
    /// Gives every volunteer a replica, enrolled at one of the regions.
    pub(super) async fn new(
        stage: &'a Stage,
        volunteers: u16,
        seed: u64,
        messages: &'a Messages,
    ) -> Outcome<Self> {
        let step = Step::begin(usize::from(volunteers), "demo-enrol", messages);
        let mut play =
            Self { stage, volunteers: Vec::new(), total: Summary::default(), seed: Seeded(seed), messages };
        for number in 0..usize::from(volunteers) {
            let region = number / TEAM % stage.regions.len();
            let Some(hub) = stage.regions.get(region) else { break };
            let volunteer = play.enrol(number, region, hub).await?;
            play.volunteers.push(volunteer);
            step.one();
        }
        step.done("demo-enrolled", &[("count", volunteers.to_string())]);
        Ok(play)
    }

    async fn enrol(&mut self, number: usize, region: usize, hub: &Hub) -> Outcome<Volunteer> {
        let name = self.messages.with("demo-volunteer", &[("number", &(number + 1).to_string())]);
        let folder = self.stage.folder().join(format!("volunteer-{}", number + 1));
        let mut device = Device::create(&folder, &name, hub.region.as_deref(), &mut self.seed)?;
        let code = hub.device_code(&name).await?;
        let url = format!("http://{}", hub.address);
        enrolment::enrol(device.replica_mut(), &url, None, &code, HubBefore::Stays).await?;
        let weather = Weather { seed: self.seed.next_number(), cuts: CUTS, delay_ms: 0, bytes_per_second: 0 };
        let link = BadLink::start(hub.address, weather)
            .await
            .map_err(|error| crate::failure::file(&folder, &error))?;
        let ledger = Ledger::at(&self.stage.folder().join(format!("volunteer-{}.ledger", number + 1)));
        Ok(Volunteer { name, region, device: Mutex::new(device), ledger, link })
    }

    /// Every case gets a profile, a consent and a first survey, without any network.
    pub(super) async fn offline_work(&mut self, cases: u32) -> Outcome {
        let step = Step::begin(cases as usize, "demo-offline", self.messages);
        for number in 0..cases as usize {
            let Some(volunteer) = self.volunteers.get(number % self.volunteers.len().max(1)) else { break };
            let case = interview(volunteer, "profile", None, &mut self.seed)?;
            interview(volunteer, "consent", Some(case), &mut self.seed)?;
            interview(volunteer, "rss", Some(case), &mut self.seed)?;
            step.one();
            // Nothing here waits; the signal to stop is heard between two cases.
            tokio::task::yield_now().await;
        }
        step.done("demo-offline-done", &[("count", cases.to_string())]);
        Ok(())
    }

    /// Everyone syncs, over links that cut.
    pub(super) async fn sync_all(&mut self) -> Outcome {
        let step = Step::begin(self.volunteers.len(), "demo-sync", self.messages);
        let before = self.cuts();
        for volunteer in &self.volunteers {
            let link = Link::new(&format!("http://{}", volunteer.link.address), None)?;
            let Session { summary, refused } = synchronise(volunteer, &link, PATIENCE, |_| {}).await?;
            refused?;
            self.total.round_trips += summary.round_trips;
            self.total.failures += summary.failures;
            self.total.bytes_up += summary.bytes_up;
            self.total.bytes_down += summary.bytes_down;
            self.total.packs_again += summary.packs_again;
            note_ticks(volunteer)?;
            step.one();
        }
        step.done("demo-sync-done", &[("cuts", (self.cuts() - before).to_string())]);
        Ok(())
    }

    /// The night: every region relays with headquarters.
    pub(super) async fn relay(&self) -> Outcome {
        let step = Step::begin(self.stage.regions.len(), "demo-relay", self.messages);
        for hub in &self.stage.regions {
            hub.ask(Command::Relay).await?;
            step.one();
        }
        step.done("demo-relay-done", &[]);
        Ok(())
    }

    /// Pairs of volunteers of one region edit the same survey without hearing of each other: one answer both, and one
    /// each alone.
    pub(super) async fn edit_apart(&mut self) -> Outcome {
        let step = Step::begin(self.stage.regions.len(), "demo-apart", self.messages);
        let mut edited = 0;
        for region in 0..self.stage.regions.len() {
            let team: Vec<&Volunteer> = self.volunteers.iter().filter(|one| one.region == region).collect();
            let Some(first) = team.first() else { continue };
            let shared = surveys(first)?;
            for (number, record) in shared.into_iter().enumerate().filter(|(number, _)| number % 3 == 0) {
                for (at, volunteer) in team.iter().take(TEAM).enumerate() {
                    let both = ["very_satisfied", "dissatisfied"].get(at).copied().unwrap_or("ok");
                    let (alone, value) = if at == 0 { ("S01", "good") } else { ("S02", "poor") };
                    let answers = [("E01", both), (alone, value)];
                    edit(volunteer, record, &answers, &mut Seeded(number as u64))?;
                    tokio::task::yield_now().await;
                }
                edited += 1;
            }
            step.one();
        }
        step.done("demo-apart-done", &[("count", edited.to_string())]);
        Ok(())
    }

    /// How many records headquarters shows with two values in one answer.
    pub(super) async fn conflicts_at_home(&self) -> Outcome<usize> {
        let answer = self.stage.home.ask(Command::Conflicts).await?;
        Ok(answer.as_array().map_or(0, Vec::len))
    }

    /// Half of the conflicts are settled, each by an ordinary edit.
    pub(super) async fn settle_half(&mut self) -> Outcome {
        let step = Step::begin(self.stage.regions.len(), "demo-settle", self.messages);
        let mut settled = 0;
        for region in 0..self.stage.regions.len() {
            let Some(volunteer) = self.volunteers.iter().find(|one| one.region == region) else { continue };
            let records = volunteer.device().replica().records_in_conflict()?;
            for record in records.into_iter().step_by(2) {
                settled += usize::from(settle(volunteer, record, &mut self.seed)?);
                tokio::task::yield_now().await;
            }
            step.one();
        }
        step.done("demo-settle-done", &[("count", settled.to_string())]);
        Ok(())
    }

    /// Connections that were cut.
    pub(super) fn cuts(&self) -> u64 {
        self.volunteers.iter().map(|volunteer| volunteer.link.traffic.cuts.load(Ordering::Relaxed)).sum()
    }
}

/// Notes every tick that the volunteer's list now shows, for all that it vouches for: others' changes, too.
fn note_ticks(volunteer: &Volunteer) -> Outcome {
    let device = volunteer.device();
    for listed in device.list()? {
        let held = device.replica().applied_changes(listed.row.record)?;
        volunteer.ledger.ticked(listed.row.record, &listed.tick, &held);
    }
    Ok(())
}

/// Fills one form with invented answers and saves it.
fn interview(
    volunteer: &Volunteer,
    form: &str,
    case: Option<RecordId>,
    seed: &mut Seeded,
) -> Outcome<RecordId> {
    let mut device = volunteer.device();
    let mut interview = device.begin(form, case, Setting { now: now(), language: "fr", entropy: seed })?;
    let mut answers = Seeded(seed.next_number());
    let setting = Setting { now: now(), language: "fr", entropy: seed };
    invent::fill(&mut device, &mut interview, Extent::Whole, setting, &mut answers)?;
    let finished = device.finish(&mut interview, Setting { now: now(), language: "fr", entropy: seed });
    let finished = finished.map_err(|error| match error {
        ClientError::Findings(findings) => {
            Failure::listing("answers-incomplete", vec![("count", findings.len().to_string())], findings)
        }
        other => other.into(),
    })?;
    volunteer.ledger.saved(finished.record, &finished.changes);
    Ok(finished.record)
}

/// The surveys that a volunteer holds.
fn surveys(volunteer: &Volunteer) -> Outcome<Vec<RecordId>> {
    let rows = volunteer.device().replica().records()?;
    let is_survey = |form: &Option<String>| form.as_deref().is_some_and(|form| form.starts_with("rss@"));
    Ok(rows.into_iter().filter(|row| is_survey(&row.form)).map(|row| row.record).collect())
}

fn edit(volunteer: &Volunteer, record: RecordId, answers: &[(&str, &str)], seed: &mut Seeded) -> Outcome {
    let mut device = volunteer.device();
    if device.replica().record(record)?.is_none() {
        return Ok(());
    }
    let mut interview = device.edit(record, Setting { now: now(), language: "fr", entropy: seed })?;
    for (question, value) in answers {
        device.answer(&mut interview, &Key::question(question), Value::text(*value))?;
    }
    let finished = device.finish(&mut interview, Setting { now: now(), language: "fr", entropy: seed })?;
    volunteer.ledger.saved(record, &finished.changes);
    Ok(())
}

/// Settles the answer that was edited apart. Returns whether it still held two values.
fn settle(volunteer: &Volunteer, record: RecordId, seed: &mut Seeded) -> Outcome<bool> {
    let setting = Setting { now: now(), language: "fr", entropy: seed };
    match volunteer.device().settle(record, &Key::question("E01"), Value::text("ok"), setting) {
        Ok(changes) => {
            volunteer.ledger.saved(record, &changes);
            Ok(true)
        }
        Err(ClientError::NotInConflict { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
