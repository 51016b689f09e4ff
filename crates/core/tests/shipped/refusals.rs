//! What forms do not take: dates in the wrong order, steps that do not follow, people who decide about themselves.

use serde_json::{Value as Json, json};
use teranga_core::answers::answers_from_json;
use teranga_core::problem::Explain;

use super::support::{Counter, catalogue, filled, opened, value};

/// The questions whose answers are refused.
fn refused(form: &str, answers: &Json) -> Vec<String> {
    let catalogue = catalogue();
    let mut filling = opened(&catalogue, form);
    let lists = catalogue.lists_for(filling.form());
    let errors = match answers_from_json(filling.form(), &lists, answers) {
        Ok(sheet) => filling.fill(&sheet, &mut Counter(0)).err().unwrap_or_default(),
        Err(errors) => errors,
    };
    let questions = errors.iter().flat_map(Explain::arguments).filter(|(name, _)| *name == "question");
    questions.map(|(_, question)| question).collect()
}

#[test]
fn what_does_not_hold_together_is_refused_where_it_is_said() {
    for (form, answers, question) in [
        ("arrival", json!({"arrival_date": "2026-11-25"}), "arrival_date"),
        ("arrival", json!({"birth_precision": "day", "birth_date": "12/05/1998"}), "birth_date"),
        ("arrival", json!({"documents_held": ["passport", "none"]}), "documents_held"),
        ("profile", json!({"school_age_children": 2, "children_at_school": 3}), "children_at_school"),
        ("profile", json!({"national_number": "1234"}), "national_number"),
        ("plan", json!({"activities": [{"starts_on": "2026-12-02", "ends_on": "2026-12-01"}]}), "ends_on"),
        ("plan", json!({"activities": [{"amount_xof": -1}]}), "amount_xof"),
        ("assistance", json!({"items": [{"activity_code": "3f9c"}]}), "activity_code"),
        (
            "sessions",
            json!({"sessions": [{"session_start": "2026-11-20T10:00", "session_end": "2026-11-20T09:00"}]}),
            "session_end",
        ),
        (
            "sessions",
            json!({"sessions": [{"session_start": "2026-11-20T10:00", "next_session": "2026-11-19"}]}),
            "next_session",
        ),
        ("referral", json!({"consent_to_share": {"no_answer": "dont_know"}}), "consent_to_share"),
        (
            "referral",
            json!({"consent_to_share": "yes", "status_events": [{"event_status": "completed"}]}),
            "event_status",
        ),
        ("review", json!({"case_status": "completed", "closure_reason": "unreachable"}), "closure_reason"),
        (
            "review",
            json!({"case_status": "completed", "proposed_by": "A", "decision": "approved", "decided_by": "A"}),
            "decided_by",
        ),
        ("complaint", json!({"about_person": "B", "assigned_to": "B"}), "assigned_to"),
        ("service", json!({"contacts": [{"contact_email": "accueil"}]}), "contact_email"),
    ] {
        assert_eq!(refused(form, &answers), [question], "{form}: {answers}");
    }
}

#[test]
fn without_consent_a_referral_goes_nowhere_unless_someone_answers_for_it() {
    let sent = json!({"event_status": "sent"});
    let ask = |more: Json| {
        let mut answers = json!({"consent_to_share": "no"});
        answers.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let catalogue = catalogue();
        let filling = filled(&catalogue, "referral", &answers);
        value(&filling, "status")
    };
    assert_eq!(ask(json!({"override": "no", "status_events": [sent]})), "draft");
    assert_eq!(
        ask(json!({"override": "yes", "override_ground": "life_at_risk", "status_events": [sent]})),
        "sent"
    );
}
