//! A request before its turn with the office: whoever has the key of the child that sent it reads it, checks its signature and
//! takes its first pack apart, for which nothing need be known of what is held here.

use teranga_core::id::PublicKey;
use teranga_store::ingest::Arrived;
use teranga_sync::identity::replica_id;
use teranga_sync::message::{Ends, Request};
use teranga_sync::signed::MessageError;
use teranga_sync::version::Spoken;

/// A request that was read, or why it cannot be.
#[derive(Debug)]
pub struct Heard {
    pub(crate) ends: Ends,
    pub(crate) request: Result<Request, MessageError>,
    /// Its first pack; of those after it no more is in memory than their bytes.
    pub(crate) first: Option<Arrived>,
}

impl Heard {
    /// Reads a request as the child with this key sent it, in a version that is spoken here. What cannot be read is refused in its
    /// turn, after all that is looked at before.
    pub fn read(body: &[u8], key: &PublicKey, spoken: Spoken) -> Result<Self, MessageError> {
        let ends = Request::ends(body)?;
        if replica_id(key) != ends.child {
            return Err(MessageError::Signature);
        }
        let request = Request::read(body, key, spoken);
        let first = request.as_ref().ok().and_then(|request| request.pushes.first()).map(Arrived::of);
        Ok(Self { ends, request, first })
    }
}
