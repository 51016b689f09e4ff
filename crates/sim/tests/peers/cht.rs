//! A sync that says "done" and is not, and other things that CHT, Mapeo and FHIR Core told their users.

use serde_json::json;
use teranga_sim::{Act, Audit, Blow, Builds, Sabotage, Script, Step, Talked, Weather, What, play};
use teranga_store::ticks::Tick;

use crate::stage::Stage;

/// cht-core#8303 (and mapeo-mobile#872 "100 % synced", fhircore#2541 and #2575): "Sync Now" reported success although the
/// replication had failed. Here a session that did not get through says so, whatever broke it; the device still counts
/// what it has to bring, and the record says "here" until an answer of the hub has been heard.
#[test]
fn cht_8303_a_sync_that_failed_is_not_called_done() {
    for weather in [Weather::Gone, Weather::OneWay] {
        let (mut stage, case) = Stage::with_a_case();
        let awa = stage.awa;
        assert_eq!(stage.tick(awa, case), Tick::Safe);
        stage.corrects(awa, case, &json!({ "village": "Thiaré" }));
        let new = stage.case(awa, "Modèle");
        for _ in 0..3 {
            assert!(!matches!(stage.tries(awa, weather), Talked::Whole(_)));
            assert_eq!((stage.tick(awa, case), stage.tick(awa, new)), (Tick::Here, Tick::Here));
            assert!(stage.holds(awa).log_counts().unwrap().unsent > 0);
        }
        stage.syncs(awa);
        assert_eq!((stage.tick(awa, case), stage.tick(awa, new)), (Tick::AtRegion, Tick::AtRegion));
        assert_eq!(stage.holds(awa).log_counts().unwrap().unsent, 0);
        // The region's own session fails: "safe" would be a lie, and "at the region" is not.
        stage.tries(stage.region, weather);
        stage.syncs(awa);
        assert_eq!(stage.tick(awa, new), Tick::AtRegion);
        stage.syncs(stage.region);
        stage.syncs(awa);
        assert_eq!((stage.tick(awa, case), stage.tick(awa, new)), (Tick::Safe, Tick::Safe));
        stage.ends_well();
    }
}

/// The same over links that lose, double and damage what they carry: twenty of them, a device's and its hub's sessions
/// in turn. After each session no tick is ahead of the truth ([`Stage::tries`]), and a session is whole only if the hub
/// holds everything.
#[test]
fn cht_8303_whole_means_that_the_hub_holds_it() {
    let (mut stage, case) = Stage::with_a_case();
    let (awa, region) = (stage.awa, stage.region);
    let mut broken = 0;
    for round in 0..20 {
        stage.corrects(awa, case, &json!({ "village": format!("Village {round}") }));
        if let Talked::Whole(_) = stage.tries(awa, Weather::Rough) {
            assert_eq!(stage.values(region, case, "village"), [format!("Village {round}")]);
            assert_eq!(stage.tick(awa, case), Tick::AtRegion);
        } else {
            broken += 1;
        }
        stage.tries(region, Weather::Rough);
    }
    assert!(broken > 0, "no link broke a session");
    stage.ends_well();
}

/// fhircore#2341: a cursor of timestamps, which are not unique, passed rows over or brought them again. Here nobody's
/// clock says what is new: two devices whose clocks stand at the same wrong hour, and run backwards meanwhile, bring
/// each other everything.
#[test]
fn fhircore_2341_a_clock_that_repeats_itself_hides_nothing() {
    let (mut stage, case) = Stage::with_a_case();
    let (awa, moussa, region) = (stage.awa, stage.moussa, stage.region);
    let mut cases = Vec::new();
    for days in [-20, -20, 700, -40] {
        for place in [awa, moussa, region] {
            stage.set_clock_wrong(place, days);
        }
        cases.push(stage.case(awa, "Modèle"));
        stage.syncs(awa);
        cases.push(stage.case(moussa, "Essai"));
        stage.syncs(moussa);
        stage.corrects(awa, case, &json!({ "village": format!("Village {days}") }));
        stage.all_sync();
    }
    for record in cases {
        stage.everybody_shows(record, "village", &["Ndoffane"]);
    }
    stage.everybody_shows(case, "village", &["Village -40"]);
    stage.ends_well();
}

