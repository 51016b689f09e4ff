//! `cargo xtask bench peers`: the work of `bench sync` done by `automerge-repo` and by `pouchdb`, on the same seeded records,
//! beside ours. What they send is counted in `xtask/peers`; the link is modelled as it is for us. Whoever cannot be had
//! here is left out, which is said.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::work::{Changed, Filled, Held};
use super::world::{Cost, HEADERS_BYTES, link_seconds};
use crate::node::Programs;
use crate::said::Manner;

/// What is done, and what it is called in the table.
const ROWS: [(&str, &str); 5] = [
    ("nothing_new_1000", "nothing new, 1,000 records held"),
    ("nothing_new_5000", "nothing new, 5,000 records held"),
    ("one_percent", "1 % of 5,000 records changed on each side"),
    ("push_1000", "first push of 1,000 records"),
    ("push_100", "100 filled forms"),
];

/// What one system needed, as its script counted it.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Counted {
    round_trips: u64,
    /// Requests, or messages where a connection stays open.
    messages: u64,
    bytes_up: u64,
    bytes_down: u64,
    header_bytes: u64,
    cpu_seconds: f64,
}

#[derive(Deserialize)]
struct Told {
    name: String,
    rows: BTreeMap<String, Counted>,
}

/// What one row cost in one system.
#[derive(Debug, Clone, Copy)]
struct Needed {
    round_trips: u64,
    messages: u64,
    bytes_up: u64,
    bytes_down: u64,
    /// On the modelled link.
    link_seconds: f64,
    /// That both ends computed, here and in one process.
    cpu_seconds: f64,
}

pub(super) fn run(manner: Manner) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (ours, work) = ours()?;
    let mut systems = vec![("Teranga".to_owned(), ours)];
    for told in others(&root, &work)? {
        let needed = told.rows.into_iter().map(|(row, counted)| (row, Needed::from(counted)));
        systems.push((told.name, needed.collect()));
    }
    let mut all = Map::new();
    for (row, title) in ROWS {
        manner.say(title);
        let Some(ours) = systems.first().and_then(|(_, rows)| rows.get(row)).copied() else { continue };
        let mut of_row = Map::new();
        for (name, rows) in &systems {
            let Some(needed) = rows.get(row) else { continue };
            manner.say(&format!("  {name:24} {}", needed.told(&ours)));
            of_row.insert(name.clone(), needed.to_json(&ours));
        }
        all.insert(row.to_owned(), Json::Object(of_row));
    }
    manner.end(&Json::Object(all));
    Ok(())
}

/// What we need, and the same work for others.
fn ours() -> Result<(BTreeMap<String, Needed>, Json)> {
    let mut rows = BTreeMap::new();
    let mut note = |row: &str, cost: Cost| rows.insert(row.to_owned(), Needed::from(cost));
    note("nothing_new_1000", Held::new(1_000)?.sync()?);
    let mut held = Held::new(5_000)?;
    note("nothing_new_5000", held.sync()?);
    // As they stand before anything changes.
    let records = held.as_json()?;
    let changes = held.one_percent();
    held.change(&changes)?;
    note("one_percent", held.sync()?);
    let changed = |change: &Changed| json!({ "at": change.at, "by": if change.by_device { "device" } else { "hub" }, "value": change.value });
    let (mut thousand, mut hundred) = (Filled::new(1_000)?, Filled::new(100)?);
    let work = json!({
        "held": records,
        "changes": changes.iter().map(changed).collect::<Json>(),
        "push_1000": thousand.as_json()?,
        "push_100": hundred.as_json()?,
    });
    note("push_1000", thousand.push()?);
    note("push_100", hundred.push()?);
    Ok((rows, work))
}

/// What the others need.
fn others(root: &Path, work: &Json) -> Result<Vec<Told>> {
    let scripts = ["automerge-repo.mjs", "pouchdb.mjs"];
    let programs = Programs {
        folder: "xtask/peers",
        into: "target/peers",
        files: &["automerge-repo.mjs", "pouchdb.mjs", "package.json"],
        package: "pouchdb-replication",
        brings: "automerge-repo and PouchDB",
    };
    let Some(folder) = programs.prepare(root)? else { return Ok(Vec::new()) };
    std::fs::write(folder.join("work.json"), work.to_string())?;
    let mut all = Vec::new();
    for script in scripts {
        let output = Command::new("node").arg(script).arg("work.json").current_dir(&folder).output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        let told = said.lines().last().and_then(|line| serde_json::from_str(line).ok());
        let failed = || format!("{script}: {}", String::from_utf8_lossy(&output.stderr));
        all.push(told.with_context(failed)?);
    }
    Ok(all)
}

impl From<Cost> for Needed {
    fn from(cost: Cost) -> Self {
        let Cost { round_trips, bytes_up, bytes_down, seconds } = cost;
        let link_seconds = link_seconds(round_trips, bytes_up + bytes_down + round_trips * HEADERS_BYTES);
        let cpu_seconds = seconds - link_seconds;
        Self { round_trips, messages: round_trips, bytes_up, bytes_down, link_seconds, cpu_seconds }
    }
}

impl From<Counted> for Needed {
    fn from(counted: Counted) -> Self {
        let Counted { round_trips, messages, bytes_up, bytes_down, header_bytes, cpu_seconds } = counted;
        let link_seconds = link_seconds(round_trips, bytes_up + bytes_down + header_bytes);
        Self { round_trips, messages, bytes_up, bytes_down, link_seconds, cpu_seconds }
    }
}

impl Needed {
    #[expect(clippy::cast_precision_loss, reason = "sizes are below 2^52")]
    fn bytes(&self) -> f64 {
        (self.bytes_up + self.bytes_down) as f64
    }

    fn told(&self, ours: &Self) -> String {
        let Self { round_trips, messages, bytes_up, bytes_down, link_seconds, cpu_seconds } = self;
        format!(
            "{round_trips:>4} round trips {messages:>6} messages {bytes_up:>9} B up {bytes_down:>9} B down \
             {link_seconds:>8.2} s on the link {cpu_seconds:>7.2} s computing   bytes {:>7.1} x   link {:>6.1} x",
            self.bytes() / ours.bytes(),
            link_seconds / ours.link_seconds,
        )
    }

    fn to_json(self, ours: &Self) -> Json {
        let hundredths = |number: f64| (number * 100.0).round() / 100.0;
        json!({
            "round_trips": self.round_trips,
            "messages": self.messages,
            "bytes_up": self.bytes_up,
            "bytes_down": self.bytes_down,
            "link_seconds": hundredths(self.link_seconds),
            "cpu_seconds": hundredths(self.cpu_seconds),
            "bytes_ratio": hundredths(self.bytes() / ours.bytes()),
            "link_ratio": hundredths(self.link_seconds / ours.link_seconds),
        })
    }
}
