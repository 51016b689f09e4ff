//! A pull into a CSV: the scores of every survey, as headquarters' analysts get them, and nobody's name.

#![expect(clippy::expect_used, reason = "an example shows the way that works")]

use serde_json::Value as Json;
use teranga_client::invent::Seeded;
use teranga_examples::{device, hub, invented, sync};
use teranga_office::consolidate::Since;
use teranga_store::children::PullGrant;

fn main() {
    let folder = tempfile::tempdir().expect("a folder for the replicas");
    let mut seed = Seeded(9);
    let mut hub = hub(&folder.path().join("hub"), &mut seed);
    let mut awa = device(&folder.path().join("awa"), "Awa Exemple", &mut hub, &mut seed);
    for _ in 0..5 {
        let case = invented(&mut awa, "profile", None, &mut seed);
        invented(&mut awa, "rss", Some(case), &mut seed);
    }
    sync(&mut awa, &mut hub);

    let grant = PullGrant { name: "analyst".into(), classes: vec!["open".into(), "survey".into()] };
    hub.replica_mut().add_pull_token("token", &grant).expect("the token is kept");
    let page = hub.pull("token", Since::default()).expect("the token may pull");
    let page: Json = serde_json::from_slice(&page).expect("a page is JSON");

    let mut csv = csv::Writer::from_writer(std::io::stdout());
    csv.write_record(["case", "wave", "score", "value", "scheme"]).expect("stdout takes it");
    let records = page.get("records").and_then(Json::as_array).cloned().unwrap_or_default();
    let text = |json: &Json, name: &str| json.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    for record in records.iter().filter(|record| record.get("scores").is_some_and(Json::is_object)) {
        let scores = record.get("scores").cloned().unwrap_or_default();
        for score in scores.get("scores").and_then(Json::as_array).into_iter().flatten() {
            let row = [text(record, "case"), text(record, "wave"), text(score, "name"), text(score, "value")];
            csv.write_record(row.into_iter().chain([text(&scores, "scheme")])).expect("stdout takes it");
        }
    }
}
