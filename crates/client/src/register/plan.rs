//! What importing a register would do: the rows that become cases, those that are cases already, and those that are
//! refused, each with its reason. Nothing is written before a person has seen it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json};
use teranga_core::answers::AnswerError;
use teranga_core::flow::Finding;
use teranga_core::form::{Form, RecordKind};
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::problem::Explain;
use teranga_core::value::Value;
use teranga_xforms::{Register, RegisterRow};

use super::cell::Reading;
use super::map::RegisterMap;
use crate::device::Device;
use crate::error::ClientError;
use crate::interview::{Finished, Setting};

/// What importing a register would do.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// The rows that become cases.
    pub fresh: Vec<Fresh>,
    /// The rows that are cases already: they stay as they are.
    pub known: Vec<Known>,
    /// What is refused, and why.
    pub refused: Vec<RowError>,
}

/// A row that becomes a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Fresh {
    /// The row as the spreadsheet numbers it.
    pub row: usize,
    answers: Json,
}

/// A row that is a case already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The row as the spreadsheet numbers it.
    pub row: usize,
    /// The case.
    pub record: RecordId,
    /// The questions whose answer is another one in the case.
    pub differs: Vec<String>,
}

/// Why a row is refused.
#[derive(Debug, Clone, PartialEq)]
pub struct RowError {
    /// The row as the spreadsheet numbers it.
    pub row: usize,
    /// The column by its heading, where one is at fault.
    pub column: Option<String>,
    /// Why.
    pub problem: RowProblem,
}

/// The reasons of [`RowError`].
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RowProblem {
    /// The key is empty.
    #[error("the key is empty")]
    NoKey,
    /// The key is that of an earlier row.
    #[error("the key is that of row {row}")]
    SameKey {
        /// The earlier row.
        row: usize,
    },
    /// An answer that the form refuses.
    #[error(transparent)]
    Answer(AnswerError),
    /// What is missing or does not fit together.
    #[error(transparent)]
    Finding(Finding),
}

impl Explain for RowProblem {
    fn code(&self) -> &'static str {
        match self {
            Self::NoKey => "register-no-key",
            Self::SameKey { .. } => "register-same-key",
            Self::Answer(error) => error.code(),
            Self::Finding(finding) => finding.code(),
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NoKey => Vec::new(),
            Self::SameKey { row } => vec![("row", row.to_string())],
            Self::Answer(error) => error.arguments(),
            Self::Finding(finding) => finding.arguments(),
        }
    }
}

/// The cases that are here, by their key.
type Cases = BTreeMap<String, (RecordId, BTreeMap<Key, Value>)>;

impl Device {
    /// What importing a register would do. Nothing is changed.
    pub fn plan_register(
        &self,
        register: &Register,
        map: &RegisterMap,
        mut setting: Setting<'_>,
    ) -> Result<Plan, ClientError> {
        let form = self.form(&map.form)?;
        if form.record_kind() != RecordKind::Case {
            return Err(ClientError::NeedsCase { form: form.form_id().to_owned() });
        }
        let problems = map.problems(&form, register);
        if !problems.is_empty() {
            return Err(ClientError::RegisterMap(problems));
        }
        let lists = self.catalogue().lists_for(&form);
        let mut planner = Planner {
            device: self,
            reading: Reading { form: &form, lists: &lists, catalogue: self.catalogue() },
            register,
            map,
            cases: self.cases_by_key(&form, &map.key)?,
            seen: BTreeMap::new(),
            plan: Plan::default(),
        };
        for row in &register.rows {
            planner.row(row, &mut setting)?;
        }
        Ok(planner.plan)
    }

    fn cases_by_key(&self, form: &Arc<Form>, key: &str) -> Result<Cases, ClientError> {
        let mut cases = Cases::new();
        let is_of_form = |name: &str| {
            name.parse::<teranga_core::form::FormRef>().is_ok_and(|name| name.form_id == form.form_id())
        };
        for row in self.replica().records()? {
            if !row.form.as_deref().is_some_and(is_of_form) {
                continue;
            }
            let values: BTreeMap<Key, Value> =
                self.parts(&row)?.into_iter().flat_map(|part| part.values).collect();
            if let Some(own) = values.get(&Key::question(key)).map(|value| plain(&value.to_json())) {
                cases.insert(own, (row.record, values));
            }
        }
        Ok(cases)
    }

