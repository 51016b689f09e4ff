//! The fourth and the fifth loss on Survey Solutions' page "Where is my interview?": an app whose data went with it,
//! or were cleared. Nothing brings back what never left the phone; it must have been called nothing more until then.

use serde_json::json;
use teranga_store::ticks::Tick;
use teranga_sync::version::Spoken;

use crate::builds;
use crate::stage::Stage;

/// 4, "the app has been uninstalled", by people who meant to update it: the new version belonged on top of the old
/// one. Here a new build on top of an old one goes on with everything, what had not been sent too. Where the old one
/// was removed first, what a tick had called more than "here" is on the new installation after one sync, at the
/// author's own hand again; what was not was called "here" until its end.
#[test]
fn survey_solutions_4_an_app_that_was_removed_for_an_update_gets_back_what_a_tick_said_was_brought() {
    for was_removed in [false, true] {
        let (mut stage, case) = Stage::with_a_case();
        let (awa, region) = (stage.awa, stage.region);
        stage.run(awa, builds::BEFORE);
        let brought = stage.interview(awa, case);
        stage.syncs(awa);
        let unsent = stage.interview(awa, case);
        assert_eq!((stage.tick(awa, brought), stage.tick(awa, unsent)), (Tick::AtRegion, Tick::Here));
        let there = stage.holds(awa).parts(brought).unwrap();
        if was_removed {
            assert!(stage.lose(awa).unwrap());
            assert!(stage.holds(awa).records().unwrap().is_empty());
        }
        stage.run(awa, Spoken::BUILD);
        stage.syncs(awa);
        assert_eq!(stage.holds(awa).parts(brought).unwrap(), there);
        for place in [awa, region] {
            assert_eq!(stage.holds(place).record(unsent).unwrap().is_some(), !was_removed, "{place:?}");
        }
        stage.corrects(awa, brought, &json!({ "mode": "phone" }));
        stage.all_sync();
        stage.everybody_shows(brought, "mode", &["phone"]);
        stage.ends_well();
    }
}

/// 5, "the app's data cleared": the app stays, and seems to be as it was before its first interview. Here its owner
/// may go on at once, before any sync, and clear it again weeks later: it counts its packs from the beginning each
/// time, and yet nothing of it is taken for what was brought before. What a tick had called more than "here" comes
/// back beside it.
#[test]
fn survey_solutions_5_a_phone_whose_data_were_cleared_goes_on_beside_what_it_had_brought() {
    let (mut stage, case) = Stage::with_a_case();
    let (awa, region, headquarters) = (stage.awa, stage.region, stage.headquarters);
    let mut brought = Vec::new();
    for _ in 0..3 {
        brought.push(stage.interview(awa, case));
        stage.syncs(awa);
        let forgotten = stage.case(awa, "Oubli");
        assert!(brought.iter().all(|record| stage.tick(awa, *record) != Tick::Here));
        assert_eq!(stage.tick(awa, forgotten), Tick::Here);
        let key = stage.holds(awa).id();
        assert!(stage.lose(awa).unwrap());
        assert!(stage.holds(awa).records().unwrap().is_empty());
        assert_ne!(stage.holds(awa).id(), key);
        let meanwhile = stage.case(awa, "Modèle");
        assert_eq!(stage.tick(awa, meanwhile), Tick::Here);
        stage.syncs(awa);
        brought.push(meanwhile);
        for record in brought.iter().chain([&case]) {
            let there = stage.holds(region).parts(*record).unwrap();
            assert!(!there.is_empty());
            assert_eq!(stage.holds(awa).parts(*record).unwrap(), there);
        }
        assert!(stage.holds(region).record(forgotten).unwrap().is_none());
        stage.wait(20);
    }
    assert_eq!(stage.holds(region).records().unwrap().len(), brought.len() + 1);
    stage.ends_well();
    assert!(brought.iter().all(|record| stage.tick(awa, *record) == Tick::Safe));
    assert_eq!(stage.changes(headquarters), stage.changes(awa));
}
