//! What stands around every message: magic, kind and version before it, the sender's signature behind it, and why one is
//! refused before it is understood.

use teranga_core::id::PublicKey;
use teranga_core::problem::Problem;

use crate::bytes::{DecodeError, Reader, Writer};
use crate::identity::{Identity, SignatureBytes, verify};
use crate::version::{MAGIC, Spoken, Version};

const SIGNATURE_BYTES: usize = 64;

/// Why a message was refused before it was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Not what the protocol says.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Another version.
    #[error("protocol version {version} is not spoken here")]
    Version {
        /// The version of the message.
        version: u8,
        /// What is spoken here.
        spoken: Spoken,
    },
    /// The signature is not the sender's.
    #[error("the signature does not hold")]
    Signature,
}

impl MessageError {
    /// The problem that a hub answers with.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Decode(DecodeError::OverLimit { .. }) => Problem::TooLarge,
            Self::Decode(_) => Problem::Malformed,
            Self::Version { .. } => Problem::UpgradeNeeded,
            Self::Signature => Problem::Unauthorised,
        }
    }
}

pub(crate) fn head(kind: u8, version: Version) -> Writer {
    let mut writer = Writer::new();
    writer.raw(&MAGIC).byte(kind).byte(version.number());
    writer
}

/// The version of a message, and a reader behind it.
pub(crate) fn open(signed: &[u8], kind: u8, spoken: Spoken) -> Result<(Version, Reader<'_>), MessageError> {
    let mut reader = Reader::new(signed);
    if reader.array::<4>()? != MAGIC || reader.byte()? != kind {
        return Err(DecodeError::Invalid { field: "magic" }.into());
    }
    let number = reader.byte()?;
    let version = spoken.version(number).ok_or(MessageError::Version { version: number, spoken })?;
    Ok((version, reader))
}

/// The version of a message of this protocol that is not spoken here.
fn foreign_version(signed: &[u8], spoken: Spoken) -> Option<u8> {
    let number = *signed.strip_prefix(&MAGIC)?.get(1)?;
    spoken.version(number).is_none().then_some(number)
}

pub(crate) fn sign(mut writer: Writer, identity: &Identity) -> Vec<u8> {
    let signature = identity.sign(writer.as_slice());
    writer.raw(&signature);
    writer.finish()
}

pub(crate) fn split(bytes: &[u8], max: usize) -> Result<(&[u8], SignatureBytes), DecodeError> {
    if bytes.len() > max {
        return Err(DecodeError::OverLimit { field: "body" });
    }
    let at = bytes.len().checked_sub(SIGNATURE_BYTES).ok_or(DecodeError::Truncated)?;
    let (signed, signature) = bytes.split_at_checked(at).ok_or(DecodeError::Truncated)?;
    Ok((signed, signature.try_into().map_err(|_| DecodeError::Truncated)?))
}

/// What stands before the signature, if this key made it. A message of another version says so first: its signature
/// may be another kind.
pub(crate) fn signed_by<'a>(
    bytes: &'a [u8],
    max: usize,
    key: &PublicKey,
    spoken: Spoken,
) -> Result<&'a [u8], MessageError> {
    let (signed, signature) = split(bytes, max)?;
    if let Some(version) = foreign_version(signed, spoken) {
        return Err(MessageError::Version { version, spoken });
    }
    if verify(key, signed, &signature) { Ok(signed) } else { Err(MessageError::Signature) }
}
