//! Failures as the user meets them: one clear message in their language, and the exit status.

use teranga_core::problem::{Explain, Retry};

use crate::messages::Messages;

/// What went wrong: a stable code with its arguments, and lines of detail, such as each finding of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    code: String,
    arguments: Vec<(&'static str, String)>,
    retry: Retry,
    details: Vec<(String, Vec<(&'static str, String)>)>,
}

/// The result of a command.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// A failure of the command line's own.
    pub(crate) fn new(code: &str, arguments: Vec<(&'static str, String)>) -> Self {
        Self { code: code.to_owned(), arguments, retry: Retry::Never, details: Vec::new() }
    }

    /// A failure with one line for each of these.
    pub(crate) fn listing<E: Explain>(
        code: &str,
        arguments: Vec<(&'static str, String)>,
        errors: impl IntoIterator<Item = E>,
    ) -> Self {
        let details = errors.into_iter().map(|error| (error.code().to_owned(), error.arguments())).collect();
        Self { details, ..Self::new(code, arguments) }
    }

    /// The message: what is wrong, each detail, and whether to try again.
    pub(crate) fn message(&self, messages: &Messages) -> String {
        let mut lines = vec![line(messages, &self.code, &self.arguments)];
        lines.extend(
            self.details.iter().map(|(code, arguments)| format!("  {}", line(messages, code, arguments))),
        );
        if self.retry == Retry::Later {
            lines.push(messages.text("retry-later"));
        }
        lines.join("\n")
    }
}

fn line(messages: &Messages, code: &str, arguments: &[(&'static str, String)]) -> String {
    let key = format!("problem-{code}");
    let pairs: Vec<(&str, &str)> = arguments.iter().map(|(name, value)| (*name, value.as_str())).collect();
    if messages.has(&key) {
        return messages.with(&key, &pairs);
    }
    let told: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{code} ({})", told.join(", "))
}

impl<E: Explain> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            code: error.code().to_owned(),
            arguments: error.arguments(),
            retry: error.retry(),
            details: Vec::new(),
        }
    }
}

/// A file that cannot be read or written.
pub(crate) fn file(path: &std::path::Path, error: &std::io::Error) -> Failure {
    let code = if error.kind() == std::io::ErrorKind::StorageFull { "disk-full" } else { "file-unusable" };
    Failure::new(code, vec![("path", path.display().to_string()), ("detail", error.kind().to_string())])
}
