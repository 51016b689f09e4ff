//! Sensitivity classes: a set with a flows-to relation, as data. What is of a freer class may flow into a stricter
//! one; the other way there is only a release.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// The name of a sensitivity class.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClassId(String);

impl ClassId {
    /// A class by its name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One class as the data describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Its name.
    pub class: ClassId,
    /// What people call it.
    pub label: Text,
    /// The classes into which it may flow directly.
    #[serde(default)]
    pub flows_to: Vec<ClassId>,
}

/// All classes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classes {
    /// The version of this data.
    pub version: String,
    /// The classes.
    pub classes: Vec<Class>,
}

impl Classes {
    /// Whether there is such a class.
    pub fn contains(&self, class: &ClassId) -> bool {
        self.classes.iter().any(|known| known.class == *class)
    }

    /// Whether what is of class `from` may flow into `to`; every class flows into itself.
    pub fn flows_to(&self, from: &ClassId, to: &ClassId) -> bool {
        let mut reached: BTreeSet<&ClassId> = BTreeSet::new();
        let mut open = vec![from];
        while let Some(class) = open.pop() {
            if class == to {
                return true;
            }
            if reached.insert(class) {
                open.extend(
                    self.classes
                        .iter()
                        .filter(|known| known.class == *class)
                        .flat_map(|known| &known.flows_to),
                );
            }
        }
        false
    }

    /// The freest class into which all of these may flow; none where there is no such class, or no single freest.
    pub fn join(&self, classes: &[ClassId]) -> Option<&ClassId> {
        let above: Vec<&ClassId> = self
            .classes
            .iter()
            .map(|known| &known.class)
            .filter(|candidate| classes.iter().all(|class| self.flows_to(class, candidate)))
            .collect();
        above.iter().find(|candidate| above.iter().all(|other| self.flows_to(candidate, other))).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes() -> Classes {
        serde_json::from_str(
            r#"{"version":"1","classes":[
                {"class":"open","label":"o","flows_to":["survey"]},
                {"class":"survey","label":"s","flows_to":["personal","notes"]},
                {"class":"personal","label":"p","flows_to":["protected"]},
                {"class":"notes","label":"n"},
                {"class":"protected","label":"x"}]}"#,
        )
        .unwrap()
    }

    #[test]
    fn flow_is_transitive_and_never_downwards() {
        let (all, id) = (classes(), ClassId::new);
        assert!(all.flows_to(&id("open"), &id("protected")));
        assert!(all.flows_to(&id("open"), &id("open")));
        assert!(!all.flows_to(&id("protected"), &id("open")));
        assert!(!all.flows_to(&id("notes"), &id("protected")));
    }

    #[test]
    fn the_join_is_the_freest_class_that_all_reach_if_there_is_one() {
        let (all, id) = (classes(), ClassId::new);
        assert_eq!(all.join(&[id("open"), id("personal")]), Some(&id("personal")));
        assert_eq!(all.join(&[id("open")]), Some(&id("open")));
        assert_eq!(all.join(&[id("notes"), id("personal")]), None);
    }
}
