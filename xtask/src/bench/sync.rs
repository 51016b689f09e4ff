//! The measurements of the sync, against the numbers that it is to reach.

use anyhow::Result;
use serde_json::{Value as Json, json};

use super::row::{Outcome, Row, Rows};
use super::work::{Filled, Held};
use super::world::Cost;
use super::{burst, cut, ingest, memory, socio};
use crate::said::Manner;

/// Devices whose work keeps a hub busy for more than a minute.
const DEVICES: usize = 400;

pub(super) fn run(manner: Manner) -> Result<()> {
    let mut rows = Rows::new(manner);
    bytes(&mut rows)?;
    let outcome = cut::measure()?;
    let target = Some("at most one pack again for each cut, at most 3 % sent again");
    rows.add("cut_link", &Row { what: "push of more than 8 MB, cut once in each MB", target, outcome });
    memory_rows(&mut rows)?;
    rates(&mut rows)?;
    rows.end();
    Ok(())
}

/// The rows of a hub alone: its memory, and what it gets done.
pub(super) fn hub(manner: Manner) -> Result<()> {
    let mut rows = Rows::new(manner);
    memory_rows(&mut rows)?;
    rates(&mut rows)?;
    rows.end();
    Ok(())
}

/// Its memory alone.
pub(super) fn memory(manner: Manner) -> Result<()> {
    let mut rows = Rows::new(manner);
    memory_rows(&mut rows)?;
    rows.end();
    Ok(())
}

/// What travels over a link that holds.
fn bytes(rows: &mut Rows) -> Result<()> {
    let (nothing_new, one_percent) = caught_up()?;
    let reached = nothing_new.round_trips == 1 && nothing_new.bytes_up + nothing_new.bytes_down <= 400;
    let outcome = Outcome::Measured(travelled(&nothing_new), reached);
    let target = Some("1 round trip, at most 400 B both ways");
    rows.add("nothing_new", &Row { what: "nothing new, 5,000 records held", target, outcome });
    let reached = one_percent.round_trips == 1 && one_percent.bytes_up.max(one_percent.bytes_down) <= 10_000;
    let outcome = Outcome::Measured(travelled(&one_percent), reached);
    let target = Some("1 round trip, at most 10 KB each way");
    rows.add("one_percent", &Row { what: "1 % of 5,000 records changed on each side", target, outcome });
    let push = |records: u64| {
        let bytes = push_rss(usize::try_from(records)?)?.bytes_up / records;
        anyhow::Ok(Outcome::Measured(json!({ "bytes_per_record": bytes }), bytes <= 250))
    };
    let what = "first push of 1,000 records of the RSS";
    rows.add("push_rss_1000", &Row { what, target: None, outcome: push(1_000)? });
    let what = "first push of 10,000 records of the RSS";
    let target = Some("at most 250 B a record");
    rows.add("push_rss_10000", &Row { what, target, outcome: push(10_000)? });
    let what = "first push of 10,000 socio-economic records, beside zstd of the bare answers";
    let target = Some("at most 1.2 times");
    rows.add("push_socio_10000", &Row { what, target, outcome: socio::measure()? });
    let seconds = (push_rss(100)?.seconds * 100.0).round() / 100.0;
    let outcome = Outcome::Measured(json!({ "seconds": seconds }), seconds <= 6.0);
    let target = Some("at most 6 s");
    rows.add("link_100_forms", &Row { what: "100 filled forms over the link", target, outcome });
    Ok(())
}

fn memory_rows(rows: &mut Rows) -> Result<()> {
    let (idle, syncing) = memory::measure()?;
    let target = Some("at most 30 MB");
    rows.add("memory_idle", &Row { what: "memory of an idle hub", target, outcome: idle });
    let what = "memory of a hub while 50 devices sync, at its most";
    rows.add("memory_syncing", &Row { what, target: Some("at most 150 MB"), outcome: syncing });
    Ok(())
}

/// What a hub gets done.
fn rates(rows: &mut Rows) -> Result<()> {
    eprintln!("{DEVICES} devices save 200 records each");
    let work = ingest::Work::new(DEVICES)?;
    let measured = burst::measure(&work)?;
    let told = |logged: burst::Logged| {
        let numbers = json!({ "changes_per_s": logged.changes_per_s, "changes": logged.changes });
        Outcome::Measured(numbers, logged.changes_per_s >= 20_000)
    };
    let target = Some("at least 20,000 changes a second");
    let what = "logged burst: taken and logged, not applied";
    rows.add("burst", &Row { what, target, outcome: told(measured.burst) });
    let what = "the same going on for three times as long";
    rows.add("burst_whole", &Row { what, target: None, outcome: told(measured.whole) });
    let done = work.ingest()?;
    let measured = json!({
        "parts_per_s": done.parts_per_s,
        "changes_per_s": done.changes_per_s,
        "seconds": done.seconds.round(),
    });
    let outcome = Outcome::Measured(measured, done.parts_per_s >= 3_000 && done.seconds >= 60.0);
    let target = Some("at least 3,000 parts a second, over 60 s");
    rows.add("ingest", &Row { what: "hub, from the socket to the view", target, outcome });
    let outcome = Outcome::Measured(json!({ "logged_each_10_s": done.backlog }), done.is_flat());
    let target = Some("flat: moves by less than a second's work");
    rows.add("backlog", &Row { what: "changes logged and not applied, every 10 s of it", target, outcome });
    Ok(())
}

fn travelled(cost: &Cost) -> Json {
    json!({ "round_trips": cost.round_trips, "bytes_up": cost.bytes_up, "bytes_down": cost.bytes_down })
}

/// Nothing new, and one per cent changed on each side, of 5,000 records.
fn caught_up() -> Result<(Cost, Cost)> {
    let mut held = Held::new(5_000)?;
    let nothing_new = held.sync()?;
    let changes = held.one_percent();
    held.change(&changes)?;
    Ok((nothing_new, held.sync()?))
}

/// The first push of records of a case that the hub has.
fn push_rss(count: usize) -> Result<Cost> {
    Filled::new(count)?.push()
}
