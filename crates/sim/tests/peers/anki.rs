//! Anki syncs in several steps, the last of which may never come.

use serde_json::json;
use teranga_core::id::RecordId;
use teranga_sim::{Place, Talked, Weather};
use teranga_store::ticks::Tick;

use crate::stage::Stage;

/// Work on both sides of a session: a case and a correction to bring, and a case to fetch.
fn work(stage: &mut Stage, case: RecordId) -> [RecordId; 2] {
    let (awa, moussa) = (stage.awa, stage.moussa);
    let theirs = stage.case(moussa, "Essai");
    stage.syncs(moussa);
    stage.corrects(awa, case, &json!({ "village": "Thiaré" }));
    [stage.case(awa, "Modèle"), theirs]
}

/// AnkiDroid#4512: a sync that was interrupted left the server half-done, until it gave up waiting; "finish" was called for
/// what had never started, and the counters no longer agreed: the way out was a full sync in one direction, which drops
/// a side. Here the power fails at each write of a session, on the device's disk or on the hub's: the hub serves others
/// at once, and the next session ends whole, with both sides' work and nothing twice.
#[test]
fn ankidroid_4512_a_session_that_breaks_anywhere_leaves_nothing_half_done() {
    breaks_anywhere(|stage| stage.awa);
}

#[test]
fn ankidroid_4512_nor_one_that_breaks_at_the_hub() {
    breaks_anywhere(|stage| stage.region);
}

/// Plays a session in which the power fails there, at every write in turn, until there are no more of them.
fn breaks_anywhere(fails: impl Fn(&Stage) -> Place) {
    let (mut failures, mut whole_in_a_row) = (0, 0);
    for writes in 0.. {
        let (mut stage, case) = Stage::with_a_case();
        let (awa, moussa, region, fails) = (stage.awa, stage.moussa, stage.region, fails(&stage));
        let [own, theirs] = work(&mut stage, case);
        stage.power_fails_in(fails, writes);
        let talked = stage.tries(awa, Weather::Fair);
        let is_whole = matches!(talked, Talked::Whole(summary) if summary.failures == 0);
        failures += usize::from(!is_whole);
        whole_in_a_row = if is_whole { whole_in_a_row + 1 } else { 0 };
        stage.power_is_back(fails);
        // Nobody has to wait for the one that was interrupted.
        stage.syncs(moussa);
        stage.syncs(awa);
        assert!(stage.holds(awa).record(theirs).unwrap().is_some());
        assert_eq!(stage.values(region, own, "family_name"), ["Modèle"]);
        assert_eq!(stage.values(region, case, "village"), ["Thiaré"]);
        assert_eq!(stage.tick(awa, own), Tick::AtRegion);
        stage.syncs(moussa);
        assert_eq!(stage.changes(moussa), stage.changes(awa));
        stage.ends_well();
        if whole_in_a_row == 3 {
            break;
        }
    }
    assert!(failures > 50, "only {failures} sessions met a failure");
}

/// AnkiDroid#4366, #6048 and #6361: what had been sent was marked as sent before the server had said that it holds it; the
/// sync timed out, and those cards were never sent again. Here what was sent is offered again until a signed answer
/// has acknowledged it, and a hub that held it already says so and holds it once.
#[test]
fn ankidroid_6361_what_was_sent_is_not_what_has_arrived() {
    for weather in [Weather::OneWay, Weather::Gone] {
        let (mut stage, case) = Stage::with_a_case();
        let (awa, region) = (stage.awa, stage.region);
        stage.corrects(awa, case, &json!({ "village": "Thiaré" }));
        stage.tries(awa, weather);
        let arrived = stage.values(region, case, "village") == ["Thiaré"];
        assert_eq!(arrived, weather == Weather::OneWay);
        assert_eq!(stage.tick(awa, case), Tick::Here);
        stage.syncs(awa);
        assert_eq!(stage.values(region, case, "village"), ["Thiaré"]);
        assert_eq!(stage.tick(awa, case), Tick::AtRegion);
        assert_eq!(stage.changes(region), stage.changes(awa));
        stage.ends_well();
    }
}
