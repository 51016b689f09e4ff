//! Filling small forms: each test is one rule of the live form.

use serde_json::json;
use teranga_core::answers::AnswerError;
use teranga_core::flow::{Filling, Lack, Shown};
use teranga_core::id::ItemId;
use teranga_core::key::Key;
use teranga_core::value::{NoAnswer, Value};

use super::support::{self, filling, form, held, key, text};

fn work() -> Filling {
    filling(&json!({"form_id": "work", "version": "1", "survey": [
        {"type": "integer", "name": "age", "constraint": ". >= 0 and . <= 120", "constraint_message": {"fr": "de 0 à 120", "en": "0 to 120"}},
        {"type": "select_one", "list": "yn", "name": "works", "relevant": "${age} >= 15", "required": "yes"},
        {"type": "group", "name": "job", "relevant": "${works} = 'yes'", "children": [
            {"type": "text", "name": "title", "required": "yes", "required_message": "Quel métier ?"},
            {"type": "decimal", "name": "wage"},
            {"type": "calculate", "name": "yearly", "calculation": "${wage} * 12"}
        ]},
        {"type": "note", "name": "bye", "label": {"fr": "Merci, ${title} !", "en": "Thank you, ${title}!"}}
    ], "choices": {"yn": [{"name": "yes", "label": {"fr": "Oui"}}, {"name": "no", "label": {"fr": "Non"}}]}}))
}

#[test]
fn an_answer_opens_and_closes_what_depends_on_it_and_values_come_back() {
    let mut work = work();
    assert_eq!(work.shown(&key("works")), Some(Shown::Skipped));
    work.set(&key("age"), Value::Int(30)).unwrap();
    assert_eq!(work.shown(&key("works")), Some(Shown::NotAsked));
    assert_eq!(work.shown(&key("title")), Some(Shown::Skipped));
    work.set(&key("works"), text("yes")).unwrap();
    work.set(&key("title"), text("tailleur")).unwrap();
    let change = work.set(&key("wage"), Value::Decimal(100.5)).unwrap();
    assert_eq!(change.edits, vec![(key("wage"), Value::Decimal(100.5)), (key("yearly"), Value::Int(1206))]);

    let change = work.set(&key("works"), text("no")).unwrap();
    assert_eq!(change.edits, vec![(key("works"), text("no"))], "what is skipped stays stored");
    assert_eq!(work.shown(&key("title")), Some(Shown::Skipped));
    assert!(!work.answers().contains_key(&key("title")) && work.stored().contains_key(&key("title")));
    work.set(&key("works"), text("yes")).unwrap();
    assert_eq!(work.shown(&key("title")), Some(Shown::Answered(text("tailleur"))));
    assert_eq!(work.shown(&key("yearly")), Some(Shown::Answered(Value::Int(1206))));
}

#[test]
fn a_refused_answer_keeps_the_old_one_and_names_the_message_but_never_the_answer() {
    let mut work = work();
    work.set(&key("age"), Value::Int(30)).unwrap();
    let error = work.set(&key("age"), Value::Int(130)).unwrap_err();
    assert_eq!(error, AnswerError::Constraint { question: "age".into(), message: "de 0 à 120".into() });
    assert!(!error.to_string().contains("130"));
    assert_eq!(work.shown(&key("age")), Some(Shown::Answered(Value::Int(30))));
    assert!(matches!(
        work.set(&key("age"), text("thirty")),
        Err(AnswerError::WrongType { expected: "integer", .. })
    ));
    let error = work.set(&key("works"), text("maybe")).unwrap_err();
    assert_eq!(
        error,
        AnswerError::UnknownCode { question: "works".into(), allowed: vec!["yes".into(), "no".into()] }
    );
    assert!(matches!(work.set(&key("wrks"), text("yes")),
        Err(AnswerError::UnknownQuestion { suggestion: Some(near), .. }) if near == "works"));
    assert!(matches!(work.set(&key("bye"), text("x")), Err(AnswerError::NotAsked { .. })));
}

#[test]
fn validation_lists_every_finding_and_a_reason_for_no_answer_is_none() {
    let mut work = work();
    work.set(&key("age"), Value::Int(30)).unwrap();
    let lacks =
        |filling: &Filling| filling.validate().into_iter().map(|f| (f.question, f.lack)).collect::<Vec<_>>();
    assert_eq!(lacks(&work), vec![("works".into(), Lack::Required)]);
    work.set(&key("works"), text("yes")).unwrap();
    assert_eq!(lacks(&work), vec![("title".into(), Lack::Required)]);
    assert_eq!(work.validate()[0].message, "Quel métier ?");
    work.set(&key("title"), Value::NoAnswer(NoAnswer::Declined)).unwrap();
    assert_eq!(work.shown(&key("title")), Some(Shown::Declined));
    assert_eq!(lacks(&work), vec![]);
}

