//! Answers laid out in tables: stable columns in the order of the form, codes as they are stored, and the kinds of
//! no answer kept apart from answers and from each other. A repeat is a table of its own whose rows name their item.

use crate::flow::{Filling, Shown};
use crate::form::{Choice, Form, Kind, Lists, Question, RowId};
use crate::id::ItemId;
use crate::key::Key;
use crate::value::Value;

/// One table of a form: its answers outside repeats, or those of one repeat.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The form's identity, or the repeat's.
    pub name: String,
    /// The repeat; `None` for the answers outside repeats.
    pub repeat: Option<RowId>,
    /// The columns, in the order of the form.
    pub columns: Vec<Column>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The heading: the identity of the question, or `question/option`. It changes only when the form's identities
    /// do.
    pub name: String,
    /// The question.
    pub question: RowId,
    /// What stands in the column.
    pub content: Content,
}

/// What stands in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The answer; of a select-multiple all its codes, separated by spaces.
    Answer,
    /// Whether this code was chosen: 1 or 0.
    Option(String),
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// An answer, as text.
    Value(String),
    /// No answer, and which kind.
    None(Missing),
}

/// Why a cell holds no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Nobody asked, or the answer was taken back.
    NotAsked,
    /// Skip logic leaves the question out.
    Skipped,
    /// The person does not know.
    DontKnow,
    /// The person declined.
    Declined,
    /// The class of the question is not held here.
    Hidden,
}

impl Missing {
    /// The stable code in exports.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotAsked => "not_asked",
            Self::Skipped => "skipped",
            Self::DontKnow => "dont_know",
            Self::Declined => "declined",
            Self::Hidden => "hidden",
        }
    }
}

/// One row of a repeat's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRow {
    /// The item around, for a repeat in a repeat.
    pub parent: Option<ItemId>,
    /// The item.
    pub item: ItemId,
    /// Its place among the items, from 1.
    pub position: usize,
    /// The cells, one for each column of the table.
    pub cells: Vec<Cell>,
}

/// The tables of a form: first the answers outside repeats, then each repeat in the order of the form.
pub fn tables(form: &Form, lists: &Lists) -> Vec<Table> {
    let main = Table { name: form.form_id().to_owned(), repeat: None, columns: columns(form, lists, None) };
    let repeats = form.rows().filter(|row| row.kind == Kind::Repeat).map(|repeat| Table {
        name: repeat.id.clone(),
        repeat: Some(repeat.row),
        columns: columns(form, lists, Some(repeat.row)),
    });
    [main].into_iter().chain(repeats).collect()
}

/// The columns of the answers in one repeat, or outside repeats. Notes have none.
pub fn columns(form: &Form, lists: &Lists, repeat: Option<RowId>) -> Vec<Column> {
    let held = |row: &&Question| row.repeat == repeat && row.kind != Kind::Note;
    let mut columns = Vec::new();
    for question in form.questions().filter(held) {
        let name = question.id.clone();
        columns.push(Column { name, question: question.row, content: Content::Answer });
        if question.kind == Kind::SelectMultiple {
            let choices = form.choices_of(question, lists);
            columns.extend(
                choices.iter().flat_map(|choices| choices.iter()).map(|choice| option(question, choice)),
            );
        }
    }
    columns
}

fn option(question: &Question, choice: &Choice) -> Column {
    Column {
        name: format!("{}/{}", question.id, choice.name),
        question: question.row,
        content: Content::Option(choice.name.clone()),
    }
}

/// The row of a filling in the table of the answers outside repeats.
pub fn row(filling: &Filling, columns: &[Column]) -> Vec<Cell> {
    cells(filling, columns, None)
}

/// The rows of a filling in the table of a repeat, nested ones under each item around them.
pub fn item_rows(filling: &Filling, table: &Table) -> Vec<ItemRow> {
    let Some(repeat) = table.repeat.and_then(|repeat| filling.form().row(repeat)) else { return Vec::new() };
    let mut rows = Vec::new();
    for (parent, within) in items_around(filling, repeat) {
        let items = filling.items(&repeat.id, within.as_ref());
        for (item, position) in items.into_iter().zip(1..) {
            let prefix = Key::item(within.as_ref(), &repeat.id, item);
            let cells = cells(filling, &table.columns, Some(&prefix));
            rows.push(ItemRow { parent, item, position, cells });
        }
    }
    rows
}

/// The items that hold a repeat, with their prefixes; one of neither for a repeat in no other.
fn items_around(filling: &Filling, repeat: &Question) -> Vec<(Option<ItemId>, Option<Key>)> {
    let mut chain = Vec::new();
    let mut at = repeat;
    while let Some(outer) = at.repeat.and_then(|outer| filling.form().row(outer)) {
        chain.push(outer);
        at = outer;
    }
    let mut around = vec![(None, None)];
    for outer in chain.into_iter().rev() {
        let inside = |(_, within): (Option<ItemId>, Option<Key>)| {
            let items = filling.items(&outer.id, within.as_ref());
            let prefix = move |item| (Some(item), Some(Key::item(within.as_ref(), &outer.id, item)));
            items.into_iter().map(prefix).collect::<Vec<_>>()
        };
        around = around.into_iter().flat_map(inside).collect();
    }
    around
}

fn cells(filling: &Filling, columns: &[Column], within: Option<&Key>) -> Vec<Cell> {
    columns.iter().map(|column| cell(filling, column, within)).collect()
}

fn cell(filling: &Filling, column: &Column, within: Option<&Key>) -> Cell {
    let Some(question) = filling.form().row(column.question) else { return Cell::None(Missing::NotAsked) };
    let key = within.map_or_else(|| Key::question(&question.id), |item| item.child(&question.id));
    let value = match filling.shown(&key) {
        Some(Shown::Answered(value)) => value,
        Some(Shown::Skipped) => return Cell::None(Missing::Skipped),
        Some(Shown::DontKnow) => return Cell::None(Missing::DontKnow),
        Some(Shown::Declined) => return Cell::None(Missing::Declined),
        Some(Shown::Hidden) => return Cell::None(Missing::Hidden),
        Some(Shown::NotAsked) | None => return Cell::None(Missing::NotAsked),
    };
    Cell::Value(match (&column.content, &value) {
        (Content::Option(code), Value::Text(codes)) => {
            if codes.split_whitespace().any(|chosen| chosen == code) { "1" } else { "0" }.to_owned()
        }
        (_, Value::Bool(yes)) => if *yes { "1" } else { "0" }.to_owned(),
        (_, Value::Int(number)) => number.to_string(),
        (_, Value::Decimal(number)) => number.to_string(),
        (_, Value::Text(text)) => text.clone(),
        (_, Value::Cleared | Value::NoAnswer(_)) => return Cell::None(Missing::NotAsked),
    })
}
