//! Cases that one region lends another and takes back: what was begun there comes later, and is taken, marked, and held where
//! it may be. What leaves a hub is in nobody's charge there any more, though its envelope still says so.

use teranga_core::audience::{Agent, Audience, Reach};
use teranga_core::class::ClassId;
use teranga_core::id::{EventId, RecordId, Salt};
use teranga_core::record::{Assignee, Envelope, Event, EventKind};
use teranga_core::time::Millis;
use teranga_store::save::PartEdit;
use teranga_store::ticks::Tick;
use teranga_store::{Profile, Replica};
use teranga_sync::introduction::ReplicaKind;

use crate::backups::asking;
use crate::grants::{assign, event};
use crate::world::*;

const THERE: &str = "SN-TC";

/// A case of Awa's that Binta of another region is in charge of too: Binta holds her caseload, Ndeye everything of her region.
pub(crate) struct Lent {
    pub(crate) world: World,
    pub(crate) there: Replica,
    binta: Replica,
    pub(crate) ndeye: Replica,
    pub(crate) case: RecordId,
    assigned: EventId,
    _dir: tempfile::TempDir,
}

fn caseload() -> Profile {
    let agent = Agent { office: "BAOS".into(), person: "Binta".into() };
    let audience = Audience { reach: Reach::Caseload(agent), ..Audience::of_region(Some(THERE)) };
    Profile { kind: ReplicaKind::Device, person: "Binta".into(), office: "BAOS".into(), audience }
}

impl Lent {
    pub(crate) fn new(seed: u64) -> Self {
        let mut world = world(seed);
        let dir = tempfile::tempdir().unwrap();
        let mut make = |name: &str, profile: Profile| {
            Replica::create(&dir.path().join(name), &profile, &mut world.seed).unwrap()
        };
        let mut there = make("hub", profile(ReplicaKind::Hub, "tamba", Some(THERE)));
        let mut binta = make("binta", caseload());
        let mut ndeye = make("ndeye", profile(ReplicaKind::Device, "ndeye", Some(THERE)));
        enrol(&mut world.hq, &mut there, "six");
        enrol(&mut there, &mut binta, "seven");
        enrol(&mut there, &mut ndeye, "eight");
        let case = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
        let to = Assignee { region: THERE.into(), office: Some("BAOS".into()), person: Some("Binta".into()) };
        let assigned = assign(&mut world.awa, &mut world.seed, case, to);
        let mut lent = Self { world, there, binta, ndeye, case, assigned, _dir: dir };
        lent.home();
        lent.away();
        assert!(is_held(&lent.binta, case) && is_held(&lent.there, case));
        lent
    }

    /// Awa's region and headquarters.
    fn home(&mut self) {
        sync_all(&mut self.world);
    }

    /// The other region's hub, and its devices.
    pub(crate) fn away(&mut self) {
        for _ in 0..2 {
            sync(&mut self.there, &mut self.world.hq);
            sync(&mut self.binta, &mut self.there);
            sync(&mut self.ndeye, &mut self.there);
        }
        sync(&mut self.there, &mut self.world.hq);
    }

    pub(crate) fn taken_back(&mut self) {
        event(
            &mut self.world.awa,
            &mut self.world.seed,
            self.case,
            EventKind::Relieved { assigned: self.assigned },
        );
        self.home();
        sync(&mut self.there, &mut self.world.hq);
    }

    /// Headquarters makes a backup, and the other region's hub hears of it.
    fn backed_up(&mut self) {
        self.world.hq.note_backup(NOW).unwrap();
        sync(&mut self.there, &mut self.world.hq);
    }
}

fn is_held(replica: &Replica, record: RecordId) -> bool {
    !replica.parts(record).unwrap().is_empty() && replica.bodies(record).unwrap() > 0
}

fn assessment(on: &mut Replica, seed: &mut Seeded, case: RecordId) -> RecordId {
    let record = RecordId::generate(NOW, seed);
    let submitted = Event { at: NOW, kind: EventKind::Submitted };
    let envelope = Envelope {
        form: "rss@1".into(),
        case: Some(case),
        wave: None,
        region: THERE.into(),
        events: [(EventId::generate(NOW, seed), submitted)].into(),
    };
    let open = PartEdit { class: ClassId::new("open"), edits: envelope.write() };
    let survey = PartEdit { class: ClassId::new("survey"), edits: texts(&[("E01", "begun in time")]) };
    save(on, record, Salt([7; 16]), vec![open, survey]);
    record
}

/// Why a hub marked what it took of a record.
fn marks(hub: &Replica, record: RecordId) -> Vec<String> {
    let aside = hub.aside().unwrap().into_iter().filter(|aside| aside.record == record);
    aside.filter_map(|aside| aside.reason).collect()
}

#[test]
fn an_assessment_of_a_case_that_was_let_go_meanwhile_is_taken_and_marked() {
    let mut lent = Lent::new(170);
    let record = assessment(&mut lent.binta, &mut lent.world.seed, lent.case);
    lent.taken_back();
    lent.backed_up();
    assert!(!is_held(&lent.there, lent.case), "the hub has let the case go");
    lent.away();
    assert_eq!(marks(&lent.there, record), ["after-reassignment"]);
    assert_eq!(lent.there.parts(record).unwrap(), lent.world.hq.parts(record).unwrap());
    assert_eq!(lent.there.parts(record).unwrap().len(), 2);
    lent.backed_up();
    lent.away();
    assert!(
        !is_held(&lent.binta, record) && !is_held(&lent.binta, lent.case),
        "nothing of it is hers any more"
    );
}

