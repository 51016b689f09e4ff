//! What a hub holds aside, as its people look at it: whose, of which record, why and since when; and having it tried
//! again.

use serde_json::{Value as Json, json};
use teranga_core::id::RecordId;
use teranga_core::time::Millis;
use teranga_store::aside::Aside;
use teranga_store::{Status, StoreError};
use teranga_sync::limits;

use crate::office::Office;
use crate::refusal::Refusal;

impl Office {
    /// Everything that is held aside, that waits, or that was taken although its author was no more in charge.
    pub(crate) fn held_aside(&self) -> Result<Json, StoreError> {
        let told = |aside: Aside| {
            let author = self.replica().introduction(aside.origin)?;
            let fate = match aside.status {
                Status::Waiting => "waits",
                Status::Applied => "taken-late",
                Status::Quarantined | Status::Logged | Status::Withheld | Status::LetGo => "held",
            };
            Ok(json!({
                "record": aside.record,
                "person": author.as_ref().map(|author| &author.person),
                "office": author.as_ref().map(|author| &author.office),
                "fate": fate,
                "reason": aside.reason,
                "changes": aside.changes,
                "since": aside.since.map(Millis::to_rfc3339),
            }))
        };
        let all = self.replica().aside()?.into_iter().map(told);
        Ok(Json::Array(all.collect::<Result<_, StoreError>>()?))
    }

    /// Tries what is held aside of a record again. What the hub above did not take is tried again there and nowhere else.
    pub(crate) fn retry(&mut self, record: RecordId) -> Result<Json, Refusal> {
        let tried = self.replica_mut().try_again(record)?;
        let refused_above = self.replica().refused_above(record)?;
        let above = self.replica().uplink()?.map(|uplink| uplink.name).unwrap_or_default();
        if tried == 0 {
            let code = if refused_above > 0 { "refused-above" } else { "nothing-held" };
            return Err(Refusal::new(code, &[("record", &record.to_string()), ("hub", &above)]));
        }
        let applied = self.apply_some(limits::ROUNDS_PER_EXCHANGE)?;
        Ok(json!({
            "record": record,
            "tried": tried,
            "applied": applied.changes,
            "held": applied.quarantined,
            "refused_above": refused_above,
            "hub_above": above,
        }))
    }
}

#[cfg(test)]
mod tests {
    use teranga_core::audience::Audience;
    use teranga_core::class::ClassId;
    use teranga_core::id::{Batch, Entropy, Salt};
    use teranga_core::key::Key;
    use teranga_core::value::Value;
    use teranga_store::save::{DraftFate, PartEdit, Save};
    use teranga_store::uplink::Joined;
    use teranga_store::{Profile, Replica};
    use teranga_sync::feed::{Row, VerdictRow, encode};
    use teranga_sync::introduction::ReplicaKind;
    use teranga_sync::message::{Acknowledged, Answer, Asker, More};
    use teranga_sync::session::Session;

    use super::*;

    struct Counting(u8);

    impl Entropy for Counting {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill_with(|| {
                self.0 = self.0.wrapping_add(1);
                self.0
            });
        }
    }

    /// A regional hub, and a record of which headquarters did not take a change.
    fn refused_above(folder: &std::path::Path) -> (Office, RecordId) {
        let (record, class, now) = (RecordId([1; 16]), ClassId::new("survey"), Millis(5));
        let mut seed = Counting(0);
        let mut hub = |name: &str, region| {
            let audience = Audience::of_region(region);
            let profile =
                Profile { kind: ReplicaKind::Hub, person: name.into(), office: name.into(), audience };
            Replica::create(&folder.join(name), &profile, &mut seed).unwrap()
        };
        let (home, mut region) = (hub("home", None), hub("region", Some("SN-KL")));
        let profile = region.profile().clone();
        let key = home.public_key();
        let joined = Joined { key: &key, url: "http://127.0.0.1:1", name: "Siège", home: Some(&key) };
        region.join(&joined, profile).unwrap();
        let edits = vec![(Key::question("E01"), Value::text("refused"))];
        let parts = vec![PartEdit { class: class.clone(), edits }];
        let draft = DraftFate::Keep;
        let save = Save { record, salt: Salt([2; 16]), form: "rss@1".into(), at: now, parts, draft };
        let hash = region.save(&save).unwrap().first().unwrap().hash;
        let origin = region.id();
        let verdict =
            VerdictRow { origin, batch: Batch(1), record, class, hash, reason: "not-granted".into() };
        let request = region.next_request(&Session::new().plan(), now).unwrap().unwrap();
        let answer = Answer {
            version: request.version,
            newest: 0,
            replica: origin,
            line: request.line,
            before: Asker::default(),
            exchange: request.exchange,
            acknowledged: Acknowledged::default(),
            hub_time: now,
            cursor: request.cursor,
            more: More::Nothing,
            rows: encode(&[Row::Verdict(verdict)], request.version),
        };
        region.take_answer(&request, &answer, now).unwrap();
        (Office::open(region).unwrap(), record)
    }

    #[test]
    fn where_the_hub_above_did_not_take_a_change_it_is_said_whom_to_ask() {
        let folder = tempfile::tempdir().unwrap();
        let (mut office, record) = refused_above(folder.path());
        let refusal = office.retry(record).unwrap_err();
        assert_eq!(refusal.code, "refused-above");
        assert!(refusal.arguments.contains(&("hub".to_owned(), "Siège".to_owned())));
        assert_eq!(office.retry(RecordId([9; 16])).unwrap_err().code, "nothing-held");
    }
}
