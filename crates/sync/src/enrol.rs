//! Enrolment on the wire: a replica shows a one-use code and its own key, signed by that key; the hub answers who the
//! replica is and its own key, which the replica pins because the code names it.

use serde::{Deserialize, Serialize};
use teranga_core::audience::{Agent, Audience, Clearance, Place};
use teranga_core::id::PublicKey;

use crate::bytes::Writer;
use crate::code;
use crate::hex::Hex;
use crate::identity::{Identity, SignatureBytes, verify};
use crate::introduction::{self, ReplicaKind};
use crate::succession::{Inheritance, Succession};
use crate::version::Spoken;

const CONTEXT: &[u8] = b"teranga enrol 0\n";
const ANSWER_CONTEXT: &[u8] = b"teranga enrolled 0\n";

/// What a replica sends to be enrolled.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolRequest {
    /// The oldest and the newest version of the protocol that the replica speaks.
    pub protocol: [u8; 2],
    /// The code, normalised.
    pub code: String,
    /// The replica's key.
    pub key: PublicKey,
    /// The replica's signature, in hexadecimal digits: it holds the key that it shows.
    pub signature: String,
}

impl EnrolRequest {
    /// Makes and signs a request with a normalised code.
    pub fn sign(identity: &Identity, code: &str, spoken: Spoken) -> Self {
        let key = identity.public_key();
        let signature = identity.sign(&signed(code, &key));
        let protocol = spoken.numbers();
        Self { protocol, code: code.to_owned(), key, signature: to_hex(&signature) }
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
    /// Which records of that place it holds, by its code on the wire.
    pub reach: u8,
    /// The classes that it may hold; empty for every class.
    pub classes: Vec<String>,
    /// The key of the home; none where the hub was not told it.
    pub home_key: Option<PublicKey>,
    /// What the replica takes over with the place of a hub before it; empty where it takes nobody's.
    pub inheritance: Hex,
    /// The hub's signature, in hexadecimal digits: nobody on the way changed who the replica is.
    pub signature: String,
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
    /// The hub says something that this version does not know.
    #[error("the hub's answer says something that this version does not know")]
    Unknown,
}

/// Whom a hub enrols, as its answer says.
#[derive(Debug, Clone, Copy)]
pub struct Enrolled<'a> {
    /// The hub's name.
    pub hub_name: &'a str,
    /// What the replica is.
    pub kind: ReplicaKind,
    /// The person.
    pub person: &'a str,
    /// The office.
    pub office: &'a str,
    /// Where it stands.
    pub audience: &'a Audience,
    /// The key of the home, as far as the hub knows it.
    pub home: Option<PublicKey>,
    /// What it takes over with the place of a hub before it.
    pub inheritance: Option<&'a Inheritance>,
}

impl EnrolAnswer {
    /// Makes and signs the answer to a request that used its code.
    pub fn sign(hub: &Identity, request: &EnrolRequest, enrolled: Enrolled<'_>) -> Self {
        let mut answer = Self {
            hub_key: hub.public_key(),
            hub_name: enrolled.hub_name.to_owned(),
            kind: enrolled.kind.code(),
            person: enrolled.person.to_owned(),
            office: enrolled.office.to_owned(),
            region: enrolled.audience.region().map(str::to_owned),
            reach: introduction::reach_code(&enrolled.audience.reach),
            classes: enrolled.audience.clearance.names().into_iter().map(str::to_owned).collect(),
            home_key: enrolled.home,
            inheritance: Hex(enrolled.inheritance.map(Inheritance::encode).unwrap_or_default()),
            signature: String::new(),
        };
        answer.signature = to_hex(&hub.sign(&answer.signed(&request.code, &request.key)));
        answer
    }

    /// What the hub signs: the code and the key that this answers, and everything it says.
    fn signed(&self, code: &str, key: &PublicKey) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.raw(ANSWER_CONTEXT).raw(code.as_bytes()).raw(key.as_bytes()).byte(self.kind);
        writer.text(&self.hub_name).text(&self.person).text(&self.office);
        writer.text(self.region.as_deref().unwrap_or_default()).byte(self.reach).count(self.classes.len());
        for class in &self.classes {
            writer.text(class);
        }
        writer.run(self.home_key.as_ref().map_or(&[], |key| key.as_bytes())).run(&self.inheritance.0);
        writer.finish()
    }

    /// What the owner of this key takes over with the place of a hub before it, of an answer that was checked; `None`
    /// where it takes nobody's. The home alone gives a place to another.
    pub fn inheritance(&self, key: &PublicKey) -> Result<Option<Inheritance>, EnrolError> {
        if self.inheritance.0.is_empty() {
            return Ok(None);
        }
        let inheritance = Inheritance::decode(&self.inheritance.0).map_err(|_| EnrolError::Unknown)?;
        let of_home = |word: &Succession| {
            word.key == *key && self.home_key.is_some_and(|home| home == self.hub_key && word.verify(&home))
        };
        if !inheritance.successions.iter().all(of_home) {
            return Err(EnrolError::Unknown);
        }
        Ok(Some(inheritance))
    }

    /// Checks the answer against the code and the key that were shown, and the kind of replica that showed them.
    pub fn check(&self, code: &str, key: &PublicKey, kind: ReplicaKind) -> Result<Audience, EnrolError> {
        let signed = |signature| verify(&self.hub_key, &self.signed(code, key), &signature);
        if !code::belongs_to(code, &self.hub_key) || !from_hex(&self.signature).is_some_and(signed) {
            return Err(EnrolError::OtherHub);
        }
        if ReplicaKind::from_code(self.kind) != Some(kind) {
            return Err(EnrolError::OtherKind);
        }
        if !self.classes.iter().all(|class| introduction::is_class_name(class)) {
            return Err(EnrolError::Unknown);
        }
        let agent = Agent { office: self.office.clone(), person: self.person.clone() };
        Ok(Audience {
            place: Place::of_code(self.region.as_deref().unwrap_or_default()),
            reach: introduction::reach(self.reach, &agent).ok_or(EnrolError::Unknown)?,
            clearance: Clearance::of_names(self.classes.iter().map(String::as_str)),
        })
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
        let request = EnrolRequest::sign(&identity, "CODE", Spoken::BUILD);
        assert!(request.verify());
        assert!(!EnrolRequest { code: "EDOC".into(), ..request.clone() }.verify());
        assert!(!EnrolRequest { key: Identity::from_secret([4; 32]).public_key(), ..request }.verify());
    }
}
