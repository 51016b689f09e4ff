//! Enrolling a replica at a hub with a code, the same for a device and for a regional hub.

use std::path::Path;

use teranga_hub::link::Link;
use teranga_store::uplink::Joined;
use teranga_store::{Profile, Replica};
use teranga_sync::code;
use teranga_sync::enrol::{EnrolAnswer, EnrolError, EnrolRequest};

use crate::failure::{Failure, Outcome};

/// What becomes of the hub at which a replica is enrolled already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HubBefore {
    /// It stays, and nobody is asked.
    Stays,
    /// It is left: everything is offered to the other one.
    Left,
}

/// Shows the code to the hub at `url`; pins the hub and the home, and takes over what the hub says of this replica.
pub(crate) async fn enrol(
    replica: &mut Replica,
    url: &str,
    certificate: Option<&Path>,
    typed: &str,
    before: HubBefore,
) -> Outcome<EnrolAnswer> {
    if let (HubBefore::Stays, Some(uplink)) = (before, replica.uplink()?) {
        let person = replica.profile().person.clone();
        let known = vec![("hub", uplink.name), ("url", uplink.url), ("person", person)];
        return Err(Failure::new("already-enrolled", known));
    }
    let code = code::normalise(typed).ok_or_else(|| Failure::new("enrolment-code", Vec::new()))?;
    let request = EnrolRequest::sign(replica.identity(), &code, replica.spoken());
    let answer: EnrolAnswer = Link::new(url, certificate)?.post("/v1/enrol", None, &request).await?;
    let kind = replica.profile().kind;
    let audience = answer.check(&code, &replica.public_key(), kind).map_err(|error| match error {
        EnrolError::OtherHub => Failure::new("hub-not-the-one", Vec::new()),
        EnrolError::OtherKind => Failure::new("enrolment-kind", Vec::new()),
        EnrolError::Unknown => Failure::new("enrolment-newer", Vec::new()),
    })?;
    let profile = Profile { kind, person: answer.person.clone(), office: answer.office.clone(), audience };
    let newer = |_| Failure::new("enrolment-newer", Vec::new());
    let inheritance = answer.inheritance(&replica.public_key()).map_err(newer)?;
    let home = answer.home_key.as_ref();
    let hub = Joined { key: &answer.hub_key, url, name: &answer.hub_name, home };
    replica.join_as_heir(&hub, profile, inheritance.as_ref())?;
    Ok(answer)
}
