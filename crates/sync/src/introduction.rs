//! Introductions: who a replica is, where it stands and what it may hold there, as one hub says it to another replica. What a
//! person sees beside a change is from here.

use teranga_core::audience::{Agent, Audience, Clearance, Place, Reach};
use teranga_core::id::PublicKey;

use crate::bytes::{DecodeError, Reader, Writer};
use crate::limits;

/// What kind of replica an introduction speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplicaKind {
    /// A person's device.
    Device,
    /// A hub of a region, or headquarters.
    Hub,
}

impl ReplicaKind {
    /// The stable code in the store and on the wire.
    pub const fn code(self) -> u8 {
        match self {
            Self::Device => 0,
            Self::Hub => 1,
        }
    }

    /// Reads a code.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Device),
            1 => Some(Self::Hub),
            _ => None,
        }
    }
}

/// Who a replica is: what a person sees beside a change it wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introduction {
    /// The replica's public key; its identity follows.
    pub key: PublicKey,
    /// What it is.
    pub kind: ReplicaKind,
    /// The person who uses it, or the hub's name.
    pub person: String,
    /// The office it belongs to.
    pub office: String,
    /// Where it stands.
    pub audience: Audience,
}

/// Writes who a replica is.
pub fn write_introduction(writer: &mut Writer, introduction: &Introduction) {
    writer.raw(introduction.key.as_bytes()).byte(introduction.kind.code());
    writer.text(&introduction.person).text(&introduction.office);
    write_audience(writer, &introduction.audience);
}

/// Reads who a replica is.
pub fn read_introduction(reader: &mut Reader<'_>) -> Result<Introduction, DecodeError> {
    let name = limits::NAME_BYTES_MAX;
    let key = PublicKey(reader.array()?);
    let kind = ReplicaKind::from_code(reader.byte()?).ok_or(DecodeError::Invalid { field: "kind" })?;
    let agent = Agent {
        person: reader.text("person", name)?.to_owned(),
        office: reader.text("office", name)?.to_owned(),
    };
    let audience = read_audience(reader, &agent)?;
    Ok(Introduction { key, kind, person: agent.person, office: agent.office, audience })
}

impl Introduction {
    /// Its bytes, as they stand in messages and under signatures.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        write_introduction(&mut writer, self);
        writer.finish()
    }

    /// Reads what [`Introduction::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let introduction = read_introduction(&mut reader)?;
        reader.finish()?;
        Ok(introduction)
    }
}

/// Writes where a replica stands and what it may hold there: region, reach, classes.
pub fn write_audience(writer: &mut Writer, audience: &Audience) {
    writer.text(audience.place.code()).byte(reach_code(&audience.reach));
    let classes = audience.clearance.names();
    writer.count(classes.len());
    for class in classes {
        writer.text(class);
    }
}

fn read_audience(reader: &mut Reader<'_>, agent: &Agent) -> Result<Audience, DecodeError> {
    let name = limits::NAME_BYTES_MAX;
    let place = Place::of_code(reader.text("region", name)?);
    let reach = reach(reader.byte()?, agent).ok_or(DecodeError::Invalid { field: "reach" })?;
    let classes = (0..reader.count("classes", limits::PACK_CLASSES_MAX)?)
        .map(|_| reader.text("class", name))
        .collect::<Result<Vec<_>, _>>()?;
    if !classes.iter().all(|class| is_class_name(class)) {
        return Err(DecodeError::Invalid { field: "class" });
    }
    Ok(Audience { place, reach, clearance: Clearance::of_names(classes) })
}

/// Whether a clearance may name this class. They are kept as words between spaces, and none at all means all: a class
/// without a name would open every one.
pub(crate) fn is_class_name(class: &str) -> bool {
    !class.is_empty() && !class.contains(char::is_whitespace)
}

/// The stable code of a reach, in the store and on the wire.
pub const fn reach_code(reach: &Reach) -> u8 {
    match reach {
        Reach::Everything => 0,
        Reach::Caseload(_) => 1,
    }
}

/// Reads the code of an agent's reach.
pub fn reach(code: u8, agent: &Agent) -> Option<Reach> {
    match code {
        0 => Some(Reach::Everything),
        1 => Some(Reach::Caseload(agent.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use teranga_core::class::ClassId;

    use super::*;
    use crate::identity::Identity;

    /// An introduction with a clearance for one class of this name.
    fn introduced(class: &str) -> Result<Introduction, DecodeError> {
        let clearance = Clearance::Only([ClassId::new(class)].into());
        let audience = Audience { clearance, ..Audience::of_region(None) };
        let key = Identity::from_secret([1; 32]).public_key();
        let (person, office) = ("Awa Exemple".to_owned(), String::new());
        let introduction = Introduction { key, kind: ReplicaKind::Device, person, office, audience };
        let mut writer = Writer::new();
        write_introduction(&mut writer, &introduction);
        read_introduction(&mut Reader::new(writer.as_slice()))
    }

    #[test]
    fn a_clearance_for_a_class_without_a_name_is_not_one_for_every_class() {
        assert!(introduced("survey").is_ok());
        for class in ["", " ", "open survey", "a\tb"] {
            assert_eq!(introduced(class), Err(DecodeError::Invalid { field: "class" }), "{class:?}");
        }
    }
}
