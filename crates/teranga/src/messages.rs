//! The catalogue of messages: one Fluent file a language, the same keys in both.

use std::collections::BTreeSet;

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource};
use unic_langid::langid;

use crate::language::Language;

const FR: &str = include_str!("../locales/fr.ftl");
const EN: &str = include_str!("../locales/en.ftl");

/// The messages of one language.
pub(crate) struct Messages {
    language: Language,
    bundle: FluentBundle<FluentResource>,
    /// The arguments by which some message chooses its words.
    selectors: BTreeSet<&'static str>,
}

impl Messages {
    /// The catalogue of a language. A line of the catalogue that is not Fluent is caught by a test.
    pub(crate) fn new(language: Language) -> Self {
        let (tag, source) = match language {
            Language::Fr => (langid!("fr"), FR),
            Language::En => (langid!("en"), EN),
        };
        let mut bundle = FluentBundle::new(vec![tag]);
        bundle.set_use_isolating(false);
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(partial, _)| partial);
        bundle.add_resource_overriding(resource);
        Self { language, bundle, selectors: selectors(source) }
    }

    /// The language.
    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// Whether there is such a message.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    /// A message without arguments.
    pub(crate) fn text(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// A message with arguments. A key that is missing shows as itself, and a test sees to it that none is.
    pub(crate) fn with(&self, key: &str, arguments: &[(&str, &str)]) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let mut fluent = FluentArgs::new();
        for (name, value) in arguments {
            // A number is only what words are chosen by. Everything else is shown as it was written: a telephone
            // number is not one, and what a person is to type again must not lose a sign.
            match value.parse::<i32>() {
                Ok(number) if self.selectors.contains(name) && number.to_string() == *value => {
                    fluent.set(*name, number);
                }
                _ => fluent.set(*name, (*value).to_owned()),
            }
        }
        self.bundle.format_pattern(pattern, Some(&fluent), &mut Vec::new()).into_owned()
    }
}

/// The names that stand before an arrow: `{ $count -> …`.
fn selectors(source: &'static str) -> BTreeSet<&'static str> {
    let arrows = source.match_indices("->").filter_map(|(at, _)| source.get(..at));
    let names = arrows.filter_map(|before| before.trim_end().rsplit('$').next());
    names.filter(|name| !name.contains(char::is_whitespace)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_shown_as_it_was_written() {
        for language in Language::ALL {
            let messages = Messages::new(language);
            for value in ["+221771234567", "0042", "-0", "9007199254740993", "1e3"] {
                let told = messages.with("conflict-value", &[("value", value)]);
                assert!(told.starts_with(&format!("{value} —")), "{told}");
            }
        }
    }

    #[test]
    fn a_number_that_chooses_words_is_a_number() {
        assert_eq!(
            selectors("a = { $count ->\n  [one] x\n *[other] { $n }\n}\nb = x -> y"),
            ["count"].into()
        );
    }

    fn keys(source: &str) -> BTreeSet<&str> {
        source
            .lines()
            .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
            .filter_map(|line| line.split_once(" =").map(|(key, _)| key))
            .collect()
    }

    #[test]
    fn both_languages_have_the_same_messages_and_every_line_is_fluent() {
        assert_eq!(keys(FR), keys(EN));
        for source in [FR, EN] {
            assert!(FluentResource::try_new(source.to_owned()).is_ok());
        }
    }
}
