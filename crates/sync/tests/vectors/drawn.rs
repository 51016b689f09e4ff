//! The pack of the vectors of version 2 whose identities and salts are drawn from a seed: larger than the others, for it has to show
//! what records have in common.

use teranga_core::class::ClassId;
use teranga_core::id::{Batch, Entropy, EventId, ItemId, ManifestHash, RecordId, Salt};
use teranga_core::key::Key;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_document::part::{NewChange, Part};
use teranga_sync::drawn::{Drawing, Drawn};
use teranga_sync::identity::actor_of;
use teranga_sync::manifest::{Authorship, Manifest};
use teranga_sync::pack::{Entry, Pack, list};

use crate::made::{Fixed, NONCE, RECORD, device};

/// What the device of the vectors draws from: the seed is 32 times 0x66.
fn drawing() -> Drawing {
    Drawing::begin(&mut Fixed)
}

/// Three interviews with what the device drew for them, and a correction of one. Items are drawn before their neighbours' are.
pub(crate) fn drawn_pack() -> (Pack, Drawn) {
    let mut drawing = drawing();
    let actor = actor_of(&device().public_key(), NONCE);
    let (open, survey) = (ClassId::new("open"), ClassId::new("survey"));
    let mut saves = Vec::new();
    for (number, name) in (0..).zip(["Awa", "Moussa", "Awa"]) {
        let at = Millis(1_772_442_000_000 + number * 60_000);
        let done = Millis(at.0 + 30_000);
        let record = RecordId::generate(at, &mut drawing);
        let mut salt = Salt([0; 16]);
        drawing.fill(&mut salt.0);
        let mut part = Part::open(record, &survey, salt.0);
        let mut edits =
            vec![(Key::question("E01"), Value::text("ok")), (Key::question("men"), Value::Int(2))];
        for place in 0..=number {
            let added = Millis(at.0 + place * 5_000 + 1_000);
            let member = Key::item(None, "members", ItemId::generate(added, &mut drawing));
            edits.push((member.child("_order"), Value::Int(place + 1)));
            edits.push((member.child("name"), Value::text(name)));
            edits.push((member.child("needs").child("seed"), Value::Bool(true)));
        }
        let entry = |change: NewChange, class: &ClassId| Entry {
            record,
            salt,
            class: class.clone(),
            hash: change.hash,
            body: Some(change.bytes),
        };
        let mut save = vec![entry(part.edit(actor, done, "rss@2026-11", &edits).unwrap().unwrap(), &survey)];
        let event = Key::question("_event").child(&EventId::generate(done, &mut drawing).to_string());
        let submitted = format!(r#"{{"event":"submitted","at":{}}}"#, done.0);
        let envelope =
            [(Key::question("_case"), Value::Text(RECORD.to_string())), (event, Value::Text(submitted))];
        let mut envelope_part = Part::open(record, &open, salt.0);
        save.push(entry(envelope_part.edit(actor, done, "rss@2026-11", &envelope).unwrap().unwrap(), &open));
        saves.push(save);
        if number == 1 {
            let correction = [(Key::question("men"), Value::Int(3))];
            let later = Millis(done.0 + 1_000);
            saves.push(vec![entry(
                part.edit(actor, later, "rss@2026-11", &correction).unwrap().unwrap(),
                &survey,
            )]);
        }
    }
    let listed: Vec<_> = saves.iter().map(|save| list(save)).collect();
    let by = Authorship::own(vec![NONCE]);
    let listed = listed.iter().map(Vec::as_slice);
    let manifest = Manifest::sign(&device(), Batch(1), ManifestHash([0; 32]), by, listed);
    (Pack { manifest, saves }, drawing.drawn())
}
