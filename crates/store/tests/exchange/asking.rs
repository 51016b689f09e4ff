//! After a failure nobody knows what arrived: the next session asks before it sends again, and small; so does whoever finds
//! that the hub was put back.

use teranga_store::conversation::{Conversation, Reply, Turn};
use teranga_sync::limits::{PACK_BYTES_MIN, PACK_BYTES_START};
use teranga_sync::message::Request;
use teranga_sync::version::Spoken;

use crate::backups::put_back;
use crate::world::{NOW, World, answered, edit, exchange, open_record, sync, world};

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
