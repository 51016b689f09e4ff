//! "Where is my interview?": the page of Survey Solutions that lists ten ways in which interviews are gone, none of
//! which "constitutes a defect". The fourth and the fifth are in `emptied`.

use serde_json::json;
use teranga_client::charge::Handover;
use teranga_core::record::State;
use teranga_sim::{Talked, Weather};
use teranga_store::ticks::Tick;

use crate::stage::Stage;

/// 1, "collected with the Tester app", which sends nothing anywhere. Here a device that is enrolled nowhere says so at
/// every sync, calls nothing more than "here", and brings everything on the day when it is enrolled.
#[test]
fn survey_solutions_1_a_device_that_is_enrolled_nowhere_keeps_everything_until_it_is() {
    let mut stage = Stage::new();
    let region = stage.region;
    let device = stage.another_device("Fatou", "SN-KL", region).unwrap();
    let case = stage.case(device, "Exemple");
    let interview = stage.interview(device, case);
    stage.wait(60);
    assert!(matches!(stage.tries(device, Weather::Fair), Talked::Short("not-enrolled")));
    assert_eq!((stage.tick(device, case), stage.tick(device, interview)), (Tick::Here, Tick::Here));
    stage.enrol(device, region).unwrap();
    stage.syncs(device);
    assert_eq!(stage.tick(device, interview), Tick::AtRegion);
    stage.ends_well();
    assert_eq!(stage.tick(device, interview), Tick::Safe);
}

/// 2, "sent to a different server": the training server's, thrown away after the training. Here a device that is enrolled
/// at the right hub afterwards brings there what it had brought elsewhere, and what it was told there of "safe" counts
/// for nothing: its ticks begin at "here" again.
#[test]
fn survey_solutions_2_what_went_to_another_server_goes_to_the_right_one_too() {
    let mut stage = Stage::new();
    let (region, headquarters) = (stage.region, stage.headquarters);
    let training = stage.another_headquarters().unwrap();
    let device = stage.another_device("Fatou", "SN-KL", training).unwrap();
    stage.enrol(device, training).unwrap();
    let case = stage.case(device, "Exemple");
    let interview = stage.interview(device, case);
    // "Safe" is true of the training server, and of nothing that the oracle of ticks looks at.
    stage.sync(device, Weather::Fair).unwrap();
    stage.sync(device, Weather::Fair).unwrap();
    assert_eq!(stage.tick(device, interview), Tick::Safe);
    assert!(stage.holds(headquarters).record(interview).unwrap().is_none());
    stage.enrol(device, region).unwrap();
    assert_eq!((stage.tick(device, case), stage.tick(device, interview)), (Tick::Here, Tick::Here));
    stage.syncs(device);
    assert_eq!(stage.tick(device, interview), Tick::AtRegion);
    stage.ends_well();
    assert!(stage.holds(headquarters).record(interview).unwrap().is_some());
}

/// 3, "the questionnaire has been deleted on the server" while interviews were under way, and all answers to it went with it,
/// those on tablets too. Here that cannot be played: nothing that was published is ever withdrawn. What is played is what would
/// be left if it were: hubs that have no form at all, and never had one, take, keep and pass on every answer.
#[test]
fn survey_solutions_3_hubs_that_never_had_the_form_hold_every_answer() {
    let (mut stage, case) = Stage::with_a_case();
    let (awa, moussa, region, headquarters) = (stage.awa, stage.moussa, stage.region, stage.headquarters);
    let interview = stage.interview(awa, case);
    for hub in [region, headquarters] {
        let published = stage.holds(hub).resources().unwrap();
        assert!(published.iter().all(|resource| resource.kind != "form"));
    }
    stage.all_sync();
    let there = stage.holds(awa).parts(interview).unwrap();
    assert!(there.iter().any(|part| part.class.as_str() == "survey" && !part.values.is_empty()));
    for place in [region, headquarters, moussa] {
        assert_eq!(stage.holds(place).parts(interview).unwrap(), there);
    }
    stage.ends_well();
}

/// 6, "the device has been re-linked": the account moves to a new tablet; the old one seems to work until it syncs, and
/// then everything it had collected is refused. Here both are devices of the same person: the old one, found again weeks
/// later, brings all it has, and both go on.
#[test]
fn survey_solutions_6_the_old_tablet_brings_what_it_has_after_the_new_one_took_over() {
    let (mut stage, case) = Stage::with_a_case();
    let (old, region) = (stage.awa, stage.region);
    let before = stage.interview(old, case);
    let new = stage.another_device("Bénévole 1.1", "SN-KL", region).unwrap();
    stage.enrol(new, region).unwrap();
    stage.syncs(new);
    let meanwhile = stage.interview(new, case);
    stage.corrects(new, case, &json!({ "village": "Koungheul" }));
    stage.syncs(new);
    stage.wait(40);
    let after = stage.interview(old, case);
    stage.corrects(old, case, &json!({ "village": "Thiaré" }));
    stage.syncs(old);
    stage.syncs(new);
    for place in [old, new, region] {
        let interviews = stage.holds(place).records_of_case(case).unwrap();
        let interviews: Vec<_> = interviews.iter().map(|row| row.record).collect();
        assert!([before, meanwhile, after].iter().all(|record| interviews.contains(record)));
        assert_eq!(stage.values(place, case, "village"), ["Koungheul", "Thiaré"]);
    }
    stage.ends_well();
}

