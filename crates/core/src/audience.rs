//! Audiences: where a replica stands and what it may hold there, as its enrolment says. What follows from them is
//! decided in `grant`, and nowhere else.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::class::ClassId;

/// What a replica's enrolment says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// Where it stands.
    pub place: Place,
    /// Which records of that place it holds.
    pub reach: Reach,
    /// Which classes of them.
    pub clearance: Clearance,
}

/// Where a replica stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Headquarters and its own devices: every region.
    National,
    /// A regional office and its devices: ISO 3166-2, such as `SN-KL`.
    Region(String),
}

/// Which records of its place a replica holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// All of them.
    Everything,
    /// Those that are assigned to this agent, or to the agent's office.
    Caseload(Agent),
}

/// A person at an office, as the office enrolled them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Agent {
    /// The office.
    pub office: String,
    /// The person.
    pub person: String,
}

/// Which classes a replica holds. Everyone holds the envelope: without it nothing says what a row is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clearance {
    /// All of them, those that are published later too.
    Every,
    /// These.
    Only(BTreeSet<ClassId>),
}

impl Place {
    /// The place that a region's code names; an empty code means headquarters.
    pub fn of_code(code: &str) -> Self {
        match code {
            "" => Self::National,
            region => Self::Region(region.to_owned()),
        }
    }

    /// Its code: the region's, or nothing for headquarters.
    pub fn code(&self) -> &str {
        self.region().unwrap_or_default()
    }

    /// The region's code; `None` for headquarters.
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::National => None,
            Self::Region(region) => Some(region),
        }
    }
}

impl Clearance {
    /// The clearance that names these classes; none at all means every class.
    pub fn of_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let named: BTreeSet<ClassId> = names.into_iter().map(ClassId::new).collect();
        if named.is_empty() { Self::Every } else { Self::Only(named) }
    }

    /// The classes that it names; empty where it is for every class.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Every => Vec::new(),
            Self::Only(classes) => classes.iter().map(ClassId::as_str).collect(),
        }
    }
}

impl Audience {
    /// Everything of a place.
    pub fn of_place(place: Place) -> Self {
        Self { place, reach: Reach::Everything, clearance: Clearance::Every }
    }

    /// Everything of the place that a region's code names; `None` or an empty code means headquarters.
    pub fn of_region(region: Option<&str>) -> Self {
        Self::of_place(Place::of_code(region.unwrap_or_default()))
    }

    /// The region's code; `None` for headquarters.
    pub fn region(&self) -> Option<&str> {
        self.place.region()
    }
}
