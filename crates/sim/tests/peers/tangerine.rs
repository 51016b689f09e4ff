//! Tangerine merges whole documents, as its database does, with a winner that nobody chose.

use std::collections::BTreeMap;

use serde_json::json;
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::value::Value;
use teranga_sim::Place;
use teranga_store::ticks::Tick;

use crate::stage::Stage;

/// Tangerine#2722: two tablets filled in the same form of one case apart; the second sync overwrote what the first had
/// brought, on the server and then on the first tablet, and no conflict was listed anywhere. Here both forms are there,
/// and of an answer that both corrected both values are listed, everywhere.
#[test]
fn tangerine_2722_the_second_tablet_does_not_overwrite_the_first() {
    let (mut stage, case) = Stage::with_a_case();
    let (awa, moussa) = (stage.awa, stage.moussa);
    let first = stage.interview(awa, case);
    stage.corrects(awa, case, &json!({ "village": "Thiaré" }));
    stage.syncs(awa);
    let second = stage.interview(moussa, case);
    stage.corrects(moussa, case, &json!({ "village": "Koungheul" }));
    stage.syncs(moussa);
    stage.syncs(awa);
    for place in [awa, moussa] {
        let interviews = stage.holds(place).records_of_case(case).unwrap();
        let interviews: Vec<_> = interviews.iter().map(|row| row.record).collect();
        assert!(interviews.contains(&first) && interviews.contains(&second));
        assert_eq!(stage.values(place, case, "village"), ["Koungheul", "Thiaré"]);
        assert_eq!(stage.holds(place).records_in_conflict().unwrap(), [case]);
    }
    stage.all_sync();
    stage.everybody_shows(case, "village", &["Koungheul", "Thiaré"]);
    stage.ends_well();
}

/// The orders in which two tablets can sync so often, each at least once.
fn orders(often: u32) -> impl Iterator<Item = Vec<bool>> {
    let all = (0..1_u32 << often).map(move |bits| (0..often).map(|at| bits >> at & 1 == 1).collect());
    all.filter(|order: &Vec<bool>| order.contains(&true) && order.contains(&false))
}

/// Tangerine#2484: whose answers survived depended on who pressed "Sync" first, and how often; the same work gave other
/// results. Here every order of four syncs gives the same answers, the same values side by side and the same heads,
/// whether both had filled in before the first sync or each just before their own.
#[test]
fn tangerine_2484_the_result_does_not_depend_on_who_syncs_first() {
    for each_before_their_own in [false, true] {
        for order in orders(4) {
            let (mut stage, case) = Stage::with_a_case();
            let devices = [stage.awa, stage.moussa];
            let answers = [
                json!({ "village": "Thiaré", "family_name": "Modèle" }),
                json!({ "village": "Koungheul", "sex": "other" }),
            ];
            let fill = |stage: &mut Stage, who: usize| stage.corrects(devices[who], case, &answers[who]);
            if !each_before_their_own {
                fill(&mut stage, 0);
                fill(&mut stage, 1);
            }
            let mut been = [!each_before_their_own; 2];
            for who in order.iter().map(|second| usize::from(*second)) {
                if !std::mem::replace(&mut been[who], true) {
                    fill(&mut stage, who);
                }
                stage.syncs(devices[who]);
            }
            stage.all_sync();
            stage.everybody_shows(case, "village", &["Koungheul", "Thiaré"]);
            stage.everybody_shows(case, "family_name", &["Modèle"]);
            stage.everybody_shows(case, "sex", &["other"]);
            assert_eq!(stage.holds(stage.headquarters).records_in_conflict().unwrap(), [case], "{order:?}");
            stage.ends_well();
        }
    }
}

/// Tangerine#2381: a conflict that one tablet had resolved was detected again by the next, and never ended. Here one
/// settlement ends it for everybody, with one sync each, and the same settlement made twice apart is no new conflict.
#[test]
fn tangerine_2381_a_conflict_that_was_settled_stays_settled() {
    for both_settle in [false, true] {
        let (mut stage, case) = Stage::with_a_case();
        let (awa, moussa) = (stage.awa, stage.moussa);
        stage.corrects(awa, case, &json!({ "village": "Thiaré" }));
        stage.corrects(moussa, case, &json!({ "village": "Koungheul" }));
        stage.syncs(awa);
        stage.syncs(moussa);
        if both_settle {
            stage.syncs(awa);
            stage.settles_on(awa, case, "village", "Thiaré");
        }
        stage.settles_on(moussa, case, "village", "Thiaré");
        stage.syncs(moussa);
        stage.syncs(awa);
        stage.syncs(moussa);
        for place in [awa, moussa, stage.region] {
            assert_eq!(stage.values(place, case, "village"), ["Thiaré"]);
            assert!(stage.holds(place).records_in_conflict().unwrap().is_empty());
        }
        stage.all_sync();
        stage.everybody_shows(case, "village", &["Thiaré"]);
        stage.ends_well();
    }
}