/// A clinic without the internet asked (DHIS2 community 72679, android-fhir#258) for its own server, so that a patient need
/// not follow one tablet. Here a region that is cut off for a month is whole in itself, both its devices see each other's
/// work within a sync, and all of it goes up in the end.
#[test]
fn dhis2_72679_a_region_works_for_a_month_without_the_internet() {
    let (mut stage, case) = Stage::with_a_case();
    let (awa, moussa, region, headquarters) = (stage.awa, stage.moussa, stage.region, stage.headquarters);
    let mut interviews = Vec::new();
    for day in 0..30 {
        let writer = if day % 2 == 0 { awa } else { moussa };
        interviews.push(stage.interview(writer, case));
        stage.syncs(awa);
        stage.syncs(moussa);
        stage.syncs(awa);
        if day % 7 == 0 {
            stage.tries(region, Weather::Gone);
        }
        stage.wait(1);
    }
    for place in [awa, moussa] {
        assert_eq!(stage.holds(place).records_of_case(case).unwrap().len(), interviews.len());
        assert!(interviews.iter().all(|record| stage.tick(place, *record) == Tick::AtRegion));
    }
    assert!(stage.holds(headquarters).records_of_case(case).unwrap().is_empty());
    stage.ends_well();
    assert_eq!(stage.holds(headquarters).records_of_case(case).unwrap().len(), interviews.len());
    assert!(interviews.iter().all(|record| stage.tick(awa, *record) == Tick::Safe));
}

/// The steps of two devices of one region of which the first runs out of room: a colleague's work is to be fetched,
/// and its own to be brought. Where it gets stuck, a seed says; `fills` says whether it does at all.
fn a_disk_that_fills(seed: u64, fills: bool) -> Script {
    // Machines are headquarters, the hub, and the two devices; whoever syncs is counted from the hub, whoever acts from the
    // first device.
    let [hub, first, second] = [0, 1, 2];
    let sync = |which| (What::Sync(Weather::Fair), which);
    let act = |act, which| (What::Act(act), which);
    let mut steps = vec![act(Act::Case, 0), act(Act::Case, 1)];
    steps.extend([sync(first), sync(second), sync(hub), sync(first), sync(second)]);
    steps.extend([act(Act::Interview, 0); 3]);
    steps.extend([act(Act::Interview, 1); 6]);
    steps.push(sync(second));
    if fills {
        steps.push((What::Blow(Blow::DiskFills), 2));
    }
    for _ in 0..4 {
        steps.extend([sync(first), act(Act::Correct, 0), act(Act::Interview, 0)]);
    }
    steps.extend([sync(hub), sync(first)]);
    let of = |(number, (what, which))| Step { what, which, seed: seed * 1_000 + number };
    let steps = (0..).zip(steps).map(of).collect();
    Script {
        regions: 1,
        devices: 2,
        builds: Builds::Alike,
        audit: Audit::Everything,
        steps,
        ..Script::new(1)
    }
}

/// cht-core#7149: the phone's storage was full, the database went bad in the middle of whatever it did, and the
/// application did not go on; elsewhere the queue of unsent work was cleared to make room. Here a disk fills up at
/// some byte of a sync or of a save: what was saved before stays, what does not fit is not called saved, no tick says
/// more than is true after any session, and the first session with room again ends whole: [`play`] asserts it, with
/// every other oracle.
#[test]
fn cht_core_7149_a_full_disk_loses_nothing_and_ends_with_room() {
    let with_room = play(&a_disk_that_fills(0, false), Sabotage::Nothing);
    assert_eq!((with_room.fault, with_room.done.broken_sessions), (None, 0));
    let (mut stuck, mut refused) = (0, 0);
    for seed in 0..16 {
        let (full, roomy) = (a_disk_that_fills(seed, true), a_disk_that_fills(seed, false));
        let outcome = play(&full, Sabotage::Nothing);
        assert_eq!(outcome.fault, None, "{full}");
        stuck += usize::from(outcome.done.broken_sessions > 0);
        refused += usize::from(outcome.done.changes < play(&roomy, Sabotage::Nothing).done.changes);
    }
    assert!(stuck > 3, "only {stuck} sessions met a full disk");
    assert!(refused > 3, "only {refused} saves met one");
}
