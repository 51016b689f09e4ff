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
}
