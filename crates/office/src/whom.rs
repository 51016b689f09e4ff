//! Whom an office means: people name a replica by its person, a hub by its office too, and where that says too little by its
//! identity.

use teranga_core::id::ReplicaId;
use teranga_store::children::{Child, Standing};
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::{Introduction, ReplicaKind};

use crate::office::Office;
use crate::refusal::Refusal;

/// Whether a replica is called so.
pub(crate) fn is_called(known: &Introduction, name: &str) -> bool {
    match name.parse::<ReplicaId>() {
        Ok(id) => id == replica_id(&known.key),
        Err(_) => known.person == name || (known.kind == ReplicaKind::Hub && known.office == name),
    }
}

impl Office {
    /// Who of those that were ever enrolled here is called so. A lost phone and the one after it are the same person's: then the
    /// one is meant that stands so.
    pub(crate) fn whom(&self, name: &str, standing: Standing) -> Result<ReplicaId, Refusal> {
        let all = self.replica().children()?;
        let called: Vec<&Child> = all.iter().filter(|child| is_called(&child.introduction, name)).collect();
        let standing: Vec<&Child> =
            called.iter().copied().filter(|child| child.standing == standing).collect();
        match (called.as_slice(), standing.as_slice()) {
            ([], _) => Err(Refusal::new("replica-unknown", &[("replica", name)])),
            ([one], _) | (_, [one]) => Ok(replica_id(&one.introduction.key)),
            (several, []) | (_, several) => {
                let ids: Vec<String> =
                    several.iter().map(|child| replica_id(&child.introduction.key).to_string()).collect();
                let facts = [("replica", name), ("identities", &ids.join(", "))];
                Err(Refusal::new("replica-ambiguous", &facts))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use teranga_core::audience::Audience;
    use teranga_core::id::{Entropy, PublicKey};
    use teranga_core::time::Millis;
    use teranga_store::{Profile, Replica};

    use super::*;

    struct Zero;
    impl Entropy for Zero {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    fn profile(kind: ReplicaKind, person: &str) -> Profile {
        let audience = Audience::of_region(Some("SN-KL"));
        Profile { kind, person: person.into(), office: "BAOS Exemple".into(), audience }
    }

    /// A hub where these have enrolled, each with a key of its own number.
    fn office(children: &[(ReplicaKind, &str)]) -> (tempfile::TempDir, Office) {
        let folder = tempfile::tempdir().unwrap();
        let hub = profile(ReplicaKind::Hub, "Siège Exemple");
        let mut replica = Replica::create(&folder.path().join("h"), &hub, &mut Zero).unwrap();
        for (number, (kind, person)) in (1..).zip(children) {
            let (code, later) = (format!("code {number}"), Millis(9));
            replica.add_enrolment_code(&code, &profile(*kind, person), later).unwrap();
            assert!(replica.enrol(&code, &PublicKey([number; 32]), Millis(1)).unwrap().is_some());
        }
        (folder, Office::open(replica).unwrap())
    }

    fn id(number: u8) -> ReplicaId {
        replica_id(&PublicKey([number; 32]))
    }

    #[test]
    fn a_device_is_named_by_its_person_and_a_hub_by_its_office_too() {
        let people = [(ReplicaKind::Device, "Awa Exemple"), (ReplicaKind::Hub, "Kaolack")];
        let (_folder, office) = office(&people);
        let named = |name: &str| office.whom(name, Standing::Enrolled).map_err(|refusal| refusal.code);
        assert_eq!(named("Awa Exemple"), Ok(id(1)));
        assert_eq!(named(&id(1).to_string()), Ok(id(1)));
        assert_eq!(named("BAOS Exemple"), Ok(id(2)), "the office of a device is that of its colleagues");
        assert_eq!(named("Kaolack"), Ok(id(2)));
        for unknown in ["Awa", "", &id(3).to_string()] {
            assert_eq!(named(unknown), Err("replica-unknown".into()), "{unknown}");
        }
    }

    #[test]
    fn of_two_phones_of_one_person_the_lost_one_is_taken_in_again_and_the_other_refused() {
        let (_folder, mut office) = office(&[(ReplicaKind::Device, "Awa Exemple"); 2]);
        let several = office.whom("Awa Exemple", Standing::Enrolled).unwrap_err();
        assert_eq!(several.code, "replica-ambiguous");
        for number in [1, 2] {
            assert!(
                several.arguments.iter().any(|(_, fact)| fact.contains(&id(number).to_string())),
                "{several:?}"
            );
        }
        office.set_standing(&id(1).to_string(), Standing::Revoked).unwrap();
        assert_eq!(office.whom("Awa Exemple", Standing::Revoked).unwrap(), id(1));
        assert_eq!(office.whom("Awa Exemple", Standing::Enrolled).unwrap(), id(2));
        let told = office.set_standing("Awa Exemple", Standing::Revoked).unwrap();
        assert_eq!((&told["person"], &told["replica"]), (&"Awa Exemple".into(), &id(2).to_string().into()));
        assert!(office.whom("Awa Exemple", Standing::Enrolled).is_err(), "both are refused");
    }
}
