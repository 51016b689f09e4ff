//! One byte that a disk turned over, anywhere in the files of a device, of a region's hub and of headquarters: opening says
//! that something is wrong, or `verify` names it, or the byte was no part of anything.

#![expect(clippy::indexing_slicing, reason = "a helper that cannot go on must stop the test")]

use std::path::{Path, PathBuf};

use teranga_core::key::Key;
use teranga_core::record::Assignee;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_store::seal::{KEYS_FILE, WRAPPING_FILE};
use teranga_store::verify::NOT_VERIFIED;
use teranga_store::{FILE, Replica};
use teranga_sync::feed::ResourceRow;

use crate::drafts::begin_draft;
use crate::dump::{dump, open, rows};
use crate::grants::assign;
use crate::verdicts::refused_at_the_region;
use crate::world::*;

/// A world in which everything has happened that leaves something behind.
fn lived_in(seed: u64) -> World {
    let mut world = world(seed);
    let text = |text: &str| text.to_owned();
    let resource = ResourceRow {
        kind: text("list"),
        id: text("a"),
        version: text("1"),
        json: text("{\"entries\": []}"),
    };
    world.hq.publish(&resource).unwrap();
    refused_at_the_region(&mut world);
    world.region.regrant(world.awa.id(), world.moussa.profile().audience.clone()).unwrap().unwrap();
    let file = world.awa.attach(b"a letter", None).unwrap();
    let record =
        open_record(&mut world.awa, &mut world.seed, &[("E01", "ok"), ("E02", &format!("{file}.txt"))]);
    sync_all(&mut world);
    edit(&mut world.awa, record, &[("E01", "satisfied")]);
    edit(&mut world.moussa, record, &[("E01", "dissatisfied")]);
    let to = Assignee { region: text("SN-KL"), office: Some(text("BAOS")), person: Some(text("Binta")) };
    assign(&mut world.awa, &mut world.seed, record, to);
    let erased = open_record(&mut world.moussa, &mut world.seed, &[("E01", "a word that must go")]);
    sync_all(&mut world);
    world.hq.erase(erased, NOW).unwrap();
    world.hq.note_backup(Millis(NOW.0 + 5)).unwrap();
    sync_all(&mut world);
    world.region.new_recovery_share(&mut world.seed).unwrap();
    // Nothing mentions it yet: the next erasure would take it away.
    for replica in [&mut world.awa, &mut world.region, &mut world.hq] {
        replica.attach(&[7; 5_000], Some(b"\xff\xd8\xff small".to_vec())).unwrap();
    }
    begin_draft(&mut world.awa, record);
    world.awa.keep_answers(record, &[(Key::question("E03"), Value::text("half an answer"))]).unwrap();
    edit(&mut world.awa, record, &[("E04", "not sent yet")]);
    world
}

/// A replica that was closed, to be copied and broken.
struct Closed {
    name: &'static str,
    folder: PathBuf,
}

/// The closed replicas of a world.
fn closed(world: World) -> (tempfile::TempDir, [Closed; 3]) {
    let World { dir, hq, region, awa, .. } = world;
    let of = |name, replica: Replica| {
        assert_eq!(flaws(&replica), [""; 0]);
        Closed { name, folder: replica.folder().to_owned() }
    };
    (dir, [of("headquarters", hq), of("region", region), of("device", awa)])
}

impl Closed {
    /// Copies its files, all but one as they are.
    fn copy(&self, broken: &str, bytes: &[u8]) -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        for name in [FILE, KEYS_FILE, WRAPPING_FILE] {
            let from = self.folder.join(name);
            if name == broken {
                std::fs::write(copy.path().join(name), bytes).unwrap();
            } else if from.exists() {
                std::fs::copy(from, copy.path().join(name)).unwrap();
            }
        }
        copy
    }
}

/// What opening a replica and verifying it say is wrong.
fn said(folder: &Path) -> Vec<String> {
    match Replica::open(folder, &mut Seeded(1)) {
        Err(error) => vec![error.to_string()],
        Ok(replica) => flaws(&replica),
    }
}

/// Whether two copies of a file differ in anything that is verified.
fn differ(sound: &Path, broken: &Path) -> Option<String> {
    let (mut sound, mut broken) = (dump(sound), dump(broken));
    for (table, _, _) in NOT_VERIFIED {
        for dump in [&mut sound, &mut broken] {
            dump.remove(table);
        }
    }
    sound.into_iter().find(|(table, rows)| broken.get(table) != Some(rows)).map(|(table, _)| table)
}

