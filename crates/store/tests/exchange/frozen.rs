//! Databases as builds of earlier schemas left them, in `tests/frozen`: headquarters, a region and two devices in the middle of
//! their work, each beside what that build showed. Whoever updates loses nothing of it, and goes on. Their packs are signed as packs
//! are today: what a signature covers was settled after these schemas, before anything was released.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use teranga_core::class::ClassId;
use teranga_core::value::Value;
use teranga_store::save::{DraftFate, PartEdit, Save};
use teranga_store::{FILE, Replica};

use crate::dump;
use crate::world::*;

/// The schemas of which there are databases.
const SCHEMAS: [u32; 2] = [1, 2];

const NAMES: [&str; 4] = ["hq", "kaolack", "awa", "moussa"];

fn frozen(schema: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen").join(schema.to_string())
}

/// The four replicas, opened by this build.
fn thawed(schema: u32) -> World {
    let dir = tempfile::tempdir().unwrap();
    let mut seed = Seeded(u64::from(schema));
    let mut open = |name: &str| {
        let folder = dir.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        let packed = std::fs::read(frozen(schema).join(format!("{name}.database.zst"))).unwrap();
        let database = zstd::decode_all(packed.as_slice()).unwrap();
        std::fs::write(folder.join(FILE), database).unwrap();
        let version: u32 =
            dump::open(&folder.join(FILE)).query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(version, schema);
        Replica::open(&folder, &mut seed).unwrap()
    };
    let [hq, region, awa, moussa] = NAMES.map(&mut open);
    World { dir, seed, hq, region, awa, moussa }
}

/// What a replica shows: ticks, heads, answers and conflicts.
fn shown(replica: &Replica) -> String {
    let mut text = String::new();
    for row in replica.records().unwrap() {
        writeln!(text, "record {} {:?}", row.record, replica.tick(row.record).unwrap()).unwrap();
        for part in replica.parts(row.record).unwrap() {
            let mut heads: Vec<String> = part.heads.iter().map(ToString::to_string).collect();
            heads.sort();
            writeln!(text, "part {} {}", part.class.as_str(), heads.join(" ")).unwrap();
            for (key, value) in &part.values {
                writeln!(text, "value {key} {}", value.to_json()).unwrap();
            }
            for conflict in &part.conflicts {
                let values = conflict.values.iter();
                let mut values: Vec<String> = values.map(|one| one.value.to_json().to_string()).collect();
                values.sort();
                writeln!(text, "conflict {} {}", conflict.key, values.join(" ")).unwrap();
            }
        }
    }
    text
}

#[test]
fn there_are_databases_of_every_schema_before_this_one() {
    let world = world(1);
    let file = world.dir.path().join("hq").join(FILE);
    let now: u32 = dump::open(&file).query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(SCHEMAS.to_vec(), (1..now).collect::<Vec<u32>>());
}

#[test]
fn a_database_of_an_earlier_schema_shows_what_it_showed_and_is_sound() {
    for schema in SCHEMAS {
        let world = thawed(schema);
        for (name, replica) in NAMES.into_iter().zip([&world.hq, &world.region, &world.awa, &world.moussa]) {
            let before = std::fs::read_to_string(frozen(schema).join(format!("{name}.txt"))).unwrap();
            assert!(
                before.lines().any(|line| line.starts_with("value")),
                "{name} of schema {schema} showed nothing"
            );
            assert_eq!(shown(replica), before, "{name} of schema {schema}");
            assert_eq!(flaws(replica), Vec::<String>::new(), "{name} of schema {schema}");
        }
    }
}

#[test]
fn what_was_not_sent_before_an_update_is_sent_after_it_and_a_draft_is_finished() {
    for schema in SCHEMAS {
        let mut world = thawed(schema);
        assert_eq!(world.hq.records().unwrap().len(), 1);
        sync_all(&mut world);
        let records: Vec<_> = world.awa.records().unwrap().iter().map(|row| row.record).collect();
        assert_eq!(records.len(), 3, "schema {schema}");
        for record in &records {
            same_everywhere(&world, *record);
        }
        let all = shown(&world.hq);
        for unsent in ["\"unsent\"", "\"unsent too\"", "\"of Moussa, unsent\""] {
            assert!(all.contains(unsent), "{unsent} of schema {schema}");
        }
        let [draft] = &world.awa.drafts().unwrap()[..] else { panic!("the draft of schema {schema}") };
        let parts = vec![PartEdit { class: ClassId::new("survey"), edits: texts(&[("E02", "never")]) }];
        let (record, salt, form) = (draft.record, draft.salt, draft.form.clone());
        world.awa.save(&Save { record, salt, form, at: NOW, parts, draft: DraftFate::Clear }).unwrap();
        sync_all(&mut world);
        same_everywhere(&world, record);
        let survey = world.hq.parts(record).unwrap();
        assert!(survey.iter().any(|part| part.values.values().any(|value| *value == Value::text("never"))));
        for replica in [&world.hq, &world.region, &world.awa, &world.moussa] {
            assert_eq!(flaws(replica), Vec::<String>::new(), "schema {schema}");
        }
    }
}
