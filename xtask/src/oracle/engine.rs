//! `cargo xtask oracle engine [FORM] [--plays N] [--acts N]`: the same random interviews in our engine and in that of
//! ODK Web Forms. Every form of the house, and those of other people where they are at hand, is exported as an XForm;
//! after each answer relevance, values and constraints are compared.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::Value as Json;
use teranga_alike::Play;
use teranga_core::form::{Form, Lists};
use teranga_hub::world::now;

use super::validate::forms;
use crate::node::Programs;

/// Interviews of each form, and acts of each interview.
const PLAYS: u64 = 200;
const ACTS: usize = 12;

/// Where Web Forms does otherwise than Collect, and we do as Collect: the form, the node, and what differs.
const EXPLAINED: &[(&str, &str, &str)] = &[
    ("assistance", "/data/receipt/total_xof", "the sum of nothing is 0, and empty there"),
    ("plan", "/data/budget/total_xof", "the sum of nothing is 0, and empty there"),
    ("referral", "/data/status_events/event_date", "a skipped item gets its default, and none there"),
    ("referral", "/data/known_statuses", "skipped items are not joined, and are there"),
    (
        "socio-economic-survey",
        "/data/headOfHousehold/district",
        "a choice that its filter leaves out is gone, and comes back there",
    ),
    (
        "review",
        "/data/outcome/closure_reason",
        "a choice that its filter leaves out is gone, and comes back there",
    ),
];

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let Some(engine) = prepare(&root)? else { return Ok(()) };
    let number = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1)?.parse::<u64>().ok()
    };
    let plays = number("--plays").unwrap_or(PLAYS);
    let acts = number("--acts").map_or(ACTS, |acts| usize::try_from(acts).unwrap_or(ACTS));
    let only = arguments.first().filter(|argument| !argument.starts_with("--"));
    let mut differing = 0;
    for (name, form, lists) in forms(&root)? {
        if only.is_none_or(|only| *only == name) {
            differing += compare(&engine, &name, &Arc::new(form), &lists, Much { plays, acts })?;
        }
    }
    if differing == 0 { Ok(()) } else { bail!("{differing} interviews differ: see above") }
}

/// The script beside its packages, which are fetched once; `None` where they cannot be had, which is said.
pub(crate) fn prepare(root: &Path) -> Result<Option<PathBuf>> {
    let programs = Programs {
        folder: "xtask/oracle",
        into: "target/oracle/engine",
        files: &["engine.mjs", "package.json"],
        package: "@getodk/xforms-engine",
        brings: "the engine of ODK Web Forms",
    };
    Ok(programs.prepare(root)?.map(|folder| folder.join("engine.mjs")))
}

/// How many interviews, of how many acts.
#[derive(Clone, Copy)]
struct Much {
    plays: u64,
    acts: usize,
}

/// Interviews that one process plays: the other engine keeps what it has played.
const PLAYS_AT_ONCE: usize = 25;

/// What the other engine said of some interviews.
#[derive(Default)]
struct Compared {
    steps: u64,
    states: u64,
    differences: Vec<Json>,
}

/// How many interviews of a form differ.
fn compare(engine: &Path, name: &str, form: &Arc<Form>, lists: &Lists, much: Much) -> Result<usize> {
    let Much { plays, acts } = much;
    let xml = teranga_xforms::export_xform(form, lists).with_context(|| name.to_owned())?;
    // Both engines must see the same day.
    let now = now();
    let record = |seed: u64| {
        let mut play = Play::record(form, lists, seed, acts, now).to_json(&format!("{name} {seed}"));
        let ignored = EXPLAINED.iter().filter(|(form, ..)| *form == name).map(|(_, node, _)| *node);
        if let Some(members) = play.as_object_mut() {
            members.insert("ignored".to_owned(), ignored.collect());
            members.insert("xml".to_owned(), Json::String(xml.clone()));
        }
        play
    };
    let mut compared = Compared::default();
    for first in (0..plays).step_by(PLAYS_AT_ONCE) {
        let last = plays.min(first + PLAYS_AT_ONCE as u64);
        let path = engine.with_file_name(format!("{name}.plays.json"));
        std::fs::write(&path, Json::Array((first..last).map(record).collect()).to_string())?;
        replay(engine, &path, &mut compared).with_context(|| name.to_owned())?;
    }
    let Compared { steps, states, differences } = compared;
    let differing = differences.len();
    println!(
        "{name}: {plays} interviews, {steps} acts, {states} states compared, {differing} interviews differ"
    );
    for (_, node, why) in EXPLAINED.iter().filter(|(form, ..)| *form == name) {
        println!("  not compared: {node} ({why})");
    }
    for (kind, (count, example)) in kinds(&differences) {
        println!("  {count} × {kind}, such as {example}");
    }
    Ok(differing)
}

/// Plays interviews in the other engine.
fn replay(engine: &Path, plays: &Path, compared: &mut Compared) -> Result<()> {
    let output = Command::new("node").arg(engine).arg("compare").arg(plays).env("TZ", "UTC").output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let told: Json = said
        .lines()
        .last()
        .and_then(|line| serde_json::from_str(line).ok())
        .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let number = |name: &str| told.get(name).and_then(Json::as_u64).unwrap_or_default();
    compared.steps += number("steps");
    compared.states += number("compared");
    compared
        .differences
        .extend(told.get("differences").and_then(Json::as_array).cloned().unwrap_or_default());
    Ok(())
}

/// The differences by what they are of, each with how often and an example.
fn kinds(differences: &[Json]) -> BTreeMap<String, (usize, String)> {
    let mut kinds: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for difference in differences {
        let first = difference.get("differences").and_then(Json::as_array).and_then(|all| all.first());
        let text = |json: &Json, member: &str| json.get(member).map(Json::to_string).unwrap_or_default();
        let kind = match first {
            Some(first) => format!("{} of {}", text(first, "part"), text(first, "ref")),
            None => format!("error {}", text(difference, "error")),
        };
        kinds.entry(kind).or_insert_with(|| (0, difference.to_string().chars().take(400).collect())).0 += 1;
    }
    kinds
}
