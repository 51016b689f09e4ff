//! Labels, hints and messages as they are shown: in the filling's language, with `${name}` replaced by the answer.

use crate::form::{Choice, Question};
use crate::text::Text;

use super::Filling;
use super::instance::NodeId;

impl Filling {
    /// A text of the form in the filling's language, with the answers that it names filled in.
    pub(super) fn word(&self, text: &Text, node: NodeId) -> String {
        self.fill_in(text.get(&self.context.language, self.form.default_language()), node)
    }

    /// Replaces each `${name}` by the answer nearest to a node; a name that the form does not have stays as it is.
    fn fill_in(&self, text: &str, node: NodeId) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            filled.push_str(before);
            let Some((name, behind)) = after.split_once('}') else {
                filled.push_str("${");
                rest = after;
                continue;
            };
            if let Some(answer) = self.read_name(name.trim(), node) {
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