#[test]
fn nobody_there_is_given_what_comes_of_a_case_that_is_about_to_go() {
    let mut lent = Lent::new(171);
    let record = assessment(&mut lent.ndeye, &mut lent.world.seed, lent.case);
    lent.taken_back();
    assert!(is_held(&lent.there, lent.case) && lent.there.is_gone(lent.case).unwrap());
    sync(&mut lent.ndeye, &mut lent.there);
    sync(&mut lent.binta, &mut lent.there);
    assert!(is_held(&lent.there, record) && !is_held(&lent.binta, record));
    // Nor is who comes to work there meanwhile given the case.
    let dir = tempfile::tempdir().unwrap();
    let there = profile(ReplicaKind::Device, "khady", Some(THERE));
    let mut khady = Replica::create(dir.path(), &there, &mut lent.world.seed).unwrap();
    enrol(&mut lent.there, &mut khady, "nine");
    sync(&mut khady, &mut lent.there);
    assert!(is_held(&khady, record) && !is_held(&khady, lent.case));
}

#[test]
fn what_is_written_of_a_case_that_was_let_go_reaches_headquarters_and_goes_again() {
    let mut lent = Lent::new(172);
    event(&mut lent.binta, &mut lent.world.seed, lent.case, EventKind::Submitted);
    lent.taken_back();
    lent.backed_up();
    lent.away();
    lent.home();
    assert_eq!(marks(&lent.world.hq, lent.case), ["after-reassignment"]);
    assert_eq!(lent.world.awa.parts(lent.case).unwrap(), lent.world.hq.parts(lent.case).unwrap());
    for _ in 0..2 {
        lent.backed_up();
        lent.away();
    }
    assert_eq!((lent.there.bodies(lent.case).unwrap(), lent.binta.bodies(lent.case).unwrap()), (0, 0));
}

#[test]
fn a_hub_that_came_after_the_case_had_left_believes_its_own_people() {
    let mut lent = Lent::new(173);
    let record = assessment(&mut lent.binta, &mut lent.world.seed, lent.case);
    lent.taken_back();
    let dir = tempfile::tempdir().unwrap();
    let other = profile(ReplicaKind::Hub, "goudiry", Some(THERE));
    lent.there = Replica::create(dir.path(), &other, &mut lent.world.seed).unwrap();
    enrol(&mut lent.world.hq, &mut lent.there, "ten");
    enrol(&mut lent.there, &mut lent.binta, "eleven");
    enrol(&mut lent.there, &mut lent.ndeye, "twelve");
    lent.away();
    lent.away();
    assert_eq!(marks(&lent.there, record), ["after-reassignment"]);
    assert_eq!(lent.there.parts(record).unwrap(), lent.world.hq.parts(record).unwrap());
    assert!(matches!(lent.binta.tick(record).unwrap(), Tick::Safe), "{:?}", lent.binta.tick(record));
    assert!(lent.there.bodies(lent.case).unwrap() > 0, "no backup has it yet, as far as is known here");
    for _ in 0..2 {
        lent.backed_up();
        lent.away();
    }
    assert_eq!(lent.there.bodies(lent.case).unwrap(), 0, "what Binta brought of the case went again");
}

/// A regional hub may hear how far headquarters has somebody's work before it hears who that is: the answer that said so was lost, and
/// what they wrote had left by the next. Whoever of the region hears of them then is told of that too, and can let their work go.
#[test]
fn what_headquarters_has_of_somebody_is_told_again_once_they_are_known() {
    let mut lent = Lent::new(174);
    let world = &mut lent.world;
    // Moussa's case, which Awa lends.
    let case = open_record(&mut world.moussa, &mut world.seed, &[("E01", "ok")]);
    let to = Assignee { region: THERE.into(), office: None, person: None };
    let lend = |lent: &mut Lent| {
        let assigned = assign(&mut lent.world.awa, &mut lent.world.seed, case, to.clone());
        lent.home();
        assigned
    };
    let take_back = |lent: &mut Lent, assigned| {
        event(&mut lent.world.awa, &mut lent.world.seed, case, EventKind::Relieved { assigned });
        lent.home();
    };
    lent.home();
    let assigned = lend(&mut lent);
    let request = lent.there.next_request(&asking(), NOW).unwrap().unwrap();
    let known = lent.world.hq.child(lent.there.id()).unwrap().unwrap();
    let before = lent.world.hq.begin_exchange(&request, NOW).unwrap().unwrap();
    drop(lent.world.hq.answer(&known, &request, before, NOW).unwrap());
    take_back(&mut lent, assigned);
    lent.backed_up();
    lent.away();
    assert!(!is_held(&lent.there, case));

    // Moussa comes to work there, and the case is lent once more.
    lent.there
        .add_enrolment_code(
            "thirteen",
            &profile(ReplicaKind::Device, "moussa", Some(THERE)),
            Millis(NOW.0 + 1),
        )
        .unwrap();
    assert!(lent.there.enrol("thirteen", &lent.world.moussa.public_key(), NOW).unwrap().is_some());
    let assigned = lend(&mut lent);
    lent.away();
    assert!(is_held(&lent.ndeye, case));
    take_back(&mut lent, assigned);
    lent.away();
    lent.backed_up();
    lent.away();
    assert!(!is_held(&lent.there, case) && !is_held(&lent.ndeye, case));
}
