//! Sensitivity: nothing flows from a stricter class into a freer one, and what is said in confidence stays there.

use teranga_core::class::ClassId;
use teranga_core::form::{Kind, check_flow};

use super::support::{catalogue, forms};

#[test]
fn no_form_lets_a_stricter_answer_show_in_a_freer_class() {
    let catalogue = catalogue();
    let flows = |from: &str, to: &str| catalogue.flows_to(&ClassId::new(from), &ClassId::new(to));
    for (id, form) in forms() {
        let findings: Vec<String> = check_flow(&form, flows).iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "{id}: {findings:#?}");
    }
}

#[test]
fn audiences_do_not_read_each_other() {
    let catalogue = catalogue();
    let apart = ["protection", "psychosocial", "complaint"];
    for from in apart {
        for to in catalogue.classes().unwrap().classes.iter().map(|class| &class.class) {
            assert_eq!(catalogue.flows_to(&ClassId::new(from), to), to.as_str() == from, "{from} {to:?}");
        }
    }
}

#[test]
fn confidential_forms_hold_nothing_freer_than_they_may() {
    let forms = forms();
    let only = |form: &str, allowed: &[&str]| {
        for question in forms[form].questions().filter(|question| question.kind.is_asked()) {
            assert!(allowed.contains(&question.class.as_str()), "{form}: {}", question.id);
        }
    };
    only("sessions", &["psychosocial"]);
    only("complaint", &["complaint"]);
    only("protection", &["protection", "open"]);
    only("health", &["protected", "psychosocial", "open"]);
    let names = forms["community"].questions().filter(|question| question.class.as_str() == "personal");
    assert_eq!(names.count(), 0);
    let written = forms["protection"].questions().filter(|question| question.class.as_str() == "open");
    assert!(written.into_iter().all(|question| question.kind != Kind::Text));
}
