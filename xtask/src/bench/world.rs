//! What is measured on: a hub, devices, and records whose answers are mixed from invented interviews, so that ten
//! thousand of them cost seconds and still differ as real ones do.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Map, Value as Json, json};
use teranga_client::Device;
use teranga_client::invent::Seeded;
use teranga_core::class::ClassId;
use teranga_core::flow::{Filling, Shown};
use teranga_core::id::{Entropy, EventId, ItemId, RecordId, Salt};
use teranga_core::key::Key;
use teranga_core::record::{Envelope, Event, EventKind};
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_examples::NOW;
use teranga_office::Office;
use teranga_store::save::{DraftFate, PartEdit, Save};
use teranga_sync::message::Answer;
use teranga_sync::session::{Measured, Next, Session};
use teranga_sync::version::Spoken;

/// Headers of a request and its answer, in bytes.
pub(super) const HEADERS_BYTES: u64 = 500;

/// What a session cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) round_trips: u64,
    pub(crate) bytes_up: u64,
    pub(crate) bytes_down: u64,
    /// Modelled: the link's time and the real time of both ends.
    pub(crate) seconds: f64,
}

/// The modelled link: 100 kbit/s each way, 300 ms one way.
const BYTES_PER_SECOND: f64 = 12_500.0;
const ROUND_TRIP_SECONDS: f64 = 0.6;

/// What the modelled link takes for so many round trips and bytes, headers among them.
#[expect(clippy::cast_precision_loss, reason = "counts are below 2^52")]
pub(super) fn link_seconds(round_trips: u64, bytes: u64) -> f64 {
    round_trips as f64 * ROUND_TRIP_SECONDS + bytes as f64 / BYTES_PER_SECOND
}

/// One session, with its packs paced by the modelled link.
pub(crate) fn sync(device: &mut Device, hub: &mut Office) -> Result<Cost> {
    let mut session = Session::new();
    let mut cost = Cost::default();
    loop {
        let begun = Instant::now();
        let request = device.replica_mut().next_request(&session.plan(), NOW)?.context("enrolled")?;
        let sent = request.encode(device.replica().identity());
        let received = hub.exchange(&sent, NOW)?.answer;
        let answer = Answer::read(&received, &hub.replica().public_key(), Spoken::BUILD)?;
        let taken = device.replica_mut().take_answer(&request, &answer, NOW)?;
        cost.round_trips += 1;
        cost.bytes_up += sent.len() as u64;
        cost.bytes_down += received.len() as u64;
        let bytes = (sent.len() + received.len()) as u64;
        let seconds = link_seconds(1, bytes + HEADERS_BYTES) + begun.elapsed().as_secs_f64();
        cost.seconds += seconds;
        let elapsed_ms = u64::try_from(Duration::from_secs_f64(seconds).as_millis())?;
        match session.succeeded(Measured { bytes, elapsed_ms }, taken.left) {
            Next::Exchange => {}
            Next::Done => return Ok(cost),
        }
    }
}

/// The answers of invented interviews of one form, by class and question.
pub(crate) struct Samples {
    form: String,
    parts: BTreeMap<ClassId, BTreeMap<Key, Vec<Value>>>,
}

impl Samples {
    /// Takes the answers of records that a device holds.
    pub(crate) fn of(device: &Device, records: &[RecordId]) -> Result<Self> {
        let mut samples = Self { form: String::new(), parts: BTreeMap::new() };
        for record in records {
            let row = device.replica().record(*record)?.context("the record is held")?;
            samples.form = row.form.unwrap_or_default();
            for part in device.replica().parts(*record)? {
                let class = samples.parts.entry(part.class).or_default();
                for (key, value) in part.values.into_iter().filter(|(key, _)| !key.is_envelope()) {
                    class.entry(key).or_default().push(value);
                }
            }
        }
        Ok(samples)
    }

    /// Saves one record with answers drawn from the samples.
    pub(crate) fn save(&self, device: &mut Device, case: RecordId, seed: &mut Seeded) -> Result<RecordId> {
        let mut drawing = device.drawing();
        let record = RecordId::generate(NOW, &mut drawing);
        let mut salt = Salt([0; 16]);
        drawing.fill(&mut salt.0);
        let at = Millis(NOW.0 + i64::try_from(seed.below(86_400_000))?);
        let mut parts: BTreeMap<ClassId, Vec<(Key, Value)>> = BTreeMap::new();
        for (class, answers) in &self.parts {
            let edits = answers.iter().filter_map(|(key, values)| {
                Some((key.clone(), values.get(seed.below(values.len()))?.clone()))
            });
            parts.insert(class.clone(), edits.collect());
        }
        let event = EventId::generate(at, &mut drawing);
        parts.entry(ClassId::new("open")).or_default().extend(self.envelope(case, (event, at), seed));
        let parts = parts.into_iter().map(|(class, edits)| PartEdit { class, edits }).collect();
        let save = Save { record, salt, form: self.form.clone(), at, parts, draft: DraftFate::Keep };
        device.replica_mut().save(&save)?;
        Ok(record)
    }

