//! What a device shows of its records in lists: a name to know them by, and where they lie.

use teranga_core::form::RecordKind;
use teranga_core::id::RecordId;
use teranga_core::key::Key;
use teranga_core::value::Value;
use teranga_expr::Expr;
use teranga_store::records::RecordRow;
use teranga_store::ticks::Tick;

use crate::device::Device;
use crate::error::ClientError;

/// One record in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// What its envelope says.
    pub row: RecordRow,
    /// Whether it is a case or an assessment; none where its form is not here yet.
    pub kind: Option<RecordKind>,
    /// A name to know it by: the answers that the form's `instance_name` names.
    pub title: String,
    /// Where it lies.
    pub tick: Tick,
    /// How many answers hold two values.
    pub conflicts: usize,
    /// Whether it is in other hands now, and here only until it is safe elsewhere.
    pub gone: bool,
}

impl Device {
    /// Every record, in the order in which they were begun.
    pub fn list(&self) -> Result<Vec<Listed>, ClientError> {
        self.replica().records()?.into_iter().map(|row| self.listed(row)).collect()
    }

    fn listed(&self, row: RecordRow) -> Result<Listed, ClientError> {
        let form = row.form.as_ref().and_then(|form| self.form(form).ok());
        let parts = self.parts(&row)?;
        let names = form
            .as_ref()
            .and_then(|form| form.document().settings.get("instance_name")?.as_str().map(str::to_owned))
            .and_then(|source| Expr::parse(&source).ok());
        let value = |name: &str| parts.iter().find_map(|part| part.values.get(&Key::question(name)));
        let title: Vec<String> = names
            .iter()
            .flat_map(Expr::references)
            .filter_map(|(name, _)| match value(name)? {
                Value::Text(text) => Some(text.clone()),
                _ => None,
            })
            .collect();
        Ok(Listed {
            kind: form.map(|form| form.record_kind()),
            title: title.join(" "),
            tick: self.replica().tick(row.record)?,
            gone: self.replica().is_gone(row.record)?,
            conflicts: parts.iter().map(|part| part.conflicts.len()).sum(),
            row,
        })
    }

    /// A record by its identity, or by the last characters of it where only one ends so.
    pub fn find(&self, text: &str) -> Result<Option<RecordId>, ClientError> {
        let wanted = text.trim().to_uppercase();
        if let Ok(record) = wanted.parse() {
            return Ok(Some(record));
        }
        let mut found = self
            .replica()
            .records()?
            .into_iter()
            .map(|row| row.record)
            .filter(|record| record.to_string().ends_with(&wanted));
        Ok(match (found.next(), found.next()) {
            (Some(record), None) if wanted.len() >= 4 => Some(record),
            _ => None,
        })
    }
}
