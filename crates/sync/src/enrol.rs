//! Enrolment on the wire: a replica shows a one-use code and its own key, signed by that key; the hub answers who the
//! replica is and its own key, which the replica pins because the code names it.

use serde::{Deserialize, Serialize};
use teranga_core::grant::Audience;
use teranga_core::id::PublicKey;

use crate::code;
use crate::feed::ReplicaKind;
use crate::identity::{Identity, SignatureBytes, verify};
use crate::version;

const CONTEXT: &[u8] = b"teranga enrol 0\n";

/// What a replica sends to be enrolled.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolRequest {
    /// The version of the protocol that the replica speaks.
    pub protocol: u8,
    /// The code, normalised.
    pub code: String,
    /// The replica's key.
    pub key: PublicKey,
    /// The replica's signature, in hexadecimal digits: it holds the key that it shows.
    pub signature: String,
}

impl EnrolRequest {
    /// Makes and signs a request with a normalised code.
    pub fn sign(identity: &Identity, code: &str) -> Self {
        let key = identity.public_key();
        let signature = identity.sign(&signed(code, &key));
        Self { protocol: version::MAX, code: code.to_owned(), key, signature: to_hex(&signature) }
    }

    /// Whether the owner of the key signed this.
    pub fn verify(&self) -> bool {
        from_hex(&self.signature)
            .is_some_and(|signature| verify(&self.key, &signed(&self.code, &self.key), &signature))
    }
}

/// What the hub answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnrolAnswer {
    /// The hub's key.
    pub hub_key: PublicKey,
    /// The hub's name.
    pub hub_name: String,
    /// A device or a hub, by its code on the wire.
    pub kind: u8,
    /// Who the replica is: the person.
    pub person: String,
    /// The office.
    pub office: String,
    /// The region; none for headquarters.
    pub region: Option<String>,
}

/// Why an answer to an enrolment is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnrolError {
    /// The code was printed by another hub than the one that answers.
    #[error("the hub that answers is not the one that printed the code")]
    OtherHub,
    /// The code enrols another kind of replica.
    #[error("the code is for another kind of replica")]
    OtherKind,
}

impl EnrolAnswer {
    /// Checks the answer against the code that was used and the kind of replica that used it.
    pub fn check(&self, code: &str, kind: ReplicaKind) -> Result<Audience, EnrolError> {
        if !code::belongs_to(code, &self.hub_key) {
            return Err(EnrolError::OtherHub);
        }
        if ReplicaKind::from_code(self.kind) != Some(kind) {
            return Err(EnrolError::OtherKind);
        }
        Ok(Audience::of_region(self.region.as_deref()))
    }
}

fn signed(code: &str, key: &PublicKey) -> Vec<u8> {
    [CONTEXT, code.as_bytes(), key.as_bytes()].concat()
}

fn to_hex(signature: &SignatureBytes) -> String {
    use std::fmt::Write as _;
    signature.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn from_hex(text: &str) -> Option<SignatureBytes> {
    let (first, second) = text.split_at_checked(64)?;
    let halves = [first.parse::<PublicKey>().ok()?, second.parse::<PublicKey>().ok()?];
    halves.map(|half| half.0).concat().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enrolment_is_signed_by_the_key_that_it_shows() {
        let identity = Identity::from_secret([3; 32]);
        let request = EnrolRequest::sign(&identity, "CODE");
        assert!(request.verify());
        assert!(!EnrolRequest { code: "EDOC".into(), ..request.clone() }.verify());
        assert!(!EnrolRequest { key: Identity::from_secret([4; 32]).public_key(), ..request }.verify());
    }
}
