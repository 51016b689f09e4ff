//! The people of a hub: where and for what a code enrols, what an enrolled replica may hold from now on, refusing one
//! that was lost or left and taking it in again.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use teranga_core::audience::{Agent, Audience, Clearance, Place, Reach};
use teranga_core::region;
use teranga_store::children::Standing;

use crate::admin::EnrolKind;
use crate::office::Office;
use crate::refusal::Refusal;

/// Which records of its place a replica holds, as an office says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    /// All of them.
    #[default]
    Everything,
    /// Those of its person's caseload.
    Caseload,
}

/// What a replica holds of its place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Scope {
    /// Which records.
    #[serde(default)]
    pub reach: Reached,
    /// Which classes; empty for every class.
    #[serde(default)]
    pub classes: Vec<String>,
}

impl Scope {
    fn at(self, place: Place, agent: &Agent) -> Audience {
        let reach = match self.reach {
            Reached::Everything => Reach::Everything,
            Reached::Caseload => Reach::Caseload(agent.clone()),
        };
        Audience { place, reach, clearance: Clearance::of_names(self.classes.iter().map(String::as_str)) }
    }
}

impl Office {
    /// What a code enrols: a region's hub for its own region and nowhere else, headquarters for any or for none. A hub
    /// holds everything of its place, or its devices would be told of less than they may hold.
    pub(crate) fn audience(
        &self,
        kind: EnrolKind,
        region: Option<String>,
        scope: Scope,
        agent: &Agent,
    ) -> Result<Audience, Refusal> {
        self.check_classes(&scope.classes)?;
        if kind == EnrolKind::Hub && scope != Scope::default() {
            return Err(Refusal::new("hub-holds-all", &[]));
        }
        let own = &self.replica().profile().audience.place;
        let place = match (own, region) {
            (Place::Region(_), None) => own.clone(),
            (Place::Region(own), Some(region)) if *own != region => {
                return Err(Refusal::new("code-other-region", &[("region", &region), ("own", own)]));
            }
            (_, Some(region)) => {
                region::check(&region)?;
                Place::Region(region)
            }
            (Place::National, None) => Place::National,
        };
        Ok(scope.at(place, agent))
    }

    /// Changes what an enrolled device may hold. Its records enter and leave at its next sync.
    pub(crate) fn grant(&mut self, name: &str, scope: Scope) -> Result<Json, Refusal> {
        self.check_classes(&scope.classes)?;
        let unknown = || Refusal::new("replica-unknown", &[("replica", name)]);
        let replica = self.whom(name, Standing::Enrolled)?;
        let child = self.replica().child(replica)?.ok_or_else(unknown)?;
        if child.kind == EnrolKind::Hub.into() {
            return Err(Refusal::new("hub-holds-all", &[]));
        }
        let agent = Agent { office: child.office, person: child.person };
        let audience = scope.at(child.audience.place, &agent);
        self.replica_mut().regrant(replica, audience)?.ok_or_else(unknown)?;
        Ok(json!({ "replica": replica, "person": agent.person }))
    }

    /// Refuses a replica, or takes it in again. A hub whose place another has is not taken in again: two would judge and introduce
    /// the same devices.
    pub(crate) fn set_standing(&mut self, name: &str, standing: Standing) -> Result<Json, Refusal> {
        let replica = match standing {
            Standing::Revoked => self.whom(name, Standing::Enrolled)?,
            Standing::Enrolled => self.whom(name, Standing::Revoked)?,
        };
        if standing == Standing::Enrolled && self.replica().is_succeeded(replica)? {
            return Err(Refusal::new("hub-replaced", &[("replica", &replica.to_string())]));
        }
        self.replica_mut().set_standing(replica, standing)?;
        let person = self.replica().introduction(replica)?.map(|known| known.person);
        Ok(json!({ "replica": replica, "person": person, "revoked": standing == Standing::Revoked }))
    }
}
