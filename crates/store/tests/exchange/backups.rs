//! What a backup of the home lets go elsewhere: a body goes only once the home's last verified backup covers it, and a home
//! that is put back to that backup gives back what was let go.

use std::path::Path;

use teranga_core::audience::{Agent, Audience, Reach};
use teranga_core::id::RecordId;
use teranga_core::time::Millis;
use teranga_store::seal::{KEYS_FILE, WRAPPING_FILE};
use teranga_store::ticks::Tick;
use teranga_store::{FILE, Replica};
use teranga_sync::feed::{Row, decode};
use teranga_sync::receipt::Assurance;
use teranga_sync::session::{Plan, PushPlan};

use crate::world::*;

/// Later than anything else here.
const LATER: Millis = Millis(NOW.0 + 60_000);

/// Awa may hold nothing any more but what is assigned to her.
fn narrow(world: &mut World) -> Audience {
    let profile = world.awa.profile().clone();
    let agent = Agent { office: profile.office, person: profile.person };
    let less = Audience { reach: Reach::Caseload(agent), ..profile.audience.clone() };
    world.region.regrant(world.awa.id(), less).unwrap().unwrap();
    profile.audience
}

/// An interview of Awa's that everybody holds and calls safe, and that she may hold no more.
fn leaving(seed: u64) -> (World, RecordId, Audience) {
    let mut world = world(seed);
    let record = open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync_all(&mut world);
    edit(&mut world.moussa, record, &[("E02", "rarely")]);
    sync_all(&mut world);
    let everything = narrow(&mut world);
    sync_all(&mut world);
    (world, record, everything)
}

fn is_held(replica: &Replica, record: RecordId) -> bool {
    !replica.parts(record).unwrap().is_empty() && replica.bodies(record).unwrap() > 0
}

/// A hub that was put back: its database from a backup, and the keys beside that.
pub(crate) fn put_back(hub: &Replica, backup: &Path, seed: &mut Seeded) -> (tempfile::TempDir, Replica) {
    let folder = tempfile::tempdir().unwrap();
    for (from, name) in [
        (backup.to_owned(), FILE),
        (backup.with_file_name(KEYS_FILE), KEYS_FILE),
        (hub.folder().join(WRAPPING_FILE), WRAPPING_FILE),
    ] {
        std::fs::copy(from, folder.path().join(name)).unwrap();
    }
    let hub = Replica::open(folder.path(), seed).unwrap();
    (folder, hub)
}

#[test]
fn what_left_stays_until_a_backup_of_the_home_covers_it_and_goes_at_the_next_sync() {
    let (mut world, record, _) = leaving(500);
    assert!(world.awa.is_gone(record).unwrap() && is_held(&world.awa, record));
    assert_eq!(world.awa.tick(record).unwrap(), Tick::Safe, "the home holds it, and that is not enough");
    // A backup of a region is not the home's.
    let backups = tempfile::tempdir().unwrap();
    world.region.back_up(backups.path(), NOW).unwrap();
    assert_eq!(world.region.backed_up().unwrap(), Some(NOW));
    sync_all(&mut world);
    assert!(is_held(&world.awa, record));
    assert_eq!(world.hq.backed_up().unwrap(), None);
    world.hq.back_up(backups.path(), LATER).unwrap();
    assert_eq!(world.hq.backed_up().unwrap(), Some(LATER));
    sync(&mut world.awa, &mut world.region);
    assert!(is_held(&world.awa, record), "the region has not heard of it yet");
    sync(&mut world.region, &mut world.hq);
    sync(&mut world.awa, &mut world.region);
    assert!(!world.awa.is_gone(record).unwrap() && world.awa.parts(record).unwrap().is_empty());
    assert_eq!(world.awa.bodies(record).unwrap(), 0);
    assert!(is_held(&world.region, record) && is_held(&world.moussa, record) && is_held(&world.hq, record));
    assert_eq!(flaws(&world.awa), [""; 0]);
}

#[test]
fn a_backup_speaks_only_of_what_it_holds() {
    let (mut world, record, _) = leaving(501);
    let other = open_record(&mut world.moussa, &mut world.seed, &[("E01", "ok")]);
    world.hq.note_backup(NOW).unwrap();
    // What a colleague wrote of it after the backup is at the home, and in no backup.
    edit(&mut world.moussa, record, &[("E02", "often")]);
    sync(&mut world.moussa, &mut world.region);
    sync(&mut world.region, &mut world.hq);
    sync(&mut world.region, &mut world.hq);
    let everything = Audience::of_region(Some("SN-KL"));
    world.region.regrant(world.awa.id(), everything).unwrap().unwrap();
    sync(&mut world.awa, &mut world.region);
    assert!(is_held(&world.awa, record) && !world.awa.is_gone(record).unwrap());
    narrow(&mut world);
    for _ in 0..2 {
        sync(&mut world.awa, &mut world.region);
    }
    for record in [record, other] {
        assert!(world.awa.is_gone(record).unwrap() && is_held(&world.awa, record));
        assert_eq!(world.awa.tick(record).unwrap(), Tick::Safe);
    }
    world.hq.note_backup(LATER).unwrap();
    sync_all(&mut world);
    assert!(!is_held(&world.awa, record) && !is_held(&world.awa, other));
}

