//! What the examples share: a hub and devices in one process, and a sync between them over the bytes that would travel.
//! The programs themselves stand in the `examples` folder of this package: `cargo run -p teranga-examples --example
//! two_devices`.

#![expect(clippy::unwrap_used, reason = "an example shows the way that works")]

use std::path::Path;

use teranga_client::interview::Setting;
use teranga_client::invent::{self, Extent, Seeded};
use teranga_client::{Device, Interview};
use teranga_core::audience::Audience;
use teranga_core::id::RecordId;
use teranga_core::time::Millis;
use teranga_office::{Office, publish};
use teranga_store::uplink::Joined;
use teranga_store::{Profile, Replica};
use teranga_sync::enrol::EnrolRequest;
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::message::Answer;
use teranga_sync::session::{Left, Session};
use teranga_sync::version::Spoken;

/// 2026-03-02, 09:00 in Dakar: time is always an argument.
pub const NOW: Millis = Millis(1_772_442_000_000);

/// A hub over a new replica, with what ships published.
pub fn hub(folder: &Path, seed: &mut Seeded) -> Office {
    let profile = Profile {
        kind: ReplicaKind::Hub,
        person: "BAOS Kaolack".into(),
        office: "BAOS Kaolack".into(),
        audience: Audience::of_region(Some("SN-KL")),
    };
    let mut replica = Replica::create(folder, &profile, seed).unwrap();
    publish::publish_shipped(&mut replica).unwrap();
    Office::open(replica).unwrap()
}

/// A device of this person, enrolled at the hub with a one-use code.
pub fn device(folder: &Path, person: &str, hub: &mut Office, seed: &mut Seeded) -> Device {
    let mut device = Device::create(folder, person, Some("SN-KL"), seed).unwrap();
    let profile = Profile { office: "BAOS Kaolack".into(), ..device.replica().profile().clone() };
    let code = teranga_sync::code::normalise(&hub.new_code(&profile, seed, NOW).unwrap()).unwrap();
    let answer = hub
        .enrol(&EnrolRequest::sign(device.replica().identity(), &code, device.replica().spoken()), NOW)
        .unwrap();
    let (key, name, home) = (&answer.hub_key, &answer.hub_name, answer.home_key.as_ref());
    let joined = Joined { key, url: "in this process", name, home };
    device.replica_mut().join(&joined, profile).unwrap();
    device
}

/// Exchanges until nothing is left.
pub fn sync(device: &mut Device, hub: &mut Office) {
    let session = Session::new();
    loop {
        let request = device.replica_mut().next_request(&session.plan(), NOW).unwrap().unwrap();
        let sent = request.encode(device.replica().identity());
        let received = hub.exchange(&sent, NOW).unwrap().answer;
        let answer = Answer::read(&received, &hub.replica().public_key(), Spoken::BUILD).unwrap();
        if device.replica_mut().take_answer(&request, &answer, NOW).unwrap().left == Left::Nothing {
            return;
        }
    }
}

/// The setting of an act, in French.
pub fn setting(seed: &mut Seeded) -> Setting<'_> {
    Setting { now: NOW, language: "fr", entropy: seed }
}

/// An interview of a plainly invented person, saved.
pub fn invented(device: &mut Device, form: &str, case: Option<RecordId>, seed: &mut Seeded) -> RecordId {
    let mut interview: Interview = device.begin(form, case, setting(seed)).unwrap();
    let mut answers = Seeded(seed.next_number());
    invent::fill(device, &mut interview, Extent::Whole, setting(seed), &mut answers).unwrap();
    device.finish(&mut interview, setting(seed)).unwrap().record
}
