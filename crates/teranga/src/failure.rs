//! Failures as the user meets them: one clear message in their language, and the exit status.

use std::borrow::Cow;
use std::io::ErrorKind;

use teranga_core::problem::{Explain, Retry};
use teranga_office::Refusal;

use crate::messages::Messages;

/// What went wrong: a stable code with its arguments, and lines of detail, such as each finding of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    told: Told,
    retry: Retry,
    details: Vec<Told>,
}

/// A code with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    code: String,
    arguments: Vec<(Cow<'static, str>, String)>,
}

impl Told {
    fn of(code: &str, arguments: Vec<(&'static str, String)>) -> Self {
        let arguments = arguments.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect();
        Self { code: code.to_owned(), arguments }
    }
}

/// The result of a command.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// Whether it is the one of this code.
    pub(crate) fn is(&self, code: &str) -> bool {
        self.told.code == code
    }

    /// A failure of the command line's own.
    pub(crate) fn new(code: &str, arguments: Vec<(&'static str, String)>) -> Self {
        Self { told: Told::of(code, arguments), retry: Retry::Never, details: Vec::new() }
    }

    /// A failure with one line for each of these.
    pub(crate) fn listing<E: Explain>(
        code: &str,
        arguments: Vec<(&'static str, String)>,
        errors: impl IntoIterator<Item = E>,
    ) -> Self {
        let details = errors.into_iter().map(|error| Told::of(error.code(), error.arguments())).collect();
        Self { details, ..Self::new(code, arguments) }
    }

    /// What an office refuses its own people.
    pub(crate) fn refused(refusal: Refusal) -> Self {
        let told = |refusal: Refusal| {
            let arguments = refusal.arguments.into_iter().map(|(name, value)| (Cow::Owned(name), value));
            Told { code: refusal.code, arguments: arguments.collect() }
        };
        let mut refusal = refusal;
        let details = std::mem::take(&mut refusal.findings).into_iter().map(told).collect();
        Self { retry: refusal.retry, told: told(refusal), details }
    }

    /// The message: what is wrong, each detail, and whether to try again.
    pub(crate) fn message(&self, messages: &Messages) -> String {
        let mut lines = vec![line(messages, &self.told)];
        lines.extend(self.details.iter().map(|detail| format!("  {}", line(messages, detail))));
        if self.retry == Retry::Later {
            lines.push(messages.text("retry-later"));
        }
        lines.join("\n")
    }
}

/// An explained thing as one line in the user's language.
pub(crate) fn told(messages: &Messages, explained: &impl Explain) -> String {
    line(messages, &Told::of(explained.code(), explained.arguments()))
}

/// Arguments that an error names only where it has them.
const OPTIONAL: [&str; 5] = ["detail", "other", "suggestion", "message", "name"];

fn line(messages: &Messages, told: &Told) -> String {
    let Told { code, arguments } = told;
    let mut key = format!("problem-{code}");
    let mut pairs: Vec<(&str, &str)> =
        arguments.iter().map(|(name, value)| (name.as_ref(), value.as_str())).collect();
    if pairs.iter().any(|(name, value)| *name == "suggestion" && !value.is_empty()) {
        let near = format!("{key}-near");
        key = if messages.has(&near) { near } else { key };
    }
    for name in OPTIONAL {
        if !pairs.iter().any(|(known, _)| *known == name) {
            pairs.push((name, ""));
        }
    }
    if messages.has(&key) {
        return messages.with(&key, &pairs).trim_end().to_owned();
    }
    let told: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{code} ({})", told.join(", "))
}

impl<E: Explain> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { told: Told::of(error.code(), error.arguments()), retry: error.retry(), details: Vec::new() }
    }
}

/// A file that cannot be read or written.
pub(crate) fn file(path: &std::path::Path, error: &std::io::Error) -> Failure {
    let code = match error.kind() {
        ErrorKind::StorageFull => "disk-full",
        ErrorKind::NotFound | ErrorKind::NotADirectory => "file-absent",
        ErrorKind::IsADirectory => "file-is-folder",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => "no-permission",
        _ => "file-unusable",
    };
    Failure::new(code, vec![("path", path.display().to_string()), ("detail", error.kind().to_string())])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::language::Language;

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }

    /// The codes that the sources give: the texts within `fn code` of whatever explains itself.
    fn codes() -> BTreeSet<String> {
        let mut paths = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), &mut paths);
        let mut codes = BTreeSet::new();
        for path in paths {
            let text = std::fs::read_to_string(path).unwrap();
            for implementation in text.split("impl Explain for ").skip(1) {
                let body = implementation.split("fn arguments").next().unwrap().split("\n}").next().unwrap();
                let texts = body.split('"').skip(1).step_by(2);
                let is_code =
                    |text: &&str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
                codes.extend(texts.filter(is_code).map(str::to_owned));
            }
        }
        codes
    }

    #[test]
    fn a_question_that_is_not_there_is_named_and_so_is_the_one_that_was_meant() {
        let told = |language, suggestion: Option<&str>| {
            let suggestion = suggestion.map(str::to_owned);
            let error =
                teranga_core::answers::AnswerError::UnknownQuestion { name: "E99".into(), suggestion };
            Failure::from(error).message(&Messages::new(language))
        };
        assert_eq!(told(Language::En, Some("E09")), "No question E99. Did you mean E09?");
        assert_eq!(told(Language::Fr, Some("E09")), "Pas de question E99. Vouliez-vous dire E09 ?");
        assert_eq!(told(Language::En, None), "No question E99.");
        assert_eq!(told(Language::Fr, None), "Pas de question E99.");
    }

    #[test]
    fn every_reason_of_the_guard_is_told_to_the_author_in_both_languages() {
        let guard = Path::new(env!("CARGO_MANIFEST_DIR")).join("../document/src/guard.rs");
        let text = std::fs::read_to_string(guard).unwrap();
        let reasons: Vec<&str> =
            text.split('"').skip(1).step_by(2).filter(|text| text.starts_with("guard-")).collect();
        assert!(reasons.len() > 8, "{reasons:?}");
        for language in Language::ALL {
            let messages = Messages::new(language);
            for reason in &reasons {
                assert!(messages.has(&format!("verdict-{reason}")), "verdict-{reason} in {language:?}");
            }
        }
    }

    #[test]
    fn every_code_of_every_error_has_its_message_in_both_languages() {
        let codes = codes();
        assert!(codes.len() > 80, "{codes:?}");
        for language in Language::ALL {
            let messages = Messages::new(language);
            for code in &codes {
                assert!(messages.has(&format!("problem-{code}")), "problem-{code} in {language:?}");
            }
        }
    }
}
