//! What somebody hostile brings of a colleague's file, which they may bring too, stands in nobody's way.

use teranga_core::id::Line;
use teranga_store::lane::{Errand, Lane};
use teranga_sync::attachment::{Held, LaneRequest, Offer, Stretch};
use teranga_sync::limits::CHUNK_BYTES;
use teranga_sync::version;

use crate::chunks_then_dark;
use crate::world::*;

#[test]
fn another_length_or_wrong_chunks_of_a_file_cost_nobody_but_whoever_brings_them() {
    const CHUNKS: usize = 6;
    let mut world = world(12);
    let (_, file, photo) = attached(&mut world, CHUNKS * CHUNK_BYTES);
    let mut lane = Lane::begin(Errand::All, None, 9);
    assert!(run(&mut lane, &mut world.awa, &mut world.region, chunks_then_dark(2)).is_none());
    answers(&mut world.moussa, &mut world.region);
    let known = world.region.child(world.moussa.id()).unwrap().unwrap();
    let brings = |world: &mut World, bytes: usize, first: u32, chunk: Vec<u8>| {
        let request = LaneRequest {
            version: version::MAX,
            hub: world.region.id(),
            replica: world.moussa.id(),
            line: Line::FIRST,
            exchange: 1,
            pull_bytes_max: 0,
            offers: vec![Offer { file, bytes, thumbnail: false, on_behalf_of: None }],
            thumbnails: Vec::new(),
            stretches: vec![Stretch { of: 0, first, bytes: chunk }],
            thumbnails_wanted: Vec::new(),
            wanted: Vec::new(),
        };
        world.region.answer_lane(&known, &request).unwrap().unwrap().states.remove(0).held
    };
    assert_eq!(brings(&mut world, 8, 0, vec![7; 8]), Held::Dropped, "whole, and something else");
    let held = brings(&mut world, CHUNKS * CHUNK_BYTES, 5, vec![7; CHUNK_BYTES]);
    assert!(matches!(&held, Held::Some(runs) if runs.count() == 1), "he has brought one: {held:?}");
    let done = files(&mut world.awa, &mut world.region);
    assert_eq!(done.file_bytes_up, 4 * CHUNK_BYTES as u64, "what she had brought stands");
    assert_eq!(world.region.file(&file).unwrap(), Some(photo));
    assert!(matches!(brings(&mut world, CHUNKS * CHUNK_BYTES, 5, vec![7; CHUNK_BYTES]), Held::Whole(_)));
    world.region.verify(|flaw| panic!("{flaw:?}")).unwrap();
}

#[test]
fn what_came_of_a_file_in_part_goes_when_its_record_is_erased() {
    let mut world = world(13);
    let (record, _, photo) = attached(&mut world, 6 * CHUNK_BYTES);
    answers(&mut world.region, &mut world.hq);
    let mut lane = Lane::begin(Errand::All, None, 9);
    assert!(run(&mut lane, &mut world.awa, &mut world.region, chunks_then_dark(2)).is_none());
    let keys = |world: &World| {
        let path = world.region.folder().join("keys.sqlite");
        let keys = rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY);
        let count = "SELECT count(*) FROM key";
        keys.unwrap().query_row(count, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let before = keys(&world);
    world.hq.erase(record, NOW).unwrap();
    answers(&mut world.region, &mut world.hq);
    assert_eq!(keys(&world), before - 3, "the record's, the thumbnail's and the file's");
    let rest = photo.get(..CHUNK_BYTES).unwrap();
    let database = std::fs::read(world.region.folder().join(teranga_store::FILE)).unwrap();
    assert!(!database.windows(32).any(|window| window == &rest[..32]));
    world.region.verify(|flaw| panic!("{flaw:?}")).unwrap();
}
