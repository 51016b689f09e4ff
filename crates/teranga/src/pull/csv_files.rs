//! A CSV file for each form, and one for each of its repeats: stable columns, codes, and the kinds of no answer kept
//! apart by codes that begin with a point, which no answer's code does.

use std::sync::Arc;

use teranga_core::catalogue::Catalogue;
use teranga_core::class::ClassId;
use teranga_core::flow::{Answers, Filling, FlowContext, Held, Opening};
use teranga_core::form::Form;
use teranga_core::key::Key;
use teranga_core::table::{self, Cell, Table};
use teranga_core::value::Value;
use teranga_office::consolidate::PulledRecord;

use super::holdings::{Holdings, form_id};
use super::released::Columns;
use super::replacement::Replacement;
use crate::failure::{Failure, Outcome};

const HEAD: [&str; 8] = ["record", "case", "wave", "region", "state", "review", "form_version", "conflicts"];

/// Writes the files of every published form, also of one that no record that counts was filled with: whoever reads
/// them by name finds each, and none holds what does not count any more.
pub(super) fn write(files: &mut Replacement, holdings: &Holdings, catalogue: &Catalogue) -> Outcome {
    catalogue.forms().into_iter().try_for_each(|form| write_form(files, holdings, catalogue, form))
}

fn write_form(
    files: &mut Replacement,
    holdings: &Holdings,
    catalogue: &Catalogue,
    form: &Arc<Form>,
) -> Outcome {
    let lists = catalogue.lists_for(form);
    for (at, table) in table::tables(form, &lists).iter().enumerate() {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut head: Vec<String> = HEAD.iter().map(|name| (*name).to_owned()).collect();
        if at > 0 {
            head.extend(["item".to_owned(), "position".to_owned()]);
        }
        head.extend(table.columns.iter().map(|column| column.name.clone()));
        let released = Columns::of(form, catalogue, table);
        head.extend(released.names());
        writer.write_record(&head).map_err(|error| unwritable(&error))?;
        for record in holdings.counting() {
            if form_id(record).as_deref() == Some(form.form_id()) {
                let rows = Rows { record, form, catalogue, table, released: &released };
                rows.write(&mut writer)?;
            }
        }
        let name = if at == 0 {
            format!("{}.csv", form.form_id())
        } else {
            format!("{}.{}.csv", form.form_id(), table.name)
        };
        files.add(&name, &bytes(writer)?)?;
    }
    Ok(())
}

/// What a writer wrote.
pub(super) fn bytes(writer: csv::Writer<Vec<u8>>) -> Outcome<Vec<u8>> {
    writer.into_inner().map_err(|error| Failure::new("csv", vec![("detail", error.to_string())]))
}

/// The rows of one record in one table.
struct Rows<'a> {
    record: &'a PulledRecord,
    form: &'a Arc<Form>,
    catalogue: &'a Catalogue,
    table: &'a Table,
    released: &'a Columns<'a>,
}

impl Rows<'_> {
    fn write(&self, writer: &mut csv::Writer<Vec<u8>>) -> Outcome {
        let filling = filling(self.record, self.form, self.catalogue);
        let head = self.head();
        let mut write = |between: Vec<String>, cells: Vec<Cell>| {
            let answers = cells.into_iter().map(field);
            let released = self.released.cells(self.record);
            let fields = head.iter().cloned().chain(between).chain(answers).chain(released);
            writer.write_record(fields).map_err(|error| unwritable(&error))
        };
        if self.table.repeat.is_none() {
            return write(Vec::new(), table::row(&filling, &self.table.columns));
        }
        for item in table::item_rows(&filling, self.table) {
            write(vec![item.item.to_string(), item.position.to_string()], item.cells)?;
        }
        Ok(())
    }

    /// What stands under [`HEAD`].
    fn head(&self) -> [String; 8] {
        let record = self.record;
        [
            record.record.to_string(),
            record.case.map(|case| case.to_string()).unwrap_or_default(),
            record.wave.clone().unwrap_or_default(),
            record.region.clone().unwrap_or_default(),
            record.state.clone(),
            record.review.clone(),
            record.form.split_once('@').map(|(_, version)| version.to_owned()).unwrap_or_default(),
            record.conflicts.to_string(),
        ]
    }
}

/// The record's answers as its form shows them, with what is not released to this pull hidden.
fn filling(record: &PulledRecord, form: &Arc<Form>, catalogue: &Catalogue) -> Filling {
    let answers: Answers = record
        .values
        .iter()
        .filter_map(|(key, value)| Some((Key::from_text(key.as_str()), Value::from_json(value)?)))
        .collect();
    // A later version may have been published since the record was pulled.
    let answers = catalogue.lineage(form).carry(&answers).answers;
    let held = record.held.iter().map(ClassId::new).collect();
    let context = FlowContext { opening: Opening::Look, held: Held::Only(held), ..FlowContext::default() };
    Filling::new(Arc::clone(form), &catalogue.lists_for(form), answers, context)
}

fn field(cell: Cell) -> String {
    match cell {
        Cell::Value(text) => guarded(text),
        Cell::None(missing) => format!(".{}", missing.code()),
    }
}

/// A text that a spreadsheet would run as a formula gets an apostrophe before it; numbers stay as they are.
pub(super) fn guarded(text: String) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    if formula { format!("'{text}") } else { text }
}

/// A row that could not be written.
pub(super) fn unwritable(error: &csv::Error) -> Failure {
    Failure::new("csv", vec![("detail", error.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_guarded_and_numbers_are_not() {
        for (text, expected) in
            [("=1+1", "'=1+1"), ("-5", "-5"), ("+221 77", "'+221 77"), ("@a", "'@a"), ("a=b", "a=b")]
        {
            assert_eq!(guarded(text.to_owned()), expected);
        }
    }
}
