//! The copied tablet of Survey Solutions' sixth loss once more, when the regional hub too is put back to a backup: it has
//! forgotten what the one brought and takes the other's packs under the same numbers, while headquarters holds the
//! first's. Neither is lost, and neither is called safe before it is.

use teranga_core::id::RecordId;
use teranga_sim::Place;
use teranga_store::ticks::Tick;

use crate::stage::Stage;

/// Awa's tablet, a copy of it, and a regional hub that was put back to before either brought anything; headquarters holds
/// what the copy brought.
struct Forked {
    stage: Stage,
    copy: Place,
    case: RecordId,
    /// The copy's own interview.
    of_the_copy: RecordId,
}

fn forked() -> Forked {
    let mut stage = Stage::new();
    let (awa, region) = (stage.awa, stage.region);
    let case = stage.case(awa, "Exemple");
    stage.back_up(region).unwrap();
    let copy = stage.copy(awa).unwrap().unwrap();
    let of_the_copy = stage.interview(copy, case);
    stage.syncs(copy);
    stage.syncs(region);
    assert!(stage.restore(region).unwrap());
    Forked { stage, copy, case, of_the_copy }
}

#[test]
fn a_hub_that_heard_what_the_home_holds_takes_nothing_else_under_its_numbers() {
    let Forked { mut stage, copy, case, of_the_copy } = forked();
    let (awa, region, headquarters) = (stage.awa, stage.region, stage.headquarters);
    stage.syncs(region);
    let of_awa = stage.interview(awa, case);
    stage.syncs(awa);
    // The case is at headquarters since the copy brought it, but nothing of this tablet says so yet.
    assert_eq!(stage.tick(awa, of_awa), Tick::AtRegion);
    assert!(stage.holds(headquarters).record(of_awa).unwrap().is_none());
    for place in [region, awa, copy, region, awa] {
        stage.syncs(place);
    }
    for record in [case, of_awa, of_the_copy] {
        assert_eq!(stage.tick(awa, record), Tick::Safe);
    }
    stage.ends_well();
}

#[test]
fn what_the_home_refuses_as_anothers_is_witnessed_by_its_hub_and_sent_again_by_its_author() {
    let Forked { mut stage, copy: _, case, of_the_copy } = forked();
    let (awa, moussa, region, headquarters) = (stage.awa, stage.moussa, stage.region, stage.headquarters);
    let of_awa = stage.interview(awa, case);
    stage.syncs(awa);
    stage.syncs(moussa);
    stage.syncs(region);
    // Nobody can bring it up as it was signed but Awa, who may never come again.
    assert!(stage.holds(headquarters).witnessed().unwrap() > 0);
    assert!(stage.holds(headquarters).record(of_awa).unwrap().is_some());
    for place in [awa, moussa] {
        stage.syncs(place);
        assert_eq!(stage.tick(place, of_awa), Tick::AtRegion);
    }
    for place in [region, awa, moussa] {
        stage.syncs(place);
    }
    for place in [region, headquarters] {
        let holds = stage.holds(place);
        assert_eq!((holds.unbrought().unwrap(), holds.witnessed().unwrap()), (0, 0));
    }
    for record in [case, of_awa, of_the_copy] {
        assert_eq!(stage.tick(awa, record), Tick::Safe);
        assert_eq!(stage.tick(moussa, record), Tick::Safe);
    }
    stage.ends_well();
}

#[test]
fn so_it_is_by_one_that_has_gone_on_in_another_line() {
    let Forked { mut stage, copy, case, of_the_copy } = forked();
    let (awa, region) = (stage.awa, stage.region);
    let of_awa = stage.interview(awa, case);
    for place in [awa, copy, awa] {
        stage.syncs(place);
    }
    assert_ne!(stage.holds(awa).line().unwrap(), stage.holds(copy).line().unwrap());
    let later = stage.interview(awa, case);
    stage.syncs(awa);
    for _ in 0..2 {
        for place in [region, awa, copy] {
            stage.syncs(place);
        }
    }
    for record in [case, of_awa, of_the_copy, later] {
        assert_eq!(stage.tick(awa, record), Tick::Safe);
    }
    stage.ends_well();
}