/// 6 again, with the tablet that is not linked but copied, data and key: a backup put on a second one while the first is
/// still used. Here both go on beside each other, and neither hides what the other brought.
#[test]
fn survey_solutions_6_a_copied_tablet_and_its_original_both_go_on() {
    let (mut stage, case) = Stage::with_a_case();
    let (awa, region) = (stage.awa, stage.region);
    let unsent = stage.interview(awa, case);
    let copy = stage.copy(awa).unwrap().unwrap();
    let mut records = vec![unsent];
    for _ in 0..2 {
        for place in [copy, awa] {
            records.push(stage.interview(place, case));
            stage.syncs(place);
        }
    }
    stage.syncs(copy);
    for place in [awa, copy, region] {
        let held = stage.holds(place).records_of_case(case).unwrap();
        assert_eq!(held.len(), records.len(), "{place:?}");
        assert!(records.iter().all(|record| held.iter().any(|row| row.record == *record)));
    }
    assert_eq!(stage.changes(copy), stage.changes(awa));
    stage.ends_well();
}

/// 7, "the interviewer is no longer responsible": the interview was given to a colleague, and the tablet deletes its copy at
/// the next synchronization, with what was answered on it since. Here what somebody wrote before they heard of it goes up
/// first, stands beside what the colleague wrote, and leaves the device only once a backup of headquarters covers it.
#[test]
fn survey_solutions_7_who_is_no_longer_responsible_loses_nothing_that_they_wrote() {
    let mut stage = Stage::new();
    let (awa, moussa, region, headquarters) = (stage.awa, stage.moussa, stage.region, stage.headquarters);
    let fatou = stage.another_caseload("Fatou", "SN-KL", region).unwrap();
    stage.enrol(fatou, region).unwrap();
    let case = stage.case(awa, "Exemple");
    let other = stage.case(awa, "Autre");
    stage.all_sync();
    stage.assigns(awa, case, "Fatou", Handover::Beside);
    stage.all_sync();
    stage.syncs(fatou);
    assert!(stage.holds(fatou).record(case).unwrap().is_some());
    assert!(stage.holds(fatou).record(other).unwrap().is_none());
    // Both go on offline, and neither knows of the other.
    let of_fatou = stage.interview(fatou, case);
    stage.corrects(fatou, case, &json!({ "village": "Thiaré" }));
    stage.relieves(awa, case);
    stage.corrects(awa, case, &json!({ "village": "Koungheul" }));
    stage.syncs(awa);
    stage.syncs(fatou);
    assert!(!stage.holds(fatou).parts(case).unwrap().is_empty(), "it is not at headquarters yet");
    stage.syncs(region);
    stage.syncs(fatou);
    assert!(!stage.holds(fatou).parts(case).unwrap().is_empty(), "no backup of headquarters covers it yet");
    stage.back_up(headquarters).unwrap();
    stage.syncs(region);
    stage.syncs(fatou);
    assert!(stage.holds(fatou).parts(case).unwrap().is_empty());
    stage.all_sync();
    for place in [awa, moussa, region, headquarters] {
        assert!(stage.holds(place).record(of_fatou).unwrap().is_some(), "{place:?}");
        assert_eq!(stage.values(place, case, "village"), ["Koungheul", "Thiaré"]);
    }
    stage.ends_well();
}

