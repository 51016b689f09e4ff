//! Filling in a whole sheet of answers at once: all of it, or nothing and every reason why not.

use std::sync::Arc;

use crate::answers::{AnswerError, AnswerSheet};
use crate::form::RowId;
use crate::id::{Entropy, ItemId};
use crate::key::Key;
use crate::value::Value;

use super::Filling;
use super::items::Counted;
use super::recompute::Change;

/// One entry of a sheet, to be taken in the order of the form.
enum Entry<'a> {
    Answer(&'a Value),
    Items(&'a [AnswerSheet]),
}

impl Filling {
    /// Sets every answer of a sheet in the order of the form, so that skip logic and choice filters see what stands
    /// before. The items of a repeat are matched by place; those that are missing are added.
    pub fn fill(
        &mut self,
        sheet: &AnswerSheet,
        entropy: &mut dyn Entropy,
    ) -> Result<Change, Vec<AnswerError>> {
        let mut draft = self.clone();
        let mut filler = Filler { draft: &mut draft, entropy, errors: Vec::new(), recomputed: 0 };
        filler.sheet(sheet, None);
        let Filler { errors, recomputed, .. } = filler;
        if !errors.is_empty() {
            return Err(errors);
        }
        let edits = draft.changes_since(&self.answers);
        *self = draft;
        Ok(Change { edits, recomputed })
    }
}

struct Filler<'a> {
    draft: &'a mut Filling,
    entropy: &'a mut dyn Entropy,
    errors: Vec<AnswerError>,
    recomputed: usize,
}

impl Filler<'_> {
    fn sheet(&mut self, sheet: &AnswerSheet, within: Option<&Key>) {
        let answers = sheet.answers.iter().map(|(row, value)| (*row, Entry::Answer(value)));
        let items = sheet.repeats.iter().map(|(row, items)| (*row, Entry::Items(items)));
        let mut entries: Vec<(RowId, Entry<'_>)> = answers.chain(items).collect();
        entries.sort_by_key(|(row, _)| *row);
        for (row, entry) in entries {
            match entry {
                Entry::Answer(value) => self.answer(row, value, within),
                Entry::Items(sheets) => self.items(row, sheets, within),
            }
        }
    }

    fn answer(&mut self, row: RowId, value: &Value, within: Option<&Key>) {
        let form = Arc::clone(&self.draft.form);
        let Some(question) = form.row(row) else { return };
        let key = within.map_or_else(|| Key::question(&question.id), |item| item.child(&question.id));
        if *value == Value::Cleared && !self.draft.is_answered(&key) {
            // There is nothing to take back, and so nothing to say.
            return;
        }
        match self.draft.set(&key, value.clone()) {
            Ok(change) => self.recomputed += change.recomputed,
            Err(error) => self.errors.push(error),
        }
    }

    fn items(&mut self, row: RowId, sheets: &[AnswerSheet], within: Option<&Key>) {
        let form = Arc::clone(&self.draft.form);
        let Some(repeat) = form.row(row) else { return };
        let mut items = self.draft.items(&repeat.id, within);
        while items.len() < sheets.len() && self.draft.counted(row) == Counted::ByHand {
            let item = ItemId::generate(self.draft.context.now, self.entropy);
            match self.draft.add_item(&repeat.id, within, item) {
                Ok(change) => self.recomputed += change.recomputed,
                Err(error) => {
                    self.errors.push(error);
                    return;
                }
            }
            items.push(item);
        }
        if items.len() < sheets.len() {
            self.errors.push(AnswerError::NoItem { question: repeat.id.clone() });
        }
        for (sheet, item) in sheets.iter().zip(items) {
            self.sheet(sheet, Some(&Key::item(within, &repeat.id, item)));
        }
    }
}
