//! Whether a condition from outside the form holds for a filling.

use crate::form::Condition;

use super::Filling;
use super::instance::NodeId;

impl Filling {
    /// Whether a condition holds. `None` where that cannot be told here: it reads what is hidden, it was compiled for
    /// another version of the form, or it has no value.
    pub fn fulfils(&self, condition: &Condition) -> Option<bool> {
        if *condition.form() != self.form.reference() || self.sight.hides(condition.expression()) {
            return None;
        }
        self.evaluate(condition.expression(), NodeId::ROOT).ok().map(|outcome| outcome.truth())
    }
}
