//! A merge conflict and its settlement: two volunteers change the same answer apart; both values are kept and shown
//! with who wrote them, until an ordinary edit settles it everywhere.

#![expect(clippy::expect_used, reason = "an example shows the way that works")]

use teranga_client::Device;
use teranga_client::invent::Seeded;
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::value::Value;
use teranga_examples::{device, hub, invented, setting, sync};

fn main() {
    let folder = tempfile::tempdir().expect("a folder for the replicas");
    let mut seed = Seeded(8);
    let mut hub = hub(&folder.path().join("hub"), &mut seed);
    let mut awa = device(&folder.path().join("awa"), "Awa Exemple", &mut hub, &mut seed);
    let mut moussa = device(&folder.path().join("moussa"), "Moussa Essai", &mut hub, &mut seed);
    let case = invented(&mut awa, "profile", None, &mut seed);
    let survey = invented(&mut awa, "rss", Some(case), &mut seed);
    let answer = Key::question("E01");
    write(&mut awa, survey, &answer, "ok", &mut seed);
    sync(&mut awa, &mut hub);
    sync(&mut moussa, &mut hub);

    write(&mut awa, survey, &answer, "very_satisfied", &mut seed);
    write(&mut moussa, survey, &answer, "dissatisfied", &mut seed);
    sync(&mut awa, &mut hub);
    sync(&mut moussa, &mut hub);
    sync(&mut awa, &mut hub);

    let parts = awa.replica().parts(survey).expect("the replica answers");
    let conflict = parts.iter().flat_map(|part| &part.conflicts).next().expect("both values are kept");
    for candidate in &conflict.values {
        let author = awa.replica().author(candidate.actor).expect("the replica answers").expect("known");
        println!("{}: {} wrote {}", conflict.key, author.person, candidate.value.to_json());
    }
    awa.settle(survey, &answer, Value::text("satisfied"), setting(&mut seed)).expect("settled");
    sync(&mut awa, &mut hub);
    sync(&mut moussa, &mut hub);
    assert!(moussa.replica().records_in_conflict().expect("the replica answers").is_empty());
    println!("settled everywhere");
}

fn write(device: &mut Device, survey: RecordId, answer: &Key, value: &str, seed: &mut Seeded) {
    let mut interview = device.edit(survey, setting(seed)).expect("the survey opens");
    device.answer(&mut interview, answer, Value::text(value)).expect("the answer is taken");
    device.finish(&mut interview, setting(seed)).expect("the survey is whole");
}
