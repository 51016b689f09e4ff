//! Recomputing only what an answer reaches must give what recomputing everything gives: generated forms are filled at
//! random, and after every step the live form is compared with the same answers opened afresh.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use teranga_core::flow::{Filling, Step};
use teranga_core::form::Form;
use teranga_core::id::ItemId;
use teranga_core::key::Key;
use teranga_core::value::{NoAnswer, Value};

use super::support::{again, context, form, lists, text};

/// A small reproducible source of choices (an LCG with Knuth's constants).
struct Seed(u64);

impl Seed {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// The names that a new row may read: those before it, so that there is no cycle.
fn reader(seed: &mut Seed, names: &[String]) -> Json {
    let name = names[seed.below(names.len())].clone();
    let other = names[seed.below(names.len())].clone();
    match seed.below(5) {
        0 => json!({"relevant": format!("${{{name}}} != 2")}),
        1 => json!({"relevant": format!("coalesce(${{{name}}}, 1) < 3 and ${{{other}}} != 1")}),
        2 => json!({"required": format!("${{{name}}} > 1"), "readonly": format!("${{{other}}} = 3")}),
        3 => {
            json!({"type": "calculate", "calculation": format!("coalesce(${{{name}}}, 0) + coalesce(${{{other}}}, 0)")})
        }
        _ => {
            json!({"type": "calculate", "calculation": format!("if(${{{name}}} > 1, concat('x', ${{{other}}}), '')")})
        }
    }
}

fn section(seed: &mut Seed, names: &mut Vec<String>, given: &mut usize, depth: usize) -> Vec<Json> {
    let mut rows = Vec::new();
    for _ in 0..3 + seed.below(5) {
        *given += 1;
        let number = *given;
        let name = format!("q{number}");
        let mut row = json!({"type": "integer", "name": name});
        if seed.below(3) > 0 {
            let read = reader(seed, names);
            for (member, value) in read.as_object().unwrap() {
                row[member] = value.clone();
            }
        }
        names.push(name);
        if depth > 0 && seed.below(3) == 0 {
            let repeat = seed.below(2) == 0;
            let outer = names.len();
            let children = section(seed, names, given, depth - 1);
            let inner = names.last().unwrap().clone();
            let name = format!("s{number}");
            let kind = if repeat { "repeat" } else { "group" };
            rows.push(row);
            rows.push(json!({"type": kind, "name": name, "relevant": format!("${{{}}} != 3", names[outer - 1]), "children": children}));
            if repeat {
                // What is inside items is read from outside through sums and counts only.
                names.truncate(outer);
                for (call, name) in [
                    (format!("sum(${{{inner}}})"), format!("t{number}")),
                    (format!("count(${{{name}}})"), format!("u{number}")),
                ] {
                    rows.push(json!({"type": "calculate", "name": name, "calculation": call}));
                    names.push(name);
                }
            }
            continue;
        }
        rows.push(row);
    }
    rows
}

fn generated(seed: &mut Seed) -> Arc<Form> {
    let mut names = vec!["q".to_owned()];
    let mut rows = vec![json!({"type": "integer", "name": "q"})];
    rows.extend(section(seed, &mut names, &mut 0, 2));
    form(&json!({"form_id": "g", "version": "1", "survey": rows}))
}

fn step(seed: &mut Seed, filling: &mut Filling, next_item: &mut u8) {
    let repeats: Vec<(String, Option<Key>)> = filling
        .prompts()
        .filter(|prompt| prompt.step == Step::RepeatEnd)
        .map(|prompt| (prompt.question.id.clone(), prompt.key.clone()))
        .collect();
    if !repeats.is_empty() && seed.below(3) == 0 {
        let (repeat, within) = &repeats[seed.below(repeats.len())];
        let items = filling.items(repeat, within.as_ref());
        if items.len() > 2 {
            filling.remove_item(repeat, within.as_ref(), items[seed.below(items.len())]).unwrap();
        } else {
            *next_item += 1;
            filling.add_item(repeat, within.as_ref(), ItemId([*next_item; 16])).unwrap();
        }
        return;
    }
    let keys: Vec<Key> =
        filling.states().filter(|(_, q, _)| q.kind.is_asked()).map(|(key, ..)| key.clone()).collect();
    let value = match seed.below(6) {
        0 => Value::Cleared,
        1 => Value::NoAnswer(NoAnswer::DontKnow),
        number => Value::Int(i64::try_from(number).unwrap() - 1),
    };
    // A read-only question refuses; that too must leave everything as it was.
    let _refused = filling.set(&keys[seed.below(keys.len())], value);
}

#[test]
fn a_step_at_a_time_gives_what_opening_afresh_gives() {
    for run in 0..150 {
        let mut seed = Seed(run);
        let form = generated(&mut seed);
        let mut live = Filling::new(Arc::clone(&form), &lists(), [].into_iter().collect(), context());
        let mut next_item = 0;
        for at in 0..40 {
            step(&mut seed, &mut live, &mut next_item);
            let fresh = Filling::new(Arc::clone(&form), &lists(), live.stored().clone(), again());
            let states = |filling: &Filling| {
                filling.states().map(|(key, _, shown)| (key.clone(), shown)).collect::<Vec<_>>()
            };
            assert_eq!(states(&live), states(&fresh), "run {run}, step {at}: {}", form.to_json());
            assert_eq!(live.stops().len(), fresh.stops().len(), "run {run}, step {at}");
            assert_eq!(live.validate(), fresh.validate(), "run {run}, step {at}");
            assert_eq!(live.stored(), fresh.stored(), "run {run}, step {at}: nothing left to compute");
        }
    }
}

#[test]
fn an_answer_in_a_form_of_a_thousand_questions_reaches_its_neighbours_only() {
    let row = |index: u32| match index {
        0 => json!({"type": "integer", "name": "q0"}),
        _ if index.is_multiple_of(5) => json!({"type": "calculate", "name": format!("q{index}"),
            "calculation": format!("coalesce(${{q{}}}, 0) + 1", index - 1)}),
        _ => {
            json!({"type": "integer", "name": format!("q{index}"), "relevant": format!("${{q{}}} != 7", index - 1)})
        }
    };
    let rows: Vec<Json> = (0..1_000).map(row).collect();
    let groups: Vec<Json> = rows
        .chunks(50)
        .enumerate()
        .map(|(index, rows)| json!({"type": "group", "name": format!("g{index}"), "children": rows}))
        .collect();
    let form = form(&json!({"form_id": "big", "version": "1", "survey": groups}));
    let mut filling = Filling::new(form, &lists(), [].into_iter().collect(), context());
    for index in (0..1_000).filter(|index: &u32| !index.is_multiple_of(5)) {
        let change = filling.set(&Key::question(&format!("q{index}")), Value::Int(1)).unwrap();
        assert!(change.recomputed <= 3, "q{index}: {}", change.recomputed);
    }
    assert!(filling.set(&Key::question("q1"), text("7")).is_err());
}
