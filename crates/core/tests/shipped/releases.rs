//! Releases: what goes down is the flag, the code, how grave it is, and nothing of what it was told from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value as Json, json};
use teranga_core::class::ClassId;
use teranga_core::flow::{Filling, FlowContext, Held, Opening};
use teranga_core::release::InputMark;

use super::support::{catalogue, filled};

fn judged(form: &str, answers: &Json) -> BTreeMap<String, String> {
    let catalogue = catalogue();
    let filling = filled(&catalogue, form, answers);
    let watches = catalogue.watches(filling.form());
    let mark = InputMark::of(&BTreeMap::new());
    let releases = catalogue.releases_for(form).into_iter();
    let judged = releases.filter_map(|release| Some((release, release.judge(&filling, &watches, mark)?)));
    let values = judged.map(|(release, released)| {
        let text = released.to_string();
        (release.release_id.clone(), text.rsplit(' ').next().unwrap().to_owned())
    });
    values.collect()
}

#[test]
fn a_flag_a_code_and_the_gravest_alert_go_down() {
    let told = judged(
        "health",
        &json!({"red_flags": ["hallucinations", "suicidal_thoughts"], "medical_referral": "yes"}),
    );
    assert_eq!(told["health-alert"], "alert=critical");
    assert_eq!(told["health-referral-needed"], "flag=yes");
    let told = judged("protection", &json!({"level": "moderate"}));
    assert_eq!(told["protection-level"], "code=moderate");
    assert_eq!(
        (told["protection-alert"].as_str(), told["protection-referral-needed"].as_str()),
        ("alert=-", "flag=no")
    );
    assert_eq!(judged("rss", &json!({"P08": "yes"}))["rss-referral-needed"], "flag=yes");
    let sessions =
        json!({"sessions": [{"session_start": "2026-11-20T10:00"}], "follow_up_status": "ongoing"});
    assert_eq!(judged("sessions", &sessions)["sessions-followed"], "flag=yes");
    assert_eq!(judged("profile", &json!({"seeing": "cannot"}))["profile-disability"], "flag=yes");
}

#[test]
fn where_the_answers_are_not_held_nothing_is_released() {
    let catalogue = catalogue();
    let whole = filled(&catalogue, "health", &json!({"red_flags": ["self_harm"], "medical_referral": "yes"}));
    let form = catalogue.latest_form("health").unwrap();
    let held = Held::Only(BTreeSet::from([ClassId::new("open"), ClassId::new("protected")]));
    let context = FlowContext { held, opening: Opening::Again, ..FlowContext::default() };
    let partial = Filling::new(Arc::clone(form), &catalogue.lists_for(form), whole.stored().clone(), context);
    let (watches, mark) = (catalogue.watches(form), InputMark::of(&BTreeMap::new()));
    for release in catalogue.releases_for("health") {
        assert!(release.judge(&whole, &watches, mark).is_some(), "{}", release.release_id);
        assert!(release.judge(&partial, &watches, mark).is_none(), "{}", release.release_id);
    }
}
