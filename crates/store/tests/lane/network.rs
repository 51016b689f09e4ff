//! Where bytes are paid for a sync carries so many of files and no more.

use teranga_store::attachments::{Network, Where};
use teranga_store::lane::{Errand, Lane, LaneSummary};

use crate::world::*;

/// What one sync of Awa's carries of files, as her network is known to cost.
fn sync(world: &mut World) -> LaneSummary {
    let budget = world.awa.network().unwrap().budget();
    let mut lane = Lane::begin(Errand::All, budget, 5);
    run(&mut lane, &mut world.awa, &mut world.region, |_, _| Fate::Carried).unwrap().unwrap();
    *lane.summary()
}

#[test]
fn where_bytes_are_paid_for_a_sync_carries_two_megabytes_of_files_and_elsewhere_all() {
    let mut world = world(70);
    let (_, file, photo) = attached(&mut world, 7_000_000);
    // Nobody said what the network costs, and then somebody did.
    for network in [None, Some(Network::Metered)] {
        if let Some(network) = network {
            world.awa.set_network(network).unwrap();
        }
        let done = sync(&mut world);
        let bytes = done.bytes_up + done.bytes_down;
        assert!((1_900_000..=2_000_000).contains(&bytes), "{done:?}");
        assert!(done.used_up && done.files_up == 0, "{done:?}");
    }
    world.awa.set_network(Network::Unmetered).unwrap();
    let done = sync(&mut world);
    assert!(!done.used_up && done.bytes_up > 3_000_000, "{done:?}");
    assert_eq!(lies(&world.awa, &file), Where::AtRegion);
    assert_eq!(world.region.file(&file).unwrap(), Some(photo));
}
