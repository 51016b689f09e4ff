//! What the vectors say of the lane of files: a file, its thumbnail, and the two messages in which such travel.

use teranga_core::id::Line;
use teranga_sync::attachment::{Held, LaneAnswer, LaneRequest, Offer, State, Stretch, Want};
use teranga_sync::holding::hash_of;
use teranga_sync::runs::Runs;
use teranga_sync::thumbnail::Thumbnail;
use teranga_sync::version::Version;

use crate::made::{device, hub};

/// A file of two chunks and a byte.
pub(crate) fn file() -> Vec<u8> {
    (0..=2 * 8_192u32).map(|place| place.to_le_bytes()[0]).collect()
}

pub(crate) fn thumbnail() -> Thumbnail {
    Thumbnail::sign(&device(), hash_of(&file()), b"\xff\xd8\xff a thumbnail".to_vec())
}

pub(crate) fn lane_request(version: Version) -> LaneRequest {
    let file = hash_of(&file());
    LaneRequest {
        version,
        hub: hub().replica(),
        replica: device().replica(),
        line: Line::numbered(5).unwrap(),
        exchange: 8,
        pull_bytes_max: 65_536,
        offers: vec![
            Offer { file, bytes: 16_385, thumbnail: true, on_behalf_of: None },
            Offer {
                file: hash_of(b"only its thumbnail is here"),
                bytes: 0,
                thumbnail: true,
                on_behalf_of: None,
            },
            Offer::question(hash_of(b"a child has it"), hub().replica()),
        ],
        thumbnails: vec![thumbnail()],
        stretches: vec![Stretch { of: 0, first: 2, bytes: vec![0] }],
        thumbnails_wanted: vec![hash_of(b"an image")],
        wanted: vec![Want { file: hash_of(b"a file"), held: Runs::of([0, 1, 2, 7]) }],
    }
}

pub(crate) fn lane_answer(version: Version) -> LaneAnswer {
    let request = lane_request(version);
    let (file, challenge) = (file(), request.challenge());
    let hash = hash_of(&file);
    let at = challenge.chunk(&hash, 3) as usize * 8_192;
    let proof = challenge.proof(&hash, &file[at..file.len().min(at + 8_192)]);
    let state = |held, thumbnail_wanted| State { held, covered: false, thumbnail_wanted };
    LaneAnswer {
        version,
        replica: request.replica,
        line: request.line,
        exchange: request.exchange,
        states: vec![
            state(Held::Whole(proof), false),
            state(Held::Some(Runs::of([0, 3])), true),
            State { held: Held::Unknown, covered: true, thumbnail_wanted: false },
            state(Held::Dropped, false),
            state(Held::NoRoom, false),
        ],
        looked_for: 1,
        thumbnails: vec![thumbnail()],
        files: vec![Some(16_385), None],
        stretches: vec![Stretch { of: 0, first: 0, bytes: vec![7; 20] }],
    }
}
