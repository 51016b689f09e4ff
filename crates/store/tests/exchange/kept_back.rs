//! What a hub between keeps back of a pack, and how the hub above verifies the rest of its origin's chain all the same.

#![expect(clippy::indexing_slicing, reason = "a helper that cannot go on must stop the test")]

use sha2::{Digest as _, Sha256};
use teranga_core::class::ClassId;
use teranga_core::id::{ActorId, Batch, Line, ManifestHash, OpeningNonce};
use teranga_core::key::Key;
use teranga_core::value::Value;
use teranga_document::part::Part;
use teranga_store::ingest::Ingested;
use teranga_sync::identity::{Identity, actor_of};
use teranga_sync::manifest::{Authorship, Listed, Manifest};
use teranga_sync::message::Push;
use teranga_sync::pack::{Entry, Pack, list};
use teranga_sync::scan::{ChangeLimits, scan};
use teranga_sync::session::Session;
use teranga_sync::version;

use crate::world::*;

const GOOD: OpeningNonce = OpeningNonce([8; 16]);
const BAD: OpeningNonce = OpeningNonce([9; 16]);
const LATER: OpeningNonce = OpeningNonce([7; 16]);

/// The first change of an author made into their second, of which there is no first: each of its bytes is as the protocol says,
/// and no document takes it.
fn as_the_second(mut change: Vec<u8>, actor: &ActorId) -> Vec<u8> {
    let actor = actor.as_bytes();
    let at = change.windows(actor.len()).position(|window| window == actor).unwrap() + actor.len();
    assert_eq!(change[at], 1, "the first one");
    change[at] = 2;
    let checksum = Sha256::digest(&change[8..]);
    change[4..8].copy_from_slice(&checksum[..4]);
    change
}

/// A pack of saves of one change each, behind the one with this hash.
fn pack(
    identity: &Identity,
    (batch, previous): (u64, ManifestHash),
    openings: &[OpeningNonce],
    entries: Vec<Entry>,
) -> Pack {
    let saves: Vec<Vec<Entry>> = entries.into_iter().map(|entry| vec![entry]).collect();
    let listed: Vec<Vec<Listed>> = saves.iter().map(|save| list(save)).collect();
    let (by, listed) = (Authorship::own(openings.to_vec()), listed.iter().map(Vec::as_slice));
    Pack { manifest: Manifest::sign(identity, Batch(batch), previous, by, listed), saves }
}

#[test]
fn what_the_guard_of_a_hub_between_refuses_goes_no_further_and_headquarters_verifies_the_rest_of_the_chain() {
    let mut world = world(94);
    let record = open_record(&mut world.moussa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    let salt = world.moussa.record(record).unwrap().unwrap().salt;
    let (class, awa) = (ClassId::new("survey"), world.awa.identity().clone());
    let edited = |nonce, (key, value): (&str, &str)| {
        let actor = actor_of(&awa.public_key(), nonce);
        let mut part = Part::open(record, &class, salt.0);
        (actor, part.edit(actor, NOW, "rss@1", &texts(&[(key, value)])).unwrap().unwrap().bytes)
    };
    let entry = |body: Vec<u8>| {
        let hash = scan(&body, &ChangeLimits::PROTOCOL).unwrap().hash;
        Entry { record, salt, class: class.clone(), hash, body: Some(body) }
    };
    let (_, good) = edited(GOOD, ("E02", "often"));
    let (actor, bad) = edited(BAD, ("E03", "yes"));
    let bad = entry(as_the_second(bad, &actor));
    let (_, later) = edited(LATER, ("E04", "never"));
    let first = pack(&awa, (1, ManifestHash([0; 32])), &[GOOD, BAD], vec![bad, entry(good)]);
    let second = pack(&awa, (2, first.hash()), &[LATER], vec![entry(later)]);
    let known = world.region.child(awa.replica()).unwrap().unwrap();
    for (number, pack) in (1..).zip([&first, &second]) {
        let push = Push::of(number, None, pack, version::MAX);
        assert_eq!(world.region.ingest(&known, Line::FIRST, &push, NOW).unwrap(), Ingested::Logged);
        while world.region.apply_logged().unwrap().is_left() {}
    }
    let verdicts = world.region.verdicts(record).unwrap();
    assert!(verdicts.len() == 1 && verdicts[0].reason.starts_with("guard-"), "{verdicts:?}");
    let relayed = world.region.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    let relayed = relayed.pushes[0].pack().unwrap();
    assert_eq!(relayed.manifest, first.manifest, "as its origin signed it");
    let bodies: Vec<bool> = relayed.saves.iter().map(|save| save[0].body.is_some()).collect();
    assert_eq!(bodies, [false, true], "of what was refused the hash alone");
    sync(&mut world.region, &mut world.hq);
    assert_eq!(world.hq.log_counts().unwrap().withheld, 1);
    let survey = world.hq.parts(record).unwrap().into_iter().find(|part| part.class == class).unwrap();
    let shows = |question: &str| survey.values.get(&Key::question(question)).cloned();
    for (question, value) in [("E01", "ok"), ("E02", "often"), ("E04", "never")] {
        assert_eq!(shows(question), Some(Value::text(value)), "{question}");
    }
    assert_eq!(shows("E03"), None);
    assert_eq!((flaws(&world.region), flaws(&world.hq)), (Vec::new(), Vec::new()));
}