#[test]
fn only_what_an_answer_reaches_is_recomputed() {
    let mut work = work();
    let opened = work.set(&key("age"), Value::Int(30)).unwrap();
    // The relevance of `works`, and since that changed the relevance of `job`, which reads it.
    assert_eq!(opened.recomputed, 2);
    assert_eq!(work.set(&key("age"), Value::Int(31)).unwrap().recomputed, 1);
    assert_eq!(work.set(&key("age"), Value::Int(31)).unwrap().recomputed, 0);
}

#[test]
fn labels_name_answers_in_the_language_shown() {
    let mut work = work();
    work.set(&key("age"), Value::Int(30)).unwrap();
    work.set(&key("works"), text("yes")).unwrap();
    work.set(&key("title"), text("couturière")).unwrap();
    let last = |work: &Filling| work.prompts().last().unwrap().label.clone();
    assert_eq!(last(&work), "Merci, couturière !");
    work.set_language("en");
    assert_eq!(last(&work), "Thank you, couturière!");
}

#[test]
fn a_selection_is_one_key_per_option_and_merges_by_option() {
    let mut filling = filling(&json!({"form_id": "f", "version": "1", "survey": [
        {"type": "select_multiple", "list": "l", "name": "assets", "constraint": "not(selected(., 'none') and count-selected(.) > 1)"},
        {"type": "text", "name": "herd", "relevant": "selected(${assets}, 'animals')"}
    ], "choices": {"l": [{"name": "land"}, {"name": "animals"}, {"name": "none"}]}}));
    let change = filling.set(&key("assets"), text("animals land")).unwrap();
    assert_eq!(
        change.edits,
        vec![
            (key("assets"), Value::Bool(true)),
            (key("assets").child("animals"), Value::Bool(true)),
            (key("assets").child("land"), Value::Bool(true)),
        ]
    );
    assert_eq!(filling.shown(&key("assets")), Some(Shown::Answered(text("land animals"))));
    assert!(matches!(
        filling.set(&key("assets").child("none"), Value::Bool(true)),
        Err(AnswerError::Constraint { .. })
    ));
    let change = filling.set(&key("assets").child("animals"), Value::Bool(false)).unwrap();
    assert_eq!(change.edits, vec![(key("assets").child("animals"), Value::Bool(false))]);
    assert_eq!(filling.shown(&key("herd")), Some(Shown::Skipped));
    let change = filling.set(&key("assets"), Value::NoAnswer(NoAnswer::DontKnow)).unwrap();
    assert_eq!(
        change.edits,
        vec![
            (key("assets"), Value::NoAnswer(NoAnswer::DontKnow)),
            (key("assets").child("land"), Value::Bool(false)),
        ]
    );
    assert_eq!(filling.shown(&key("assets")), Some(Shown::DontKnow));
}

fn household() -> serde_json::Value {
    json!({"form_id": "h", "version": "1", "survey": [
        {"type": "repeat", "name": "member", "children": [
            {"type": "text", "name": "name", "default": "?"},
            {"type": "integer", "name": "years"},
            {"type": "calculate", "name": "place", "calculation": "position(..)"},
            {"type": "text", "name": "school", "relevant": "${years} < 18"},
            {"type": "repeat", "name": "illness", "children": [
                {"type": "calculate", "name": "whose", "calculation": "concat(${name}, '#', position(..))"},
                {"type": "text", "name": "what"}
            ]}
        ]},
        {"type": "calculate", "name": "people", "calculation": "count(${member})"},
        {"type": "calculate", "name": "sum", "calculation": "sum(${years})"},
        {"type": "calculate", "name": "second", "calculation": "indexed-repeat(${name}, ${member}, 2)"}
    ]})
}