/// Turns bytes of a file over, each in a copy of its own; half of them among those that are not null, which are few.
fn flip(closed: &Closed, file: &str, (seed, times): (u64, usize)) {
    let sound = std::fs::read(closed.folder.join(file)).unwrap();
    let full: Vec<usize> = (0..sound.len()).filter(|at| sound[*at] != 0).collect();
    let mut seed = Seeded(seed);
    let mut below = |bound: usize| usize::try_from(seed.next() % bound as u64).unwrap();
    let mut found = 0;
    for time in 0..times {
        let at = if time % 2 == 0 { below(sound.len()) } else { full[below(full.len())] };
        let mask = u8::try_from(below(255) + 1).unwrap();
        let mut bytes = sound.clone();
        bytes[at] ^= mask;
        let copy = closed.copy(file, &bytes);
        // Read before the store opens it, which may write.
        let differs = differ(&closed.folder.join(file), &copy.path().join(file));
        let said = said(copy.path());
        found += usize::from(!said.is_empty());
        let where_ = format!("{} {file}: byte {at}, mask {mask:02x}", closed.name);
        assert!(differs.is_none() || !said.is_empty(), "{where_}: {differs:?}");
    }
    assert!(found > times / 4, "{} {file}: {found} of {times}", closed.name);
}

#[test]
fn a_flipped_byte_of_a_database_is_named_or_was_no_part_of_anything() {
    let (_dir, replicas) = closed(lived_in(401));
    for (seed, closed) in (1..).zip(&replicas) {
        flip(closed, FILE, (seed, 300));
    }
}

#[test]
fn a_flipped_byte_of_a_hubs_keys_is_named_or_was_no_part_of_anything() {
    let (_dir, [_, region, _]) = closed(lived_in(402));
    flip(&region, KEYS_FILE, (4, 100));
    let sound = std::fs::read(region.folder.join(WRAPPING_FILE)).unwrap();
    for at in 0..64 {
        let mut bytes = sound.clone();
        bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
        assert_ne!(said(region.copy(WRAPPING_FILE, &bytes).path()), [""; 0]);
    }
}

/// The columns of which some row is not null, with a row each.
fn columns(file: &Path) -> Vec<(String, String)> {
    let connection = open(file);
    let named = rows(
        &connection,
        "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'",
    );
    let named = named.into_iter().map(|row| (row[0].clone(), row[1].clone()));
    let held = |(table, column): &(String, String)| {
        let sql = format!(
            "SELECT 1 FROM \"{table}\" WHERE \"{column}\" IS NOT NULL AND \"{column}\" <> x'' LIMIT 1"
        );
        !rows(&connection, &sql).is_empty()
    };
    named.filter(held).collect()
}

#[test]
fn every_column_of_every_row_is_verified_but_for_those_that_are_listed() {
    let (_dir, replicas) = closed(lived_in(403));
    let mut seen = 0;
    for closed in &replicas {
        let file = closed.folder.join(FILE);
        for (table, column) in columns(&file) {
            if NOT_VERIFIED.iter().any(|(of, name, _)| (*of, *name) == (&table, &column)) {
                continue;
            }
            let copy = closed.copy("", b"");
            let connection = open(&copy.path().join(FILE));
            connection.pragma_update(None, "foreign_keys", false).unwrap();
            connection.pragma_update(None, "ignore_check_constraints", true).unwrap();
            let last = format!("SELECT max(\"{column}\") FROM \"{table}\" WHERE \"{column}\" <> x''");
            let value =
                connection.query_row(&last, [], |row| row.get::<_, rusqlite::types::Value>(0)).unwrap();
            let update = format!("UPDATE \"{table}\" SET \"{column}\" = ?1 WHERE \"{column}\" = ?2");
            connection.execute(&update, [flipped(&value), value]).unwrap();
            drop(connection);
            assert_ne!(said(copy.path()), [""; 0], "{} {table}.{column}", closed.name);
            seen += 1;
        }
    }
    assert!(seen > 300, "{seen}");
}

/// Something else of the same kind, as long as before.
fn flipped(value: &rusqlite::types::Value) -> rusqlite::types::Value {
    use rusqlite::types::Value;
    match value {
        Value::Integer(number) => Value::Integer(number + 64),
        Value::Text(text) => Value::Text(text.chars().skip(1).chain(['x']).collect()),
        Value::Blob(bytes) => {
            let mut bytes = bytes.clone();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            Value::Blob(bytes)
        }
        Value::Null | Value::Real(_) => panic!("{value:?}"),
    }
}

