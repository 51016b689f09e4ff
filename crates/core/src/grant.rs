//! Grants: the one place that decides who may hold what, and what a pull may read. A hub asks here before a change
//! goes down, when one comes up, and before a value goes out to a pull token; nothing else in the product decides it.
//! A region's hub holds its region's records and those that are assigned there; headquarters holds all; a device holds
//! what its region does, or its agent's caseload, in the classes for which it is cleared.

use std::collections::BTreeSet;

use crate::audience::{Audience, Clearance, Place, Reach};
use crate::class::ClassId;
use crate::record::{Assignee, Custody};

/// The class of the envelope: without it nothing says what a row is.
const ENVELOPE: &str = "open";

/// Records that a replica holds above which its user is warned: phones get slow, and a caseload that large is nobody's.
pub const CASELOAD_WARN: u64 = 5_000;
/// Records above which nothing more is assigned to one agent.
pub const CASELOAD_MAX: u64 = 10_000;

/// Whether a replica of this audience may hold the part of this class of a record in this custody.
pub fn may_hold(audience: &Audience, custody: &Custody, class: &ClassId) -> bool {
    is_cleared(audience, class) && reaches(audience, custody)
}

/// Whether a replica of this audience may hold anything of a record in this custody.
pub fn reaches(audience: &Audience, custody: &Custody) -> bool {
    let is_assigned = || custody.assigned.iter().any(|assignee| is_for(audience, assignee));
    match (&audience.reach, &audience.place) {
        (Reach::Everything, Place::National) => true,
        (Reach::Everything, Place::Region(own)) => *own == custody.region || is_assigned(),
        (Reach::Caseload(_), _) => is_assigned(),
    }
}

/// Whether a replica of this audience approves records: an office reads what its region brought, and nobody their own caseload.
pub fn may_review(audience: &Audience) -> bool {
    match audience.reach {
        Reach::Everything => true,
        Reach::Caseload(_) => false,
    }
}

/// Whether a replica of this audience may hold parts of this class.
pub fn is_cleared(audience: &Audience, class: &ClassId) -> bool {
    match &audience.clearance {
        Clearance::Every => true,
        Clearance::Only(classes) => is_envelope(class) || classes.contains(class),
    }
}

/// Whether an assignment is to this audience. A region's hub and the devices that hold everything of it see what is
/// assigned to anyone there.
fn is_for(audience: &Audience, assignee: &Assignee) -> bool {
    let here = audience.place.code() == assignee.region;
    match &audience.reach {
        Reach::Everything => here,
        Reach::Caseload(agent) => {
            here && assignee.office.as_ref() == Some(&agent.office)
                && assignee.person.as_ref().is_none_or(|person| *person == agent.person)
        }
    }
}

/// What a hub makes of a change by its author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MayWrite {
    /// The author is in charge of the record.
    Yes,
    /// The author was, and had not heard of it yet, or was slow to bring it: it is taken, and marked.
    Late,
    /// The author never was.
    No,
}

/// Whether a replica of this audience may write the part of this class of a record in this custody.
pub fn may_write(audience: &Audience, custody: &Custody, class: &ClassId) -> MayWrite {
    if !is_cleared(audience, class) {
        MayWrite::No
    } else if reaches(audience, custody) {
        MayWrite::Yes
    } else if custody.before.iter().any(|assignee| is_for(audience, assignee)) {
        MayWrite::Late
    } else {
        MayWrite::No
    }
}

/// Whether a replica of this audience may be told who a replica of that audience is: whoever wrote something that it
/// may hold. Headquarters' people write in every region.
pub fn may_know(audience: &Audience, other: &Audience) -> bool {
    match (&audience.place, &other.place) {
        (Place::National, _) | (_, Place::National) => true,
        (Place::Region(own), Place::Region(other)) => own == other,
    }
}

