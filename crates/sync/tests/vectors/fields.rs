//! The vectors' bytes held to the JSON beside them, in both directions: what is read of the bytes is what the JSON says, and
//! what the JSON says is written as the bytes.

use serde_json::{Value as Json, json};
use teranga_core::class::ClassId;
use teranga_core::id::{ActorId, Entropy, PublicKey, RecordId};
use teranga_core::key::Key;
use teranga_core::value::Value;
use teranga_document::part::Part;
use teranga_sync::attachment::{LaneAnswer, LaneRequest};
use teranga_sync::bundle::{BUNDLE, Bundle, Return};
use teranga_sync::drawn::{Drawn, Seed};
use teranga_sync::feed::{self, Row};
use teranga_sync::identity::{Identity, verify};
use teranga_sync::message::{Answer, Request};
use teranga_sync::pack::Pack;
use teranga_sync::parcel::{Head, Parcel, ParcelKind, ParcelWriter};
use teranga_sync::scan::{ChangeLimits, scan};
use teranga_sync::seal;
use teranga_sync::succession::{Inheritance, Succession};
use teranga_sync::version::{Spoken, Version};

use crate::drawn::drawn_pack;
use crate::forms;
use crate::made::{self, device, hub};
use crate::spelled::{Spelled, array, bytes, hex, number, text, time};

/// Reads the bytes of a vector, and says what they say.
type Read = fn(&[u8], &Json, Version) -> Json;
/// Writes the bytes that follow from what a vector says.
type Write = fn(&Json, Version) -> Vec<u8>;

/// Every vector whose bytes say something, with how it is read and written.
const EACH: [(&str, Read, Write); 21] = [
    ("change", read_change, write_change),
    ("pack", read_pack, write_pack),
    ("testimony", read_pack, write_pack),
    ("drawn_pack", read_drawn_pack, write_drawn_pack),
    ("rows", read_rows, write_rows),
    ("succession", read_succession, |json, _| Succession::told(json).to_bytes()),
    ("inheritance", read_inheritance, |json, _| Inheritance::told(json).encode()),
    ("sealed_for_the_hub", read_sealed, write_sealed),
    ("lane_request", read_lane_request, |json, _| LaneRequest::told(json).encode(&device())),
    ("lane_answer", read_lane_answer, |json, _| LaneAnswer::told(json).encode(&hub())),
    ("request", read_request, |json, _| Request::told(json).encode(&device())),
    ("answer", read_answer, |json, _| Answer::told(json).encode(&hub())),
    ("bundle", read_bundle, |json, _| Bundle::told(json).encode(&device())),
    ("return", read_return, |json, _| Return::told(json).encode(&hub())),
    ("bundle_file", read_file, |json, _| write_file(json, &device(), &hub())),
    ("pack_of_every_kind", read_pack, write_pack),
    ("withheld_rows", read_rows, write_rows),
    ("relayed_request", read_relayed_request, |json, _| Request::told(json).encode(&hub())),
    ("continuing_bundle", read_bundle, |json, _| Bundle::told(json).encode(&device())),
    ("closing_bundle", read_bundle, |json, _| Bundle::told(json).encode(&device())),
    ("bundle_file_of_two", read_file, |json, _| write_file(json, &device(), &hub())),
];

/// Questions to be enrolled and their answers, with what names the key that signed each.
const ENROLMENTS: [[(&str, &str); 2]; 2] = [
    [("enrol_request", "key"), ("enrol_answer", "hub_key")],
    [("successor_enrol_request", "key"), ("successor_enrol_answer", "hub_key")],
];

/// What all of them say. Of what was made, and not of what is frozen: the test compares both.
pub(crate) fn said_by_every_vector(vectors: &Json, version: Version) -> Json {
    let mut fields = json!({
        "change": { "puts": made::puts() },
        "sealed_for_the_hub": { "one_time": hex(&[0x66; 32]) },
        "bundle_file": { "one_time": hex(&[0x66; 32]) },
        "return_file": { "one_time": hex(&[0x66; 32]) },
        "bundle_file_of_two": { "one_time": forms::one_time().map(|key| hex(&key)) },
        "drawn_pack": { "seeds": [{ "seed": vectors["seed"], "draws": drawn_pack().1.count }] },
    });
    for (name, read, _) in EACH {
        if vectors[name].is_string() {
            fields[name] = read(&bytes(&vectors[name]), &fields[name], version);
        } else {
            fields.as_object_mut().unwrap().remove(name);
        }
    }
    fields["return_file"] = read_file(&bytes(&vectors["return_file"]), &fields["return_file"], version);
    for [(request, _), (answer, _)] in ENROLMENTS {
        let signed = signed_when_enrolled(&vectors[request], &vectors[answer]);
        fields[request] = json!({ "signed": hex(&signed_at_enrolment(&vectors[request])) });
        fields[answer] = json!({ "signed": hex(&signed) });
    }
    fields
}

