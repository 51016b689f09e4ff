//! The messages: requests and answers of exchanges and of the lane, bundles and returns, enrolments, and the words of an
//! erasure. Each is tried as it came and signed by whoever may send it, so that the signature does not end everything.

use teranga_sync::attachment::{LaneAnswer, LaneRequest};
use teranga_sync::bundle::{Bundle, Return};
use teranga_sync::bytes::{Reader, Writer};
use teranga_sync::code;
use teranga_sync::enrol::{EnrolAnswer, EnrolRequest};
use teranga_sync::erase::{Confirmation, Erasure};
use teranga_sync::identity::Identity;
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::limits;
use teranga_sync::message::{Answer, Push, Request};
use teranga_sync::parcel::{Parcel, ParcelKind};
use teranga_sync::signed::MessageError;
use teranga_sync::version::Spoken;

use super::{device, explained, hub, pack_again, rows, signed, stable};

/// Where the kind of a message stands.
const KIND_AT: usize = 4;

/// Reads a message of any kind.
pub(crate) fn message(input: &[u8]) {
    match input.get(KIND_AT) {
        Some(1) => by(&device(), input, request),
        Some(2) => by(&hub(), input, answer),
        Some(3) => by(&device(), input, bundle),
        Some(4) => by(&hub(), input, back),
        Some(5) => by(&device(), input, lane_request),
        Some(6) => by(&hub(), input, lane_answer),
        _ => {}
    }
    enrolment(input);
    erasure(input);
    parcel(input);
}

fn by(sender: &Identity, input: &[u8], read: impl Fn(&[u8], &Identity)) {
    read(input, sender);
    read(&signed(input, sender), sender);
}

/// A message was refused for a problem that has a code.
fn refused(error: &MessageError) {
    explained(&error.problem());
}

fn pushes(pushes: &[Push]) {
    let mut raw = 0;
    for push in pushes {
        assert!(push.bytes.len() <= limits::PACK_RAW_BYTES_MAX);
        raw += push.bytes.len();
        pack_again(&push.bytes, push.version);
    }
    assert!(raw <= limits::REQUEST_RAW_BYTES_MAX);
}

fn request(bytes: &[u8], sender: &Identity) {
    let _ = Request::ends(bytes);
    let key = sender.public_key();
    match Request::read(bytes, &key, Spoken::BUILD) {
        Ok(request) => {
            pushes(&request.pushes);
            assert!(request.pull_bytes_max <= limits::ROWS_RAW_BYTES_MAX);
            stable(
                &request,
                |request| request.encode(sender),
                |bytes| Request::read(bytes, &key, Spoken::BUILD),
            );
        }
        Err(error) => refused(&error),
    }
}

fn answer(bytes: &[u8], sender: &Identity) {
    let key = sender.public_key();
    match Answer::read(bytes, &key, Spoken::BUILD) {
        Ok(answer) => {
            rows(&answer.rows, answer.version);
            stable(&answer, |answer| answer.encode(sender), |bytes| Answer::read(bytes, &key, Spoken::BUILD));
        }
        Err(error) => refused(&error),
    }
}

fn bundle(bytes: &[u8], sender: &Identity) {
    let _ = Bundle::sender(bytes);
    let key = sender.public_key();
    match Bundle::read(bytes, &key, Spoken::BUILD) {
        Ok(bundle) => {
            pushes(&bundle.pushes);
            stable(&bundle, |bundle| bundle.encode(sender), |bytes| Bundle::read(bytes, &key, Spoken::BUILD));
        }
        Err(error) => refused(&error),
    }
}

fn back(bytes: &[u8], sender: &Identity) {
    let key = sender.public_key();
    match Return::read(bytes, &key, Spoken::BUILD) {
        Ok(back) => {
            rows(&back.rows, back.version);
            stable(&back, |back| back.encode(sender), |bytes| Return::read(bytes, &key, Spoken::BUILD));
        }
        Err(error) => refused(&error),
    }
}

fn lane_request(bytes: &[u8], sender: &Identity) {
    let _ = LaneRequest::ends(bytes);
    let key = sender.public_key();
    match LaneRequest::read(bytes, &key, Spoken::BUILD) {
        Ok(request) => {
            assert!(request.file_bytes() <= limits::LANE_BYTES_MAX as u64);
            stable(
                &request,
                |request| request.encode(sender),
                |bytes| LaneRequest::read(bytes, &key, Spoken::BUILD),
            );
        }
        Err(error) => refused(&error),
    }
}

fn lane_answer(bytes: &[u8], sender: &Identity) {
    let key = sender.public_key();
    match LaneAnswer::read(bytes, &key, Spoken::BUILD) {
        Ok(answer) => stable(
            &answer,
            |answer| answer.encode(sender),
            |bytes| LaneAnswer::read(bytes, &key, Spoken::BUILD),
        ),
        Err(error) => refused(&error),
    }
}

/// The two messages that are JSON, and what people type.
fn enrolment(input: &[u8]) {
    if let Ok(request) = serde_json::from_slice::<EnrolRequest>(input) {
        let _ = (request.verify(), code::belongs_to(&request.code, &request.key));
        let json = serde_json::to_vec(&request).unwrap_or_default();
        assert!(serde_json::from_slice::<EnrolRequest>(&json).is_ok_and(|again| again.key == request.key));
    }
    if let Ok(answer) = serde_json::from_slice::<EnrolAnswer>(input) {
        for kind in [ReplicaKind::Device, ReplicaKind::Hub] {
            let _ = answer.check("123456789ABCDEFGAR3NGSGA", &device().public_key(), kind);
            let _ = answer.inheritance(&device().public_key());
        }
    }
    if let Some(code) = std::str::from_utf8(input).ok().and_then(code::normalise) {
        assert!(code::normalise(&code).as_ref() == Some(&code), "{code} is not normal");
        let _ = code::belongs_to(&code, &hub().public_key());
    }
}

/// The words of an erasure, which stand in requests and in rows.
fn erasure(input: &[u8]) {
    let mut reader = Reader::new(input);
    match Confirmation::read(&mut reader) {
        Ok(word) => {
            let _ = (word.verify(&device().public_key()), word.erasure.verify());
            let read = |bytes: &[u8]| Confirmation::read(&mut Reader::new(bytes));
            stable(&word, |word| written(|writer| word.write(writer)), read);
        }
        Err(error) => explained(&error),
    }
    match Erasure::read(&mut Reader::new(input)) {
        Ok(word) => {
            let read = |bytes: &[u8]| Erasure::read(&mut Reader::new(bytes));
            stable(&word, |word| written(|writer| word.write(writer)), read);
        }
        Err(error) => explained(&error),
    }
}

fn written(write: impl Fn(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    write(&mut writer);
    writer.finish()
}

/// A file of sealed messages: what opens is read like any other message.
fn parcel(input: &[u8]) {
    match Parcel::read(input) {
        Ok(parcel) => {
            for sealed in &parcel.sealed {
                assert!(sealed.len() <= limits::SEALED_BYTES_MAX);
                let letter = parcel.head.letter(sealed);
                let again = Parcel::read(&letter);
                assert!(again.is_ok_and(|again| again.head == parcel.head && again.sealed == [*sealed]));
                match (parcel.head.open(&hub(), sealed), parcel.head.kind) {
                    (Ok(message), ParcelKind::Bundle) => bundle(&message, &device()),
                    (Ok(message), ParcelKind::Return) => back(&message, &hub()),
                    (Err(error), _) => explained(&error),
                }
            }
        }
        Err(error) => explained(&error),
    }
}
