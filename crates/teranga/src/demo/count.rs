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
    /// The region of a regional hub.
    pub(super) region: Option<String>,
    /// How far below headquarters.
    pub(super) depth: usize,
    pub(super) cases: usize,
    pub(super) assessments: usize,
    pub(super) changes: usize,
    pub(super) quarantined: usize,
    pub(super) conflicts: usize,
}

/// The count.
pub(super) struct Count {
    /// Headquarters first, every region before its volunteers.
    pub(super) tiers: Vec<Tier>,
    /// Changes that some ledger calls saved.
    pub(super) saved: usize,
    /// Of those, neither in the log nor in quarantine at home.
    pub(super) lost: usize,
    /// Parts that two replicas should both hold and show the same, and do not.
    pub(super) diverged: usize,
    /// Changes that were shown safe and are not at home.
    pub(super) false_ticks: usize,
}

impl Count {
    /// Whether every promise was kept.
    pub(super) fn kept(&self) -> bool {
        self.lost == 0 && self.diverged == 0 && self.false_ticks == 0
    }
}

/// The digest of each part, by record and class.
type Parts = BTreeMap<(String, String), String>;

/// What a replica holds, as its census says.
struct Census {
    changes: BTreeMap<String, String>,
    parts: Parts,
}

impl Census {
    /// Whether a change is here: in the log or in quarantine, and not only its hash.
    fn holds(&self, change: &str) -> bool {
        self.changes.get(change).is_some_and(|status| status != "Withheld")
    }

    fn quarantined(&self) -> usize {
        self.changes.values().filter(|status| *status == "Quarantined").count()
    }
}

/// What the ledgers of one region's volunteers say.
#[derive(Default)]
struct Told {
    saved: BTreeSet<String>,
    safe: BTreeSet<String>,
    records: BTreeSet<String>,
}

pub(super) async fn count(play: &Play<'_>) -> Outcome<Count> {
    let home = census(&play.stage.home).await?;
    let mut tiers = vec![tier(&play.stage.home, 0, &home).await?];
    let (mut diverged, mut saved, mut safe) = (0, BTreeSet::new(), BTreeSet::new());
    let mut nobodys = home.parts.clone();
    for (at, hub) in play.stage.regions.iter().enumerate() {
        let (region, told) = (census(hub).await?, told(play, at));
        tiers.push(tier(hub, 1, &region).await?);
        for volunteer in play.volunteers.iter().filter(|volunteer| volunteer.region == at) {
            let (tier, own) = of_volunteer(volunteer)?;
            tiers.push(tier);
            diverged += differing(&own.parts, &region.parts);
        }
        let own = nobodys.extract_if(.., |(record, _), _| told.records.contains(record)).collect();
        diverged += differing(&region.parts, &own);
        saved.extend(told.saved);
        safe.extend(told.safe);
    }
    Ok(Count {
        tiers,
        lost: saved.iter().filter(|change| !home.holds(change)).count(),
        false_ticks: safe.iter().filter(|change| !home.holds(change)).count(),
        saved: saved.len(),
        // What headquarters holds and no volunteer saved differs from what everybody holds.
        diverged: diverged + nobodys.len(),
    })
}

/// Parts that one of the two lacks, or that they show differently.
fn differing(one: &Parts, other: &Parts) -> usize {
    let unlike = one.iter().filter(|(part, digest)| other.get(*part) != Some(*digest)).count();
    unlike + other.keys().filter(|part| !one.contains_key(*part)).count()
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

async fn tier(hub: &Hub, depth: usize, census: &Census) -> Outcome<Tier> {
    let status = hub.ask(Command::Status).await?;
    let number = |name: &str| {
        status.get(name).and_then(Json::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
    };
    Ok(Tier {
        name: hub.name.clone(),
        region: hub.region.clone(),
        depth,
        cases: number("cases"),
        assessments: number("records").saturating_sub(number("cases")),
        changes: census.changes.len(),
        quarantined: census.quarantined(),
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
        region: None,
        depth: 2,
        cases,
        assessments: listed.len() - cases,
        changes: census.changes.len(),
        quarantined: census.quarantined(),
        conflicts: replica.records_in_conflict()?.len(),
    };
    Ok((tier, census))
}

/// What the ledgers of a region's volunteers call saved and safe, and of which records.
fn told(play: &Play<'_>, region: usize) -> Told {
    let mut told = Told::default();
    for volunteer in play.volunteers.iter().filter(|volunteer| volunteer.region == region) {
        for line in volunteer.ledger.lines() {
            let text = |name: &str| line.get(name).and_then(Json::as_str).map(str::to_owned);
            if let Some(saved) = text("saved") {
                told.saved.insert(saved);
                told.records.extend(text("record"));
            }
            if text("tick").as_deref() == Some("safe") {
                told.safe.extend(text("change"));
            }
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(of: &[(&str, &str)]) -> Parts {
        of.iter()
            .map(|(record, digest)| (((*record).to_owned(), "open".to_owned()), (*digest).to_owned()))
            .collect()
    }

    #[test]
    fn a_part_that_only_one_holds_differs_like_one_that_is_shown_differently() {
        let (one, other) = (parts(&[("a", "1"), ("b", "1")]), parts(&[("b", "2"), ("c", "1")]));
        assert_eq!(differing(&one, &other), 3);
        assert_eq!(differing(&one, &one), 0);
    }

    #[test]
    fn a_change_whose_body_is_withheld_is_not_held() {
        let status = |text: &str| Census {
            changes: BTreeMap::from([("x".to_owned(), text.to_owned())]),
            parts: Parts::new(),
        };
        assert!(status("Quarantined").holds("x") && status("Applied").holds("x"));
        assert!(!status("Withheld").holds("x") && !status("Applied").holds("y"));
    }
}
