//! The measurements of the sync.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value as Json, json};
use teranga_client::interview::Setting;
use teranga_client::invent::{self, Seeded};
use teranga_core::form::Form;
use teranga_core::time::Millis;
use teranga_examples::{NOW, invented, setting};
use teranga_store::resources::Published;
use teranga_sync::feed::ResourceRow;

use super::ingest;
use super::work::{Filled, Held};
use super::world::{self, Cost, pair, sync};

const SOCIO: &str = "../shared/forms/socio-economic-survey.xlsx";

pub(crate) fn run(json: bool) -> Result<()> {
    let (nothing_new, one_percent) = caught_up()?;
    let push_1000 = push_rss(1_000)?;
    let push_10000 = push_rss(10_000)?;
    let link = push_rss(100)?;
    let socio = push_socio()?;
    let (parts, changes) = ingest::run(ingest::DEVICES)?;
    let row = |cost: &Cost| json!({ "round_trips": cost.round_trips, "bytes_up": cost.bytes_up, "bytes_down": cost.bytes_down });
    let per = |cost: &Cost, records: u64| json!({ "bytes_per_record": cost.bytes_up / records });
    let all = json!({
        "nothing_new": row(&nothing_new),
        "one_percent": row(&one_percent),
        "push_rss_1000": per(&push_1000, 1_000),
        "push_rss_10000": per(&push_10000, 10_000),
        "push_socio_1000": socio,
        "link_100_forms": { "seconds": (link.seconds * 100.0).round() / 100.0 },
        "ingest": { "parts_per_s": parts, "changes_per_s": changes },
    });
    for (name, measured) in all.as_object().context("an object")? {
        println!("{name:16} {measured}");
    }
    if json {
        println!("{all}");
    }
    Ok(())
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

/// The setting of an act at a time.
fn clocked(now: Millis, seed: &mut Seeded) -> Setting<'_> {
    Setting { now, ..setting(seed) }
}

/// The same of a form that nobody here wrote, beside zstd of the bare answers.
fn push_socio() -> Result<Json> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let Ok(bytes) = std::fs::read(root.join(SOCIO)) else {
        println!("skipped: {SOCIO} is not here");
        return Ok(Json::Null);
    };
    let imported = teranga_xforms::import_xlsx(&bytes, "socio.xlsx")
        .map_err(|findings| anyhow::anyhow!("{} findings", findings.len()))?;
    let form = Form::parse(&imported.form)?;
    let row = ResourceRow {
        kind: "form".into(),
        id: form.form_id().to_owned(),
        version: form.version().to_owned(),
        json: imported.form.to_string(),
    };
    let folder = tempfile::tempdir()?;
    let mut seed = Seeded(3);
    let (mut hub, mut device) = pair(folder.path(), &mut seed);
    anyhow::ensure!(hub.replica_mut().publish(&row)? == Published::New, "the form is new");
    hub.reload_catalogue()?;
    sync(&mut device, &mut hub)?;
    device.reload_catalogue()?;
    let case = invented(&mut device, "profile", None, &mut seed);
    sync(&mut device, &mut hub)?;
    let mut bare = String::new();
    let mut now = NOW.0;
    let mut passes = |seed: &mut Seeded, most: usize| {
        now += i64::try_from(seed.below(most))?;
        anyhow::Ok(Millis(now))
    };
    for _ in 0..1_000 {
        // Half an hour each, members of the household within a few minutes, and some way to the next house.
        let at = passes(&mut seed, 3_600_000)?;
        let mut interview = device.begin(form.form_id(), Some(case), clocked(at, &mut seed))?;
        let mut answers = Seeded(seed.next_number());
        let at = passes(&mut seed, 600_000)?;
        invent::fill(&mut device, &mut interview, clocked(at, &mut seed), &mut answers)?;
        bare += &world::bare(interview.filling());
        let at = passes(&mut seed, 3_000_000)?;
        device.finish(&mut interview, clocked(at, &mut seed))?;
    }
    let cost = sync(&mut device, &mut hub)?;
    let zstd = zstd::bulk::compress(bare.as_bytes(), 9)?.len() as u64;
    #[expect(clippy::cast_precision_loss, reason = "sizes are below 2^52")]
    let ratio = (cost.bytes_up as f64 / zstd as f64 * 100.0).round() / 100.0;
    Ok(json!({ "bytes_per_record": cost.bytes_up / 1_000, "ratio_to_bare_zstd": ratio }))
}