/// Holds frozen bytes to the JSON that is frozen beside them.
pub(crate) fn both_ways(frozen: &Json, version: Version) {
    for (name, read, write) in EACH {
        let (fields, whole) = (&frozen["fields"][name], &frozen[name]);
        assert_eq!(fields.is_null(), whole.is_null(), "{name}");
        if !whole.is_null() {
            assert_eq!(&read(&bytes(whole), fields, version), fields, "{name}");
            assert_eq!(whole, &json!(hex(&write(fields, version))), "{name}");
        }
    }
    let (fields, whole) = (&frozen["fields"]["return_file"], &frozen["return_file"]);
    assert_eq!(&read_file(&bytes(whole), fields, version), fields);
    assert_eq!(whole, &json!(hex(&write_file(fields, &hub(), &device()))));
    assert_eq!(fields["messages"][0], frozen["return"]);
    assert_eq!(frozen["fields"]["bundle_file"]["messages"][0], frozen["bundle"]);
    let of_two = &frozen["fields"]["bundle_file_of_two"]["messages"];
    assert_eq!(of_two, &json!([frozen["continuing_bundle"], frozen["closing_bundle"]]));
    assert_eq!(frozen["successor_enrol_answer"]["inheritance"], frozen["inheritance"]);
    for (name, key) in ENROLMENTS.into_iter().flatten() {
        let (whole, signed) = (&frozen[name], bytes(&frozen["fields"][name]["signed"]));
        assert!(verify(&PublicKey(array(&whole[key])), &signed, &array(&whole["signature"])), "{name}");
    }
}

/// With the signature behind them.
fn signed(fields: Json, whole: &[u8]) -> Json {
    let mut fields = fields;
    fields["signature"] = json!(hex(&whole[whole.len() - 64..]));
    fields
}

fn read_request(whole: &[u8], _: &Json, _: Version) -> Json {
    let read = Request::read(whole, &device().public_key(), Spoken::BUILD);
    signed(read.unwrap().spell(), whole)
}

/// What the hub passes on to the home, and signs itself.
fn read_relayed_request(whole: &[u8], _: &Json, _: Version) -> Json {
    signed(Request::read(whole, &hub().public_key(), Spoken::BUILD).unwrap().spell(), whole)
}

fn read_answer(whole: &[u8], _: &Json, _: Version) -> Json {
    signed(Answer::read(whole, &hub().public_key(), Spoken::BUILD).unwrap().spell(), whole)
}

fn read_bundle(whole: &[u8], _: &Json, _: Version) -> Json {
    signed(Bundle::read(whole, &device().public_key(), Spoken::BUILD).unwrap().spell(), whole)
}

fn read_return(whole: &[u8], _: &Json, _: Version) -> Json {
    signed(Return::read(whole, &hub().public_key(), Spoken::BUILD).unwrap().spell(), whole)
}

fn read_lane_request(whole: &[u8], _: &Json, _: Version) -> Json {
    signed(LaneRequest::read(whole, &device().public_key(), Spoken::BUILD).unwrap().spell(), whole)
}

fn read_lane_answer(whole: &[u8], _: &Json, _: Version) -> Json {
    signed(LaneAnswer::read(whole, &hub().public_key(), Spoken::BUILD).unwrap().spell(), whole)
}

fn read_pack(whole: &[u8], _: &Json, version: Version) -> Json {
    Pack::decode(whole, version).unwrap().spell()
}

fn write_pack(fields: &Json, version: Version) -> Vec<u8> {
    Pack::told(fields).encode(version)
}

/// The seeds are what a reader needs and throws away; that it says them all shows when they are written.
fn read_drawn_pack(whole: &[u8], fields: &Json, version: Version) -> Json {
    let mut said = read_pack(whole, fields, version);
    said["seeds"] = fields["seeds"].clone();
    said
}

fn write_drawn_pack(fields: &Json, version: Version) -> Vec<u8> {
    let drawn = fields["seeds"].as_array().unwrap().iter();
    let drawn: Vec<Drawn> =
        drawn.map(|seed| Drawn { seed: Seed(array(&seed["seed"])), count: number(&seed["draws"]) }).collect();
    Pack::told(fields).encode_drawn(version, &drawn)
}

fn read_rows(whole: &[u8], _: &Json, version: Version) -> Json {
    feed::decode(whole, version).unwrap().spell()
}

fn write_rows(fields: &Json, version: Version) -> Vec<u8> {
    feed::encode(&Vec::<Row>::told(fields), version)
}

fn read_succession(whole: &[u8], _: &Json, _: Version) -> Json {
    Succession::from_bytes(whole).unwrap().spell()
}

fn read_inheritance(whole: &[u8], _: &Json, _: Version) -> Json {
    Inheritance::decode(whole).unwrap().spell()
}

