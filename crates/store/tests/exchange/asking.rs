//! After a failure nobody knows what arrived: the next session asks before it sends again, and small; so does whoever finds
//! that the hub was put back.

use teranga_store::conversation::{Conversation, Reply, Turn};
use teranga_store::{FILE, Replica};
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::limits::{PACK_BYTES_MIN, PACK_BYTES_START};
use teranga_sync::message::Request;
use teranga_sync::version::Spoken;

use crate::backups::put_back;
use crate::dump;
use crate::world::{
    NOW, World, answered, edit, exchange, open_record, profile, same_everywhere, sync, sync_all, world,
};

/// What a new session of Awa's sends first.
fn first_request(world: &mut World) -> Request {
    let mut session = Conversation::begin(&mut world.awa, 1).unwrap();
    let Turn::Send(bytes) = session.next(&mut world.awa, NOW, 0) else { panic!("nothing is sent") };
    Request::read(&bytes, &world.awa.public_key(), Spoken::BUILD).unwrap()
}

#[test]
fn a_session_that_was_killed_is_followed_by_one_that_asks_first() {
    let mut world = world(1);
    sync(&mut world.awa, &mut world.region);
    open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    assert_eq!(first_request(&mut world).pushes.len(), 1, "after an answer it brings what it has");

    let asks = first_request(&mut world);
    assert!(asks.pushes.is_empty(), "nobody knows whether the pack arrived");
    assert_eq!(asks.pull_bytes_max, 4 * PACK_BYTES_MIN);

    exchange(&mut world.awa, &mut world.region);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    edit(&mut world.awa, record, &[("E02", "often")]);
    assert_eq!(first_request(&mut world).pushes.len(), 1, "an answer was heard since");
}

#[test]
fn whoever_finds_that_the_hub_was_put_back_goes_on_small() {
    let mut world = world(2);
    let backups = tempfile::tempdir().unwrap();
    let backup = world.region.back_up(backups.path(), NOW).unwrap();
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync(&mut world.awa, &mut world.region);
    let (_folder, mut region) = put_back(&world.region, &backup, &mut world.seed);

    let mut session = Conversation::begin(&mut world.awa, 1).unwrap();
    let mut asked = Vec::new();
    let mut turn = session.next(&mut world.awa, NOW, 0);
    while let Turn::Send(bytes) = turn {
        asked.push(Request::read(&bytes, &world.awa.public_key(), Spoken::BUILD).unwrap().pull_bytes_max);
        let answer = answered(&bytes, world.awa.id(), &mut region);
        turn = session.hear(&mut world.awa, Reply::Answer(&answer), NOW, 0);
    }
    assert!(matches!(turn, Turn::Over(Ok(()))));
    assert_eq!(asked[..2], [4 * PACK_BYTES_START, 4 * PACK_BYTES_MIN], "{asked:?}");
    assert_eq!(region.parts(record).unwrap(), world.awa.parts(record).unwrap());
}

/// Makes a replica forget where it stood in its hub's feed, and whatever it knew of where it had stood before.
fn lose_the_cursor(world: &mut World) {
    let folder = world.awa.folder().to_owned();
    let elsewhere = tempfile::tempdir().unwrap();
    let dark = profile(ReplicaKind::Device, "dark", None);
    world.awa = Replica::create(elsewhere.path(), &dark, &mut world.seed).unwrap();
    let connection = dump::open(&folder.join(FILE));
    let lost = "UPDATE uplink SET position = 0, running = zeroblob(32), within = 0; DELETE FROM checkpoint";
    connection.execute_batch(lost).unwrap();
    drop(connection);
    world.awa = Replica::open(&folder, &mut world.seed).unwrap();
}

#[test]
fn a_cursor_that_is_lost_loses_nothing_and_doubles_nothing() {
    let mut world = world(3);
    let records: Vec<_> = (0..100)
        .map(|number| {
            open_record(&mut world.moussa, &mut world.seed, &[("E01", &format!("answer {number}"))])
        })
        .collect();
    sync_all(&mut world);
    let unsent = open_record(&mut world.awa, &mut world.seed, &[("E01", "unsent")]);
    let before = (world.awa.census().unwrap(), world.region.log_counts().unwrap().applied);
    lose_the_cursor(&mut world);

    let mut session = Conversation::begin(&mut world.awa, 1).unwrap();
    let mut turn = session.next(&mut world.awa, NOW, 0);
    let mut answers = Vec::new();
    while let Turn::Send(bytes) = turn {
        let answer = answered(&bytes, world.awa.id(), &mut world.region);
        answers.push(answer.len());
        turn = session.hear(&mut world.awa, Reply::Answer(&answer), NOW, 0);
    }
    assert!(matches!(turn, Turn::Over(Ok(()))));
    assert!(answers.iter().all(|bytes| *bytes <= PACK_BYTES_START), "{answers:?}");
    assert_eq!(world.awa.census().unwrap().len(), before.0.len());
    assert_eq!(world.region.log_counts().unwrap().applied, before.1 + 2);
    sync_all(&mut world);
    for record in records.into_iter().chain([unsent]) {
        same_everywhere(&world, record);
    }
}
