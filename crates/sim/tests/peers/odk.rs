//! ODK Central numbers the versions of an entity as they arrive, and has to guess what was written before what.

use serde_json::json;
use teranga_core::id::RecordId;
use teranga_sim::{Place, Weather};
use teranga_store::ticks::Tick;

use crate::stage::Stage;

/// central#669: updates of an offline run that arrived before those they build on broke the entity, were lost, or were
/// forced in after five days. Here whoever brings the later one has the earlier too, and brings it as a witness where the
/// hub lacks it; what its author sends after a month takes that place, and nobody is shown a conflict that was none.
#[test]
fn odk_central_669_what_arrives_before_what_it_builds_on_brings_that_along() {
    let mut stage = Stage::new();
    let (awa, moussa, region, headquarters) = (stage.awa, stage.moussa, stage.region, stage.headquarters);
    let case = stage.case(awa, "Exemple");
    stage.syncs(awa);
    stage.syncs(moussa);
    stage.corrects(moussa, case, &json!({ "village": "Thiaré" }));
    stage.corrects(moussa, case, &json!({ "village": "Koungheul" }));
    // Moussa travels to headquarters; the region, which has the case, is cut off for a month.
    stage.enrol(moussa, headquarters).unwrap();
    stage.syncs(moussa);
    assert_eq!(stage.holds(headquarters).log_counts().unwrap().waiting, 0);
    assert_eq!(stage.values(headquarters, case, "village"), ["Koungheul"]);
    let of_awa = stage.holds(headquarters).witnessed().unwrap();
    assert!(of_awa > 0);
    stage.wait(30);
    stage.syncs(region);
    assert_eq!(stage.holds(headquarters).witnessed().unwrap(), 0);
    stage.syncs(awa);
    stage.syncs(moussa);
    stage.everybody_shows(case, "village", &["Koungheul"]);
    assert!(stage.holds(headquarters).records_in_conflict().unwrap().is_empty());
    stage.ends_well();
}

/// central#669 again, with the run of one author: two bundles of it are on sticks, and the later one is there first. A bundle
/// holds everything that the hub has not acknowledged, so the later one brings the earlier update along, and the earlier
/// bundle, a month later, changes nothing.
#[test]
fn odk_central_669_the_later_of_two_bundles_may_come_first() {
    let (mut stage, case) = Stage::with_a_case();
    let (awa, region) = (stage.awa, stage.region);
    stage.corrects(awa, case, &json!({ "family_name": "Modèle", "village": "Thiaré" }));
    let earlier = stage.bundle(awa).unwrap().unwrap();
    stage.corrects(awa, case, &json!({ "village": "Koungheul" }));
    let later = stage.bundle(awa).unwrap().unwrap();
    let mut changes = None;
    for stick in [later, earlier] {
        assert!(stage.hand(region, &stick).unwrap().is_some(), "it was not taken");
        assert_eq!(stage.values(region, case, "family_name"), ["Modèle"]);
        assert_eq!(stage.values(region, case, "village"), ["Koungheul"]);
        assert_eq!(stage.holds(region).log_counts().unwrap().waiting, 0);
        let held = stage.changes(region);
        assert_eq!(*changes.get_or_insert_with(|| held.clone()), held);
        stage.wait(30);
    }
    assert!(stage.holds(region).records_in_conflict().unwrap().is_empty());
    stage.all_sync();
    stage.everybody_shows(case, "village", &["Koungheul"]);
    stage.ends_well();
}

