//! Labels, hints and messages as they are shown: in the filling's language, with `${name}` replaced by the answer and
//! `${expression}` by its value.

use std::borrow::Cow;

use crate::form::{Choice, Question, is_name};
use crate::text::Text;

use super::Filling;
use super::instance::NodeId;

/// Texts that are filled into texts, one within the other; more is a text that names itself.
const DEPTH_MAX: u32 = 4;

impl Filling {
    /// A text of the form in the filling's language, with the answers that it names filled in.
    pub(super) fn word(&self, text: &Text, node: NodeId) -> String {
        self.fill_in(text.get(&self.context.language, self.form.default_language()), node, 0)
    }

    /// Replaces each `${name}` by the answer nearest to a node; a name that the form does not have stays as it is.
    fn fill_in(&self, text: &str, node: NodeId, depth: u32) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            filled.push_str(before);
            let Some((name, behind)) = after.split_once('}') else {
                filled.push_str("${");
                rest = after;
                continue;
            };
            if let Some(answer) = self.read(name.trim(), node, depth) {
                filled.push_str(&answer);
            } else {
                filled.push_str("${");
                filled.push_str(name);
                filled.push('}');
            }
            rest = behind;
        }
        filled.push_str(rest);
        filled
    }

    /// What stands in place of a name or an expression.
    fn read(&self, source: &str, node: NodeId, depth: u32) -> Option<String> {
        if is_name(source) {
            return self.read_name(source, node);
        }
        let output = self.form.program().outputs.get(&(self.row_of(node), source.to_owned()));
        let compiled = match output {
            Some(output) => Cow::Borrowed(output),
            // In a text that an expression found by its identity: no row holds it, so none has compiled it.
            None => Cow::Owned(self.form.compile_at(self.row_of(node), source)?),
        };
        if self.sight.hides(&compiled) {
            return Some(String::new());
        }
        let text = self.evaluate(&compiled, node).ok()?.text();
        // Only a text of the form is filled in again; an answer that looks like one is not.
        let goes_on = compiled.is_call("jr:itext") && depth < DEPTH_MAX;
        Some(if goes_on { self.fill_in(&text, node, depth + 1) } else { text })
    }

    fn read_name(&self, name: &str, node: NodeId) -> Option<String> {
        if name.starts_with("last-saved#") {
            // Nothing is kept of what was saved last, so that it reads as on a new device.
            return Some(String::new());
        }
        let row = *self.form.rows_named(name).first()?;
        let scope = self.instance.common_item(&self.form, node, row);
        let found = self.instance.of_row(&self.form, scope, row).first().copied();
        let read = found.and_then(|found| self.instance.node(found)).filter(|found| found.relevant);
        Some(read.map(|found| found.text.clone()).unwrap_or_default())
    }

    /// The choices with their labels as shown.
    pub(super) fn worded(&self, choices: &[Choice], node: NodeId) -> Vec<Choice> {
        let word = |choice: &Choice| {
            let label = choice.label.as_ref().map(|label| Text::Plain(self.word(label, node)));
            Choice { label, ..choice.clone() }
        };
        choices.iter().map(word).collect()
    }

    /// The label of a row as shown; its name where it has none.
    pub(super) fn label_of(&self, question: &Question, node: NodeId) -> String {
        let label = self.word(&question.label, node);
        if label.is_empty() { question.name.clone() } else { label }
    }
}
