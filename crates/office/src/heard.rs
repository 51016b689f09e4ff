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

#[cfg(test)]
mod tests {
    use teranga_core::id::{Line, ReplicaId};
    use teranga_sync::feed::Cursor;
    use teranga_sync::identity::Identity;
    use teranga_sync::message::Asker;
    use teranga_sync::version::MAX;

    use super::*;

    #[test]
    fn whoever_has_a_key_speaks_for_nobody_else() {
        let (awa, moussa) = (Identity::from_secret([1; 32]), Identity::from_secret([2; 32]));
        let in_the_name_of = |replica: ReplicaId| Request {
            version: MAX,
            hub: ReplicaId([9; 16]),
            replica,
            line: Line::FIRST,
            opening: Asker::default(),
            exchange: 1,
            cursor: Cursor::default(),
            pull_bytes_max: 0,
            introductions: Vec::new(),
            confirmations: Vec::new(),
            judgements: Vec::new(),
            pushes: Vec::new(),
        };
        let read =
            |of: ReplicaId| Heard::read(&in_the_name_of(of).encode(&awa), &awa.public_key(), Spoken::BUILD);
        assert!(read(awa.replica()).unwrap().request.is_ok());
        assert!(matches!(read(moussa.replica()), Err(MessageError::Signature)));
    }
}
