//! Honest sessions, recorded: the messages of both ends as tapes, so that mutation begins with what is said and answered
//! in the world as it stands.

#![expect(
    clippy::unwrap_used,
    reason = "honest replicas that do not understand each other must stop the run"
)]

use std::sync::OnceLock;

use teranga_client::Device;
use teranga_client::bundle::Imported;
use teranga_client::invent::Seeded;
use teranga_office::{Office, ReturnRows};
use teranga_store::Replica;
use teranga_store::conversation::Conversation;
use teranga_store::lane::{Errand, Lane};
use teranga_sync::bundle::{Bundle, Return};
use teranga_sync::enrol::EnrolRequest;
use teranga_sync::feed::Cursor;
use teranga_sync::identity::Identity;
use teranga_sync::message::{Answer, Request};
use teranga_sync::parcel::Parcel;
use teranga_sync::session::Session;
use teranga_sync::version::Spoken;

use super::making::{Somebody, world};
use super::place::Place;
use super::{NOW, child, converse, files, hub};
use crate::tape::{Message, Tape};
use crate::wire::seeds::{compressed, unsigned};

/// Whose ears a tape is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A hub's: requests.
    ByHub,
    /// A child's: answers.
    ByChild,
    /// Either's, in files.
    InFiles,
}

impl Heard {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::ByHub, Self::ByChild, Self::InFiles];
}

/// The honest tapes for these ears.
pub(crate) fn tapes(which: &[Heard]) -> Vec<Vec<u8>> {
    static TAPES: OnceLock<Vec<(Heard, Tape)>> = OnceLock::new();
    let recorded = TAPES.get_or_init(|| {
        let world = world();
        let mut tapes = Vec::new();
        links(&mut tapes, &world.awa, &world.region, [hub::AWA, hub::AWA_LANE, child::ANSWER]);
        links(
            &mut tapes,
            &world.region,
            &world.hq,
            [hub::REGION, hub::REGION_LANE, child::ANSWER + child::REGION],
        );
        links(&mut tapes, &world.moussa, &world.region, [hub::MOUSSA, hub::MOUSSA_LANE, child::ANSWER]);
        for (child, says) in [(&world.awa, hub::AWA), (&world.region, hub::REGION)] {
            tapes.push((Heard::ByHub, from_the_start(child, says)));
        }
        let request = EnrolRequest::sign(&Identity::from_secret([5; 32]), &world.code, Spoken::BUILD);
        let json = serde_json::to_vec(&request).unwrap();
        tapes.push((Heard::ByHub, Tape { messages: vec![Message::of(hub::ENROL, json)] }));
        in_files(&mut tapes);
        for kind in [hub::AWA, hub::MOUSSA, hub::REGION, hub::AWA_LANE, hub::REGION_LANE] {
            assert!(tapes.iter().any(|(_, tape)| tape.messages.iter().any(|message| message.kind == kind)));
        }
        tapes
    });
    recorded.iter().filter(|(heard, _)| which.contains(heard)).map(|(_, tape)| tape.write()).collect()
}

/// A session and a run of the lane between a child and its hub: one tape for each of them, and one of what each says.
fn links(tapes: &mut Vec<(Heard, Tape)>, child: &Somebody, hub: &Somebody, [says, offers, hears]: [u8; 3]) {
    let mut ends: (Place<Replica>, Place<Office>) = (Place::open(&child.image), Place::open(&hub.image));
    let (child, office) = (&mut ends.0.running, &mut ends.1.running);
    let (mut up, mut down) = (Tape::default(), Tape::default());
    let key = child.public_key();
    let hub_key = office.replica().public_key();
    let mut talk = Conversation::begin(child, 3).unwrap();
    let outcome = converse(&mut talk, child, |body| {
        let request = Request::read(body, &key, Spoken::BUILD).unwrap();
        let packs = request.pushes.iter().map(|push| push.bytes.as_slice());
        up.messages.push(Message::of(says, compressed(&unsigned(body), packs)));
        let answer = office.exchange(body, NOW).unwrap().answer;
        let rows = Answer::read(&answer, &hub_key, Spoken::BUILD).unwrap().rows;
        down.messages.push(Message::of(hears, compressed(&unsigned(&answer), [rows.as_slice()])));
        Ok(answer)
    });
    outcome.unwrap();
    let (mut offered, mut given) = (Tape::default(), Tape::default());
    let mut lane = Lane::begin(Errand::All, None, 3);
    let outcome = converse(&mut lane, child, |body| {
        offered.messages.push(Message::of(offers, unsigned(body)));
        let answer = office.files(body, NOW).unwrap();
        given.messages.push(Message::of(hears + child::LANE, unsigned(&answer)));
        Ok(answer)
    });
    outcome.unwrap();
    for (heard, answers, files) in [(Heard::ByHub, up, offered), (Heard::ByChild, down, given)] {
        tapes.extend(files.messages.iter().map(|file| (heard, Tape { messages: vec![file.clone()] })));
        tapes.extend(
            [answers, files].into_iter().filter(|tape| !tape.messages.is_empty()).map(|tape| (heard, tape)),
        );
    }
}

