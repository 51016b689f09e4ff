//! Builds of different days. Where every device must be brought up to date on the day of the server, somebody is in the
//! field with the old one: here a hub one version older or newer works, and who has nothing in common with its hub keeps
//! everything until one of them is brought up to date.

use serde_json::json;
use teranga_sim::{Talked, Weather};
use teranga_store::ticks::Tick;
use teranga_sync::version::{Spoken, Version};

use crate::stage::Stage;

/// The first build.
pub(crate) const BEFORE: Spoken = Spoken { oldest: Version::PacksAndFeed, newest: Version::PacksAndFeed };
/// The build before this one.
const BETWEEN: Spoken = Spoken { oldest: Version::PacksAndFeed, newest: Version::NamedOnce };
/// A build that has left every version but the newest behind.
const LATEST: Spoken = Spoken { oldest: Version::ByColumn, newest: Version::ByColumn };
/// A build that has left the oldest version behind.
const AFTER: Spoken = Spoken { oldest: Version::NamedOnce, newest: Version::NamedOnce };

fn round_trips(talked: &Talked) -> u64 {
    match talked {
        Talked::Whole(summary) => summary.round_trips,
        Talked::Short(_) | Talked::Dark | Talked::Endless => panic!("{talked:?}"),
    }
}

#[test]
fn hubs_and_devices_of_either_build_work_together() {
    for (hq, region, device) in [
        (Spoken::BUILD, Spoken::BUILD, BEFORE),
        (Spoken::BUILD, BEFORE, Spoken::BUILD),
        (BEFORE, Spoken::BUILD, Spoken::BUILD),
        (BEFORE, Spoken::BUILD, BEFORE),
        (AFTER, Spoken::BUILD, BEFORE),
        (BEFORE, Spoken::BUILD, AFTER),
        (Spoken::BUILD, Spoken::BUILD, BETWEEN),
        (Spoken::BUILD, BETWEEN, Spoken::BUILD),
        (BETWEEN, Spoken::BUILD, LATEST),
        (LATEST, Spoken::BUILD, BEFORE),
    ] {
        let mut stage = Stage::new();
        let (awa, moussa) = (stage.awa, stage.moussa);
        let places = [stage.headquarters, stage.region, awa];
        for (place, spoken) in places.into_iter().zip([hq, region, device]) {
            stage.run(place, spoken);
        }
        let case = stage.case(awa, "Exemple");
        let interview = stage.interview(awa, case);
        stage.all_sync();
        stage.corrects(moussa, case, &json!({ "village": "Ndiaganiao" }));
        stage.all_sync();
        for record in [case, interview] {
            assert_eq!(stage.tick(awa, record), Tick::Safe);
        }
        for place in [stage.region, awa, moussa] {
            let talked = stage.tries(place, Weather::Fair);
            assert_eq!(round_trips(&talked), 1, "nobody asks twice in which version to speak");
        }
        stage.ends_well();
    }
}

#[test]
fn a_hub_of_another_build_than_yesterday_is_understood_in_the_same_session() {
    let (mut stage, case) = Stage::with_a_case();
    let (awa, region) = (stage.awa, stage.region);
    for spoken in [BEFORE, AFTER] {
        stage.run(region, spoken);
        let interview = stage.interview(awa, case);
        assert_eq!(round_trips(&stage.tries(awa, Weather::Fair)), 2, "the hub says what it speaks");
        assert_eq!(stage.tick(awa, interview), Tick::AtRegion);
        assert_eq!(round_trips(&stage.tries(awa, Weather::Fair)), 1, "and is not asked again");
    }
    stage.ends_well();
}

#[test]
fn who_has_no_version_in_common_with_its_hub_keeps_everything_until_it_is_brought_up_to_date() {
    let (mut stage, case) = Stage::with_a_case();
    let (awa, region) = (stage.awa, stage.region);
    stage.run(region, AFTER);
    stage.run(awa, BEFORE);
    let interview = stage.interview(awa, case);
    assert!(matches!(stage.tries(awa, Weather::Fair), Talked::Short("upgrade-needed")));
    assert_eq!(stage.tick(awa, interview), Tick::Here);
    stage.run(awa, Spoken::BUILD);
    stage.all_sync();
    assert_eq!(stage.tick(awa, interview), Tick::Safe);
    stage.ends_well();
}
