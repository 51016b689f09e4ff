//! The form document as it stands in `schemas/forms/*.json`: XLSForm's vocabulary as JSON. These structs read and
//! write it without loss; what a form *means* is compiled from them and kept apart.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::class::ClassId;
use crate::text::Text;

/// A whole form document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormDocument {
    /// The identity of the form over all its versions.
    pub form_id: String,
    /// This version.
    pub version: String,
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// The language of plain texts, and of texts that lack the one asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_language: Option<String>,
    /// The languages of the form, in the order in which they are offered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// What languages are called where their code alone does not say it: `French (fr)` for `fr`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub language_names: BTreeMap<String, String>,
    /// What a record of this form is; an assessment where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordKind>,
    /// The class of questions that no mark of their own or of a section reaches; `personal` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensitivity: Option<ClassId>,
    /// The rounds of a survey.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waves: Option<Waves>,
    /// Other settings of the workbook, kept as they are.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub settings: Map<String, Json>,
    /// The rows.
    #[serde(default)]
    pub survey: Vec<NodeDocument>,
    /// The lists of choices by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub choices: BTreeMap<String, ChoicesDocument>,
}

/// What a record of a form is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// One filled form, of a case or on its own.
    #[default]
    Assessment,
    /// A case: the profile of one returnee.
    Case,
}

/// The rounds of a survey: windows of days around a date of the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waves {
    /// The id of the question of the case's form that gives the date.
    pub anchor: String,
    /// The rounds, in order.
    pub windows: Vec<WaveWindow>,
}

/// One round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaveWindow {
    /// The code of the round: `baseline`, `m3`.
    pub wave: String,
    /// Months from the anchor to the middle of the round.
    pub months: i32,
    /// First day of the window, counted from that day; usually negative.
    pub from_days: i32,
    /// Last day of the window, counted from that day.
    pub to_days: i32,
}

/// One row of the survey.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeDocument {
    /// The type, without the name of a list.
    #[serde(rename = "type")]
    pub kind: String,
    /// The list of choices, or the file, of a select.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The name in expressions.
    pub name: String,
    /// The storage identity; the name where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Text>,
    /// Help shown with the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<Text>,
    /// Help for training and print.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guidance_hint: Option<Text>,
    /// Skip logic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relevant: Option<String>,
    /// Whether an answer must be given: an expression, or `yes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<String>,
    /// Said when it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_message: Option<Text>,
    /// What an answer must fulfil.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraint: Option<String>,
    /// Said when it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraint_message: Option<Text>,
    /// What the value is computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calculation: Option<String>,
    /// The value at the start: a constant or an expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Whether the answer may not be changed by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readonly: Option<String>,
    /// How it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appearance: Option<String>,
    /// Which choices are offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice_filter: Option<String>,
    /// Parameters of the type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<String>,
    /// The questions whose change computes this value anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    /// The sensitivity class, for this row and the rows within.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensitivity: Option<ClassId>,
    /// Whether "other, specify" is added to the choices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub or_other: Option<bool>,
    /// How many items a repeat has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat_count: Option<String>,
    /// Any other column of the workbook, kept as it is.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub columns: Map<String, Json>,
    /// The rows of a group or repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children: Option<Vec<NodeDocument>>,
}

/// A list of choices: written out, or a code list by its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ChoicesDocument {
    /// Written out in the form.
    Inline(Vec<Choice>),
    /// A code list of the catalogue.
    FromList {
        /// The code list.
        from_list: String,
    },
}

/// One choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The code that is stored.
    pub name: String,
    /// What is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Text>,
    /// Any other column of the choice, for filters.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub properties: Map<String, Json>,
}