#[test]
fn a_home_that_is_put_back_to_its_backup_gives_back_what_a_device_let_go() {
    let (mut world, record, everything) = leaving(502);
    let backups = tempfile::tempdir().unwrap();
    let file = world.hq.back_up(backups.path(), NOW).unwrap();
    sync_all(&mut world);
    assert!(!is_held(&world.awa, record));
    let whole = world.hq.parts(record).unwrap();
    let (_folder, back) = put_back(&world.hq, &file, &mut world.seed);
    world.hq = back;
    assert_eq!(world.hq.parts(record).unwrap(), whole);
    // The region is lost too, with all that its devices let go; the next one has it from the home.
    let folder = tempfile::tempdir().unwrap();
    let profile = world.region.profile().clone();
    world.region = Replica::create(folder.path(), &profile, &mut world.seed).unwrap();
    enrol(&mut world.hq, &mut world.region, "four");
    sync(&mut world.region, &mut world.hq);
    let mut after = world.awa.profile().clone();
    after.audience = everything;
    world.region.add_enrolment_code("five", &after, LATER).unwrap();
    world.region.enrol("five", &world.awa.public_key(), NOW).unwrap().unwrap();
    let (key, home) = (world.region.public_key(), world.region.home().unwrap());
    let joined = teranga_store::uplink::Joined { key: &key, url: "u", name: "hub", home: home.as_ref() };
    world.awa.join(&joined, after).unwrap();
    sync(&mut world.awa, &mut world.region);
    assert_eq!(world.awa.parts(record).unwrap(), whole);
    // What the home's backup covers is told from its last one on, and not before the next is made.
    assert_eq!(world.hq.backed_up().unwrap(), None);
}

/// A plan that only asks.
pub(crate) fn asking() -> Plan {
    Plan { push: PushPlan::Ask, pull_bytes_max: 1 << 20 }
}

/// The strengths of the receipts in what a hub has for a child that reads its feed from the start.
fn told(hub: &mut Replica, child: &mut Replica) -> Vec<Assurance> {
    let mut request = child.next_request(&asking(), NOW).unwrap().unwrap();
    request.cursor = teranga_sync::feed::Cursor::default();
    let known = hub.child(child.id()).unwrap().unwrap();
    let before = hub.begin_exchange(&request, NOW).unwrap().unwrap();
    let answer = hub.answer(&known, &request, before, NOW).unwrap();
    let rows = decode(&answer.rows, answer.version).unwrap();
    let strength = |row: Row| match row {
        Row::Receipt(receipt) if receipt.origin == child.id() => Some(receipt.assurance),
        _ => None,
    };
    rows.into_iter().filter_map(strength).collect()
}

#[test]
fn a_region_passes_on_what_the_home_backed_up_only_once_its_packs_are_known_to_be_the_homes() {
    let mut world = world(503);
    open_record(&mut world.awa, &mut world.seed, &[("E01", "ok")]);
    sync(&mut world.awa, &mut world.region);
    let backups = tempfile::tempdir().unwrap();
    let file = world.region.back_up(backups.path(), NOW).unwrap();
    sync(&mut world.region, &mut world.hq);
    world.hq.note_backup(NOW).unwrap();
    // Put back to before it sent anything, the region hears of its device's packs before it has offered its own of that name.
    let (_folder, back) = put_back(&world.region, &file, &mut world.seed);
    world.region = back;
    world.region.begin_line().unwrap();
    let request = world.region.next_request(&asking(), NOW).unwrap().unwrap();
    let known = world.hq.child(world.region.id()).unwrap().unwrap();
    let before = world.hq.begin_exchange(&request, NOW).unwrap().unwrap();
    let answer = world.hq.answer(&known, &request, before, NOW).unwrap();
    let of_awa = |row: &Row| matches!(row, Row::Receipt(receipt) if receipt.origin == world.awa.id());
    assert_eq!(decode(&answer.rows, answer.version).unwrap().iter().filter(|row| of_awa(row)).count(), 2);
    world.region.take_answer(&request, &answer, NOW).unwrap();
    assert_eq!(told(&mut world.region, &mut world.awa), []);
    sync(&mut world.region, &mut world.hq);
    assert_eq!(told(&mut world.region, &mut world.awa), Assurance::ALL);
}
