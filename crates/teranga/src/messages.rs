//! The catalogue of messages: one Fluent file a language, the same keys in both.

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource};
use unic_langid::langid;

use crate::language::Language;

const FR: &str = include_str!("../locales/fr.ftl");
const EN: &str = include_str!("../locales/en.ftl");

/// The messages of one language.
pub(crate) struct Messages {
    language: Language,
    bundle: FluentBundle<FluentResource>,
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
        Self { language, bundle }
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
            match value.parse::<i64>() {
                Ok(number) => fluent.set(*name, number),
                Err(_) => fluent.set(*name, (*value).to_owned()),
            }
        }
        self.bundle.format_pattern(pattern, Some(&fluent), &mut Vec::new()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

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
