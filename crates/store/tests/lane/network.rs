//! Where bytes are paid for a day carries so many of files and no more, however many syncs it has.

use teranga_core::time::Millis;
use teranga_store::Replica;
use teranga_store::attachments::Where;
use teranga_store::lane::{Errand, Lane, LaneSummary};
use teranga_store::network::{Allowance, Cost, NetworkName};
use teranga_sync::limits;

use crate::world::*;

const TOMORROW: Millis = Millis(NOW.0 + 24 * 3_600 * 1_000);

/// What one sync of Awa's carries of files over a network, as it is known to cost.
fn sync_over(over: &NetworkName, world: &mut World, now: Millis, fate: fn() -> Fate) -> LaneSummary {
    let allowance = Allowance { over: over.clone(), bytes: left(&world.awa, over, now) };
    let mut lane = Lane::begin(Errand::All, allowance, 1);
    drop(run_at(now, &mut lane, (&mut world.awa, &mut world.region), |_, _| fate()));
    *lane.summary()
}

fn sync(world: &mut World, now: Millis, fate: fn() -> Fate) -> LaneSummary {
    sync_over(&NetworkName::default(), world, now, fate)
}

/// What a network leaves of a day.
fn left(replica: &Replica, over: &NetworkName, now: Millis) -> Option<u64> {
    replica.network(over, now).unwrap().unwrap().left()
}

fn usual_left(world: &World, now: Millis) -> Option<u64> {
    left(&world.awa, &NetworkName::default(), now)
}

fn bytes(done: &LaneSummary) -> u64 {
    done.bytes_up + done.bytes_down
}

#[test]
fn where_bytes_are_paid_for_a_day_carries_five_megabytes_of_files_in_all_its_syncs_and_elsewhere_all() {
    let mut world = world(70);
    let (_, file, photo) = attached(&mut world, 14_000_000);
    let done = sync(&mut world, NOW, || Fate::Carried);
    let most = limits::METERED_BYTES_A_DAY;
    assert!((most - 100_000..=most).contains(&bytes(&done)), "{done:?}");
    assert!(done.used_up && done.files_up == 0, "{done:?}");
    let again = sync(&mut world, NOW, || Fate::Carried);
    assert!(again.used_up && bytes(&done) + bytes(&again) <= most, "{again:?}");
    // Who is opened again has not forgotten it.
    reopen(&mut world.awa, &mut world.seed);
    assert_eq!(usual_left(&world, NOW), Some(most - bytes(&done) - bytes(&again)));
    let next = sync(&mut world, TOMORROW, || Fate::Carried);
    assert!((most - 100_000..=most).contains(&bytes(&next)), "{next:?}");
    world.awa.set_network(&NetworkName::default(), Cost::Unmetered).unwrap();
    let rest = sync(&mut world, TOMORROW, || Fate::Carried);
    assert!(!rest.used_up && bytes(&rest) > 3_000_000, "{rest:?}");
    world.awa.set_network(&NetworkName::default(), Cost::default()).unwrap();
    assert_eq!(usual_left(&world, TOMORROW), Some(most - bytes(&next)), "it cost nothing");
    assert_eq!(lies(&world.awa, &file), Where::AtRegion);
    assert_eq!(world.region.file(&file).unwrap(), Some(photo));
}

#[test]
fn a_network_has_the_bound_that_its_owner_gives_it_and_what_was_lost_on_the_way_is_paid_for_too() {
    let mut world = world(71);
    attached(&mut world, 1_000_000);
    let (usual, cost) = (NetworkName::default(), Cost::Metered { bytes_a_day: 200_000 });
    world.awa.set_network(&usual, cost).unwrap();
    assert_eq!(world.awa.network(&usual, NOW).unwrap().unwrap().cost, cost);
    let lost = sync(&mut world, NOW, || Fate::Lost);
    assert!(lost.bytes_up > 0 && lost.bytes_down == 0, "{lost:?}");
    assert_eq!(usual_left(&world, NOW), Some(200_000 - lost.bytes_up));
    let done = sync(&mut world, NOW, || Fate::Carried);
    assert!(done.used_up && bytes(&lost) + bytes(&done) <= 200_000, "{done:?}");
    // Nor does it begin anything of which it could not carry a chunk.
    let more = sync(&mut world, NOW, || Fate::Carried);
    assert_eq!((more.used_up, more.round_trips), (true, 0), "{more:?}");
}

#[test]
fn each_network_has_a_day_of_its_own_and_one_that_nobody_named_is_not_taken_for_the_usual_one() {
    let mut world = world(72);
    attached(&mut world, 1_000_000);
    let [sim, office] = ["sim", "bureau"].map(NetworkName::new);
    assert_eq!(world.awa.network(&office, NOW).unwrap(), None);
    world.awa.set_network(&sim, Cost::Metered { bytes_a_day: 200_000 }).unwrap();
    world.awa.set_network(&NetworkName::default(), Cost::Metered { bytes_a_day: 300_000 }).unwrap();
    world.awa.set_network(&office, Cost::Unmetered).unwrap();
    let by_sim = sync_over(&sim, &mut world, NOW, || Fate::Carried);
    assert!(by_sim.used_up && bytes(&by_sim) <= 200_000, "{by_sim:?}");
    assert_eq!(left(&world.awa, &sim, NOW), Some(200_000 - bytes(&by_sim)));
    assert_eq!(usual_left(&world, NOW), Some(300_000), "the day of another");
    let usual = sync(&mut world, NOW, || Fate::Carried);
    assert!(usual.used_up && bytes(&usual) > 200_000, "{usual:?}");
    let at_the_office = sync_over(&office, &mut world, NOW, || Fate::Carried);
    assert!(!at_the_office.used_up && at_the_office.files_up == 1, "{at_the_office:?}");
    let known = world.awa.networks(NOW).unwrap();
    let told: Vec<_> = known.iter().map(|one| (one.name.named(), one.spent)).collect();
    assert_eq!(told, [(None, bytes(&usual)), (Some("bureau"), 0), (Some("sim"), bytes(&by_sim))]);
    assert!(world.awa.forget_network(&sim).unwrap() && !world.awa.forget_network(&sim).unwrap());
    assert_eq!(world.awa.network(&sim, NOW).unwrap(), None);
}
