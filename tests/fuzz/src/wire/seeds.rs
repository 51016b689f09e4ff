//! What mutation of the protocol begins with: the frozen vectors, and what honest replicas said to each other.

use serde_json::Value as Json;
use teranga_sync::bytes::Writer;
use teranga_sync::compress;
use teranga_sync::feed::{self, Row};
use teranga_sync::message::{Answer, Request};
use teranga_sync::parcel::Parcel;
use teranga_sync::version::Spoken;

use super::{device, hub};
use crate::mutate::Block;
use crate::tape::Tape;

/// The bytes of a signature, which stand behind every message.
pub(crate) const SIGNATURE_BYTES: usize = 64;

const VECTORS: [&str; 3] = [
    include_str!("../../../../schemas/vectors/protocol-0.json"),
    include_str!("../../../../schemas/vectors/protocol-1.json"),
    include_str!("../../../../schemas/vectors/protocol-2.json"),
];

/// A vector's bytes in each version.
fn vectors(name: &str) -> [Vec<u8>; 3] {
    VECTORS.map(|text| vector(text, name))
}

fn vector(text: &str, name: &str) -> Vec<u8> {
    let vectors: Json = serde_json::from_str(text).unwrap_or_default();
    let digits = vectors.get(name).and_then(Json::as_str).unwrap_or_default();
    let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map_while(byte).collect()
}

/// A message without its signature.
pub(crate) fn unsigned(message: &[u8]) -> Vec<u8> {
    let end = message.len().saturating_sub(SIGNATURE_BYTES);
    message.get(..end).unwrap_or_default().to_vec()
}

/// A message whose blocks are compressed whether that is smaller or not: so mutation finds what is inside.
pub(crate) fn compressed<'a>(message: &[u8], blocks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut message = message.to_vec();
    for raw in blocks {
        let mut plain = Writer::new();
        plain.byte(0).count(raw.len()).run(raw);
        let found = message.windows(plain.len()).position(|window| window == plain.as_slice());
        if let Some(at) = found {
            message.splice(at..at + plain.len(), Block::around(raw).write());
        }
    }
    message
}

/// The messages of some tapes.
fn spoken(tapes: &[Vec<u8>]) -> impl Iterator<Item = Vec<u8>> + '_ {
    tapes.iter().flat_map(|tape| Tape::read(tape).messages).map(|message| message.bytes)
}

/// Messages of every kind, without their signatures.
pub(crate) fn messages(tapes: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let [text, ..] = VECTORS;
    let frozen: Json = serde_json::from_str(text).unwrap_or_default();
    let json = |name: &str| frozen.get(name).map(|json| json.to_string().into_bytes()).unwrap_or_default();
    let plain =
        ["request", "relayed_request", "answer", "lane_request", "lane_answer"].into_iter().flat_map(vectors);
    let mut seeds: Vec<Vec<u8>> = plain.map(|message| unsigned(&message)).collect();
    for file in ["bundle_file", "bundle_file_of_two", "return_file"].into_iter().flat_map(vectors) {
        if let Ok(parcel) = Parcel::read(&file) {
            let opened = parcel.sealed.iter().filter_map(|sealed| parcel.head.open(&hub(), sealed).ok());
            seeds.extend(opened.map(|message| unsigned(&message)));
        }
        seeds.push(file);
    }
    seeds.extend(["enrol_request", "enrol_answer"].map(json));
    seeds.push(b"1234-5678-9abc-defg-ar3n-gsga".to_vec());
    if let Ok(request) = Request::read(&vector(text, "request"), &device().public_key(), Spoken::BUILD) {
        for confirmation in request.confirmations {
            let mut writer = Writer::new();
            confirmation.write(&mut writer);
            seeds.push(writer.finish());
        }
    }
    seeds.extend(spoken(tapes));
    seeds.dedup();
    seeds
}

/// Packs, alone and in their blocks, and rows that hold saves like packs do.
pub(crate) fn packs(tapes: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut packs: Vec<Vec<u8>> = ["pack", "pack_of_every_kind", "drawn_pack"]
        .into_iter()
        .flat_map(vectors)
        .filter(|pack| !pack.is_empty())
        .collect();
    for message in spoken(tapes).chain(vectors("request").map(|message| unsigned(&message))) {
        let signed = super::signed(&message, &device());
        let request = Request::read(&signed, &device().public_key(), Spoken::BUILD);
        packs.extend(request.into_iter().flat_map(|request| request.pushes).map(|push| push.bytes));
    }
    let mut seeds = packs.clone();
    for pack in &packs {
        let mut writer = Writer::new();
        compress::write(&mut writer, pack);
        seeds.push(writer.finish());
        seeds.push(Block::around(pack).write());
    }
    seeds
}

/// Changes, whole.
pub(crate) fn changes(tapes: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut seeds = super::change::made();
    seeds.extend(["change", "first_change"].into_iter().flat_map(vectors));
    for message in spoken(tapes).chain(vectors("answer").map(|message| unsigned(&message))) {
        let signed = super::signed(&message, &hub());
        let Ok(answer) = Answer::read(&signed, &hub().public_key(), Spoken::BUILD) else { continue };
        for row in feed::decode(&answer.rows, answer.version).unwrap_or_default() {
            if let Row::Save { save, .. } = row {
                seeds.extend(save.into_iter().filter_map(|entry| entry.body));
            }
        }
    }
    seeds
}
