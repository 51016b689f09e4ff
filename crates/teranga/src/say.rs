//! Printing: every line that this program says goes out here. A reader that has gone away ends the program quietly,
//! because what was to be done is done before it is said; a line that cannot be written is told on standard error. What
//! people typed somewhere may hold signs that steer a terminal, and they are shown, not sent.

use std::borrow::Cow;
use std::fmt::Arguments;
use std::io::{ErrorKind, Write as _};
use std::sync::OnceLock;

use crate::language::Language;
use crate::messages::Messages;

static LANGUAGE: OnceLock<Language> = OnceLock::new();

/// Says one line.
macro_rules! say {
    ($($told:tt)*) => {
        $crate::say::line(format_args!($($told)*))
    };
}
pub(crate) use say;

/// Sets the language in which a line that could not be said is told.
pub(crate) fn speak(language: Language) {
    LANGUAGE.get_or_init(|| language);
}

/// Says one line, or ends the program.
pub(crate) fn line(told: Arguments<'_>) {
    let text = told.to_string();
    let Err(error) = writeln!(std::io::stdout(), "{}", visible(&text)) else { return };
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    let messages = Messages::new(LANGUAGE.get().copied().unwrap_or(Language::Fr));
    aloud(&messages.with("output-unwritable", &[("detail", &error.kind().to_string())]));
    std::process::exit(1);
}

/// Says one line to whoever listens: a hub goes on serving whether its first lines are read or not.
pub(crate) fn mention(told: &str) {
    drop(writeln!(std::io::stdout(), "{}", visible(told)));
}

/// Says one line on standard error. Where that is closed too there is nobody to tell.
pub(crate) fn aloud(told: &str) {
    drop(writeln!(std::io::stderr(), "{}", visible(told)));
}

/// The text with the signs that steer a terminal written out; lines and tabs stay.
fn visible(text: &str) -> Cow<'_, str> {
    let steers = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let written =
        |letter: char| if steers(letter) { letter.escape_default().to_string() } else { letter.into() };
    Cow::Owned(text.chars().map(written).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_that_steer_a_terminal_are_shown_and_letters_are_left_alone() {
        assert_eq!(visible("Ndèye\tà\nThiès"), "Ndèye\tà\nThiès");
        assert_eq!(visible("\u{1b}[31mrouge\r\u{9b}2J"), "\\u{1b}[31mrouge\\r\\u{9b}2J");
    }
}
