//! One row of a form as the rest of the system sees it: typed, with its identity, its class and its place settled.

use crate::class::ClassId;
use crate::text::Text;

use super::document::ItemsetDocument;
use super::kind::Kind;

/// The number of a row in its form, in the order of the form; 0 is the form itself, which is a section too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(u32);

impl RowId {
    /// The form itself.
    pub const ROOT: Self = Self(0);

    /// The row at this place of the form's order.
    pub(crate) fn at(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// Its place in the form's order.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Whether a question takes "does not know" and "declined" for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswerPolicy {
    /// It does.
    Accepted,
    /// Only an answer counts (`columns.no_answer` is `refused`).
    Refused,
}

/// The ends and the step of a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// The first end.
    pub start: f64,
    /// The other end; may be the smaller one.
    pub end: f64,
    /// The distance from one value to the next; above 0.
    pub step: f64,
}

impl Range {
    /// Whether only whole numbers can be chosen.
    pub fn is_whole(self) -> bool {
        [self.start, self.end, self.step].into_iter().all(|number| number.fract() == 0.0)
    }

    /// Whether a number lies between the ends and on a step.
    pub fn holds(self, number: f64) -> bool {
        let (low, high) =
            if self.start <= self.end { (self.start, self.end) } else { (self.end, self.start) };
        let steps = (number - self.start) / self.step;
        low <= number && number <= high && (steps - steps.round()).abs() < 1e-6
    }
}

/// A question, a note, a computed value, or a section that holds others.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Its number in the form.
    pub row: RowId,
    /// The section that holds it; the form itself is its own.
    pub parent: RowId,
    /// The rows that it holds, in order; empty but for sections.
    pub children: Vec<RowId>,
    /// The nearest repeat around it.
    pub repeat: Option<RowId>,
    /// What it is.
    pub kind: Kind,
    /// The kind of value that it holds: its own kind but for computed and hidden values that name another.
    pub holds: Kind,
    /// Constant attributes of its element, for expressions that read them.
    pub attributes: Vec<(String, String)>,
    /// The storage identity.
    pub id: String,
    /// The name in expressions.
    pub name: String,
    /// The path in expressions: `/data/economic/E01`.
    pub path: String,
    /// The sensitivity class, its own or inherited.
    pub class: ClassId,
    /// The list of choices or the file.
    pub list: Option<String>,
    /// Where the choices come from when no list says it.
    pub itemset: Option<ItemsetDocument>,
    /// Whether "other, specify" was added to the choices.
    pub or_other: bool,
    /// What is asked.
    pub label: Text,
    /// Help shown with it.
    pub hint: Text,
    /// Help for training and print.
    pub guidance: Text,
    /// Said when a required answer is missing.
    pub required_message: Text,
    /// Said when an answer breaks the constraint.
    pub constraint_message: Text,
    /// How it is shown; the words of XLSForm's `appearance`.
    pub appearance: String,
    /// The ends of a range.
    pub range: Option<Range>,
    /// Whether it takes the stored kinds of no answer.
    pub no_answer: NoAnswerPolicy,
    /// Other parameters of the type.
    pub parameters: Vec<(String, String)>,
}

impl Question {
    /// The value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
