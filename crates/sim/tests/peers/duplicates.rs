//! Work that is sent again because an answer was lost: counted twice elsewhere, or refused once it was changed.

use serde_json::json;
use teranga_sim::{Talked, Weather};
use teranga_store::ticks::Tick;

use crate::stage::Stage;

/// kobocat#470, kpi#5047, central#691: over bad networks a submission was sent again whose answer had been lost, and
/// stood twice; 100,000 entities were doubled after one "504". Here whatever is sent again adds nothing, at any tier: one
/// record, one interview, and the same changes in every log.
#[test]
fn kobocat_470_central_691_what_is_sent_again_is_not_counted_again() {
    let (mut stage, case) = Stage::with_a_case();
    let (awa, region, headquarters) = (stage.awa, stage.region, stage.headquarters);
    for _ in 0..20 {
        stage.interview(awa, case);
    }
    for _ in 0..4 {
        assert!(!matches!(stage.tries(awa, Weather::OneWay), Talked::Whole(_)));
    }
    stage.syncs(awa);
    for _ in 0..4 {
        stage.tries(region, Weather::OneWay);
    }
    stage.ends_well();
    for place in [awa, region, headquarters] {
        assert_eq!(stage.holds(place).records_of_case(case).unwrap().len(), 20);
        assert_eq!(stage.changes(place), stage.changes(awa));
    }
}

/// collect#7356 (and getodk#577, of 2012): whatever broke an upload, it began again at its first byte. Here what a hub has
/// acknowledged does not travel again: over links that break session after session, no more packs are sent again than
/// exchanges failed.
#[test]
fn odk_collect_7356_an_upload_goes_on_where_it_was_cut() {
    let (mut stage, case) = Stage::with_a_case();
    let awa = stage.awa;
    for _ in 0..120 {
        stage.interview(awa, case);
    }
    let mut sessions = 0;
    let mut unsent = stage.holds(awa).log_counts().unwrap().unsent;
    while unsent > 0 {
        sessions += 1;
        assert!(sessions < 50, "it never ends");
        if let Talked::Whole(summary) = stage.tries(awa, Weather::Rough) {
            assert!(summary.packs_again <= summary.failures, "{summary:?}");
        }
        let left = stage.holds(awa).log_counts().unwrap().unsent;
        assert!(left <= unsent, "what was acknowledged is to be sent again");
        unsent = left;
    }
    stage.ends_well();
}

/// collect#5317 (and #4589) and enketo#1405: a send was broken off after the server had taken the form; its author
/// edited it and sent it again under the same identity, and the server refused it for good: it "already exists with
/// this ID, but with different XML". Here the edit is a change of its own: the hub takes it, one interview holds both,
/// and nothing is refused.
#[test]
fn collect_5317_enketo_1405_what_was_edited_after_a_broken_send_is_taken() {
    let (mut stage, case) = Stage::with_a_case();
    let (awa, region) = (stage.awa, stage.region);
    let interview = stage.interview(awa, case);
    let first = stage.device_at(awa).unwrap().values(interview).unwrap();
    assert!(!matches!(stage.tries(awa, Weather::OneWay), Talked::Whole(_)));
    assert!(stage.holds(region).record(interview).unwrap().is_some(), "the hub has taken it");
    assert_eq!(stage.tick(awa, interview), Tick::Here, "and its author does not know");
    stage.corrects(awa, interview, &json!({ "mode": "phone" }));
    let edited = stage.device_at(awa).unwrap().values(interview).unwrap();
    assert_ne!(first, edited);
    stage.syncs(awa);
    let held = stage.holds(region).records_of_case(case).unwrap();
    assert_eq!(held.iter().map(|row| row.record).collect::<Vec<_>>(), [interview]);
    assert_eq!(stage.holds(region).parts(interview).unwrap(), stage.holds(awa).parts(interview).unwrap());
    assert_eq!(stage.changes(region), stage.changes(awa));
    assert_eq!(stage.tick(awa, interview), Tick::AtRegion);
    stage.all_sync();
    stage.everybody_shows(interview, "mode", &["phone"]);
    assert_eq!(stage.device_at(stage.moussa).unwrap().values(interview).unwrap(), edited);
    assert!(stage.holds(region).records_in_conflict().unwrap().is_empty());
    stage.ends_well();
}

/// kpi#5888, which followed the guard against doubles (kpi#5047): a submission that was edited more than once was
/// taken for a double, and its edit refused with a "409". Here one interview is edited ten times, back to what it said
/// before too, and every other edit is sent over a link that loses the answer: the hub takes each of them, and holds
/// one interview.
#[test]
fn kpi_5888_an_edit_of_an_edit_is_not_taken_for_a_double() {
    let (mut stage, case) = Stage::with_a_case();
    let (awa, region) = (stage.awa, stage.region);
    let interview = stage.interview(awa, case);
    stage.all_sync();
    for round in 0..5 {
        for (mode, weather) in [("phone", Weather::OneWay), ("in_person", Weather::Fair)] {
            let before = stage.changes(region).len();
            stage.corrects(awa, interview, &json!({ "mode": mode }));
            let talked = stage.tries(awa, weather);
            assert_eq!(matches!(talked, Talked::Whole(_)), weather == Weather::Fair, "{talked:?}");
            assert_eq!(stage.values(region, interview, "mode"), [mode], "round {round}");
            assert!(stage.changes(region).len() > before, "the hub holds one change more");
        }
        stage.tries(region, if round % 2 == 0 { Weather::OneWay } else { Weather::Fair });
        assert_eq!(stage.holds(region).records_of_case(case).unwrap().len(), 1);
        assert_eq!(stage.tick(awa, interview), Tick::AtRegion);
    }
    stage.all_sync();
    stage.everybody_shows(interview, "mode", &["in_person"]);
    assert_eq!(stage.changes(stage.headquarters), stage.changes(awa));
    stage.ends_well();
}
