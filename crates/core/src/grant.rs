//! Grants: the one place that decides who may hold what, and what a pull may read. A hub asks here before a change
//! goes down, when one comes up, and before a value goes out to a pull token; nothing else in the product decides it.
//! Until roles come, every enrolled replica of a region may hold every class of that region's records, and
//! headquarters holds all.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::class::ClassId;

/// The class of the envelope: without it nothing says what a row is.
const ENVELOPE: &str = "open";

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

/// Whether the part of this class is the envelope.
pub fn is_envelope(class: &ClassId) -> bool {
    class.as_str() == ENVELOPE
}

/// Whether a token for these classes may pull at all. Form, case, wave, region and state of a record stand in its
/// envelope, so whoever may not read that gets nothing, rather than rows that nobody can place.
pub fn may_pull(classes: &[String]) -> bool {
    may_read(classes, &ClassId::new(ENVELOPE))
}

/// Whether a token for these classes may read the values of this class.
pub fn may_read(classes: &[String], class: &ClassId) -> bool {
    classes.iter().any(|granted| granted == class.as_str())
}

/// Whether a token for these classes may be told what was derived from answers of the classes `inputs`: where it may
/// read all of them, or where a published release writes the result to a class that it may read. That a scheme can
/// compute a value is no reason to tell it.
pub fn may_derive(classes: &[String], inputs: &BTreeSet<&ClassId>, released_to: Option<&ClassId>) -> bool {
    inputs.iter().all(|class| may_read(classes, class)) || released_to.is_some_and(|to| may_read(classes, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_value_goes_out_with_its_inputs_or_by_a_release_and_not_otherwise() {
        let classes = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let (open, survey, personal) =
            (ClassId::new("open"), ClassId::new("survey"), ClassId::new("personal"));
        let inputs = BTreeSet::from([&open, &personal]);
        let token = classes(&["open", "survey"]);
        assert!(!may_derive(&token, &inputs, None));
        assert!(!may_derive(&token, &inputs, Some(&personal)));
        assert!(may_derive(&token, &inputs, Some(&survey)));
        assert!(may_derive(&classes(&["open", "personal"]), &inputs, None));
        assert!(may_pull(&token) && !may_pull(&classes(&["survey"])));
    }

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