/// Whether a hub of this audience may say that another replica is of that audience: no hub gives what it has not.
pub fn may_introduce(audience: &Audience, other: &Audience) -> bool {
    match (&audience.place, &other.place) {
        (Place::National, _) => true,
        (Place::Region(_), Place::National) => false,
        (Place::Region(own), Place::Region(other)) => own == other,
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
    use crate::audience::Agent;

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

    fn agent(region: &str, person: &str) -> Audience {
        let agent = Agent { office: "BAOS".into(), person: person.into() };
        Audience { reach: Reach::Caseload(agent), ..Audience::of_region(Some(region)) }
    }

    fn assigned(region: &str, person: Option<&str>) -> Assignee {
        Assignee { region: region.into(), office: Some("BAOS".into()), person: person.map(str::to_owned) }
    }

    #[test]
    fn a_region_holds_its_own_records_and_what_is_assigned_there_and_headquarters_holds_all() {
        let class = ClassId::new("personal");
        let (home, here, there) = (
            Audience::of_region(None),
            Audience::of_region(Some("SN-KL")),
            Audience::of_region(Some("SN-TC")),
        );
        let mut custody = Custody::of_region("SN-KL");
        assert!(may_hold(&home, &custody, &class) && may_hold(&here, &custody, &class));
        assert!(!may_hold(&there, &custody, &class));
        custody.assigned.insert(assigned("SN-TC", None));
        assert!(may_hold(&there, &custody, &class) && may_hold(&here, &custody, &class));
    }

    #[test]
    fn an_agent_holds_what_is_assigned_to_them_or_to_their_office() {
        let class = ClassId::new("personal");
        let awa = agent("SN-KL", "Awa");
        let mut custody = Custody::of_region("SN-KL");
        assert!(!may_hold(&awa, &custody, &class));
        custody.assigned.insert(assigned("SN-KL", Some("Binta")));
        assert!(!may_hold(&awa, &custody, &class) && may_hold(&agent("SN-KL", "Binta"), &custody, &class));
        assert!(!may_hold(&agent("SN-TC", "Binta"), &custody, &class));
        custody.assigned.insert(assigned("SN-KL", None));
        assert!(may_hold(&awa, &custody, &class));
        custody.assigned = BTreeSet::from([Assignee { office: None, ..assigned("SN-KL", None) }]);
        assert!(!may_hold(&awa, &custody, &class));
    }

    #[test]
    fn a_class_reaches_only_whom_it_is_cleared_for_and_the_envelope_everyone() {
        let clearance = Clearance::of_names(["survey"]);
        let device = Audience { clearance, ..Audience::of_region(Some("SN-KL")) };
        let custody = Custody::of_region("SN-KL");
        let [open, survey, notes] = ["open", "survey", "psychosocial"].map(ClassId::new);
        assert!(may_hold(&device, &custody, &open) && may_hold(&device, &custody, &survey));
        assert!(!may_hold(&device, &custody, &notes));
        assert_eq!(may_write(&device, &custody, &notes), MayWrite::No);
    }

    #[test]
    fn who_was_in_charge_still_writes_what_they_had_begun_and_it_is_marked() {
        let class = ClassId::new("survey");
        let custody = Custody {
            before: BTreeSet::from([assigned("SN-KL", Some("Awa"))]),
            ..Custody::of_region("SN-KL")
        };
        assert_eq!(may_write(&agent("SN-KL", "Awa"), &custody, &class), MayWrite::Late);
        assert_eq!(may_write(&agent("SN-KL", "Binta"), &custody, &class), MayWrite::No);
        assert_eq!(may_write(&Audience::of_region(Some("SN-KL")), &custody, &class), MayWrite::Yes);
        assert!(!may_hold(&agent("SN-KL", "Awa"), &custody, &class));
    }

    #[test]
    fn a_region_knows_and_introduces_its_own() {
        let (home, here, there) = (
            Audience::of_region(None),
            Audience::of_region(Some("SN-KL")),
            Audience::of_region(Some("SN-TC")),
        );
        assert!(may_know(&here, &here) && may_know(&here, &home) && may_know(&home, &there));
        assert!(!may_know(&here, &there));
        assert!(may_introduce(&home, &there) && may_introduce(&here, &here));
        assert!(!may_introduce(&here, &there) && !may_introduce(&here, &home));
    }
}