    /// An envelope as a finished interview has it, with released scores as random as real ones.
    fn envelope(
        &self,
        case: RecordId,
        (event, at): (EventId, Millis),
        seed: &mut Seeded,
    ) -> Vec<(Key, Value)> {
        let submitted = Event { at, kind: EventKind::Submitted };
        let envelope = Envelope {
            form: self.form.clone(),
            case: Some(case),
            wave: Some("m3".into()),
            region: "SN-KL".into(),
            events: BTreeMap::from([(event, submitted)]),
        };
        let mut edits = envelope.write();
        if self.form.starts_with("rss@") {
            let mut score = |name: &str| format!(" {name}=0.{:04}/1.0000", seed.below(10_000));
            let scores = ["composite", "economic", "psychosocial", "social"].map(&mut score).concat();
            let text = format!("rss-equal@1 {:016x}{scores}", seed.next_number());
            edits.push((Key::question("_release").child("rss-scores"), Value::Text(text)));
        }
        edits
    }
}

/// The answers alone, as a line of the JSON that another system would send: codes side by side, items in lists.
pub(crate) fn bare(filling: &Filling) -> String {
    let mut root = Map::new();
    for (key, _, shown) in filling.states() {
        let answer = match shown {
            Shown::Answered(value) => value.to_json(),
            Shown::DontKnow | Shown::Declined => Json::from(shown.code()),
            Shown::NotAsked | Shown::Skipped | Shown::Hidden => continue,
        };
        let segments: Vec<&str> = key.segments().collect();
        let Some((question, above)) = segments.split_last() else { continue };
        let section = above.iter().try_fold(&mut root, |map, name| {
            map.entry(*name).or_insert_with(|| Json::Object(Map::new())).as_object_mut()
        });
        let Some(section) = section else { continue };
        section.insert((*question).to_owned(), answer);
    }
    listed(Json::Object(root)).to_string() + "\n"
}

/// With lists where items are named by their identities.
fn listed(json: Json) -> Json {
    match json {
        Json::Object(map) if map.keys().next().is_some_and(|name| name.parse::<ItemId>().is_ok()) => {
            map.into_iter().map(|(_, item)| listed(item)).collect()
        }
        Json::Object(map) => map.into_iter().map(|(name, inner)| (name, listed(inner))).collect(),
        other => other,
    }
}

/// Records as another system would hold them: identity, and answers by question, each a scalar.
pub(super) fn as_json(device: &Device, records: &[RecordId]) -> Result<Json> {
    let one = |record: &RecordId| -> Result<Json> {
        let mut answers = Map::new();
        for part in device.replica().parts(*record)? {
            answers.extend(part.values.into_iter().map(|(key, value)| {
                let scalar = match value {
                    Value::NoAnswer(kind) => Json::from(kind.code()),
                    value => value.to_json(),
                };
                (key.to_string(), scalar)
            }));
        }
        Ok(json!({ "id": record.to_string(), "answers": answers }))
    };
    records.iter().map(one).collect()
}

/// Changes one answer of a record.
pub(crate) fn edit(device: &mut Device, record: RecordId, value: &str) -> Result<()> {
    let row = device.replica().record(record)?.context("the record is held")?;
    let edits = vec![(Key::question("E01"), Value::text(value))];
    let parts = vec![PartEdit { class: ClassId::new("survey"), edits }];
    let form = row.form.unwrap_or_default();
    let save = Save { record, salt: row.salt, form, at: NOW, parts, draft: DraftFate::Keep };
    device.replica_mut().save(&save)?;
    Ok(())
}

/// A fresh hub and a device enrolled there.
pub(crate) fn pair(folder: &Path, seed: &mut Seeded) -> (Office, Device) {
    let mut hub = teranga_examples::hub(&folder.join("hub"), seed);
    let device = teranga_examples::device(&folder.join("device"), "Awa Exemple", &mut hub, seed);
    (hub, device)
}
