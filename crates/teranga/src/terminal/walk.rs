//! Where an interview in the terminal stands: what comes next, and what was asked before. An answer may open
//! questions and take others away, so this is found anew from what was passed.

use teranga_core::flow::{Counted, Filling, Shown, Step, Stop};
use teranga_core::key::Key;

/// One stop of the terminal: a question, a note, or the end of a repeat.
pub(super) struct Place {
    pub(super) stop: Stop,
    /// What names it: a question by its key, the end of a repeat by its name.
    pub(super) name: Option<Key>,
    /// Whether something is asked here: notes and what is computed only pass by.
    pub(super) asks: bool,
    /// The items that it lies in, the outermost first, each with its number.
    pub(super) items: Vec<(Stop, usize)>,
}

/// Every place as the answers now have it, in order.
pub(super) fn places(filling: &Filling) -> Vec<Place> {
    let mut places = Vec::new();
    let mut items: Vec<(Stop, usize)> = Vec::new();
    let mut counted = Vec::new();
    for stop in filling.stops() {
        let asks = match stop.step {
            Step::Question => filling.takes_answer(&stop),
            Step::RepeatEnd => counted.pop() == Some(Counted::ByHand),
            Step::RepeatStart { counted: by, .. } => {
                counted.push(by);
                continue;
            }
            Step::ItemStart { position, .. } => {
                items.push((stop, position));
                continue;
            }
            Step::ItemEnd => {
                items.pop();
                continue;
            }
            Step::GroupStart | Step::GroupEnd => continue,
        };
        places.push(Place { stop, name: name(filling, &stop), asks, items: items.clone() });
    }
    places
}

fn name(filling: &Filling, stop: &Stop) -> Option<Key> {
    let (question, key) = filling.at(stop)?;
    if stop.step != Step::RepeatEnd {
        return key.cloned();
    }
    let within = key.map_or_else(String::new, |key| format!("{key}/"));
    Some(Key::from_text(format!("{within}{}#", question.id)))
}

/// What comes before the first question that nobody has answered.
pub(crate) fn answered_so_far(filling: &Filling) -> Vec<Key> {
    let open = |place: &Place| {
        let state = place.name.as_ref().and_then(|key| filling.shown(key));
        place.stop.step == Step::Question && place.asks && state == Some(Shown::NotAsked)
    };
    places(filling).into_iter().take_while(|place| !open(place)).filter_map(|place| place.name).collect()
}

/// The first place after the last one passed that is still there: an answer may have taken away what came before.
pub(super) fn next(places: Vec<Place>, passed: &[Key]) -> Option<Place> {
    let at = |key: &Key| places.iter().position(|place| place.name.as_ref() == Some(key));
    let last = passed.iter().rev().find_map(at);
    places.into_iter().nth(last.map_or(0, |last| last + 1))
}

/// Goes back to what was asked last and is still asked. Where nothing was asked before, one stays.
pub(super) fn back(passed: &mut Vec<Key>, asks: impl Fn(&Key) -> bool) {
    if let Some(last) = passed.iter().rposition(asks) {
        passed.truncate(last);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use teranga_core::flow::{Answers, FlowContext};
    use teranga_core::form::{Form, Lists};
    use teranga_core::id::ItemId;
    use teranga_core::value::Value;

    use super::*;

    fn filling() -> Filling {
        let form = json!({"form_id": "f", "version": "1", "default_language": "fr", "survey": [
            {"type": "note", "name": "welcome", "label": {"fr": "Bonjour"}},
            {"type": "text", "name": "one", "label": {"fr": "Un"}},
            {"type": "note", "name": "aside", "label": {"fr": "À noter"}},
            {"type": "text", "name": "fixed", "label": {"fr": "Fixe"}, "readonly": "true()"},
            {"type": "text", "name": "two", "label": {"fr": "Deux"}, "relevant": "${one} != 'no'"},
            {"type": "repeat", "name": "child", "label": {"fr": "Enfant"}, "children": [
                {"type": "text", "name": "nick", "label": {"fr": "Nom"}}
            ]},
            {"type": "text", "name": "three", "label": {"fr": "Trois"}}
        ]});
        let form = Arc::new(Form::read(&form.to_string()).unwrap());
        Filling::new(form, &Lists::default(), Answers::new(), FlowContext::default())
    }

    fn names(keys: &[&str]) -> Vec<Key> {
        keys.iter().map(|key| Key::from_text(*key)).collect()
    }

    fn went_back(filling: &Filling, passed: &[&str]) -> Option<Key> {
        let mut passed = names(passed);
        let places = places(filling);
        back(&mut passed, |key| places.iter().any(|place| place.asks && place.name.as_ref() == Some(key)));
        next(places, &passed)?.name
    }

    #[test]
    fn back_leads_to_the_question_asked_before_and_over_what_asks_nothing() {
        let mut filling = filling();
        let to = |filling: &Filling, passed: &[&str]| went_back(filling, passed).map(|key| key.to_string());
        assert_eq!(to(&filling, &["welcome", "one", "aside", "fixed"]).as_deref(), Some("one"));
        assert_eq!(to(&filling, &["welcome", "one", "aside", "fixed", "two"]).as_deref(), Some("two"));
        assert_eq!(to(&filling, &["welcome"]).as_deref(), Some("one"), "nothing was asked before");
        assert_eq!(to(&filling, &["welcome", "one", "two", "child#"]).as_deref(), Some("child#"));
        filling.set(&Key::question("one"), Value::text("no")).unwrap();
        assert_eq!(to(&filling, &["welcome", "one", "two"]).as_deref(), Some("one"), "two went away");
    }

    #[test]
    fn a_place_knows_the_number_of_its_item() {
        let mut filling = filling();
        for number in 1..3 {
            filling.add_item("child", None, ItemId([number; 16])).unwrap();
        }
        let numbers: Vec<Vec<usize>> = places(&filling)
            .iter()
            .filter(|place| !place.items.is_empty())
            .map(|place| place.items.iter().map(|(_, number)| *number).collect())
            .collect();
        assert_eq!(numbers, [vec![1], vec![2]]);
    }
}
