//! The form document as it stands in `schemas/forms/*.json`: XLSForm's vocabulary as JSON. These structs read and
//! write it without loss; what a form *means* is compiled from them and kept apart.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::class::ClassId;
use crate::list::Validity;
use crate::text::Text;

use super::mappings::MappingsDocument;

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
    /// How this version reads what was answered under earlier ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mappings: Option<MappingsDocument>,
    /// Other settings of the workbook, kept as they are.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub settings: Map<String, Json>,
    /// The rows.
    #[serde(default)]
    pub survey: Vec<NodeDocument>,
    /// The lists of choices by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub choices: BTreeMap<String, ChoicesDocument>,
    /// Texts by their identity, for expressions that look one up: `jr:itext`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub texts: BTreeMap<String, Text>,
    /// What is set when the form is opened, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionDocument>,
}

/// A value that is set when something happens, as XForms' `setvalue` does. What a row's own `default` or `trigger`
/// can say is said there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionDocument {
    /// When it is set.
    pub events: Vec<Event>,
    /// The path of what is set, looked at from the row of the action.
    pub target: String,
    /// The expression of the value, looked at from the target; the answer is taken back where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What can happen to a form or a row, by the names that ODK XForms give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A new record was opened.
    #[serde(rename = "odk-instance-first-load")]
    FirstLoad,
    /// A record was opened, new or not.
    #[serde(rename = "odk-instance-load")]
    Load,
    /// An item was added to the repeat of the action, or around it.
    #[serde(rename = "odk-new-repeat")]
    NewItem,
    /// The answer of the row of the action was changed by hand.
    #[serde(rename = "xforms-value-changed")]
    ValueChanged,
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
    /// The items that a repeat begins with: for each the values by name that differ from the defaults, those of
    /// a section as an object, those of a repeat within as a list. None where absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<Map<String, Json>>,
    /// Choices drawn from whatever nodes, in place of `list` and `choice_filter`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub itemset: Option<ItemsetDocument>,
    /// What is set when something happens to this row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionDocument>,
    /// Any other column of the workbook, kept as it is.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub columns: Map<String, Json>,
    /// The rows of a group or repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children: Option<Vec<NodeDocument>>,
}

/// Where a select takes its choices from when a list and a filter cannot say it: a repeat of the form, a list with
/// other columns than `name` and `label`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemsetDocument {
    /// The expression of the nodes, one for each choice, looked at from the row.
    pub nodeset: String,
    /// The expression of the code, looked at from each node.
    pub value: String,
    /// The expression of what is shown, looked at from each node; the code where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// A list of choices: written out, a code list by its name, or a table of data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ChoicesDocument {
    /// Written out in the form.
    Inline(Vec<Choice>),
    /// Data to look things up in, whose rows are no choices by themselves.
    Table {
        /// The rows: cells by the name of their column. A list of objects stands for elements within, a name that
        /// begins with `@` for an attribute.
        rows: Vec<Map<String, Json>>,
        /// The names of the element around the rows and of each row where they are not `root/item`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
    },
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
    /// The days on which it is offered. Only a code list of the catalogue says it: a column of that name in a form's
    /// own list is whatever its author meant by it.
    #[serde(skip)]
    pub validity: Validity,
}
