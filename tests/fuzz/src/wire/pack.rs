//! Packs, and the compressed blocks in which they travel. A pack is tried as it came and signed anew by the device of the
//! vectors, so that admission is reached.

use teranga_core::id::ManifestHash;
use teranga_sync::admit::{Admission, Chain, Examined, admit};
use teranga_sync::bytes::{Reader, Writer};
use teranga_sync::compress::{self, BlockLimits};
use teranga_sync::limits;
use teranga_sync::manifest::{Listed, Manifest};
use teranga_sync::pack::{Pack, list};
use teranga_sync::version::Version;

use super::{VERSIONS, device, explained, stable};

/// Reads a pack, and the same bytes as a block that holds one.
pub(crate) fn pack(input: &[u8]) {
    for version in VERSIONS {
        pack_again(input, version);
    }
    let block = BlockLimits { stored_max: limits::PACK_WIRE_BYTES_MAX, raw_max: limits::PACK_RAW_BYTES_MAX };
    let mut reader = Reader::new(input);
    match compress::read(&mut reader, "pack", block) {
        Ok(raw) => {
            assert!(raw.len() <= limits::PACK_RAW_BYTES_MAX);
            let mut writer = Writer::new();
            compress::write(&mut writer, &raw);
            let again = compress::read(&mut Reader::new(writer.as_slice()), "pack", block);
            // What does not get smaller and is larger than a block may be is not written by anybody.
            assert!(again.as_ref() == Ok(&raw) || writer.len() > limits::PACK_WIRE_BYTES_MAX);
            for version in VERSIONS {
                pack_again(&raw, version);
            }
        }
        Err(error) => explained(&error),
    }
}

/// Reads a pack, and decides on it.
pub(crate) fn pack_again(raw: &[u8], version: Version) {
    let pack = match Pack::decode(raw, version) {
        Ok(pack) => pack,
        Err(error) => return explained(&error),
    };
    assert!(pack.saves.iter().map(Vec::len).sum::<usize>() <= limits::PACK_ENTRIES_MAX);
    assert!(pack.manifest.by.openings.len() <= limits::PACK_OPENINGS_MAX);
    // It goes on in whatever version the next one speaks.
    for version in VERSIONS {
        stable(&pack, |pack| pack.encode(version), |bytes| Pack::decode(bytes, version));
    }
    decided(&pack);
    let manifest = &pack.manifest;
    let listed: Vec<Vec<Listed>> = pack.saves.iter().map(|save| list(save)).collect();
    let listed = listed.iter().map(Vec::as_slice);
    let manifest = Manifest::sign(&device(), manifest.batch, manifest.previous, manifest.by.clone(), listed);
    decided(&Pack { manifest, ..pack });
}

/// Whatever a pack is, and whatever is held: it is taken, known, too early or refused.
fn decided(pack: &Pack) {
    let batch = pack.manifest.batch;
    let before = Chain {
        last: teranga_core::id::Batch(batch.0.saturating_sub(1)),
        last_hash: Some(pack.manifest.previous),
        ..Chain::default()
    };
    let held =
        Chain { last: batch, last_hash: Some(pack.hash()), held: Some(pack.hash()), ..Chain::default() };
    let other = Chain { last: batch, last_hash: None, held: Some(ManifestHash([9; 32])), ..Chain::default() };
    let examined = Examined::of(pack.clone());
    for chain in [Chain::default(), before, held, other] {
        match admit(&examined, &chain) {
            Admission::Accept(hash) => assert_eq!(hash, pack.hash()),
            Admission::Refuse(problem) => explained(&problem),
            Admission::Duplicate | Admission::Gap => {}
        }
    }
}
