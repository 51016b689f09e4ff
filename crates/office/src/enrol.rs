//! Enrolment at a hub: making one-use codes, and exchanging one for a place in the register.

use teranga_core::id::{Entropy, ReplicaId};
use teranga_core::problem::Problem;
use teranga_core::time::Millis;
use teranga_store::Profile;
use teranga_sync::code;
use teranga_sync::enrol::{EnrolAnswer, EnrolRequest, Enrolled};
use teranga_sync::limits;

use crate::exchange::Rejected;
use crate::office::Office;

impl Office {
    /// Makes a one-use code for a replica with this profile.
    pub fn new_code(
        &mut self,
        profile: &Profile,
        entropy: &mut dyn Entropy,
        now: Millis,
    ) -> Result<String, Rejected> {
        let code = code::new_code(&self.replica().public_key(), entropy);
        let kept = code::normalise(&code).unwrap_or_default();
        self.replica_mut().add_enrolment_code(&kept, profile, Millis(now.0 + limits::CODE_MS_MAX))?;
        Ok(code)
    }

    /// Makes a one-use code for the hub that takes the place of one that was enrolled here. Returns `None` where nobody can
    /// take its place.
    pub fn new_replacing_code(
        &mut self,
        old: ReplicaId,
        entropy: &mut dyn Entropy,
        now: Millis,
    ) -> Result<Option<String>, Rejected> {
        let code = code::new_code(&self.replica().public_key(), entropy);
        let kept = code::normalise(&code).unwrap_or_default();
        let added = self.replica_mut().add_replacing_code(&kept, old, Millis(now.0 + limits::CODE_MS_MAX))?;
        Ok(added.then_some(code))
    }

    /// Enrols a replica.
    pub fn enrol(&mut self, request: &EnrolRequest, now: Millis) -> Result<EnrolAnswer, Rejected> {
        let spoken = self.replica().spoken();
        if spoken.common(request.protocol).is_none() {
            return Err(Rejected::upgrade(spoken, "another protocol version asks to be enrolled"));
        }
        if !request.verify() {
            return Err(Rejected::new(Problem::Unauthorised, "the enrolment is not signed by its key"));
        }
        let introduction = self
            .replica_mut()
            .enrol(&request.code, &request.key, now)?
            .ok_or_else(|| Rejected::new(Problem::Forbidden, "the enrolment code is not valid"))?;
        let inheritance = self.replica().inheritance(&introduction.key)?;
        let enrolled = Enrolled {
            hub_name: &self.replica().profile().office,
            kind: introduction.kind,
            person: &introduction.person,
            office: &introduction.office,
            audience: &introduction.audience,
            home: self.replica().home()?,
            inheritance: inheritance.as_ref(),
        };
        Ok(EnrolAnswer::sign(self.replica().identity(), request, enrolled))
    }
}