/// The first request of a child that has heard nothing yet.
fn from_the_start(child: &Somebody, says: u8) -> Tape {
    let mut place: Place<Replica> = Place::open(&child.image);
    let replica = &mut place.running;
    let mut request = replica.next_request(&Session::new().plan(), NOW).unwrap().unwrap();
    request.cursor = Cursor::default();
    let packs: Vec<Vec<u8>> = request.pushes.iter().map(|push| push.bytes.clone()).collect();
    let body = unsigned(&request.encode(replica.identity()));
    Tape { messages: vec![Message::of(says, compressed(&body, packs.iter().map(Vec::as_slice)))] }
}

/// Bundles of both children, and what comes back for them: as files, and as what is sealed in them.
fn in_files(tapes: &mut Vec<(Heard, Tape)>) {
    let world = world();
    let mut seed = Seeded(5);
    let mut awa: Place<Device> = Place::open(&world.awa.image);
    let mut region: Place<Office> = Place::open(&world.region.image);
    let mut hq: Place<Office> = Place::open(&world.hq.image);
    let file = awa.running.bundle(&mut seed, NOW).unwrap().file;
    let back = region.running.take_bundle(&file, ReturnRows::File, &mut seed, NOW).unwrap().back;
    assert!(matches!(awa.running.import(&back).unwrap(), Imported::Return(heard) if heard.moved));
    let mut messages = vec![Message::of(files::BUNDLE_FILE, file.clone())];
    messages.push(Message::of(files::RETURN_FILE, back.clone()));
    tapes.push((Heard::InFiles, Tape { messages }));
    tapes.push((Heard::InFiles, sealed(files::BUNDLE, &file, &world.region.identity)));
    tapes.push((Heard::InFiles, sealed(files::RETURN, &back, &world.awa.identity)));
    // A colleague's bundle, which the device takes along.
    let mut moussa: Place<Replica> = Place::open(&world.moussa.image);
    let carried = moussa.running.bundle(&mut seed, NOW).unwrap().unwrap().file;
    tapes.push((Heard::InFiles, Tape { messages: vec![Message::of(files::RETURN_FILE, carried)] }));
    // The hub's own bundle.
    let child = region.running.replica_mut();
    let file = child.bundle(&mut seed, NOW).unwrap().unwrap().file;
    let back = hq.running.take_bundle(&file, ReturnRows::File, &mut seed, NOW).unwrap().back;
    tapes.push((Heard::InFiles, sealed(files::BUNDLE_ABOVE, &file, &world.hq.identity)));
    tapes.push((Heard::InFiles, sealed(files::RETURN_ABOVE, &back, &world.region.identity)));
}

/// The messages of a file, opened.
fn sealed(kind: u8, file: &[u8], reader: &Identity) -> Tape {
    let parcel = Parcel::read(file).unwrap();
    let opened = parcel.sealed.iter().map(|sealed| parcel.head.open(reader, sealed).unwrap());
    let messages = opened.map(|message| Message::of(kind, packed(&message)));
    Tape { messages: messages.collect() }
}

/// A message of a file without its signature, its blocks compressed.
fn packed(message: &[u8]) -> Vec<u8> {
    let world = world();
    let everybody = [&world.hq, &world.region, &world.awa, &world.moussa];
    let keys = everybody.map(|somebody| somebody.identity.public_key());
    for key in &keys {
        if let Ok(bundle) = Bundle::read(message, key, Spoken::BUILD) {
            return compressed(&unsigned(message), bundle.pushes.iter().map(|push| push.bytes.as_slice()));
        }
        if let Ok(back) = Return::read(message, key, Spoken::BUILD) {
            return compressed(&unsigned(message), [back.rows.as_slice()]);
        }
    }
    unsigned(message)
}
