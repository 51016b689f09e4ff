//! From a storage key to the row that it belongs to: `repeat/ULID/question/option`.

use crate::id::ItemId;
use crate::key::{Key, ORDER, REMOVED};

use super::Form;
use super::kind::Kind;
use super::question::{Question, RowId};

/// What a key is, in the terms of its form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Located<'form, 'key> {
    /// The answer of a question.
    Answer(&'form Question),
    /// One option of a select-multiple.
    Option(&'form Question, &'key str),
    /// The order of an item of this repeat.
    Order(&'form Question, ItemId),
    /// The mark of a removed item of this repeat.
    Removed(&'form Question, ItemId),
}

impl<'form> Located<'form, '_> {
    /// The row that the key belongs to.
    pub const fn question(self) -> &'form Question {
        match self {
            Self::Answer(question)
            | Self::Option(question, _)
            | Self::Order(question, _)
            | Self::Removed(question, _) => question,
        }
    }
}

impl Form {
    /// What a key is; `None` for one that this form does not know: of the envelope, of another version.
    pub fn locate<'key>(&self, key: &'key Key) -> Option<Located<'_, 'key>> {
        let mut segments = key.as_str().split('/');
        let mut around: Option<RowId> = None;
        loop {
            let name = segments.next()?;
            let question = self.row_by_id(name)?;
            if question.repeat != around {
                return None;
            }
            if question.kind != Kind::Repeat {
                return match (segments.next(), segments.next()) {
                    (None, _) => Some(Located::Answer(question)),
                    (Some(option), None) if question.kind == Kind::SelectMultiple && !option.is_empty() => {
                        Some(Located::Option(question, option))
                    }
                    _ => None,
                };
            }
            let item: ItemId = segments.next()?.parse().ok()?;
            let mut ahead = segments.clone();
            match (ahead.next(), ahead.next()) {
                (Some(ORDER), None) => return Some(Located::Order(question, item)),
                (Some(REMOVED), None) => return Some(Located::Removed(question, item)),
                _ => around = Some(question.row),
            }
        }
    }
}