#[test]
fn items_come_and_go_and_what_counts_them_follows() {
    let mut filling = filling(&household());
    let items = [ItemId([1; 16]), ItemId([2; 16]), ItemId([3; 16])];
    let at = |item: usize, id: &str| Key::item(None, "member", items[item]).child(id);
    for item in items {
        filling.add_item("member", None, item).unwrap();
    }
    for (index, years) in [40, 12, 7].into_iter().enumerate() {
        filling.set(&at(index, "years"), Value::Int(years)).unwrap();
    }
    filling.set(&at(1, "name"), text("Awa Exemple")).unwrap();
    let shown = |filling: &Filling, key: &Key| filling.shown(key);
    assert_eq!(shown(&filling, &key("people")), Some(Shown::Answered(Value::Int(3))));
    assert_eq!(shown(&filling, &key("sum")), Some(Shown::Answered(Value::Int(59))));
    assert_eq!(shown(&filling, &key("second")), Some(Shown::Answered(text("Awa Exemple"))));
    assert_eq!(shown(&filling, &at(0, "school")), Some(Shown::Skipped));
    assert_eq!(shown(&filling, &at(1, "school")), Some(Shown::NotAsked));
    assert_eq!(shown(&filling, &at(2, "place")), Some(Shown::Answered(Value::Int(3))));

    let around = Key::item(None, "member", items[1]);
    filling.add_item("illness", Some(&around), ItemId([9; 16])).unwrap();
    let inner = Key::item(Some(&around), "illness", ItemId([9; 16])).child("whose");
    assert_eq!(shown(&filling, &inner), Some(Shown::Answered(text("Awa Exemple#1"))));

    let change = filling.remove_item("member", None, items[0]).unwrap();
    assert!(
        change.edits.iter().any(|(key, _)| *key == Key::item(None, "member", items[0]).child("_removed"))
    );
    assert_eq!(shown(&filling, &at(2, "place")), Some(Shown::Answered(Value::Int(2))));
    assert_eq!(shown(&filling, &key("sum")), Some(Shown::Answered(Value::Int(19))));
    assert_eq!(shown(&filling, &at(0, "years")), None);
    assert!(filling.stored().contains_key(&at(0, "years")), "marked, never deleted");

    let again =
        Filling::new(form(&household()), &support::lists(), filling.stored().clone(), support::again());
    assert_eq!(again.items("member", None), vec![items[1], items[2]]);
    assert_eq!(again.stored(), filling.stored());
    assert_eq!(shown(&again, &inner), Some(Shown::Answered(text("Awa Exemple#1"))));
}

#[test]
fn a_counted_repeat_has_the_same_items_on_every_device_and_keeps_what_is_set_aside() {
    let counted = json!({"form_id": "c", "version": "1", "survey": [
        {"type": "integer", "name": "n"},
        {"type": "repeat", "name": "child", "repeat_count": "${n}", "children": [{"type": "text", "name": "nick"}]},
        {"type": "calculate", "name": "counted", "calculation": "count(${child})"}
    ]});
    let mut here = filling(&counted);
    let mut there = filling(&counted);
    here.set(&key("n"), Value::Int(3)).unwrap();
    there.set(&key("n"), Value::Int(3)).unwrap();
    let items = here.items("child", None);
    assert_eq!((items.len(), &items), (3, &there.items("child", None)));
    let last = Key::item(None, "child", items[2]).child("nick");
    here.set(&last, text("Bébé")).unwrap();
    here.set(&key("n"), Value::Int(1)).unwrap();
    assert_eq!(here.items("child", None).len(), 1);
    assert_eq!(here.shown(&key("counted")), Some(Shown::Answered(Value::Int(1))));
    here.set(&key("n"), Value::Cleared).unwrap();
    assert_eq!(here.items("child", None).len(), 1, "no number yet changes nothing");
    here.set(&key("n"), Value::Int(3)).unwrap();
    assert_eq!(here.shown(&last), Some(Shown::Answered(text("Bébé"))));
    assert!(matches!(here.add_item("child", None, ItemId([1; 16])), Err(AnswerError::NoItem { .. })));
}

#[test]
fn a_cascade_offers_what_is_left_and_hands_in_nothing_that_is_not() {
    let mut filling = filling(&json!({"form_id": "p", "version": "1", "survey": [
        {"type": "select_one", "list": "regions", "name": "region"},
        {"type": "select_one", "list": "departments", "name": "department", "choice_filter": "region = ${region}"}
    ], "choices": {"regions": [{"name": "DK"}, {"name": "TH"}], "departments": {"from_list": "sn-departments"}}}));
    let offered = |filling: &Filling| {
        filling.choices(&key("department")).into_iter().map(|c| c.name).collect::<Vec<_>>()
    };
    assert_eq!(offered(&filling), Vec::<String>::new());
    filling.set(&key("region"), text("DK")).unwrap();
    assert_eq!(offered(&filling), ["DK-1", "DK-2"]);
    assert!(matches!(
        filling.set(&key("department"), text("TH-1")),
        Err(AnswerError::UnavailableCode { .. })
    ));
    filling.set(&key("department"), text("DK-2")).unwrap();
    filling.set(&key("region"), text("TH")).unwrap();
    assert_eq!(filling.validate()[0].lack, Lack::Unavailable);
    let change = filling.finalise(support::NOW);
    assert_eq!(change.edits, vec![(key("department"), Value::Cleared)]);
    assert_eq!(filling.validate(), vec![]);
}

