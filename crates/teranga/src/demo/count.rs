//! Counting at the end: what every tier holds, whether anything that a ledger calls saved is missing at its home,
//! whether any two replicas that hold the same part show it differently, and whether a tick ever lied.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use teranga_core::form::RecordKind;
use teranga_office::admin::Command;

use super::play::Play;
use super::stage::Hub;
use crate::failure::Outcome;

/// What one tier holds.
pub(super) struct Tier {
    pub(super) name: String,
    pub(super) cases: usize,
    pub(super) assessments: usize,
    pub(super) changes: usize,
    pub(super) quarantined: usize,
    pub(super) conflicts: usize,
}

/// The count.
pub(super) struct Count {
    /// Headquarters first.
    pub(super) tiers: Vec<Tier>,
    /// Changes that some ledger calls saved.
    pub(super) saved: usize,
    /// Of those, neither in the log nor in quarantine at home.
    pub(super) lost: usize,
    /// Parts that two replicas hold and show differently.
    pub(super) diverged: usize,
    /// Changes that were shown safe and are not at home.
    pub(super) false_ticks: usize,
}

/// What a replica holds, as its census says.
struct Census {
    changes: BTreeMap<String, String>,
    parts: BTreeMap<(String, String), String>,
}

pub(super) async fn count(play: &Play<'_>) -> Outcome<Count> {
    let home = census(&play.stage.home).await?;
    let mut tiers = vec![tier(&play.stage.home, &home).await?];
    let mut regions = Vec::new();
    for hub in &play.stage.regions {
        let census = census(hub).await?;
        tiers.push(tier(hub, &census).await?);
        regions.push(census);
    }
    let mut diverged: usize = regions.iter().map(|region| differing(region, &home)).sum();
    for volunteer in &play.volunteers {
        let (tier, own) = of_volunteer(volunteer)?;
        tiers.push(tier);
        diverged += regions.get(volunteer.region).map_or(0, |region| differing(&own, region));
    }
    let (saved, safe) = ledgers(play);
    Ok(Count {
        tiers,
        lost: saved.iter().filter(|change| !home.changes.contains_key(*change)).count(),
        false_ticks: safe.iter().filter(|change| !home.changes.contains_key(*change)).count(),
        saved: saved.len(),
        diverged,
    })
}

/// Parts that both hold and show differently.
fn differing(below: &Census, above: &Census) -> usize {
    below.parts.iter().filter(|(part, digest)| above.parts.get(*part) != Some(*digest)).count()
}

async fn census(hub: &Hub) -> Outcome<Census> {
    let answer = hub.ask(Command::Census).await?;
    let rows = |name: &str| answer.get(name).and_then(Json::as_array).cloned().unwrap_or_default();
    let text = |row: &Json, at: usize| row.get(at).and_then(Json::as_str).unwrap_or_default().to_owned();
    Ok(Census {
        changes: rows("changes").iter().map(|row| (text(row, 0), text(row, 1))).collect(),
        parts: rows("parts").iter().map(|row| ((text(row, 0), text(row, 1)), text(row, 2))).collect(),
    })
}

async fn tier(hub: &Hub, census: &Census) -> Outcome<Tier> {
    let status = hub.ask(Command::Status).await?;
    let number = |name: &str| {
        status.get(name).and_then(Json::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
    };
    let quarantined = census.changes.values().filter(|status| *status == "Quarantined").count();
    Ok(Tier {
        name: hub.name.clone(),
        cases: number("cases"),
        assessments: number("records") - number("cases"),
        changes: census.changes.len(),
        quarantined,
        conflicts: number("conflicts"),
    })
}

fn of_volunteer(volunteer: &super::play::Volunteer) -> Outcome<(Tier, Census)> {
    let device = volunteer.device();
    let listed = device.list()?;
    let replica = device.replica();
    let census = Census {
        changes: replica
            .census()?
            .into_iter()
            .map(|(hash, status)| (hash.to_string(), format!("{status:?}")))
            .collect(),
        parts: replica
            .digests()?
            .into_iter()
            .map(|part| ((part.record.to_string(), part.class.as_str().to_owned()), part.digest))
            .collect(),
    };
    let cases = listed.iter().filter(|listed| listed.kind == Some(RecordKind::Case)).count();
    let tier = Tier {
        name: volunteer.name.clone(),
        cases,
        assessments: listed.len() - cases,
        changes: census.changes.len(),
        quarantined: 0,
        conflicts: replica.records_in_conflict()?.len(),
    };
    Ok((tier, census))
}

/// Every change that a ledger calls saved, and every one that was shown safe.
fn ledgers(play: &Play<'_>) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut saved, mut safe) = (BTreeSet::new(), BTreeSet::new());
    for number in 1..=play.volunteers.len() {
        let path = play.stage.folder().join(format!("volunteer-{number}.ledger"));
        for line in std::fs::read_to_string(path).unwrap_or_default().lines() {
            let Ok(line) = serde_json::from_str::<Json>(line) else { continue };
            let text = |name: &str| line.get(name).and_then(Json::as_str).map(str::to_owned);
            saved.extend(text("saved"));
            if text("tick").as_deref() == Some("safe") {
                safe.extend(text("change"));
            }
        }
    }
    (saved, safe)
}