/// Tangerine#2410: a value that was changed on the server met another on the tablet; the tablet did not show the server's,
/// and its next sync took it away from the server too. Here the office's correction is beside the tablet's own after
/// every sync, on both ends.
#[test]
fn tangerine_2410_a_correction_from_above_outlives_the_tablets_syncs() {
    let (mut stage, case) = Stage::with_a_case();
    let (awa, headquarters) = (stage.awa, stage.headquarters);
    let office = stage.another_device("Bureau central", "SN-KL", headquarters).unwrap();
    stage.enrol(office, headquarters).unwrap();
    stage.syncs(office);
    stage.corrects(office, case, &json!({ "village": "Koungheul", "sex": "other" }));
    stage.syncs(office);
    stage.corrects(awa, case, &json!({ "village": "Thiaré" }));
    for _ in 0..3 {
        stage.syncs(stage.region);
        stage.syncs(awa);
        assert_eq!(stage.values(awa, case, "village"), ["Koungheul", "Thiaré"]);
        assert_eq!(stage.values(awa, case, "sex"), ["other"]);
    }
    stage.syncs(stage.region);
    stage.syncs(office);
    assert_eq!(stage.values(office, case, "village"), ["Koungheul", "Thiaré"]);
    stage.all_sync();
    stage.everybody_shows(case, "village", &["Koungheul", "Thiaré"]);
    stage.everybody_shows(case, "sex", &["other"]);
    assert_eq!(stage.tick(awa, case), Tick::Safe);
    stage.ends_well();
}

/// The answers of a record that a replica shows, but for two; not what stands beside them for whoever counts.
fn other_answers(stage: &Stage, place: Place, record: RecordId, but_for: [&str; 2]) -> BTreeMap<Key, Value> {
    let parts = stage.holds(place).parts(record).unwrap().into_iter();
    let mut answers: BTreeMap<Key, Value> = parts.flat_map(|part| part.values).collect();
    let is_another = |key: &Key| but_for.iter().all(|question| *key != Key::question(question));
    answers.retain(|key, _| !key.is_envelope() && is_another(key));
    answers
}

/// Tangerine#1763: conflicts were found and merged by themselves, too eagerly: "causing data loss". Here nobody but a
/// person chooses between two values. Both of the answer that two people changed apart are readable everywhere,
/// neither person loses any other answer, and nothing that comes after, no sync and no later correction, merges the
/// two.
#[test]
fn tangerine_1763_two_values_are_merged_by_nobody_but_a_person() {
    for awa_first in [true, false] {
        let (mut stage, case) = Stage::with_a_case();
        let (awa, moussa, region, headquarters) = (stage.awa, stage.moussa, stage.region, stage.headquarters);
        let mut expected = other_answers(&stage, awa, case, ["village", "sex"]);
        stage.corrects(awa, case, &json!({ "village": "Thiaré", "given_names": "Aïssatou" }));
        stage.corrects(moussa, case, &json!({ "village": "Koungheul", "family_name": "Modèle" }));
        for place in if awa_first { [awa, moussa, awa] } else { [moussa, awa, moussa] } {
            stage.syncs(place);
        }
        for place in [awa, moussa] {
            assert_eq!(stage.values(place, case, "village"), ["Koungheul", "Thiaré"]);
            assert_eq!(stage.values(place, case, "given_names"), ["Aïssatou"]);
            assert_eq!(stage.values(place, case, "family_name"), ["Modèle"]);
        }
        // Whoever sees both goes on with other answers of the same record.
        stage.corrects(awa, case, &json!({ "family_name": "Essai" }));
        stage.corrects(moussa, case, &json!({ "sex": "other" }));
        stage.all_sync();
        stage.all_sync();
        for (question, value) in [("given_names", "Aïssatou"), ("family_name", "Essai")] {
            expected.insert(Key::question(question), Value::text(value));
        }
        for place in [awa, moussa, region, headquarters] {
            let shown = other_answers(&stage, place, case, ["village", "sex"]);
            assert_eq!(shown, expected, "{place:?}");
        }
        stage.everybody_shows(case, "sex", &["other"]);
        stage.everybody_shows(case, "village", &["Koungheul", "Thiaré"]);
        stage.ends_well();
    }
}
