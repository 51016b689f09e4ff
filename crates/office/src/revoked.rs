//! What a revoked device brings. It may be somebody's work of the days before their telephone was lost, or the thief's: nobody
//! can say but the office. So it is kept, and held aside, as much of it as one person may have written. The device is told
//! that it lies there and was not taken, what it is to destroy, and nothing else: whoever has it asks in vain. Of a revoked hub
//! nothing is kept: what it has its devices bring themselves, and its word of others holds no more. It too hears what it is to
//! destroy, and says when it has.

use teranga_core::problem::Problem;
use teranga_core::time::Millis;
use teranga_store::ingest::Ingested;
use teranga_sync::bundle::Bundle;
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::{Introduction, ReplicaKind};
use teranga_sync::limits;
use teranga_sync::message::{Asker, Push, Request};

use crate::exchange::Rejected;
use crate::office::Office;

/// The refusal of a revoked replica.
pub(crate) fn revoked() -> Rejected {
    Rejected::new(Problem::Revoked, "the replica was revoked; its office can take it in again")
}

/// What is heard of a revoked replica's request: of a hub no packs, and nothing that it says of others.
pub(crate) fn heard(kind: ReplicaKind, request: Request) -> Request {
    match kind {
        ReplicaKind::Device => request,
        ReplicaKind::Hub => {
            let (introductions, judgements, pushes) = (Vec::new(), Vec::new(), Vec::new());
            Request { introductions, judgements, pushes, ..request }
        }
    }
}

/// The same of its bundle.
pub(crate) fn heard_in_file(kind: ReplicaKind, bundle: Bundle) -> Bundle {
    match kind {
        ReplicaKind::Device => bundle,
        ReplicaKind::Hub => Bundle { pushes: Vec::new(), ..bundle },
    }
}

impl Office {
    /// Answers a request of a revoked device that brings something, or has something to destroy; else it is refused.
    pub(crate) fn answer_revoked(
        &mut self,
        child: &Introduction,
        request: &Request,
        before: Asker,
        now: Millis,
    ) -> Result<Vec<u8>, Rejected> {
        let line = request.line;
        self.hold_aside(child, &request.pushes, |office, push| {
            Ok(office.replica_mut().ingest(child, line, push, now)?)
        })?;
        let answer = self.replica().answer_revoked(child, request, before, now)?.ok_or_else(revoked)?;
        Ok(answer.encode(self.replica().identity()))
    }

    /// Takes a revoked device's packs, each by this, so that they are held aside. Returns the one that brings something of an
    /// erased record: it and those after it come again without that, once the device has heard the home's word, and destroyed it.
    pub(crate) fn hold_aside<'a>(
        &mut self,
        child: &Introduction,
        pushes: &'a [Push],
        mut take: impl FnMut(&mut Self, &Push) -> Result<Ingested, Rejected>,
    ) -> Result<Option<&'a Push>, Rejected> {
        let mut looked_at = 0;
        for push in pushes {
            if looked_at > limits::ROUNDS_PER_EXCHANGE * limits::ROUND_SAVES_MAX {
                // More than its time allows: the others are sent again.
                break;
            }
            let held = self.replica().held_of_revoked(replica_id(&child.key))?;
            if held + push.bytes.len() as u64 > limits::REVOKED_BYTES_MAX {
                let detail = "as much of a revoked replica is held aside as may be";
                return Err(Rejected::new(Problem::TooLarge, detail));
            }
            match take(self, push)? {
                // Before the next is measured against what may wait; and what is written to large parts too, of which it is told in
                // this answer or never.
                Ingested::Logged | Ingested::Known => {
                    if let Ok(pack) = push.pack() {
                        let applied = self.replica_mut().apply_brought(&pack)?;
                        looked_at += applied.changes + applied.quarantined;
                    }
                }
                Ingested::Gap => break,
                Ingested::Refused(Problem::Erased) => return Ok(Some(push)),
                Ingested::Refused(problem) => {
                    return Err(Rejected::new(problem, format!("pack {} was refused", push.number)));
                }
            }
        }
        Ok(None)
    }
}
