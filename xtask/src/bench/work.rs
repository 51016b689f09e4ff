//! The work that is measured: records that both sides hold and a few of which change, and records that nobody has yet.
//! From the same seeds for whoever does it.

use anyhow::Result;
use serde_json::Value as Json;
use tempfile::TempDir;
use teranga_client::Device;
use teranga_client::invent::Seeded;
use teranga_core::id::RecordId;
use teranga_examples::invented;
use teranga_office::Office;

use super::world::{self, Cost, Samples, edit, pair, sync};

/// Invented interviews that the records are mixed from.
const SAMPLES: usize = 40;
/// Sixty-four, so that one of them at random is six bits.
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A device with a case, and samples of a form for it.
pub(super) fn samples(device: &mut Device, form: &str, seed: &mut Seeded) -> Result<(RecordId, Samples)> {
    let case = invented(device, "profile", None, seed);
    let records: Vec<RecordId> = (0..SAMPLES).map(|_| invented(device, form, Some(case), seed)).collect();
    Ok((case, Samples::of(device, &records)?))
}

/// A device and its hub that hold the same records, and a colleague through whom the hub gets its changes.
pub(super) struct Held {
    hub: Office,
    awa: Device,
    colleague: Device,
    records: Vec<RecordId>,
    seed: Seeded,
    _folder: TempDir,
}

/// A change of one record's E01.
pub(super) struct Changed {
    /// Which of the records.
    pub(super) at: usize,
    /// Whether the device makes it; else it comes from the hub.
    pub(super) by_device: bool,
    /// The new value.
    pub(super) value: &'static str,
}

impl Held {
    /// So many records of the RSS, and everybody has caught up.
    pub(super) fn new(count: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut seed = Seeded(1);
        let (mut hub, mut awa) = pair(folder.path(), &mut seed);
        let (case, samples) = samples(&mut awa, "rss", &mut seed)?;
        let records: Vec<RecordId> =
            (0..count).map(|_| samples.save(&mut awa, case, &mut seed)).collect::<Result<_>>()?;
        sync(&mut awa, &mut hub)?;
        let path = folder.path().join("other");
        let mut colleague = teranga_examples::device(&path, "Moussa Essai", &mut hub, &mut seed);
        sync(&mut colleague, &mut hub)?;
        sync(&mut awa, &mut hub)?;
        Ok(Self { hub, awa, colleague, records, seed, _folder: folder })
    }

    /// One session of the device.
    pub(super) fn sync(&mut self) -> Result<Cost> {
        sync(&mut self.awa, &mut self.hub)
    }

    /// One per cent on each side.
    pub(super) fn one_percent(&mut self) -> Vec<Changed> {
        let places = (0..self.records.len()).step_by(50).enumerate();
        let values = ["ok", "satisfied", "dissatisfied"];
        places
            .map(|(number, at)| {
                let value = values.get(self.seed.below(values.len())).copied().unwrap_or("ok");
                Changed { at, by_device: number % 2 == 0, value }
            })
            .collect()
    }

    /// Makes these changes, and brings the colleague's to the hub.
    pub(super) fn change(&mut self, changes: &[Changed]) -> Result<()> {
        for change in changes {
            let device = if change.by_device { &mut self.awa } else { &mut self.colleague };
            if let Some(record) = self.records.get(change.at) {
                edit(device, *record, change.value)?;
            }
        }
        sync(&mut self.colleague, &mut self.hub)?;
        Ok(())
    }

    /// The records as another system would hold them.
    pub(super) fn as_json(&self) -> Result<Json> {
        world::as_json(&self.awa, &self.records)
    }
}

/// A device with filled forms of a case that its hub has.
pub(super) struct Filled {
    hub: Office,
    device: Device,
    records: Vec<RecordId>,
    _folder: TempDir,
}

impl Filled {
    /// So many forms of the RSS.
    pub(super) fn new(count: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut seed = Seeded(2);
        let (mut hub, mut device) = pair(folder.path(), &mut seed);
        let (case, samples) = samples(&mut device, "rss", &mut seed)?;
        sync(&mut device, &mut hub)?;
        let records: Vec<RecordId> =
            (0..count).map(|_| samples.save(&mut device, case, &mut seed)).collect::<Result<_>>()?;
        Ok(Self { hub, device, records, _folder: folder })
    }

    /// So many, each with a note of so many letters that hardly compress.
    pub(super) fn with_notes(count: usize, note_bytes: usize) -> Result<Self> {
        let mut filled = Self::new(count)?;
        let mut seed = Seeded(7);
        for record in &filled.records {
            let note: String =
                (0..note_bytes).filter_map(|_| LETTERS.chars().nth(seed.below(LETTERS.len()))).collect();
            edit(&mut filled.device, *record, &note)?;
        }
        Ok(filled)
    }

    /// Both ends.
    pub(super) fn ends(&mut self) -> (&mut Device, &mut Office) {
        (&mut self.device, &mut self.hub)
    }

    /// Their first push.
    pub(super) fn push(&mut self) -> Result<Cost> {
        sync(&mut self.device, &mut self.hub)
    }

    /// The forms as another system would hold them.
    pub(super) fn as_json(&self) -> Result<Json> {
        world::as_json(&self.device, &self.records)
    }
}
