//! Equal scores: what is told of a record that was derived from its answers is the same at every hub that holds them, and by what
//! a device holds, and the same as what was released with them when they were saved, as far as that is not stale.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{Value as Json, json};
use teranga_core::id::RecordId;
use teranga_office::Office;
use teranga_office::consolidate::{Page, PulledRecord, Since};
use teranga_office::publish::shipped;
use teranga_store::StoreError;
use teranga_store::children::PullGrant;
use teranga_sync::feed::ResourceRow;

use crate::backups::HOME;
use crate::fault::Fault;
use crate::machine::Running;
use crate::sabotage::Sabotage;
use crate::world::World;

/// Who pulls: an analyst who may read the answers, and one who may read only what is released.
const ANALYSTS: [(&str, &[&str]); 2] =
    [("reads-the-answers", &["open", "personal", "survey"]), ("reads-what-is-released", &["open"])];

/// The forms that a world's people fill in and that something is derived from.
const FORMS: [&str; 2] = ["rss", "profile"];

/// What is told of a record under a name, and where.
type Told = BTreeMap<(RecordId, String), (String, Json)>;

/// What every hub tells of a record is the same, and what an office would that had a device's disk.
pub(crate) fn equal(world: &mut World) -> Result<Option<Fault>, StoreError> {
    let (mut told, sabotage) = (Told::new(), world.sabotage);
    // Of one alone, for to open a disk costs what a session does; and of none that may lack a class of what it holds: no office
    // works over such a one.
    let device = world.devices().last().filter(|_| !world.regranted);
    for (number, machine) in world.machines.iter_mut().enumerate().filter(|_| world.audit.pulls()) {
        let name = machine.name.clone();
        if Some(number) == device {
            machine.start_as_office()?;
        }
        let pulled = machine.work(|running, _| match running {
            Running::Office(office) => {
                publish(office, sabotage)?;
                analysts_at(number).map(|analyst| pull(office, analyst)).collect()
            }
            Running::Device(_) => Ok(Vec::new()),
        })?;
        let records: Vec<PulledRecord> =
            pulled.transpose()?.unwrap_or_default().into_iter().flatten().collect();
        for (what, record, value) in records.iter().flat_map(derived) {
            let (elsewhere, first) =
                told.entry((record, what.clone())).or_insert_with(|| (name.clone(), value.clone()));
            if *first != value {
                return Ok(Some(Fault::Unequal(format!("{what} of {record}"), elsewhere.clone(), name)));
            }
        }
    }
    Ok(None)
}

/// Headquarters is asked by both, the others by turns by one of them, for to pull costs what a session does.
fn analysts_at(number: usize) -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    let is_asked = move |at: usize| number == HOME || number % ANALYSTS.len() == at;
    (0..).zip(ANALYSTS).filter(move |(at, _)| is_asked(*at)).map(|(_, analyst)| analyst)
}

/// What ships with the program is published at a hub, so that it knows what is derived from what. Links need not carry it.
fn publish(office: &mut Office, sabotage: Sabotage) -> Result<(), StoreError> {
    let scheme = sabotage.scheme(office);
    office.replica_mut().publish_all(scored().iter().chain(&scheme))?;
    office.reload_catalogue()
}

/// What ships with the program that the records of a world are scored by: their forms, and what is said of those.
fn scored() -> &'static [ResourceRow] {
    static SCORED: OnceLock<Vec<ResourceRow>> = OnceLock::new();
    SCORED.get_or_init(|| {
        let is_of_them = |row: &ResourceRow| {
            let json: Json = serde_json::from_str(&row.json).unwrap_or_default();
            let form = json.get("form").or_else(|| json.get("form_id")).and_then(Json::as_str);
            form.is_none_or(|form| FORMS.contains(&form))
        };
        shipped().into_iter().filter(is_of_them).collect()
    })
}

/// Every record that a hub tells an analyst of, who has its forms and lists already.
fn pull(office: &mut Office, (token, classes): (&str, &[&str])) -> Result<Vec<PulledRecord>, StoreError> {
    if office.replica().pull_grant(token)?.is_none() {
        let classes = classes.iter().map(|class| (*class).to_owned()).collect();
        office.replica_mut().add_pull_token(token, &PullGrant { name: token.to_owned(), classes })?;
    }
    let unreadable = StoreError::Inconsistent { table: "record", column: "pulled" };
    let since = Since { resources: office.replica().resources()?.len(), ..Since::default() };
    let Ok(page) = office.pull(token, since) else { return Err(unreadable) };
    let Ok(page) = serde_json::from_slice::<Page>(&page) else { return Err(unreadable) };
    Ok(page.records)
}

/// What is told of a record that was derived from its answers and is not stale, by its name.
fn derived(record: &PulledRecord) -> Vec<(String, RecordId, Json)> {
    let scores = record.scores.iter().filter(|scores| !scores.stale);
    let scores = scores.map(|scores| ("scores".to_owned(), record.record, json!(scores)));
    let band = record.age_band.iter().filter(|band| !band.stale);
    let band = band.map(|band| ("age band".to_owned(), record.record, json!(band)));
    let releases = record.releases.iter().filter(|release| !release.stale);
    let releases = releases.map(|release| (release.release.clone(), record.record, json!(release)));
    scores.chain(band).chain(releases).collect()
}