#[test]
fn what_is_not_held_hides_what_depends_on_it_and_is_never_computed() {
    let json = json!({"form_id": "s", "version": "1", "sensitivity": "survey", "survey": [
        {"type": "text", "name": "name", "sensitivity": "personal"},
        {"type": "text", "name": "mood"},
        {"type": "calculate", "name": "greeting", "sensitivity": "personal", "calculation": "concat(${name}, ${mood})"},
        {"type": "calculate", "name": "loud", "calculation": "concat(${mood}, '!')"},
        {"type": "calculate", "name": "both", "sensitivity": "personal", "calculation": "concat(${greeting}, ${loud})"}
    ]});
    let stored = [(key("greeting"), text("Awa, bien")), (key("mood"), text("bien"))].into_iter().collect();
    let mut filling = Filling::new(form(&json), &support::lists(), stored, held(&["open", "survey"]));
    for hidden in ["name", "greeting", "both"] {
        assert_eq!(filling.shown(&key(hidden)), Some(Shown::Hidden), "{hidden}");
    }
    let change = filling.set(&key("mood"), text("mieux")).unwrap();
    assert_eq!(change.edits, vec![(key("loud"), text("mieux!")), (key("mood"), text("mieux"))]);
    assert_eq!(filling.stored().get(&key("greeting")), Some(&text("Awa, bien")));
    assert!(matches!(filling.set(&key("name"), text("x")), Err(AnswerError::Hidden { .. })));
    assert!(filling.prompts().all(|prompt| prompt.question.id != "name"));
}

#[test]
fn a_new_record_begins_with_constants_metadata_and_computed_defaults_and_an_old_one_does_not() {
    let json = json!({"form_id": "d", "version": "1", "survey": [
        {"type": "today", "name": "today"},
        {"type": "username", "name": "who"},
        {"type": "integer", "name": "persons", "default": "2"},
        {"type": "date", "name": "day", "default": "2026-01-31"},
        {"type": "text", "name": "by", "default": "concat(${who}, '!')"},
        {"type": "calculate", "name": "token", "calculation": "once(uuid())"},
        {"type": "text", "name": "copy", "trigger": "${persons}", "calculation": "concat('p', ${persons})"}
    ]});
    let mut new = filling(&json);
    let answer = |filling: &Filling, id: &str| filling.stored().get(&key(id)).cloned();
    assert_eq!(answer(&new, "today"), Some(text("2026-11-24")));
    assert_eq!(answer(&new, "persons"), Some(Value::Int(2)));
    assert_eq!(answer(&new, "day"), Some(text("2026-01-31")));
    assert_eq!(answer(&new, "by"), Some(text("awa!")));
    assert_eq!(answer(&new, "copy"), None);
    let token = answer(&new, "token");
    assert!(token.is_some());
    let change = new.set(&key("persons"), Value::Int(5)).unwrap();
    assert_eq!(change.edits, vec![(key("copy"), text("p5")), (key("persons"), Value::Int(5))]);
    assert_eq!(answer(&new, "token"), token);

    let old = Filling::new(form(&json), &support::lists(), new.stored().clone(), support::again());
    assert_eq!(old.changes_since(new.stored()), vec![]);
    let empty = Filling::new(form(&json), &support::lists(), [].into_iter().collect(), support::again());
    assert_eq!(answer(&empty, "persons"), None);
}

#[test]
fn the_walk_follows_the_answers_and_names_the_boundaries() {
    let mut work = work();
    let ids = |work: &Filling| {
        work.prompts().map(|p| format!("{:?} {}", p.step, p.question.name)).collect::<Vec<_>>()
    };
    assert_eq!(ids(&work), ["Question age", "Question bye"]);
    work.set(&key("age"), Value::Int(20)).unwrap();
    work.set(&key("works"), text("yes")).unwrap();
    assert_eq!(
        ids(&work),
        [
            "Question age",
            "Question works",
            "GroupStart job",
            "Question title",
            "Question wage",
            "GroupEnd job",
            "Question bye",
        ]
    );
    let next = work.next_after(Some(&key("works"))).unwrap();
    assert_eq!(work.prompt(&next).unwrap().question.name, "job");
    work.set(&key("age"), Value::Int(2)).unwrap();
    let next = work.next_after(Some(&key("works"))).unwrap();
    assert_eq!(
        work.prompt(&next).unwrap().question.name,
        "bye",
        "from a question that was skipped meanwhile"
    );
}

