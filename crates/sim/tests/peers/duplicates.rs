//! The same work counted twice, because an answer was lost.

use teranga_sim::{Talked, Weather};

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
