//! Primero warns whoever logs out: what is on the device then is gone.

use serde_json::json;
use teranga_store::ticks::Tick;

use crate::stage::Stage;

/// Primero's own text for somebody who logs out offline: "Any changes you made while offline will be lost". Here a
/// device that its office enrols anew, with a new code, after two months in the field, keeps what it had not sent, an
/// interview under way too; nothing is called more than "here" for it; and all of it arrives with the next session.
#[test]
fn primero_log_out_a_device_that_is_enrolled_anew_keeps_what_it_had_not_sent() {
    let (mut stage, case) = Stage::with_a_case();
    let (awa, moussa, region) = (stage.awa, stage.moussa, stage.region);
    stage.corrects(awa, case, &json!({ "village": "Thiaré" }));
    let new = stage.case(awa, "Modèle");
    let interview = stage.interview(awa, new);
    let under_way = stage.begins(awa, case);
    stage.corrects(moussa, case, &json!({ "given_names": "Aïssatou" }));
    stage.syncs(moussa);
    stage.wait(60);
    let answers = stage.holds(awa).draft_answers(under_way).unwrap();
    let (held, unsent) = (stage.changes(awa), stage.holds(awa).log_counts().unwrap().unsent);
    assert!(unsent > 0 && !answers.is_empty());
    stage.enrol(awa, region).unwrap();
    assert_eq!(stage.changes(awa), held);
    assert!(stage.holds(awa).log_counts().unwrap().unsent >= unsent);
    assert!([case, new, interview].iter().all(|record| stage.tick(awa, *record) == Tick::Here));
    assert_eq!(stage.holds(awa).draft_answers(under_way).unwrap(), answers);
    stage.goes_on(awa, under_way);
    stage.syncs(awa);
    for record in [case, new, interview, under_way] {
        assert_eq!(stage.tick(awa, record), Tick::AtRegion);
        assert_eq!(stage.holds(region).parts(record).unwrap(), stage.holds(awa).parts(record).unwrap());
    }
    stage.all_sync();
    stage.everybody_shows(case, "village", &["Thiaré"]);
    stage.everybody_shows(case, "given_names", &["Aïssatou"]);
    let now = stage.device_at(moussa).unwrap().values(under_way).unwrap();
    assert!(answers.iter().all(|(key, value)| now.get(key) == Some(value)));
    stage.ends_well();
}
