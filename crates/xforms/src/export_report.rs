//! What an export carries without its effect, as remarks like those of an import: other programs must not be trusted
//! with what they do not do.

use teranga_core::form::{ChoicesDocument, Form, Lists};
use teranga_core::list::Validity;

use crate::report::{Note, Remark};

/// What other programs do not do of an exported form: they offer a code of the catalogue on every day. Its days stand
/// beside it, in the columns `valid_from` and `valid_to`.
pub fn export_remarks(form: &Form, lists: &Lists) -> Vec<Remark> {
    let dated = form.document().choices.values().filter_map(|choices| match choices {
        ChoicesDocument::FromList { from_list } => {
            let mut choices = lists.get(from_list)?.iter();
            choices.any(|choice| choice.validity != Validity::default()).then_some(from_list)
        }
        ChoicesDocument::Inline(_) | ChoicesDocument::Table { .. } => None,
    });
    let remark = |list: &String| Remark {
        sheet: "choices".to_owned(),
        row: 0,
        column: "valid_from, valid_to".to_owned(),
        note: Note::ValidityNotAsked(list.clone()),
    };
    dated.map(remark).collect()
}
