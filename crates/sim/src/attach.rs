//! What people do with files: attach one to an answer, put another in its place, ask for those of colleagues.

use serde_json::json;
use teranga_client::interview::Setting;
use teranga_client::invent::Seeded;
use teranga_client::{ClientError, Device};
use teranga_core::id::{FileHash, RecordId};
use teranga_core::time::Millis;
use teranga_sync::holding::hash_of;
use teranga_sync::limits::CHUNK_BYTES;

use crate::acts::{Saved, pick, setting};

/// A file that was attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Photo {
    pub(crate) hash: FileHash,
    pub(crate) bytes: Vec<u8>,
}

/// A grey point: the smallest image of which a thumbnail is made. What stands after it is nothing to who reads images.
const POINT: [u8; 67] = [
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0, 58,
    126, 155, 85, 0, 0, 0, 10, 73, 68, 65, 84, 120, 156, 99, 104, 0, 0, 0, 130, 0, 129, 119, 205, 114, 182,
    0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130,
];
/// What begins like a photograph and is none that can be read: it has no thumbnail.
const BROKEN: [u8; 3] = [0xff, 0xd8, 0xff];
/// The chunks of the largest.
const CHUNKS_MAX: usize = 3;

/// A file of up to some chunks.
fn photo(seed: &mut Seeded) -> Photo {
    let mut bytes = if seed.below(3) == 0 { POINT.to_vec() } else { BROKEN.to_vec() };
    let end = bytes.len() + 8 + seed.below(CHUNKS_MAX * CHUNK_BYTES - 128);
    while bytes.len() < end {
        bytes.extend(seed.next_number().to_le_bytes());
    }
    Photo { hash: hash_of(&bytes), bytes }
}

/// Attaches a file: to what somebody received, or in the place of what was attached before.
pub(crate) fn attach(
    device: &mut Device,
    now: Millis,
    seed: &mut Seeded,
) -> Result<Option<Saved>, ClientError> {
    let before = if seed.below(3) == 0 { pick(device, Some("assistance"), seed)? } else { None };
    let photo = photo(seed);
    let saved = match before {
        Some(record) => again(device, record, &photo, setting(now, seed)),
        None => match pick(device, Some("profile"), seed)? {
            Some(case) => received(device, case, &photo, setting(now, seed)),
            None => return Ok(None),
        },
    };
    attached(device, photo, saved)
}

/// Attaches a file to what somebody of this case received.
pub(crate) fn attach_to(
    device: &mut Device,
    case: RecordId,
    now: Millis,
    seed: &mut Seeded,
) -> Result<Option<Saved>, ClientError> {
    let photo = photo(seed);
    let saved = received(device, case, &photo, setting(now, seed));
    attached(device, photo, saved)
}

/// What became of it. What no answer names is not kept.
fn attached(
    device: &mut Device,
    photo: Photo,
    saved: Result<Saved, ClientError>,
) -> Result<Option<Saved>, ClientError> {
    device.replica_mut().drop_loose_files()?;
    match saved {
        Ok(saved) => Ok(Some(Saved { photo: Some(photo), ..saved })),
        Err(ClientError::DraftUnderWay(_) | ClientError::Answers(_) | ClientError::Findings(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Somebody received something, and there is a photograph of it or a signature.
fn received(
    device: &mut Device,
    case: RecordId,
    photo: &Photo,
    Setting { now, language, entropy }: Setting<'_>,
) -> Result<Saved, ClientError> {
    let mut interview = device.begin_in_memory(
        "assistance",
        Some(case),
        Setting { now, language, entropy: &mut *entropy },
    )?;
    let mut item = json!({
        "activity_code": "A3f9c", "item": "food_kit", "quantity": 1, "amount_xof": 5000, "modality": "in_kind",
        "as_planned": "yes",
    });
    let mut sheet = json!({ "delivered_by": "baos", "received_by": "person", "complete": "yes" });
    let of_the_item = photo.bytes.len().is_multiple_of(2);
    let holder = if of_the_item { &mut item } else { &mut sheet };
    let question = if of_the_item { "receipt_photo" } else { "signature" };
    if let Some(holder) = holder.as_object_mut() {
        holder.insert(question.to_owned(), json!("photo"));
    }
    if let Some(sheet) = sheet.as_object_mut() {
        sheet.insert("items".to_owned(), json!([item]));
    }
    device.answer_sheet_attaching(&mut interview, &sheet, &mut |_| Ok(photo.bytes.clone()), entropy)?;
    let finished = device.finish(&mut interview, Setting { now, language, entropy })?;
    Ok(Saved { record: finished.record, changes: finished.changes, photo: None })
}

/// Another signature in the place of the one before.
fn again(
    device: &mut Device,
    record: RecordId,
    photo: &Photo,
    Setting { now, language, entropy }: Setting<'_>,
) -> Result<Saved, ClientError> {
    let mut interview = device.edit_in_memory(record, Setting { now, language, entropy: &mut *entropy })?;
    let sheet = json!({ "signature": "photo" });
    device.answer_sheet_attaching(&mut interview, &sheet, &mut |_| Ok(photo.bytes.clone()), entropy)?;
    let finished = device.finish(&mut interview, Setting { now, language, entropy })?;
    Ok(Saved { record, changes: finished.changes, photo: None })
}

/// Asks for the files of a record.
pub(crate) fn want(device: &mut Device, seed: &mut Seeded) -> Result<Option<Saved>, ClientError> {
    if let Some(record) = pick(device, Some("assistance"), seed)? {
        device.replica_mut().want_files(record)?;
    }
    Ok(None)
}
