//! Who sends something, and whether it is meant for this hub: asked at every door before anything else.

use teranga_core::id::{PublicKey, ReplicaId};
use teranga_core::problem::Problem;
use teranga_store::children::Standing;
use teranga_sync::introduction::Introduction;
use teranga_sync::message::Ends;

use crate::exchange::Rejected;
use crate::office::Office;
use crate::revoked::revoked;

/// Who sends something, and whether it is answered.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) introduction: Introduction,
    pub(crate) standing: Standing,
}

impl Sender {
    /// Whoever was revoked is refused.
    pub(crate) fn check_standing(self) -> Result<Introduction, Rejected> {
        match self.standing {
            Standing::Enrolled => Ok(self.introduction),
            Standing::Revoked => Err(revoked()),
        }
    }
}

impl Office {
    /// The key of the child that a message names, if it was ever enrolled here and the message may be meant for this hub:
    /// what can be asked before the message has come whole.
    pub fn caller(&self, ends: Ends) -> Result<PublicKey, Rejected> {
        self.check_place(ends.hub)?;
        Ok(self.sender(ends.child)?.introduction.key)
    }

    /// Who sends something, if it was ever enrolled here.
    pub(crate) fn sender(&self, sender: ReplicaId) -> Result<Sender, Rejected> {
        let unknown = || Rejected::new(Problem::Unauthorised, "the replica is not enrolled here");
        let standing =
            if self.replica().is_revoked(sender)? { Standing::Revoked } else { Standing::Enrolled };
        let introduction = match standing {
            Standing::Enrolled => self.replica().child(sender)?,
            Standing::Revoked => self.replica().introduction(sender)?,
        };
        Ok(Sender { introduction: introduction.ok_or_else(unknown)?, standing })
    }

    /// Whoever asks for a hub whose place this one has is told so, whoever it is: the word is no secret, and holds only for
    /// those who know that hub and the home.
    pub(crate) fn check_place(&self, hub: ReplicaId) -> Result<(), Rejected> {
        match self.replica().succession(hub)? {
            Some(word) => Err(Rejected::succeeded(word)),
            None => Ok(()),
        }
    }

    /// What is meant for another hub is not taken here.
    pub(crate) fn check_meant(&self, hub: ReplicaId) -> Result<(), Rejected> {
        if hub == self.replica().id() {
            return Ok(());
        }
        Err(Rejected::new(Problem::Unauthorised, "the message is meant for another hub"))
    }
}
