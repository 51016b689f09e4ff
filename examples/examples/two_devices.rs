//! Two devices and a hub: an interview filled on one device, offline, is on the other after both have synced.

#![expect(clippy::expect_used, reason = "an example shows the way that works")]

use teranga_client::invent::Seeded;
use teranga_examples::{device, hub, invented, sync};

fn main() {
    let folder = tempfile::tempdir().expect("a folder for the replicas");
    let mut seed = Seeded(7);
    let mut hub = hub(&folder.path().join("hub"), &mut seed);
    let mut awa = device(&folder.path().join("awa"), "Awa Exemple", &mut hub, &mut seed);
    let mut moussa = device(&folder.path().join("moussa"), "Moussa Essai", &mut hub, &mut seed);

    // Days without a network.
    let case = invented(&mut awa, "profile", None, &mut seed);
    let survey = invented(&mut awa, "rss", Some(case), &mut seed);
    println!("on Awa's device: {:?}", awa.replica().tick(survey).expect("the replica answers"));

    sync(&mut awa, &mut hub);
    sync(&mut moussa, &mut hub);
    println!("after her sync:  {:?}", awa.replica().tick(survey).expect("the replica answers"));

    let here = awa.replica().parts(survey).expect("the replica answers");
    let there = moussa.replica().parts(survey).expect("the replica answers");
    assert_eq!(here, there);
    println!("Moussa's device holds the same {} parts of it", there.len());
}
