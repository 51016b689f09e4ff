//! Texts by identity, language and form: `itext`.

use std::collections::{BTreeMap, HashMap};

use crate::heading::language_code;

use super::xml::{Element, attribute, child, elements, name};

/// The form of a text that is simply shown.
pub(super) const SHOWN: &str = "";
/// The language of texts whose language nobody names.
const UNNAMED: &str = "default";

/// The texts of a form.
#[derive(Debug, Clone, Default)]
pub(super) struct Itext<'a> {
    /// The languages, in their order.
    pub(super) languages: Vec<String>,
    /// The language that is shown first.
    pub(super) default: String,
    texts: HashMap<&'a str, BTreeMap<&'a str, Vec<(usize, Element<'a>)>>>,
    order: Vec<&'a str>,
}

impl<'a> Itext<'a> {
    /// Reads the texts of a model.
    pub(super) fn read(model: Element<'a>) -> Self {
        let mut itext = Self { default: UNNAMED.to_owned(), ..Self::default() };
        let translations = child(model, "itext").into_iter().flat_map(elements);
        let translations: Vec<Element<'a>> =
            translations.filter(|inner| name(*inner) == "translation").collect();
        for translation in &translations {
            let written = attribute(*translation, "lang").unwrap_or(UNNAMED);
            let code = language_code(written).to_owned();
            let code = if itext.languages.contains(&code) { written.to_owned() } else { code };
            if itext.languages.is_empty() || attribute(*translation, "default").is_some_and(is_default) {
                itext.default.clone_from(&code);
            }
            let language = itext.languages.len();
            itext.languages.push(code);
            itext.translation(*translation, language);
        }
        if itext.languages.is_empty() {
            itext.languages.push(UNNAMED.to_owned());
        }
        itext
    }

    fn translation(&mut self, translation: Element<'a>, language: usize) {
        for text in elements(translation).filter(|inner| name(*inner) == "text") {
            let Some(id) = attribute(text, "id") else { continue };
            if !self.texts.contains_key(id) {
                self.order.push(id);
            }
            let forms = self.texts.entry(id).or_default();
            for value in elements(text).filter(|inner| name(*inner) == "value") {
                let form = match attribute(value, "form").unwrap_or(SHOWN) {
                    "long" => SHOWN,
                    form => form,
                };
                forms.entry(form).or_default().push((language, value));
            }
        }
    }

    /// Every identity, in order.
    pub(super) fn ids(&self) -> &[&'a str] {
        &self.order
    }

    /// The forms of a text: for each its values with their languages.
    pub(super) fn forms(&self, id: &str) -> Option<&BTreeMap<&'a str, Vec<(usize, Element<'a>)>>> {
        self.texts.get(id)
    }

    /// A language by its number.
    pub(super) fn language(&self, number: usize) -> &str {
        self.languages.get(number).map_or(UNNAMED, String::as_str)
    }
}

fn is_default(value: &str) -> bool {
    !matches!(value, "false" | "false()")
}

/// The identity that `jr:itext('identity')` names; `None` for anything else.
pub(super) fn named(reference: &str) -> Option<&str> {
    let inner = reference.trim().strip_prefix("jr:itext(")?.strip_suffix(')')?.trim();
    let quote = inner.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let id = inner.strip_prefix(quote)?.strip_suffix(quote)?;
    (!id.contains(quote)).then_some(id)
}