/// What a change's header says, and what it puts, which Automerge alone can tell.
fn read_change(whole: &[u8], fields: &Json, _: Version) -> Json {
    let said = scan(whole, &ChangeLimits::PROTOCOL).unwrap();
    json!({
        "dependencies": said.deps, "actor": said.actor, "sequence": said.seq, "first_operation": said.start_op,
        "time": said.time.0, "message": said.message, "operations": said.n_ops,
        "record": hex(&made::RECORD.0), "salt": hex(&made::SALT.0), "class": "survey", "puts": fields["puts"],
    })
}

fn write_change(fields: &Json, _: Version) -> Vec<u8> {
    let record = RecordId(array(&fields["record"]));
    let mut part = Part::open(record, &ClassId::new(text(&fields["class"])), array(&fields["salt"]));
    let value = |json: &Json| json.as_i64().map_or_else(|| Value::text(text(json)), Value::Int);
    let puts = fields["puts"].as_object().unwrap().iter();
    let edits: Vec<_> = puts.map(|(key, put)| (Key::from_text(key), value(put))).collect();
    let actor = ActorId(array(&fields["actor"]));
    part.edit(actor, time(&fields["time"]), &text(&fields["message"]), &edits).unwrap().unwrap().bytes
}

/// Randomness that a vector names: of it the one-time key of a seal is made.
pub(crate) struct Named(pub(crate) Vec<u8>);

impl Entropy for Named {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.0);
    }
}

fn read_sealed(whole: &[u8], fields: &Json, _: Version) -> Json {
    let message = seal::open(&hub(), b"beside", whole).unwrap();
    json!({
        "one_time": fields["one_time"], "beside": hex(b"beside"), "message": hex(&message), "to": hub().public_key(),
    })
}

fn write_sealed(fields: &Json, _: Version) -> Vec<u8> {
    let mut one_time = Named(bytes(&fields["one_time"]));
    let to = PublicKey(array(&fields["to"]));
    seal::seal(&to, &bytes(&fields["beside"]), &bytes(&fields["message"]), &mut one_time).unwrap()
}

fn read_file(whole: &[u8], fields: &Json, _: Version) -> Json {
    let Parcel { head, sealed, cut } = Parcel::read(whole).unwrap();
    assert!(!cut);
    let Head { kind, to, from } = head;
    let (kind, reader) = match kind {
        ParcelKind::Bundle => (BUNDLE, hub()),
        ParcelKind::Return => (BUNDLE + 1, device()),
    };
    let opened = |sealed: &&[u8]| hex(&head.open(&reader, sealed).unwrap());
    let messages: Vec<String> = sealed.iter().map(opened).collect();
    json!({
        "kind": kind, "to": to, "from": from, "one_time": fields["one_time"], "head": hex(&head.encode()),
        "messages": messages,
    })
}

fn write_file(fields: &Json, from: &Identity, to: &Identity) -> Vec<u8> {
    let kind = if fields["kind"] == BUNDLE { ParcelKind::Bundle } else { ParcelKind::Return };
    assert_eq!((json!(to.replica()), json!(from.replica())), (fields["to"].clone(), fields["from"].clone()));
    let mut file = ParcelWriter::new(kind, &to.public_key(), from.replica());
    let one_time = &fields["one_time"];
    for (place, message) in fields["messages"].as_array().unwrap().iter().enumerate() {
        // Of several messages each has its own.
        let one_time = if one_time.is_array() { &one_time[place] } else { one_time };
        file.add(&bytes(message), &mut Named(bytes(one_time))).unwrap();
    }
    file.finish()
}

/// The bytes that a replica signs to be enrolled, put together as the document says and not by the code.
fn signed_at_enrolment(request: &Json) -> Vec<u8> {
    let code = request["code"].as_str().unwrap();
    [b"teranga enrol 0\n", code.as_bytes(), &bytes(&request["key"])].concat()
}

/// Those that the hub signs when it enrols one. Every length here is below 16,384, and so one byte or two.
fn signed_when_enrolled(request: &Json, answer: &Json) -> Vec<u8> {
    let length = |length: usize| match length {
        0..128 => vec![length],
        _ => vec![length % 128 + 128, length / 128],
    };
    let run = |bytes: &[u8]| {
        let front = length(bytes.len()).into_iter().map(|part| u8::try_from(part).unwrap());
        front.chain(bytes.iter().copied()).collect::<Vec<u8>>()
    };
    let named = |name: &str| run(answer[name].as_str().unwrap_or_default().as_bytes());
    let mut signed = b"teranga enrolled 0\n".to_vec();
    signed.extend(text(&request["code"]).bytes());
    signed.extend(bytes(&request["key"]));
    signed.push(number(&answer["kind"]));
    for name in ["hub_name", "person", "office", "region"] {
        signed.extend(named(name));
    }
    signed.push(number(&answer["reach"]));
    let classes = answer["classes"].as_array().unwrap();
    signed.push(u8::try_from(classes.len()).unwrap());
    for class in classes {
        signed.extend(run(text(class).as_bytes()));
    }
    for name in ["home_key", "inheritance"] {
        signed.extend(run(&bytes(&answer[name])));
    }
    signed
}
