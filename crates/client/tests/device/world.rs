//! Two devices and their hub in one process, and what a test does with them.

use serde_json::{Value as Json, json};
use teranga_client::interview::{Finished, Setting};
use teranga_client::invent::Seeded;
use teranga_client::{ClientError, Device};
use teranga_core::audience::Audience;
use teranga_core::id::{Line, RecordId};
use teranga_core::key::Key;
use teranga_core::time::Millis;
use teranga_core::value::Value;
use teranga_store::uplink::Joined;
use teranga_store::{Profile, Replica};
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::message::{Answer, Request};
use teranga_sync::session::{Left, Session};
use teranga_sync::version::Spoken;

/// 2027-01-15.
pub(crate) const NOW: Millis = Millis(1_800_000_000_000);

pub(crate) struct World {
    _dir: tempfile::TempDir,
    pub(crate) seed: Seeded,
    pub(crate) hub: Replica,
    pub(crate) awa: Device,
    pub(crate) moussa: Device,
}

pub(crate) fn world(seed: u64) -> World {
    let dir = tempfile::tempdir().unwrap();
    let mut seed = Seeded(seed);
    let audience = Audience::of_region(Some("SN-KL"));
    let profile = Profile { kind: ReplicaKind::Hub, person: "hub".into(), office: "BAOS".into(), audience };
    let mut hub = Replica::create(&dir.path().join("hub"), &profile, &mut seed).unwrap();
    let mut device = |name: &str| {
        let mut device = Device::create(&dir.path().join(name), name, Some("SN-KL"), &mut seed).unwrap();
        let profile = device.replica().profile().clone();
        hub.add_enrolment_code(name, &profile, Millis(NOW.0 + 1)).unwrap();
        hub.enrol(name, &device.replica().public_key(), NOW).unwrap().unwrap();
        let joined = Joined { key: &hub.public_key(), url: "in this process", name: "hub", home: None };
        device.replica_mut().join(&joined, profile).unwrap();
        device
    };
    let (awa, moussa) = (device("awa"), device("moussa"));
    World { _dir: dir, seed, hub, awa, moussa }
}

pub(crate) fn sync(device: &mut Device, hub: &mut Replica) {
    let session = Session::new();
    loop {
        let child = device.replica_mut();
        let request = child.next_request(&session.plan(), NOW).unwrap().unwrap();
        let known = hub.child(child.id()).unwrap().unwrap();
        let request = Request::read(&request.encode(child.identity()), &known.key, Spoken::BUILD).unwrap();
        let before = hub.begin_exchange(&request, NOW).unwrap().unwrap();
        for push in &request.pushes {
            hub.ingest(&known, Line::FIRST, push, NOW).unwrap();
        }
        while hub.apply_logged().unwrap().is_left() {}
        let answer = hub.answer(&known, &request, before, NOW).unwrap().encode(hub.identity());
        let answer = Answer::read(&answer, &hub.public_key(), Spoken::BUILD).unwrap();
        if child.take_answer(&request, &answer, NOW).unwrap().left == Left::Nothing {
            return device.reload_catalogue().unwrap();
        }
    }
}

pub(crate) fn sync_all(world: &mut World) {
    for _ in 0..2 {
        sync(&mut world.awa, &mut world.hub);
        sync(&mut world.moussa, &mut world.hub);
    }
}

pub(crate) fn setting(seed: &mut Seeded) -> Setting<'_> {
    Setting { now: NOW, language: "fr", entropy: seed }
}

pub(crate) fn case(device: &mut Device, seed: &mut Seeded, returned: &str) -> RecordId {
    let answers = json!({
        "given_names": "Awa", "family_name": "Exemple", "sex": "female", "birth_precision": "year",
        "birth_date": "1994", "region": "SN-KL", "department": "SN-KL-61", "return_date": returned,
        "return_country": "LY", "return_type": "voluntary_assisted"
    });
    let mut interview = device.begin_in_memory("profile", None, setting(seed)).unwrap();
    device.answer_sheet(&mut interview, &answers).unwrap();
    device.finish(&mut interview, setting(seed)).unwrap().record
}

pub(crate) fn edit_sheet(
    device: &mut Device,
    seed: &mut Seeded,
    record: RecordId,
    answers: &Json,
) -> Result<Finished, ClientError> {
    let mut interview = device.edit_in_memory(record, setting(seed))?;
    device.answer_sheet(&mut interview, answers)?;
    device.finish(&mut interview, setting(seed))
}

pub(crate) fn stored(device: &Device, record: RecordId, key: &str) -> Option<Value> {
    device.values(record).unwrap().get(&Key::question(key)).cloned()
}