/// 8, "the mobile device of the supervisor is lost": tablets had given it their interviews, and it had not been to the
/// server. Here a regional hub is lost before it has sent anything up, with its backups: its devices still hold what they
/// brought, enrol at the next one, and all of it reaches headquarters. No tick had called it "safe".
#[test]
fn survey_solutions_8_a_lost_hub_takes_nothing_with_it() {
    let (mut stage, case) = Stage::with_a_case();
    let (awa, moussa, region, headquarters) = (stage.awa, stage.moussa, stage.region, stage.headquarters);
    let (one, two) = (stage.interview(awa, case), stage.interview(moussa, case));
    stage.corrects(moussa, case, &json!({ "village": "Thiaré" }));
    stage.syncs(awa);
    stage.syncs(moussa);
    stage.syncs(awa);
    for record in [one, two, case] {
        assert_eq!(stage.tick(awa, record), Tick::AtRegion);
    }
    let lost = stage.holds(region).id();
    assert!(stage.lose(region).unwrap());
    assert_ne!(stage.holds(region).id(), lost);
    assert!(stage.holds(region).records().unwrap().is_empty());
    for record in [one, two] {
        assert!(stage.holds(headquarters).record(record).unwrap().is_none());
    }
    stage.all_sync();
    for record in [one, two] {
        assert!(stage.holds(headquarters).record(record).unwrap().is_some());
    }
    stage.everybody_shows(case, "village", &["Thiaré"]);
    stage.ends_well();
}

/// 9, "the interviewer discards the data", after a warning, for good. Here an interview that was finished is voided, not
/// erased: it leaves every count and stays readable, on every device, and anybody takes that back, with every answer.
#[test]
fn survey_solutions_9_what_was_discarded_is_there_and_comes_back() {
    let (mut stage, case) = Stage::with_a_case();
    let (awa, moussa, headquarters) = (stage.awa, stage.moussa, stage.headquarters);
    let interview = stage.interview(awa, case);
    let answers = stage.device_at(awa).unwrap().values(interview).unwrap();
    let voided = stage.act(awa, |device, setting| Ok((interview, device.void(interview, "essai", setting)?)));
    assert_eq!(voided.unwrap(), Some(interview));
    stage.all_sync();
    let state = |stage: &Stage, place| stage.holds(place).record(interview).unwrap().unwrap().state;
    assert_eq!((state(&stage, headquarters), state(&stage, moussa)), (State::Voided, State::Voided));
    let restored = stage.act(moussa, |device, setting| Ok((interview, device.restore(interview, setting)?)));
    assert_eq!(restored.unwrap(), Some(interview));
    stage.all_sync();
    assert_eq!((state(&stage, headquarters), state(&stage, awa)), (State::Submitted, State::Submitted));
    let now = stage.device_at(moussa).unwrap().values(interview).unwrap();
    assert!(answers.iter().all(|(key, value)| now.get(key) == Some(value)));
    stage.ends_well();
}

/// 10, "the headquarters database was restored from a backup", and what came after the backup was gone for good. Here
/// headquarters, or a region, or both, are put back to an older state: whoever brought them what they lost brings it
/// again, unasked, whether devices went on meanwhile or not.
#[test]
fn survey_solutions_10_a_hub_that_was_put_back_is_given_again_what_it_lost() {
    for which in 1..4 {
        for went_on in [false, true] {
            let (mut stage, case) = Stage::with_a_case();
            let (awa, region, headquarters) = (stage.awa, stage.region, stage.headquarters);
            let hubs = [headquarters, region];
            let put_back = || hubs.iter().zip([1, 2]).filter(move |(_, bit)| which & bit != 0);
            for (hub, _) in put_back() {
                stage.back_up(*hub).unwrap();
            }
            let interview = stage.interview(awa, case);
            stage.corrects(stage.moussa, case, &json!({ "village": "Thiaré" }));
            stage.all_sync();
            assert_eq!(stage.tick(awa, interview), Tick::Safe);
            for (hub, _) in put_back() {
                assert!(stage.restore(*hub).unwrap());
                assert!(stage.holds(*hub).record(interview).unwrap().is_none());
            }
            if went_on {
                stage.corrects(awa, interview, &json!({ "mode": "phone" }));
            }
            stage.all_sync();
            stage.everybody_shows(case, "village", &["Thiaré"]);
            let expected = stage.values(awa, interview, "mode");
            assert_eq!(went_on, expected == ["phone"]);
            assert_eq!(stage.values(headquarters, interview, "mode"), expected);
            stage.ends_well();
        }
    }
}

/// A tablet that was put back to its own backup (the same page's advice is that there is none): what it had brought since
/// comes down to it again, and what it writes now is not taken for what it wrote then.
#[test]
fn survey_solutions_10_a_tablet_that_was_put_back_is_given_its_own_work() {
    let (mut stage, case) = Stage::with_a_case();
    let awa = stage.awa;
    stage.back_up(awa).unwrap();
    let then = stage.interview(awa, case);
    stage.all_sync();
    assert!(stage.restore(awa).unwrap());
    assert!(stage.holds(awa).record(then).unwrap().is_none());
    let now = stage.interview(awa, case);
    stage.syncs(awa);
    let held = stage.holds(awa).records_of_case(case).unwrap();
    assert_eq!(held.len(), 2);
    assert!([then, now].iter().all(|record| held.iter().any(|row| row.record == *record)));
    stage.ends_well();
}
