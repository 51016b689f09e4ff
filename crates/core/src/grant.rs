//! Grants: the one place that decides who may hold what. A hub asks here before a change goes down, and when one
//! comes up; nothing else in the product decides it. Until roles come, every enrolled replica of a region may hold
//! every class of that region's records, and headquarters holds all.

use serde::{Deserialize, Serialize};

use crate::class::ClassId;

/// Where a replica stands: what its enrolment says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Headquarters and its own devices: every region.
    National,
    /// A regional office and its devices: ISO 3166-2, such as `SN-KL`.
    Region(String),
}

impl Audience {
    /// The audience that a region's code names; `None` or an empty code means headquarters.
    pub fn of_region(region: Option<&str>) -> Self {
        match region {
            Some(region) if !region.is_empty() => Self::Region(region.to_owned()),
            _ => Self::National,
        }
    }

    /// The region's code; `None` for headquarters.
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::National => None,
            Self::Region(region) => Some(region),
        }
    }
}

/// Whether a replica of this audience may hold the part of this class of a record opened in `region`.
pub fn may_hold(audience: &Audience, region: &str, _class: &ClassId) -> bool {
    match audience {
        Audience::National => true,
        Audience::Region(own) => own == region,
    }
}

/// Whether a replica of this audience may be told who a replica of that audience is: whoever wrote something that it
/// may hold. Headquarters' people write in every region.
pub fn may_know(audience: &Audience, other: &Audience) -> bool {
    match (audience, other) {
        (Audience::National, _) | (_, Audience::National) => true,
        (Audience::Region(own), Audience::Region(other)) => own == other,
    }
}

/// Whether a hub of this audience may say that another replica is of that audience: no hub gives what it has not.
pub fn may_introduce(audience: &Audience, other: &Audience) -> bool {
    match (audience, other) {
        (Audience::National, _) => true,
        (Audience::Region(_), Audience::National) => false,
        (Audience::Region(own), Audience::Region(other)) => own == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_holds_its_own_records_and_headquarters_holds_all() {
        let class = ClassId::new("personal");
        assert!(may_hold(&Audience::National, "SN-KL", &class));
        assert!(may_hold(&Audience::Region("SN-KL".into()), "SN-KL", &class));
        assert!(!may_hold(&Audience::Region("SN-TC".into()), "SN-KL", &class));
    }

    #[test]
    fn a_region_knows_and_introduces_its_own() {
        let (home, here, there) =
            (Audience::National, Audience::Region("SN-KL".into()), Audience::Region("SN-TC".into()));
        assert!(may_know(&here, &here) && may_know(&here, &home) && may_know(&home, &there));
        assert!(!may_know(&here, &there));
        assert!(may_introduce(&home, &there) && may_introduce(&here, &here));
        assert!(!may_introduce(&here, &there) && !may_introduce(&here, &home));
    }
}