#[test]
fn other_specify_ranges_choice_names_and_choices_made_of_items() {
    let mut filling = filling(&json!({"form_id": "o", "version": "1", "survey": [
        {"type": "select_one", "list": "l", "name": "trade", "or_other": true},
        {"type": "calculate", "name": "named", "calculation": "jr:choice-name(${trade}, '${trade}')"},
        {"type": "range", "name": "level", "parameters": "start=0 end=10 step=2"},
        {"type": "rank", "list": "l", "name": "wishes"},
        {"type": "repeat", "name": "person", "children": [{"type": "text", "name": "nick"}, {"type": "integer", "name": "years"}]},
        {"type": "select_one", "list": "${nick}", "name": "head", "choice_filter": "${years} >= 18"}
    ], "choices": {"l": [{"name": "farm", "label": {"fr": "Agriculture", "en": "Farming"}}, {"name": "sea"}]}}));
    filling.set(&key("trade"), text("farm")).unwrap();
    assert_eq!(filling.shown(&key("named")), Some(Shown::Answered(text("Agriculture"))));
    filling.set_language("en");
    assert_eq!(filling.shown(&key("named")), Some(Shown::Answered(text("Farming"))));
    assert_eq!(filling.shown(&key("trade_other")), Some(Shown::Skipped));
    filling.set(&key("trade"), text("other")).unwrap();
    filling.set(&key("trade_other"), text("Couture")).unwrap();

    filling.set(&key("level"), Value::Int(4)).unwrap();
    for wrong in [3, 12] {
        assert!(matches!(filling.set(&key("level"), Value::Int(wrong)), Err(AnswerError::OutOfRange { .. })));
    }
    filling.set(&key("wishes"), text("sea farm")).unwrap();
    assert_eq!(filling.shown(&key("wishes")), Some(Shown::Answered(text("sea farm"))));

    for (item, nick, years) in [(1, "Awa Exemple", 40), (2, "Bébé Exemple", 2)] {
        let item = ItemId([item; 16]);
        filling.add_item("person", None, item).unwrap();
        filling.set(&Key::item(None, "person", item).child("nick"), text(nick)).unwrap();
        filling.set(&Key::item(None, "person", item).child("years"), Value::Int(years)).unwrap();
    }
    let offered: Vec<String> = filling.choices(&key("head")).into_iter().map(|choice| choice.name).collect();
    assert_eq!(offered, ["Awa Exemple"]);
    filling.set(&key("head"), text("Awa Exemple")).unwrap();
    assert!(matches!(
        filling.set(&key("head"), text("Bébé Exemple")),
        Err(AnswerError::UnavailableCode { .. })
    ));
    assert_eq!(filling.validate(), vec![]);
    filling.remove_item("person", None, ItemId([1; 16])).unwrap();
    assert_eq!(filling.validate()[0].lack, Lack::Unavailable);
    filling.add_item("person", None, ItemId([1; 16])).unwrap();
    assert_eq!(filling.validate(), vec![], "a removed item comes back with its answers");
}

#[test]
fn a_label_is_found_by_the_identity_that_xforms_give_it() {
    let document = json!({"form_id": "f", "version": "1", "languages": ["fr", "en"], "survey": [
        {"type": "select_one", "list": "class", "name": "class", "label": {"fr": "Classe", "en": "Class"}},
        {"type": "calculate", "name": "word",
            "calculation": "jr:itext(instance('class')/root/item[name = ${class}]/itextId)"},
        {"type": "calculate", "name": "asked", "calculation": "jr:itext('/data/class:label')"},
        {"type": "calculate", "name": "nothing", "calculation": "jr:itext('class-9')"}],
        "choices": {"class": [
            {"name": "a", "label": {"fr": "Haute", "en": "Upper"}},
            {"name": "b", "label": {"fr": "Basse", "en": "Lower"}, "properties": {"rank": "2"}}]}});
    let mut filling = filling(&document);
    filling.set_language("fr");
    filling.set(&Key::question("class"), Value::text("b")).unwrap();
    let text = |filling: &Filling, id: &str| match filling.stored().get(&Key::question(id)) {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    };
    assert_eq!(["word", "asked", "nothing"].map(|id| text(&filling, id)), ["Basse", "Classe", ""]);
    filling.set_language("en");
    assert_eq!(["word", "asked", "nothing"].map(|id| text(&filling, id)), ["Lower", "Class", ""]);
}
