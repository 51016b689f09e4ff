//! Where bytes are paid for a day carries so many of files and no more, however many syncs it has.

use teranga_core::time::Millis;
use teranga_store::attachments::Where;
use teranga_store::lane::{Errand, Lane, LaneSummary};
use teranga_store::network::Network;
use teranga_sync::limits;

use crate::world::*;

const TOMORROW: Millis = Millis(NOW.0 + 24 * 3_600 * 1_000);

/// What one sync of Awa's carries of files, as her network is known to cost.
fn sync(world: &mut World, now: Millis, fate: fn() -> Fate) -> LaneSummary {
    let mut lane = Lane::begin(Errand::All, world.awa.files_left(now).unwrap(), 1);
    drop(run_at(now, &mut lane, (&mut world.awa, &mut world.region), |_, _| fate()));
    *lane.summary()
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
    assert_eq!(world.awa.files_left(NOW).unwrap(), Some(most - bytes(&done) - bytes(&again)));
    let next = sync(&mut world, TOMORROW, || Fate::Carried);
    assert!((most - 100_000..=most).contains(&bytes(&next)), "{next:?}");
    world.awa.set_network(Network::Unmetered).unwrap();
    let rest = sync(&mut world, TOMORROW, || Fate::Carried);
    assert!(!rest.used_up && bytes(&rest) > 3_000_000, "{rest:?}");
    world.awa.set_network(Network::default()).unwrap();
    assert_eq!(world.awa.files_left(TOMORROW).unwrap(), Some(most - bytes(&next)), "it cost nothing");
    assert_eq!(lies(&world.awa, &file), Where::AtRegion);
    assert_eq!(world.region.file(&file).unwrap(), Some(photo));
}

#[test]
fn a_network_has_the_bound_that_its_owner_gives_it_and_what_was_lost_on_the_way_is_paid_for_too() {
    let mut world = world(71);
    attached(&mut world, 1_000_000);
    let network = Network::Metered { bytes_a_day: 200_000 };
    world.awa.set_network(network).unwrap();
    assert_eq!(world.awa.network().unwrap(), network);
    let lost = sync(&mut world, NOW, || Fate::Lost);
    assert!(lost.bytes_up > 0 && lost.bytes_down == 0, "{lost:?}");
    assert_eq!(world.awa.files_left(NOW).unwrap(), Some(200_000 - lost.bytes_up));
    let done = sync(&mut world, NOW, || Fate::Carried);
    assert!(done.used_up && bytes(&lost) + bytes(&done) <= 200_000, "{done:?}");
    // Nor does it begin anything of which it could not carry a chunk.
    let more = sync(&mut world, NOW, || Fate::Carried);
    assert_eq!((more.used_up, more.round_trips), (true, 0), "{more:?}");
}
