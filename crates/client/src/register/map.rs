//! The map of a register, as data: which column answers which question of the case's form.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use teranga_core::form::{Form, nearest};
use teranga_core::list::fold;
use teranga_core::problem::Explain;
use teranga_xforms::Register;

/// Which column answers which question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterMap {
    /// The form of the cases.
    pub form: String,
    /// The sheet; the first where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The row of the headings as the spreadsheet numbers it; the first that holds something where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<usize>,
    /// The question whose answer tells the rows apart, for ever: the number in the register, the `_uuid` of an export.
    pub key: String,
    /// Where the answer of each question comes from, by its id.
    pub answers: BTreeMap<String, Source>,
}

/// Where an answer comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Source {
    /// A column, by its heading.
    Column(String),
    /// A column with what must be known to read it, or a value that is the same for all.
    Spec(SourceSpec),
}

/// How an answer is read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSpec {
    /// The column, by its heading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The code of each spelling that is neither the code nor its label. An empty code: no answer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub codes: BTreeMap<String, String>,
    /// In which order days are written; day, month, year where absent. Days as `YYYY-MM-DD` are always understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dates: Option<DateOrder>,
    /// The answer where the column is empty, or of every row where there is no column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Json>,
}

/// The order in which a register writes days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// 31/12/2026.
    #[default]
    DayMonthYear,
    /// 12/31/2026.
    MonthDayYear,
    /// 2026/12/31.
    YearMonthDay,
}

/// What is wrong with a map.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapProblem {
    /// The form has no such question.
    #[error("the form has no question {name}")]
    Question {
        /// The name.
        name: String,
        /// The nearest id.
        suggestion: Option<String>,
    },
    /// The register has no such column.
    #[error("the register has no column {name}")]
    Column {
        /// The heading.
        name: String,
        /// The nearest heading.
        suggestion: Option<String>,
    },
    /// The key is no question that a column answers.
    #[error("the key {name} is answered by no column")]
    Key {
        /// The question.
        name: String,
    },
}

impl Explain for MapProblem {
    fn code(&self) -> &'static str {
        match self {
            Self::Question { .. } => "register-question",
            Self::Column { .. } => "register-column",
            Self::Key { .. } => "register-key",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Question { name, suggestion } | Self::Column { name, suggestion } => {
                vec![("name", name.clone()), ("suggestion", suggestion.clone().unwrap_or_default())]
            }
            Self::Key { name } => vec![("name", name.clone())],
        }
    }
}

impl Source {
    /// How it is read.
    pub fn spec(&self) -> SourceSpec {
        match self {
            Self::Column(column) => SourceSpec { column: Some(column.clone()), ..SourceSpec::default() },
            Self::Spec(spec) => spec.clone(),
        }
    }
}

impl RegisterMap {
    /// Everything that is wrong with it.
    pub fn problems(&self, form: &Form, register: &Register) -> Vec<MapProblem> {
        let mut problems = Vec::new();
        let own = |suggestion: Option<&str>| suggestion.map(str::to_owned);
        for (question, source) in &self.answers {
            let asked = form.question(question).filter(|row| row.kind.is_asked() && row.repeat.is_none());
            if asked.is_none() {
                let known = form.questions().filter(|row| row.repeat.is_none()).map(|row| row.id.as_str());
                let suggestion = own(nearest(question, known));
                problems.push(MapProblem::Question { name: question.clone(), suggestion });
            }
            if let Some(column) = source.spec().column.filter(|column| register.column(column).is_none()) {
                let known = register.columns.iter().map(String::as_str);
                let suggestion = own(nearest(&column, known));
                problems.push(MapProblem::Column { name: column, suggestion });
            }
        }
        if self.answers.get(&self.key).is_none_or(|source| source.spec().column.is_none()) {
            problems.push(MapProblem::Key { name: self.key.clone() });
        }
        problems
    }

    /// A map to begin with: each column goes to the question whose id, name or label it bears, the first column with a
    /// heading is the key's where nothing else is.
    pub fn suggested(form: &Form, register: &Register, key: &str) -> Self {
        let mut answers = BTreeMap::new();
        for column in register.columns.iter().filter(|column| !column.is_empty()) {
            // Exports name a question by the path of its groups.
            let wanted = fold(column.rsplit('/').next().unwrap_or(column));
            let is_named = |row: &&teranga_core::form::Question| {
                let labels = row.label.all().into_iter().map(|(_, text)| text);
                labels.chain([row.id.as_str(), row.name.as_str()]).any(|text| fold(text) == wanted)
            };
            let asked = form.questions().filter(|row| row.kind.is_asked() && row.repeat.is_none());
            if let Some(question) = asked.into_iter().find(is_named) {
                answers.entry(question.id.clone()).or_insert_with(|| Source::Column(column.clone()));
            }
        }
        let first = register.columns.iter().find(|column| !column.is_empty());
        if let Some(first) = first.filter(|_| form.question(key).is_some()) {
            answers.entry(key.to_owned()).or_insert_with(|| Source::Column(first.clone()));
        }
        Self { form: form.form_id().to_owned(), sheet: None, head: None, key: key.to_owned(), answers }
    }
}
