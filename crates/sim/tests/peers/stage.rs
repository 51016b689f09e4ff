//! A staged world with words for what volunteers do in it.

use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};

use serde_json::{Value as Json, json};
use teranga_client::ClientError;
use teranga_client::charge::Handover;
use teranga_client::invent::{self, Extent, Seeded};
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::record::Assignee;
use teranga_sim::{Place, Staged, Talked, Weather};
use teranga_store::Replica;
use teranga_store::records::PartView;
use teranga_store::ticks::Tick;

/// A world of one region; Awa and Moussa are its first two devices.
pub(crate) struct Stage {
    staged: Staged,
    pub(crate) headquarters: Place,
    pub(crate) region: Place,
    pub(crate) awa: Place,
    pub(crate) moussa: Place,
}

impl Deref for Stage {
    type Target = Staged;

    fn deref(&self) -> &Staged {
        &self.staged
    }
}

impl DerefMut for Stage {
    fn deref_mut(&mut self) -> &mut Staged {
        &mut self.staged
    }
}

impl Stage {
    pub(crate) fn new() -> Self {
        let staged = Staged::new(1, 2).unwrap();
        let (headquarters, region) = (staged.headquarters(), staged.hub(0));
        let (awa, moussa) = (staged.device(0, 0), staged.device(0, 1));
        Self { staged, headquarters, region, awa, moussa }
    }

    /// The same with a case of Awa's that everybody holds.
    pub(crate) fn with_a_case() -> (Self, RecordId) {
        let mut stage = Self::new();
        let case = stage.case(stage.awa, "Exemple");
        stage.all_sync();
        (stage, case)
    }

    /// Everybody syncs until everybody holds what there is.
    pub(crate) fn all_sync(&mut self) {
        for _ in 0..2 {
            for place in [self.awa, self.moussa, self.region, self.awa, self.moussa] {
                self.syncs(place);
            }
        }
    }

    /// A session over a fair link, which ends whole.
    pub(crate) fn syncs(&mut self, place: Place) {
        let talked = self.tries(place, Weather::Fair);
        assert!(matches!(talked, Talked::Whole(_)), "{talked:?}");
    }

    /// A session over some link; however it ends, no tick says more than is true.
    pub(crate) fn tries(&mut self, place: Place, weather: Weather) -> Talked {
        let talked = self.sync(place, weather).unwrap();
        assert_eq!(self.ticks_are_true().unwrap(), None);
        talked
    }

    /// A case of a plainly invented returnee.
    pub(crate) fn case(&mut self, place: Place, family_name: &str) -> RecordId {
        let sheet = json!({
            "given_names": "Awa", "family_name": family_name, "sex": "female", "birth_precision": "year",
            "birth_date": "1994", "region": "SN-KL", "department": "SN-KL-61", "return_date": "2026-01-15",
            "return_country": "LY", "return_type": "voluntary_assisted", "village": "Ndoffane"
        });
        let saved = self.act(place, |device, setting| {
            let mut interview =
                device.begin_in_memory("profile", None, again(setting.now, setting.entropy))?;
            device.answer_sheet(&mut interview, &sheet)?;
            let finished = device.finish(&mut interview, setting)?;
            Ok((finished.record, finished.changes))
        });
        saved.unwrap().expect("the device stands")
    }

    /// An invented interview of a case, with the form of the RSS.
    pub(crate) fn interview(&mut self, place: Place, case: RecordId) -> RecordId {
        let saved = self.act(place, |device, setting| {
            let mut answers = Seeded(7);
            let mut interview = device.begin("rss", Some(case), again(setting.now, setting.entropy))?;
            invent::fill(
                device,
                &mut interview,
                Extent::Whole,
                again(setting.now, setting.entropy),
                &mut answers,
            )?;
            let finished = device.finish(&mut interview, setting)?;
            Ok((finished.record, finished.changes))
        });
        saved.unwrap().expect("the device stands")
    }

    /// Begins an interview of a case, answers all of it, and leaves it under way.
    pub(crate) fn begins(&mut self, place: Place, case: RecordId) -> RecordId {
        let begun = self.act(place, |device, setting| {
            let mut answers = Seeded(11);
            let mut interview = device.begin("rss", Some(case), again(setting.now, setting.entropy))?;
            invent::fill(device, &mut interview, Extent::Whole, setting, &mut answers)?;
            Ok((interview.record(), Vec::new()))
        });
        begun.unwrap().expect("the device stands")
    }