/// central#669 once more, with what nothing can bring along: a colleague's correction is on a stick, and the hub has
/// been put back to before the case. Here the correction is held, without a guess and however long it takes, shown to
/// nobody, and in its place as soon as the case is there again; the hub above holds it as long.
#[test]
fn odk_central_669_what_comes_before_what_it_builds_on_is_held_until_that_comes() {
    let mut stage = Stage::new();
    let (awa, moussa, region, headquarters) = (stage.awa, stage.moussa, stage.region, stage.headquarters);
    stage.back_up(region).unwrap();
    let case = stage.case(awa, "Exemple");
    stage.syncs(awa);
    stage.syncs(moussa);
    stage.corrects(moussa, case, &json!({ "village": "Thiaré" }));
    let stick = stage.bundle(moussa).unwrap().unwrap();
    assert!(stage.restore(region).unwrap());
    let waiting = |stage: &Stage, place| stage.holds(place).log_counts().unwrap().waiting;
    assert_eq!(waiting(&stage, region), 0);
    assert!(stage.hand(region, &stick).unwrap().is_some(), "it was not taken");
    for _ in 0..2 {
        assert!(waiting(&stage, region) > 0);
        assert!(stage.values(region, case, "village").is_empty());
        stage.syncs(region);
        assert!(waiting(&stage, headquarters) > 0, "it is held above too");
        assert!(stage.values(headquarters, case, "village").is_empty());
        stage.wait(30);
    }
    stage.syncs(awa);
    assert_eq!(waiting(&stage, region), 0);
    assert_eq!(stage.values(region, case, "village"), ["Thiaré"]);
    stage.all_sync();
    stage.everybody_shows(case, "village", &["Thiaré"]);
    assert!(stage.holds(headquarters).records_in_conflict().unwrap().is_empty());
    stage.ends_well();
}

/// An offline run of two corrections of different answers on one device, and one correction of the second answer on
/// another, whoever syncs first.
fn a_run_and_an_update_between(case: RecordId, stage: &mut Stage, order: [Place; 2]) {
    let (awa, moussa) = (stage.awa, stage.moussa);
    stage.corrects(awa, case, &json!({ "family_name": "Modèle" }));
    stage.corrects(awa, case, &json!({ "village": "Thiaré" }));
    stage.corrects(moussa, case, &json!({ "village": "Koungheul" }));
    for place in order {
        stage.syncs(place);
    }
    stage.all_sync();
}

/// central#698: of an offline run of two updates the second contradicted one that was made in between, and was not marked,
/// because the version before it was its own. Here exactly the answer that two people wrote apart holds two values, and
/// the other one does not, whoever syncs first.
#[test]
fn odk_central_698_only_what_two_people_wrote_apart_is_a_conflict() {
    for awa_first in [true, false] {
        let (mut stage, case) = Stage::with_a_case();
        let order = if awa_first { [stage.awa, stage.moussa] } else { [stage.moussa, stage.awa] };
        a_run_and_an_update_between(case, &mut stage, order);
        stage.everybody_shows(case, "family_name", &["Modèle"]);
        stage.everybody_shows(case, "village", &["Koungheul", "Thiaré"]);
        stage.ends_well();
    }
}

/// central#805 (after #702, #698 and #815): with three rules for what is a conflict one more case was found that they
/// miss, where the runs of two devices interleave on the server. Here what was before whose eyes travels with each
/// change, so that runs may interleave as they like: every order of three arrivals shows the same.
#[test]
fn odk_central_805_runs_that_interleave_are_judged_by_what_their_authors_saw() {
    for moussas_place in 0..3 {
        let (mut stage, case) = Stage::with_a_case();
        let mut run = vec![(stage.awa, "Thiaré"), (stage.awa, "Kahone")];
        run.insert(moussas_place, (stage.moussa, "Koungheul"));
        for (place, village) in run {
            stage.corrects(place, case, &json!({ "village": village, "family_name": "Essai" }));
            // The hub has it; the answer is lost, so that nobody's next update sees the other's.
            stage.tries(place, Weather::OneWay);
        }
        stage.all_sync();
        stage.everybody_shows(case, "village", &["Kahone", "Koungheul"]);
        // Both wrote the same: that is agreement.
        stage.everybody_shows(case, "family_name", &["Essai"]);
        stage.ends_well();
    }
}

