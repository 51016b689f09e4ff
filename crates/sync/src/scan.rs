//! A bounded reader of Automerge changes, so that nothing foreign reaches Automerge before it is known to be a whole,
//! small, uncompressed change. It reads the header and the run lengths of the columns, and never their values: a
//! hundred bytes may claim a million operations, and are refused in microseconds.

use sha2::{Digest, Sha256};
use teranga_core::id::{ActorId, ChangeHash};
use teranga_core::problem::Explain;
use teranga_core::time::Millis;

use crate::bytes::{DecodeError, Reader, Writer};
use crate::limits;

mod columns;

pub(crate) const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// The chunk type of an uncompressed change.
pub(crate) const CHANGE: u8 = 1;
/// Magic and checksum.
pub(crate) const FRAME_BYTES: usize = 8;

/// What a change may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeLimits {
    /// Bytes of the whole chunk.
    pub bytes_max: usize,
    /// Operations, counted as run lengths.
    pub ops_max: usize,
    /// Dependencies.
    pub deps_max: usize,
    /// Other actors named.
    pub actors_max: usize,
    /// Bytes of the message.
    pub message_bytes_max: usize,
}

impl ChangeLimits {
    /// The protocol's limits.
    pub const PROTOCOL: Self = Self {
        bytes_max: limits::CHANGE_BYTES_MAX,
        ops_max: limits::CHANGE_OPS_MAX,
        deps_max: limits::CHANGE_DEPS_MAX,
        actors_max: limits::CHANGE_ACTORS_MAX,
        message_bytes_max: limits::CHANGE_MESSAGE_BYTES_MAX,
    };
}

/// What the scanner read of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannedChange {
    /// The change's name: SHA-256 of its chunk.
    pub hash: ChangeHash,
    /// The opening that wrote it.
    pub actor: ActorId,
    /// Its number among the changes of that actor in that part, from 1.
    pub seq: u64,
    /// The counter of its first operation.
    pub start_op: u64,
    /// How many operations it holds.
    pub n_ops: usize,
    /// When, by the writer's clock.
    pub time: Millis,
    /// The form and version that it was made under.
    pub message: String,
    /// The changes that it builds on.
    pub deps: Vec<ChangeHash>,
}

/// Why bytes are not a change that may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// Not an uncompressed change chunk, or damaged.
    #[error("not a change: {0}")]
    Malformed(#[from] DecodeError),
    /// The checksum does not hold: damaged on the way.
    #[error("the checksum of a change does not hold")]
    Checksum,
    /// A column is compressed: its size cannot be known without decompressing it.
    #[error("a change has a compressed column")]
    Compressed,
    /// More operations than a change may hold.
    #[error("a change holds too many operations")]
    TooManyOps,
    /// The actor is not one of ours.
    #[error("the actor of a change is not 16 bytes")]
    Actor,
}

impl Explain for ScanError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed(DecodeError::OverLimit { .. }) | Self::TooManyOps => "too-large",
            Self::Malformed(_) | Self::Checksum | Self::Compressed | Self::Actor => "malformed",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Malformed(error) => error.arguments(),
            Self::Checksum => vec![("field", "checksum".to_owned())],
            Self::Compressed => vec![("field", "column".to_owned())],
            Self::TooManyOps => vec![("field", "operations".to_owned())],
            Self::Actor => vec![("field", "actor".to_owned())],
        }
    }
}

/// Reads a whole change chunk.
pub fn scan(bytes: &[u8], limits: &ChangeLimits) -> Result<ScannedChange, ScanError> {
    if bytes.len() > limits.bytes_max {
        return Err(DecodeError::OverLimit { field: "change" }.into());
    }
    let mut reader = Reader::new(bytes);
    if reader.array::<4>()? != MAGIC {
        return Err(DecodeError::Invalid { field: "change magic" }.into());
    }
    let checksum = reader.array::<4>()?;
    let chunk = reader.rest();
    if reader.byte()? != CHANGE {
        return Err(DecodeError::Invalid { field: "chunk type" }.into());
    }
    let length = reader.count("chunk length", limits.bytes_max)?;
    let body = reader.take(length)?;
    reader.finish()?;
    let hash: [u8; 32] = Sha256::digest(chunk).into();
    if !hash.starts_with(&checksum) {
        return Err(ScanError::Checksum);
    }
    scan_body(body, ChangeHash(hash), limits)
}

fn scan_body(body: &[u8], hash: ChangeHash, limits: &ChangeLimits) -> Result<ScannedChange, ScanError> {
    let mut reader = Reader::new(body);
    let deps = (0..reader.count("deps", limits.deps_max)?)
        .map(|_| reader.array().map(ChangeHash))
        .collect::<Result<Vec<_>, _>>()?;
    if !deps.is_sorted_by(|before, after| before < after) {
        return Err(DecodeError::Invalid { field: "deps" }.into());
    }
    let actor = read_actor(&mut reader)?;
    let seq = counter(&mut reader, "seq")?;
    let start_op = counter(&mut reader, "start op")?;
    let time = Millis(signed(&mut reader, "time")?);
    let message = reader.text("message", limits.message_bytes_max)?.to_owned();
    let others = reader.count("other actors", limits.actors_max)?;
    for _ in 0..others {
        read_actor(&mut reader)?;
    }
    let n_ops = columns::count_ops(&mut reader, limits, 1 + others as u64)?;
    if start_op.saturating_add(n_ops as u64) > limits::CHANGE_COUNTER_MAX {
        return Err(DecodeError::Invalid { field: "start op" }.into());
    }
    // What would follow is Automerge's place for its own notes, of which it uses the author's; nobody here does.
    reader.finish()?;
    Ok(ScannedChange { hash, actor, seq, start_op, n_ops, time, message, deps })
}

/// A number that Automerge counts from 1.
fn counter(reader: &mut Reader<'_>, field: &'static str) -> Result<u64, DecodeError> {
    let value = reader.number(field)?;
    if (1..=limits::CHANGE_COUNTER_MAX).contains(&value) {
        Ok(value)
    } else {
        Err(DecodeError::Invalid { field })
    }
}

fn read_actor(reader: &mut Reader<'_>) -> Result<ActorId, ScanError> {
    ActorId::from_slice(reader.run("actor", 64)?).ok_or(ScanError::Actor)
}

/// A signed LEB128 number in its shortest form.
pub(crate) fn signed(reader: &mut Reader<'_>, field: &'static str) -> Result<i64, DecodeError> {
    let mut value = 0i64;
    let mut sign_before = None;
    for shift in (0..64).step_by(7) {
        let byte = reader.byte()?;
        let negative = byte & 0x40 != 0;
        value |= i64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let only_sign = byte == if negative { 0x7f } else { 0 };
            if (only_sign && sign_before == Some(negative)) || (shift == 63 && !only_sign) {
                return Err(DecodeError::Invalid { field });
            }
            return Ok(if negative && shift < 57 { value | (-1 << (shift + 7)) } else { value });
        }
        sign_before = Some(negative);
    }
    Err(DecodeError::Invalid { field })
}

/// Frames a change body: magic, checksum, type and length before it. Returns the whole chunk and its hash.
pub(crate) fn frame(body: &[u8]) -> (Vec<u8>, ChangeHash) {
    let mut chunk = Writer::new();
    chunk.byte(CHANGE).run(body);
    let hash: [u8; 32] = Sha256::digest(chunk.as_slice()).into();
    let mut whole = Writer::new();
    whole.raw(&MAGIC).raw(hash.get(..4).unwrap_or_default()).raw(chunk.as_slice());
    (whole.finish(), ChangeHash(hash))
}