    /// Finishes an interview that is under way.
    pub(crate) fn goes_on(&mut self, place: Place, record: RecordId) {
        let finished = self.act(place, |device, setting| {
            let mut interview = device.resume(record, again(setting.now, setting.entropy))?;
            Ok((record, device.finish(&mut interview, setting)?.changes))
        });
        finished.unwrap().expect("the device stands");
    }

    /// Corrects answers of a record.
    pub(crate) fn corrects(&mut self, place: Place, record: RecordId, answers: &Json) {
        let saved = self.act(place, |device, setting| {
            let mut interview = device.edit_in_memory(record, again(setting.now, setting.entropy))?;
            device.answer_sheet(&mut interview, answers)?;
            Ok((record, device.finish(&mut interview, setting)?.changes))
        });
        saved.unwrap().expect("the device stands");
    }

    /// Puts a person of the office in charge of a case.
    pub(crate) fn assigns(&mut self, place: Place, case: RecordId, person: &str, handover: Handover) {
        let (office, person) = (Some("Bureau".to_owned()), Some(person.to_owned()));
        let to = Assignee { region: "SN-KL".into(), office, person };
        let assigned =
            self.act(place, |device, setting| Ok((case, device.assign(case, to, handover, setting)?)));
        assigned.unwrap().expect("the device stands");
    }

    /// Relieves everybody who is in charge of a case.
    pub(crate) fn relieves(&mut self, place: Place, case: RecordId) {
        let relieved = self.act(place, |device, setting| Ok((case, device.relieve(case, None, setting)?)));
        relieved.unwrap().expect("the device stands");
    }

    /// Settles an answer that holds two values.
    pub(crate) fn settles_on(&mut self, place: Place, record: RecordId, question: &str, value: &str) {
        let key = Key::question(question);
        let settled: Result<_, ClientError> = self.act(place, |device, setting| {
            Ok((record, device.settle(record, &key, teranga_core::value::Value::text(value), setting)?))
        });
        settled.unwrap().expect("the device stands");
    }

    pub(crate) fn holds(&self, place: Place) -> &Replica {
        self.replica(place).expect("the machine stands")
    }

    pub(crate) fn tick(&self, place: Place, record: RecordId) -> Tick {
        self.holds(place).tick(record).unwrap()
    }

    /// The values of an answer at some replica: more than one where it is in conflict.
    pub(crate) fn values(&self, place: Place, record: RecordId, question: &str) -> Vec<String> {
        values(&self.holds(place).parts(record).unwrap(), question)
    }

    /// Asserts that these replicas show one value or several of an answer, and hold the same heads of the record.
    pub(crate) fn everybody_shows(&self, record: RecordId, question: &str, expected: &[&str]) {
        let first = self.holds(self.headquarters).parts(record).unwrap();
        assert_eq!(values(&first, question), expected, "at headquarters");
        for place in [self.region, self.awa, self.moussa] {
            assert_eq!(self.holds(place).parts(record).unwrap(), first, "{place:?}");
        }
    }

    /// The changes that a replica has applied or logged, quarantined and waiting ones too.
    pub(crate) fn changes(&self, place: Place) -> BTreeSet<String> {
        self.holds(place).census().unwrap().into_iter().map(|(hash, _)| hash.to_string()).collect()
    }

    /// Asserts the oracles: see `docs/simulation.md`.
    pub(crate) fn ends_well(&mut self) {
        assert_eq!(self.settles().unwrap(), None);
        for place in [self.headquarters, self.region] {
            let counts = self.holds(place).log_counts().unwrap();
            assert_eq!((counts.quarantined, counts.waiting, counts.withheld), (0, 0, 0), "{place:?}");
        }
    }
}

/// The setting once more, for the next part of an act.
fn again(
    now: teranga_core::time::Millis,
    entropy: &mut dyn teranga_core::id::Entropy,
) -> teranga_client::interview::Setting<'_> {
    teranga_client::interview::Setting { now, language: "fr", entropy }
}

fn values(parts: &[PartView], question: &str) -> Vec<String> {
    let key = Key::question(question);
    let conflicts = parts.iter().flat_map(|part| &part.conflicts).filter(|conflict| conflict.key == key);
    let beside = conflicts.flat_map(|conflict| &conflict.values).map(|candidate| &candidate.value);
    let shown = parts.iter().filter_map(|part| part.values.get(&key));
    let all: BTreeSet<String> = beside.chain(shown).map(|value| text(&value.to_json())).collect();
    all.into_iter().collect()
}

fn text(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}