/// central#815: an entity that its update had made, because the registration came later, was marked as in conflict,
/// and the table of the conflict said "there are no conflicts to show". Here nothing is marked without its values: at
/// every step and on every replica a record is among those in conflict exactly where both values can be read.
#[test]
fn odk_central_815_what_is_marked_as_a_conflict_can_be_read() {
    let mut stage = Stage::new();
    let (awa, moussa, region, headquarters) = (stage.awa, stage.moussa, stage.region, stage.headquarters);
    let case = stage.case(awa, "Exemple");
    stage.syncs(awa);
    stage.syncs(moussa);
    stage.corrects(moussa, case, &json!({ "village": "Koungheul" }));
    stage.corrects(awa, case, &json!({ "village": "Thiaré" }));
    // Moussa's update is at headquarters before the registration.
    stage.enrol(moussa, headquarters).unwrap();
    let mut seen = 0;
    for place in [moussa, awa, region, awa, moussa] {
        stage.syncs(place);
        for place in [headquarters, region, awa, moussa] {
            let is_marked = stage.holds(place).records_in_conflict().unwrap().contains(&case);
            let values = stage.values(place, case, "village");
            assert_eq!(is_marked, values == ["Koungheul", "Thiaré"], "{place:?} shows {values:?}");
            seen += usize::from(is_marked);
        }
    }
    assert!(seen > 0, "nobody met a conflict");
    stage.everybody_shows(case, "village", &["Koungheul", "Thiaré"]);
    stage.ends_well();
}

/// central-backend#1187 (the rule of #698, on which #805 and #815 follow): an entity whose conflict had been resolved
/// was not marked again when a third author's update came, which had been written before. Here a settlement answers
/// what its author saw: that stays settled, and the third value, of which they knew nothing, is a conflict of its own.
#[test]
fn odk_central_backend_1187_what_was_settled_stays_so_and_a_third_value_is_a_conflict_of_its_own() {
    for (settled, fatou_is_there_before) in [("Thiaré", false), ("Koungheul", true), ("Gossas", false)] {
        let (mut stage, case) = Stage::with_a_case();
        let (awa, moussa, region) = (stage.awa, stage.moussa, stage.region);
        let fatou = stage.another_device("Fatou", "SN-KL", region).unwrap();
        stage.enrol(fatou, region).unwrap();
        stage.syncs(fatou);
        for (place, village) in [(awa, "Thiaré"), (moussa, "Koungheul"), (fatou, "Kahone")] {
            stage.corrects(place, case, &json!({ "village": village }));
        }
        for place in [awa, moussa, awa] {
            stage.syncs(place);
        }
        stage.settles_on(awa, case, "village", settled);
        for place in if fatou_is_there_before { [fatou, awa] } else { [awa, fatou] } {
            stage.syncs(place);
        }
        stage.all_sync();
        stage.syncs(fatou);
        let mut both = ["Kahone", settled];
        both.sort_unstable();
        stage.everybody_shows(case, "village", &both);
        assert_eq!(stage.holds(fatou).records_in_conflict().unwrap(), [case]);
        stage.settles_on(fatou, case, "village", "Kahone");
        stage.syncs(fatou);
        stage.all_sync();
        stage.everybody_shows(case, "village", &["Kahone"]);
        assert!(stage.holds(stage.headquarters).records_in_conflict().unwrap().is_empty());
        stage.ends_well();
    }
}

/// ODK's documentation: editing a submission changes the submission, and not the entity that was made from it. Here a
/// case is its record: correcting it corrects it for whoever holds it, and an interview that was entered on the wrong
/// case is moved, and lies under the right one on every device, with its answers and without a second copy.
#[test]
fn odk_docs_an_interview_on_the_wrong_case_is_moved_for_everybody() {
    let (mut stage, wrong) = Stage::with_a_case();
    let (awa, moussa) = (stage.awa, stage.moussa);
    let right = stage.case(moussa, "Modèle");
    let interview = stage.interview(awa, wrong);
    stage.all_sync();
    // Moussa sees the mistake, and moves it; Awa, who does not know yet, corrects an answer.
    let moved =
        stage.act(moussa, |device, setting| Ok((interview, device.move_to(interview, right, setting)?)));
    assert_eq!(moved.unwrap(), Some(interview));
    stage.corrects(awa, interview, &json!({ "mode": "phone" }));
    stage.all_sync();
    for place in [awa, moussa, stage.region, stage.headquarters] {
        let of = |case| stage.holds(place).records_of_case(case).unwrap();
        assert_eq!(of(right).iter().map(|row| row.record).collect::<Vec<_>>(), [interview]);
        assert!(of(wrong).is_empty());
    }
    stage.everybody_shows(interview, "mode", &["phone"]);
    assert_eq!(stage.tick(awa, interview), Tick::Safe);
    stage.ends_well();
}
