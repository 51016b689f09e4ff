//! A revoked device that writes without end: its office looks through as much of that in one exchange as its time allows, and
//! through the rest in the next ones.

use teranga_client::invent::Seeded;
use teranga_core::class::ClassId;
use teranga_core::id::{RecordId, Salt};
use teranga_core::key::Key;
use teranga_core::value::Value;
use teranga_document::part::Part;
use teranga_office::Office;
use teranga_store::children::Standing;
use teranga_store::{Replica, Status};
use teranga_sync::identity::{Identity, actor_of};
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::limits;
use teranga_sync::message::Answer;
use teranga_sync::pack::Entry;
use teranga_sync::version::Spoken;

use crate::device::{Hostile, NOW, Shot, enrol, profile};

/// Changes of one part that follow each other, by one opening.
fn changes(hostile: &mut Hostile, count: usize, seed: &mut Seeded) -> Vec<Shot> {
    let (record, salt, class) = (RecordId::generate(NOW, seed), Salt([9; 16]), ClassId::new("survey"));
    let nonce = hostile.opening();
    let actor = actor_of(&hostile.identity.public_key(), nonce);
    let mut part = Part::open(record, &class, salt.0);
    let shots = (0i64..).take(count).map(|number| {
        let edit = [(Key::question("E01"), Value::Int(number))];
        let change = part.edit(actor, NOW, "rss@1", &edit).unwrap().unwrap();
        let class = class.clone();
        Shot { nonce, entry: Entry { record, salt, class, hash: change.hash, body: Some(change.bytes) } }
    });
    shots.collect()
}

fn held_aside(hub: &Office) -> usize {
    let census = hub.replica().census().unwrap().into_iter();
    census.filter(|(_, status)| *status == Status::Quarantined).count()
}

#[test]
fn one_exchange_of_a_revoked_device_is_looked_through_as_far_as_its_time_allows_and_the_next_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut seed = Seeded(21);
    let replica = Replica::create(folder.path(), &profile(ReplicaKind::Hub, "hub"), &mut seed).unwrap();
    let mut hub = Office::open(replica).unwrap();
    let mut hostile = Hostile::new(Identity::from_secret([67; 32]));
    enrol(&mut hub, &hostile.identity, &mut seed);
    let device = hostile.identity.replica();
    assert!(hub.replica_mut().set_standing(device, Standing::Revoked).unwrap());
    let bound = limits::ROUNDS_PER_EXCHANGE * limits::ROUND_SAVES_MAX;
    let mut shots = changes(&mut hostile, bound + 11, &mut seed);
    let late = shots.split_off(bound + 1);
    let first = hostile.pack(&shots);
    let second = hostile.pack_after((1, first.hash()), &late);
    let acknowledged = |hub: &Office, answer: &[u8]| {
        Answer::read(answer, &hub.replica().public_key(), Spoken::BUILD).unwrap().acknowledged.number
    };
    let exchanged = hostile.exchange(&mut hub, &[first.clone(), second.clone()]).unwrap();
    assert_eq!(acknowledged(&hub, &exchanged.answer), 1, "the second comes again");
    assert_eq!(held_aside(&hub), bound + 1);
    let exchanged = hostile.exchange(&mut hub, &[first, second]).unwrap();
    assert_eq!(acknowledged(&hub, &exchanged.answer), 2);
    assert_eq!(held_aside(&hub), bound + 11);
}
