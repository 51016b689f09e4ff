//! A pack is as large as the link takes: neither more, however badly answers compress, nor much less, however well.

use teranga_core::id::RecordId;
use teranga_core::time::Millis;
use teranga_store::conversation::{Conversation, Reply, Turn};
use teranga_sync::bytes::Writer;
use teranga_sync::compress;
use teranga_sync::limits::{EXCHANGE_MS_TARGET, PACK_BYTES_MIN, PACK_BYTES_START, PACK_BYTES_TARGET_MAX};
use teranga_sync::message::{Answer, Push, Request};
use teranga_sync::session::{Plan, PushPlan};
use teranga_sync::version::{self, Spoken, Version};

use crate::world::{NOW, Seeded, World, answered, open_record, world};

/// How long each note is, in bytes.
const NOTE_BYTES: usize = 3_000;

fn one_of<T: Copy>(things: &[T], seed: &mut Seeded) -> T {
    let at = usize::try_from(seed.next() % things.len() as u64).unwrap();
    *things.get(at).unwrap()
}

/// A note that hardly compresses: six bits of eight say something new.
fn random(seed: &mut Seeded) -> String {
    let letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    (0..NOTE_BYTES).map(|_| char::from(one_of(letters, seed))).collect()
}

/// A note as people write it: the same words over and over.
fn plain(seed: &mut Seeded) -> String {
    let words = [
        "la", "maison", "près", "du", "puits", "avec", "trois", "enfants", "sans", "travail", "et", "malade",
    ];
    let mut note = String::new();
    while note.len() < NOTE_BYTES {
        note.push_str(one_of(&words, seed));
        note.push(' ');
    }
    note
}

/// Saves that Awa has not brought yet, of one note each.
fn unsent(world: &mut World, count: usize, note: fn(&mut Seeded) -> String) -> Vec<RecordId> {
    (0..count)
        .map(|_| {
            let note = note(&mut world.seed);
            open_record(&mut world.awa, &mut world.seed, &[("E01", &note)])
        })
        .collect()
}

/// How large a pack is on the wire, and how many saves are in it.
fn measured(push: &Push) -> (usize, usize) {
    let mut wire = Writer::new();
    compress::write(&mut wire, &push.bytes);
    (wire.len(), push.pack().unwrap().saves.len())
}

/// Brings a pack that is cut for this target.
fn bring(world: &mut World, bytes_target: usize) -> (usize, usize) {
    let plan = Plan { push: PushPlan::Pack { bytes_target }, pull_bytes_max: 1 << 20 };
    let request = world.awa.next_request(&plan, NOW).unwrap().unwrap();
    let answer = answered(&request.encode(world.awa.identity()), world.awa.id(), &mut world.region);
    let answer = Answer::read(&answer, &world.region.public_key(), Spoken::BUILD).unwrap();
    world.awa.take_answer(&request, &answer, NOW).unwrap();
    measured(request.pushes.first().unwrap())
}

fn speaking(version: Version) -> World {
    let mut world = world(u64::from(version.number()));
    world.awa.speak(Spoken { oldest: version::MIN, newest: version });
    world
}

#[test]
fn a_pack_is_no_larger_than_its_target_unless_one_save_is() {
    for version in [version::MIN, version::MAX] {
        let mut world = speaking(version);
        unsent(&mut world, 330, random);
        for target in [1, PACK_BYTES_MIN, PACK_BYTES_START, PACK_BYTES_TARGET_MAX] {
            let (bytes, saves) = bring(&mut world, target);
            assert!(bytes <= target || saves == 1, "{version:?}, {target}: {bytes} in {saves} saves");
            assert!(bytes + NOTE_BYTES >= target / 8 * 7, "{version:?}, {target}: {bytes}");
        }
        assert!(world.awa.cut_pack(1, NOW).unwrap(), "there was more than the largest pack took");
    }
}

#[test]
fn a_pack_of_what_compresses_well_is_filled() {
    for version in [version::MIN, version::MAX] {
        let mut world = speaking(version);
        unsent(&mut world, 600, plain);
        for target in [PACK_BYTES_MIN, PACK_BYTES_START, PACK_BYTES_TARGET_MAX] {
            let (bytes, saves) = bring(&mut world, target);
            assert!(
                (target / 2..=target).contains(&bytes),
                "{version:?}, {target}: {bytes} in {saves} saves"
            );
        }
        assert!(world.awa.cut_pack(1, NOW).unwrap(), "there was more than the largest pack took");
    }
}

/// What each exchange of a session that brings everything took over a link with a round trip of 600 ms, in milliseconds, and how
/// large its pack was. The last, which brings what is left, is not among them.
fn session(world: &mut World, bytes_per_second: u64) -> Vec<(u64, usize)> {
    let (mut now, mut exchanges) = (NOW, Vec::new());
    let mut session = Conversation::begin(&mut world.awa, 1).unwrap();
    let mut turn = session.next(&mut world.awa, now, 0);
    while let Turn::Send(bytes) = turn {
        let request = Request::read(&bytes, &world.awa.public_key(), Spoken::BUILD).unwrap();
        let answer = answered(&bytes, world.awa.id(), &mut world.region);
        let elapsed = 600 + (bytes.len() + answer.len()) as u64 * 1_000 / bytes_per_second;
        now = Millis(now.0 + i64::try_from(elapsed).unwrap());
        exchanges.extend(request.pushes.first().map(|push| (elapsed, measured(push).0)));
        turn = session.hear(&mut world.awa, Reply::Answer(&answer), now, 0);
    }
    assert!(matches!(turn, Turn::Over(Ok(()))));
    exchanges.pop();
    exchanges
}

#[test]
fn an_exchange_takes_what_it_should_on_the_link_that_is_there() {
    let mut world = world(5);
    unsent(&mut world, 180, random);
    let exchanges = session(&mut world, 12_500);
    let (sizes, times) = (PACK_BYTES_MIN..=PACK_BYTES_TARGET_MAX, 2_000..=EXCHANGE_MS_TARGET + 500);
    assert!(exchanges.len() > 6, "{exchanges:?}");
    assert!(
        exchanges[2..].iter().all(|(elapsed, bytes)| times.contains(elapsed) && sizes.contains(bytes)),
        "{exchanges:?}"
    );
}

#[test]
fn packs_shrink_on_a_slow_link_as_far_as_they_may() {
    let mut world = world(6);
    unsent(&mut world, 40, random);
    let exchanges = session(&mut world, 2_000);
    assert!(exchanges.len() > 6, "{exchanges:?}");
    assert!(exchanges[0].1 > PACK_BYTES_MIN, "{exchanges:?}");
    assert!(
        exchanges[2..].iter().all(|(_, bytes)| (PACK_BYTES_MIN / 2..=PACK_BYTES_MIN).contains(bytes)),
        "{exchanges:?}"
    );
}
