//! What a measurement says: a line for whoever waits, and for `--json` an object with what was measured, what is to be
//! reached, and whether it was. A row that cannot be measured here says why, in both.

use serde_json::{Map, Value as Json, json};

use crate::said::Manner;

/// One row of the table.
#[derive(Debug)]
pub(super) struct Row {
    /// What is done.
    pub(super) what: &'static str,
    /// What is to be reached, as the table says it; none where a row is there to compare with.
    pub(super) target: Option<&'static str>,
    pub(super) outcome: Outcome,
}

/// What came of a row.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The numbers, by name, and whether they reach the target.
    Measured(Json, bool),
    /// It cannot be measured here, and why.
    Skipped(String),
}

impl Row {
    fn to_json(&self) -> Json {
        let told = json!({ "what": self.what, "target": self.target });
        let more = match &self.outcome {
            Outcome::Measured(measured, reached) => {
                json!({ "measured": measured, "reached": self.target.map(|_| *reached) })
            }
            Outcome::Skipped(why) => json!({ "skipped": why }),
        };
        [told, more].into_iter().filter_map(|json| json.as_object().cloned()).flatten().collect()
    }

    fn told(&self) -> String {
        let Self { what, target, outcome } = self;
        match (outcome, target) {
            (Outcome::Skipped(why), _) => format!("{what}: skipped: {why}"),
            (Outcome::Measured(measured, _), None) => format!("{what}: {measured}"),
            (Outcome::Measured(measured, reached), Some(target)) => {
                let verdict = if *reached { "reached" } else { "not reached" };
                format!("{what}: {measured}, to reach: {target}: {verdict}")
            }
        }
    }
}

/// The rows as they come. With `--json` standard output is kept for the one object at the end.
#[derive(Debug)]
pub(super) struct Rows {
    manner: Manner,
    told: Map<String, Json>,
}

impl Rows {
    pub(super) fn new(manner: Manner) -> Self {
        Self { manner, told: Map::new() }
    }

    /// Takes a row, and says it to whoever waits.
    pub(super) fn add(&mut self, name: &str, row: &Row) {
        let line = format!("{name:16} {}", row.told());
        match row.outcome {
            Outcome::Skipped(_) => eprintln!("{line}"),
            Outcome::Measured(..) => self.manner.say(&line),
        }
        self.told.insert(name.to_owned(), row.to_json());
    }

    /// Nothing more comes.
    pub(super) fn end(self) {
        self.manner.end(&Json::Object(self.told));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_was_reached_and_one_that_was_skipped_says_why() {
        let measured = Outcome::Measured(json!({ "round_trips": 2 }), false);
        let row = Row { what: "nothing new", target: Some("1 round trip"), outcome: measured };
        let told = json!({ "what": "nothing new", "target": "1 round trip", "measured": { "round_trips": 2 }, "reached": false });
        assert_eq!(row.to_json(), told);
        let skipped = Outcome::Skipped("no form".to_owned());
        let row = Row { what: "first push", target: None, outcome: skipped };
        assert_eq!(row.to_json(), json!({ "what": "first push", "target": null, "skipped": "no form" }));
    }
}
