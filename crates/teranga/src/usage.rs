//! Wrong usage, told in the user's language: clap finds what is wrong, the catalogue has the words.

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::messages::Messages;

/// What clap has to say: help and version as they are, an error in words, with the usage and where to read more.
pub(crate) fn told(error: &Error, messages: &Messages) -> String {
    let shown = error.to_string();
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    ) {
        return shown.trim_end().to_owned();
    }
    let mut lines = vec![wrong(error, messages)];
    let suggested =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    if let Some(near) = suggested.into_iter().find_map(|kind| context(error, kind)) {
        lines.push(messages.with("usage-near", &[("value", &near)]));
    }
    if let Some(usage) = context(error, ContextKind::Usage) {
        let usage = usage.trim_start().trim_start_matches("Usage:").trim_start();
        lines.push(format!("\n{} {usage}", messages.text("usage")));
    }
    lines.push(messages.text("usage-more"));
    lines.join("\n")
}

fn wrong(error: &Error, messages: &Messages) -> String {
    let known = |kind| context(error, kind).unwrap_or_default();
    let argument = known(ContextKind::InvalidArg);
    let value = known(ContextKind::InvalidValue);
    let key = match error.kind() {
        ErrorKind::MissingRequiredArgument => "usage-missing-argument",
        ErrorKind::UnknownArgument => "usage-unknown-argument",
        ErrorKind::InvalidValue if value.is_empty() => "usage-missing-value",
        ErrorKind::InvalidValue => "usage-invalid-value",
        ErrorKind::ValueValidation => "usage-impossible-value",
        ErrorKind::InvalidSubcommand => "usage-unknown-command",
        ErrorKind::MissingSubcommand => "usage-missing-command",
        ErrorKind::ArgumentConflict => "usage-conflict",
        ErrorKind::InvalidUtf8 => "usage-not-utf8",
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => "usage-values",
        _ => "usage-wrong",
    };
    messages.with(
        key,
        &[
            ("argument", &argument),
            ("value", &value),
            ("allowed", &known(ContextKind::ValidValue)),
            ("command", &known(ContextKind::InvalidSubcommand)),
            ("commands", &known(ContextKind::ValidSubcommand)),
            ("other", &known(ContextKind::PriorArg)),
        ],
    )
}

/// What clap says of one side of an error; none where it says nothing.
fn context(error: &Error, kind: ContextKind) -> Option<String> {
    let text = match error.get(kind)? {
        ContextValue::Strings(texts) => texts.join(", "),
        ContextValue::StyledStrs(texts) => {
            texts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
        ContextValue::None => return None,
        other => other.to_string(),
    };
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;
    use crate::language::Language;

    #[test]
    fn wrong_usage_is_told_in_words_of_the_users_language() {
        let told = |language, arguments: &[&str]| {
            let messages = Messages::new(language);
            let error = cli::parse_from(arguments, &messages).unwrap_err();
            told(&error, &messages)
        };
        let cases: [(&[&str], &str, &str); 6] = [
            (&["fly"], "Pas de commande « fly ».", "There is no command “fly”."),
            (&["field", "move", "X"], "--to <TO>", "--to <TO>"),
            (&["field", "list", "--jsn"], "--jsn", "--jsn"),
            (&["hub", "--listen", "home"], "« home »", "“home”"),
            (&["--lang", "wo", "demo"], "fr, en", "fr, en"),
            (&["hub", "--tls-cert", "x"], "--tls-key", "--tls-key"),
        ];
        for (arguments, french, english) in cases {
            let arguments: Vec<&str> = std::iter::once("teranga").chain(arguments.iter().copied()).collect();
            let (fr, en) = (told(Language::Fr, &arguments), told(Language::En, &arguments));
            assert!(fr.contains(french) && !fr.contains("rror:"), "{fr}");
            assert!(en.contains(english) && !en.contains("rror:"), "{en}");
        }
        let help = told(Language::Fr, &["teranga", "hub", "code", "--help"]);
        assert!(!help.contains("Print") && help.contains("Montre cette aide"), "{help}");
    }
}
