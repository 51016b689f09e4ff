//! What a stolen key is put under: honest work with something changed in it, floods of changes that wait for what nobody
//! wrote, packs that unpack to more than anybody takes, and chunks of something else.

use teranga_client::invent::Seeded;
use teranga_core::class::ClassId;
use teranga_core::id::{Entropy as _, FeedPosition, FileHash, Line, RecordId, ReplicaId, Salt};
use teranga_sync::attachment::{LaneRequest, Offer, Stretch, Want};
use teranga_sync::elide::{rebuild, without_frame};
use teranga_sync::feed::Cursor;
use teranga_sync::limits::{CHUNK_BYTES, PACK_RAW_BYTES_MAX};
use teranga_sync::pack::{Entry, Save};
use teranga_sync::runs::Runs;
use teranga_sync::version;

use crate::attach::Photo;

/// The bytes of one dependency, which stand after their number at a body's beginning.
const DEPENDENCY: std::ops::Range<usize> = 1..33;

fn drawn<const N: usize>(seed: &mut Seeded) -> [u8; N] {
    let mut bytes = [0; N];
    seed.fill(&mut bytes);
    bytes
}

/// Where somebody says that they stand in a feed.
pub(crate) fn cursor(seed: &mut Seeded) -> Cursor {
    match seed.below(4) {
        0 => Cursor { position: FeedPosition(u64::MAX >> 1), running: drawn(seed), within: u64::MAX >> 1 },
        1 => Cursor { position: FeedPosition(3), running: drawn(seed), within: 7 },
        _ => Cursor::default(),
    }
}

/// Saves with something changed in one of them.
pub(crate) fn twist(mut saves: Vec<Save>, seed: &mut Seeded) -> Vec<Save> {
    let others: Vec<Entry> = saves.iter().flatten().cloned().collect();
    let other = others.get(seed.below(others.len())).cloned();
    let at = seed.below(saves.len());
    match seed.below(11) {
        0 => saves.push(Vec::new()),
        1 => saves = vec![others],
        2 => saves = others.into_iter().map(|entry| vec![entry]).collect(),
        3 => saves.reverse(),
        4 => saves.extend(saves.clone()),
        _ => {
            let Some(save) = saves.get_mut(at) else { return saves };
            let at = seed.below(save.len());
            if let Some((entry, other)) = save.get_mut(at).zip(other) {
                twist_entry(entry, other, seed);
            }
        }
    }
    saves
}

fn twist_entry(entry: &mut Entry, other: Entry, seed: &mut Seeded) {
    match seed.below(7) {
        0 => entry.body = None,
        1 => entry.salt = Salt(drawn(seed)),
        2 => {
            let names = ["open", "survey", "personal", "protected", "", "x y", "classe inconnue"];
            entry.class = ClassId::new(names.get(seed.below(names.len())).copied().unwrap_or_default());
        }
        3 => entry.record = other.record,
        4 => (entry.body, entry.hash) = (other.body, other.hash),
        5 => entry.record = RecordId(drawn(seed)),
        _ => {
            let Some(bytes) = &entry.body else { return };
            let mut body = without_frame(bytes).to_vec();
            let at = seed.below(body.len());
            if let Some(byte) = body.get_mut(at) {
                *byte ^= 1 << seed.below(8);
            }
            let (change, hash) = rebuild(&body, None);
            (entry.body, entry.hash) = (Some(change), hash);
        }
    }
}

/// So many changes of one of these parts, each of which builds on one that nobody wrote.
pub(crate) fn flood(saves: &[Save], (part, changes): (usize, usize), seed: &mut Seeded) -> Vec<Save> {
    let entries: Vec<&Entry> =
        saves.iter().flatten().filter(|entry| entry.class.as_str() != "open").collect();
    let Some(entry) = entries.get(part % entries.len().max(1)) else { return Vec::new() };
    let Some(bytes) = &entry.body else { return Vec::new() };
    let body = without_frame(bytes);
    let builds_on_nothing = |seed: &mut Seeded| {
        let mut body = body.to_vec();
        if let Some(dependency) = body.get_mut(DEPENDENCY) {
            seed.fill(dependency);
        }
        let (change, hash) = rebuild(&body, None);
        vec![Entry { body: Some(change), hash, ..(*entry).clone() }]
    };
    (0..changes).map(|_| builds_on_nothing(seed)).collect()
}

/// The bytes of a pack that is none: more than is taken of nothing, or counts of what does not follow.
pub(crate) fn bomb(seed: &mut Seeded) -> Vec<u8> {
    match seed.below(3) {
        0 => vec![0; PACK_RAW_BYTES_MAX + 1],
        1 => vec![0xff; 1 + seed.below(4_000)],
        _ => {
            let mut bytes = vec![0; 64];
            bytes.extend(drawn::<64>(seed));
            bytes.extend([0xff, 0xff, 0xff, 0xff, 0x07]);
            bytes
        }
    }
}

/// An offer of a file with chunks that are not of it, and a want of it.
pub(crate) fn wrong_chunks(photo: &Photo, seed: &mut Seeded) -> LaneRequest {
    let bytes = if seed.below(3) == 0 { 1 + seed.below(40_000) } else { photo.bytes.len() };
    let offer = Offer { file: photo.hash, bytes, thumbnail: seed.below(2) == 0, on_behalf_of: None };
    let chunk = vec![7; bytes.min(CHUNK_BYTES)];
    let want = |hash| Want { file: hash, held: Runs::none() };
    LaneRequest {
        version: version::MAX,
        hub: ReplicaId([0; 16]),
        replica: ReplicaId([0; 16]),
        line: Line::FIRST,
        exchange: 0,
        pull_bytes_max: 100_000,
        offers: vec![offer],
        thumbnails: Vec::new(),
        stretches: vec![Stretch { of: 0, first: 0, bytes: chunk }],
        thumbnails_wanted: vec![photo.hash],
        wanted: vec![want(photo.hash), want(FileHash(drawn(seed)))],
    }
}
