//! The `mappings` of a form document: how it reads what was answered under the versions before it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::value::Value;

/// How a version reads what was answered before it. Every code and id that stands here on the left is retired: no
/// later version may give it another meaning, so that a mapping can be applied to any answer, whenever it was given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingsDocument {
    /// For a question with choices, the present code of each retired one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub recode: BTreeMap<String, BTreeMap<String, String>>,
    /// For a retired question with choices, what each of its codes answers in the questions that replace it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub split: BTreeMap<String, BTreeMap<String, BTreeMap<String, serde_json::Value>>>,
    /// The present id of a retired question whose answers stay as they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub moved: BTreeMap<String, String>,
}

impl MappingsDocument {
    /// The questions that answers of a retired one are read into; none for a question that no mapping retires.
    pub(crate) fn targets(&self, retired: &str) -> Vec<&str> {
        let split = self.split.get(retired).into_iter().flat_map(BTreeMap::values);
        let mut targets: Vec<&str> = split.flat_map(BTreeMap::keys).map(String::as_str).collect();
        targets.extend(self.moved.get(retired).map(String::as_str));
        targets.sort_unstable();
        targets.dedup();
        targets
    }

    /// Every retired question.
    pub(crate) fn retired(&self) -> impl Iterator<Item = &str> {
        self.split.keys().chain(self.moved.keys()).map(String::as_str)
    }

    /// Whether this retires a question.
    pub(crate) fn retires(&self, question: &str) -> bool {
        self.split.contains_key(question) || self.moved.contains_key(question)
    }

    /// What an answer of a retired question says in each question that replaces it; nothing for an answer that the
    /// mapping does not know.
    pub(crate) fn answers(&self, retired: &str, answer: &Value) -> Vec<(&str, Value)> {
        if let Some(target) = self.moved.get(retired) {
            return vec![(target, answer.clone())];
        }
        let Some(codes) = self.split.get(retired) else { return Vec::new() };
        match answer {
            Value::Text(code) => {
                let answers = codes.get(code).into_iter().flatten();
                answers.filter_map(|(to, json)| Some((to.as_str(), Value::from_json(json)?))).collect()
            }
            // Who declined the one question declined all that it became.
            Value::NoAnswer(_) => {
                self.targets(retired).into_iter().map(|target| (target, answer.clone())).collect()
            }
            Value::Cleared | Value::Bool(_) | Value::Int(_) | Value::Decimal(_) => Vec::new(),
        }
    }
}