/// What is written past the store, and as what it is named.
const NAMED: [(usize, &str, &str); 26] = [
    (1, "UPDATE change SET body = flipped(body) WHERE seq = 1", "Change {"),
    (2, "UPDATE change SET hash = flipped(hash) WHERE seq = 1", "Change {"),
    (1, "UPDATE pack SET signature = flipped(signature)", "Pack {"),
    (2, "UPDATE pack SET previous = flipped(previous) WHERE batch > 1", "Chain {"),
    (2, "UPDATE part SET heads = flipped(heads)", "Part(UnsoundPart"),
    (2, "UPDATE part SET snapshot = flipped(snapshot)", "Part(UnsoundPart"),
    (1, "UPDATE part SET view = flipped(view)", "Part(UnsoundPart"),
    (1, "UPDATE conflict SET candidates = flipped(candidates)", "Part(UnsoundPart"),
    (2, "DELETE FROM conflict", "Part(UnsoundPart"),
    (2, "UPDATE mention SET extension = 'txu'", "Part(UnsoundPart"),
    (2, "DELETE FROM part WHERE class = 'survey'", "wrong: Absent"),
    (2, "UPDATE record SET region = 'SN-KM' WHERE form IS NOT NULL", "Record("),
    (2, "UPDATE record SET custody = replace(custody, 'Binta', 'Bintb')", "Record("),
    (1, "UPDATE record SET salt = flipped(salt)", "Record("),
    (1, "UPDATE chunk SET bytes = flipped(bytes)", "File("),
    (1, "UPDATE thumbnail SET jpeg = flipped(jpeg)", "Thumbnail("),
    (2, "UPDATE thumbnail SET signature = flipped(signature)", "Thumbnail("),
    (2, "UPDATE resource SET json = replace(json, '[]', '{}')", "Resource {"),
    (1, "UPDATE feed SET running = flipped(running) WHERE kind = 8", "Feed {"),
    (1, "UPDATE verdict SET hash = flipped(hash)", "Feed {"),
    (2, "UPDATE opening SET nonce = flipped(nonce)", "Identity("),
    (2, "UPDATE erased SET at_ms = at_ms + 1", "Erasure("),
    (0, "UPDATE erasure SET signature = flipped(signature)", "Confirmation {"),
    (2, "UPDATE uplink SET key = flipped(key)", "Hub"),
    (2, "UPDATE draft_answer SET value = replace(value, 'half', 'calf')", "Table(\"draft_answer\")"),
    (2, "UPDATE erased SET home = x'00'", "Unreadable { table: \"erased\""),
];

#[test]
fn what_is_hurt_is_named_as_what_it_is() {
    let (_dir, replicas) = closed(lived_in(404));
    for (replica, sql, name) in NAMED {
        let copy = replicas[replica].copy("", b"");
        let connection = open(&copy.path().join(FILE));
        let flags = rusqlite::functions::FunctionFlags::SQLITE_UTF8;
        connection.create_scalar_function("flipped", 1, flags, |row| Ok(flipped(&row.get(0)?))).unwrap();
        assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
        drop(connection);
        let said = said(copy.path());
        assert!(said.iter().any(|said| said.contains(name)), "{sql}: {said:?}");
    }
}

#[test]
fn a_table_that_is_laid_out_otherwise_and_a_key_that_does_not_open_are_named() {
    let (_dir, replicas) = closed(lived_in(405));
    for (file, sql, name) in [
        (
            FILE,
            "UPDATE sqlite_schema SET sql = replace(sql, 'DEFAULT 0', 'DEFAULT 1') WHERE name = 'uplink'",
            "Layout(\"uplink\")",
        ),
        (FILE, "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'change'", "Table(\"sqlite_sequence\")"),
        (KEYS_FILE, "UPDATE key SET wrapped = zeroblob(60) WHERE key = 64", "Keys(\"64\")"),
        (KEYS_FILE, "UPDATE share SET wrapped = zeroblob(60)", "Keys(\"share\")"),
        (KEYS_FILE, "UPDATE destroyed SET at_ms = at_ms + 1", "Keys(\"destroyed\")"),
    ] {
        let copy = replicas[1].copy("", b"");
        let connection = open(&copy.path().join(file));
        connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false).unwrap();
        connection.pragma_update(None, "writable_schema", true).unwrap();
        assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
        drop(connection);
        let said = said(copy.path());
        assert!(said.iter().any(|said| said.contains(name)), "{sql}: {said:?}");
    }
}