    /// Makes a case of a row.
    pub fn import_row(
        &mut self,
        form: &str,
        fresh: &Fresh,
        setting: Setting<'_>,
    ) -> Result<Finished, ClientError> {
        let Setting { now, language, entropy } = setting;
        let mut interview =
            self.begin_in_memory(form, None, Setting { now, language, entropy: &mut *entropy })?;
        self.answer_sheet(&mut interview, &fresh.answers)?;
        self.finish(&mut interview, Setting { now, language, entropy })
    }
}

/// What rows are compared with, and what became of them.
struct Planner<'a> {
    device: &'a Device,
    reading: Reading<'a>,
    register: &'a Register,
    map: &'a RegisterMap,
    cases: Cases,
    /// The rows of the keys so far.
    seen: BTreeMap<String, usize>,
    plan: Plan,
}

impl Planner<'_> {
    fn row(&mut self, row: &RegisterRow, setting: &mut Setting<'_>) -> Result<(), ClientError> {
        let (answers, mut errors) = read_row(&self.reading, self.register, self.map, row);
        let refuse = |problem| RowError { row: row.number, column: None, problem };
        let key = answers.get(&self.map.key).map(plain).unwrap_or_default();
        if key.is_empty() {
            errors.insert(0, refuse(RowProblem::NoKey));
        } else if let Some(earlier) = self.seen.insert(key.clone(), row.number) {
            errors.insert(0, refuse(RowProblem::SameKey { row: earlier }));
        } else if let Some((record, values)) = self.cases.get(&key) {
            self.plan.known.push(Known {
                row: row.number,
                record: *record,
                differs: differing(&answers, values),
            });
            return Ok(());
        }
        if errors.is_empty() {
            let answers = Json::Object(answers);
            errors = self.refused_by_form(&answers, row.number, setting)?;
            if errors.is_empty() {
                self.plan.fresh.push(Fresh { row: row.number, answers });
            }
        }
        self.plan.refused.extend(errors);
        Ok(())
    }

    /// What the form has against a row.
    fn refused_by_form(
        &self,
        answers: &Json,
        row: usize,
        setting: &mut Setting<'_>,
    ) -> Result<Vec<RowError>, ClientError> {
        let again = Setting { now: setting.now, language: setting.language, entropy: setting.entropy };
        let mut interview = self.device.begin_in_memory(self.reading.form.form_id(), None, again)?;
        let refuse = |problem| RowError { row, column: None, problem };
        Ok(match self.device.answer_sheet(&mut interview, answers) {
            Ok(_) => {
                let findings = interview.findings().into_iter();
                findings.map(|finding| refuse(RowProblem::Finding(finding))).collect()
            }
            Err(ClientError::Answers(errors)) => {
                errors.into_iter().map(|error| refuse(RowProblem::Answer(error))).collect()
            }
            Err(error) => return Err(error),
        })
    }
}

/// The questions whose answer in the case is another one than in the row. Selections of several are not compared: the
/// case stores their options.
fn differing(answers: &Map<String, Json>, values: &BTreeMap<Key, Value>) -> Vec<String> {
    let differs = answers.iter().filter(|(id, json)| {
        let stands = values.get(&Key::question(id)).map(|value| plain(&value.to_json()));
        stands.is_some_and(|stands| stands != plain(json)) && !json.is_array()
    });
    differs.map(|(id, _)| id.clone()).collect()
}

/// The answers of a row, and what could not be read.
fn read_row(
    reading: &Reading<'_>,
    register: &Register,
    map: &RegisterMap,
    row: &RegisterRow,
) -> (Map<String, Json>, Vec<RowError>) {
    let mut answers = Map::new();
    let mut errors = Vec::new();
    for (id, source) in &map.answers {
        let Some(question) = reading.form.question(id) else { continue };
        let spec = source.spec();
        let column = spec.column.as_deref().and_then(|heading| register.column(heading));
        match reading.read(question, &spec, column.map_or("", |column| row.cell(column))) {
            Ok(Some(answer)) => drop(answers.insert(id.clone(), answer)),
            Ok(None) => {}
            Err(error) => errors.push(RowError {
                row: row.number,
                column: spec.column,
                problem: RowProblem::Answer(error),
            }),
        }
    }
    (answers, errors)
}

fn plain(json: &Json) -> String {
    json.as_str().map_or_else(|| if json.is_null() { String::new() } else { json.to_string() }, str::to_owned)
}
