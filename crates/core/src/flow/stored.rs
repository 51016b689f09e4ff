//! Between the keys of a part and the answer of one question. A select-multiple is one key per option, so that two
//! devices that tick different options both count; everything else is one key.

use std::collections::BTreeMap;

use crate::form::{Kind, Question};
use crate::key::Key;
use crate::value::Value;

/// What is stored of a record's answers: exactly the keys and values of its parts.
pub type Answers = BTreeMap<Key, Value>;

/// The stored answer of a question; selections as codes separated by spaces, in the order of `codes`, with codes
/// that are not of the list behind them.
pub(super) fn read(answers: &Answers, key: &Key, question: &Question, codes: &[&str]) -> Option<Value> {
    let own = answers.get(key);
    if question.kind != Kind::SelectMultiple {
        return own.cloned();
    }
    match own {
        Some(Value::NoAnswer(_) | Value::Cleared) => return own.cloned(),
        Some(Value::Bool(_) | Value::Int(_) | Value::Decimal(_) | Value::Text(_)) | None => {}
    }
    let chosen: Vec<&str> = options(answers, key)
        .filter(|(_, value)| **value == Value::Bool(true))
        .map(|(option, _)| option)
        .collect();
    if chosen.is_empty() {
        return own.map(|_| Value::Cleared);
    }
    let listed = codes.iter().filter(|code| chosen.contains(code));
    let others = chosen.iter().filter(|code| !codes.contains(code));
    Some(Value::Text(listed.chain(others).copied().collect::<Vec<_>>().join(" ")))
}

/// The keys to write so that `value` is the answer of a question; none when it is already.
pub(super) fn write(answers: &Answers, key: &Key, question: &Question, value: &Value) -> Vec<(Key, Value)> {
    if question.kind != Kind::SelectMultiple {
        let same = answers.get(key).map_or(*value == Value::Cleared, |stored| stored == value);
        return if same { Vec::new() } else { vec![(key.clone(), value.clone())] };
    }
    let (own, codes) = match value {
        Value::Text(codes) => (Value::Bool(true), codes.split_whitespace().collect()),
        Value::Cleared | Value::Bool(_) | Value::Int(_) | Value::Decimal(_) | Value::NoAnswer(_) => {
            (value.clone(), Vec::new())
        }
    };
    let mut edits = Vec::new();
    if answers.get(key).map_or(own != Value::Cleared, |stored| *stored != own) {
        edits.push((key.clone(), own));
    }
    for (option, stored) in options(answers, key) {
        if *stored == Value::Bool(true) && !codes.contains(&option) {
            edits.push((key.child(option), Value::Bool(false)));
        }
    }
    for code in codes {
        let option = key.child(code);
        if answers.get(&option) != Some(&Value::Bool(true)) {
            edits.push((option, Value::Bool(true)));
        }
    }
    edits
}

/// The stored options under a question's key.
fn options<'a>(answers: &'a Answers, key: &Key) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let prefix = format!("{key}/");
    answers.range(Key::from_text(prefix.clone())..).map_while(move |(key, value)| {
        let option = key.as_str().strip_prefix(&prefix)?;
        Some((option, value))
    })
}

/// The answer as expressions read it.
pub(super) fn text(question: &Question, value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Cleared | Value::NoAnswer(_)) => String::new(),
        Some(Value::Bool(yes)) if question.kind == Kind::Acknowledge => {
            if *yes { "OK" } else { "" }.to_owned()
        }
        Some(Value::Bool(yes)) => yes.to_string(),
        Some(Value::Int(number)) => number.to_string(),
        Some(Value::Decimal(number)) => number.to_string(),
        Some(Value::Text(text)) => text.clone(),
    }
}
