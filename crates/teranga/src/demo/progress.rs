//! What the demonstration shows while it goes on: a bar for the step under way, and a line for each step that is done,
//! so that whoever reads only the lines reads the story.

use indicatif::{ProgressBar, ProgressStyle};

use crate::messages::Messages;
use crate::say::say;

/// A step under way.
pub(super) struct Step<'a> {
    bar: ProgressBar,
    messages: &'a Messages,
}

impl<'a> Step<'a> {
    /// Begins a step of so many.
    pub(super) fn begin(length: usize, key: &str, messages: &'a Messages) -> Self {
        let bar = ProgressBar::new(length as u64);
        if let Ok(style) = ProgressStyle::with_template("  {msg:34} {bar:30} {pos}/{len}") {
            bar.set_style(style);
        }
        bar.set_message(messages.text(key));
        bar.tick();
        Self { bar, messages }
    }

    /// One more is done.
    pub(super) fn one(&self) {
        self.bar.inc(1);
    }

    /// All is done, and this is what came of it.
    pub(super) fn done(self, key: &str, told: &[(&str, String)]) {
        self.bar.finish_and_clear();
        let told: Vec<(&str, &str)> = told.iter().map(|(name, value)| (*name, value.as_str())).collect();
        say!("  ✓ {}", self.messages.with(key, &told));
    }
}
