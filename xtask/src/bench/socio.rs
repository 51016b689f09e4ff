//! The first push of records of a form that nobody here wrote, beside zstd of the bare answers.

use std::path::Path;

use anyhow::Result;
use serde_json::json;
use teranga_client::interview::Setting;
use teranga_client::invent::{self, Extent, Seeded};
use teranga_core::form::Form;
use teranga_core::time::Millis;
use teranga_examples::{NOW, invented, setting};
use teranga_store::resources::Published;
use teranga_sync::feed::ResourceRow;

use super::row::Outcome;
use super::world::{self, pair, sync};

const FORM: &str = "../shared/forms/socio-economic-survey.xlsx";
/// Of what zstd makes of the bare answers.
const RATIO_MAX: f64 = 1.2;
const RECORDS: u64 = 10_000;

/// The setting of an act at a time.
fn clocked(now: Millis, seed: &mut Seeded) -> Setting<'_> {
    Setting { now, ..setting(seed) }
}

pub(super) fn measure() -> Result<Outcome> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let bytes = match std::fs::read(root.join(FORM)) {
        Ok(bytes) => bytes,
        Err(error) => return Ok(Outcome::Skipped(format!("the form {FORM} cannot be read: {error}"))),
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
    for _ in 0..RECORDS {
        // Half an hour each, members of the household within a few minutes, and some way to the next house.
        let at = passes(&mut seed, 3_600_000)?;
        let mut interview = device.begin(form.form_id(), Some(case), clocked(at, &mut seed))?;
        let mut answers = Seeded(seed.next_number());
        let at = passes(&mut seed, 600_000)?;
        invent::fill(&mut device, &mut interview, Extent::Whole, clocked(at, &mut seed), &mut answers)?;
        bare += &world::bare(interview.filling());
        let at = passes(&mut seed, 3_000_000)?;
        device.finish(&mut interview, clocked(at, &mut seed))?;
    }
    let cost = sync(&mut device, &mut hub)?;
    let zstd = zstd::bulk::compress(bare.as_bytes(), 9)?.len() as u64;
    #[expect(clippy::cast_precision_loss, reason = "sizes are below 2^52")]
    let ratio = (cost.bytes_up as f64 / zstd as f64 * 100.0).round() / 100.0;
    let measured = json!({ "bytes_per_record": cost.bytes_up / RECORDS, "ratio_to_bare_zstd": ratio });
    Ok(Outcome::Measured(measured, ratio <= RATIO_MAX))
}
