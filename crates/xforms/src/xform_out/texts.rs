//! Texts for people: said in the body where they have one wording, and in `itext` where they have several, or come with
//! media or guidance. (ODK XForms, "Languages", "Media".)

use std::collections::BTreeMap;

use teranga_core::text::Text;

use crate::heading::SheetKind;

use super::columns::{self, Medium};
use super::element::{Content, Element};
use super::reference::{Begin, Place};
use super::scan::{self, Said};
use super::source::Source;
use super::tree::{Node, Role};

/// What stands where a text has no wording in a language.
const UNTRANSLATED: &str = "-";

/// How a text is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown<'a> {
    /// There is none.
    Nothing,
    /// In the body.
    Inline(&'a str),
    /// In `itext`, under this id.
    Itext(String),
}

/// The id of a text of a node.
pub(super) fn id(node: &Node, part: &str) -> String {
    format!("{}:{part}", node.path)
}

/// The reference to a text in `itext`.
pub(super) fn reference(id: &str) -> String {
    format!("jr:itext('{id}')")
}

/// Whether a text is the same for everyone and reads no answer.
fn is_one_wording(text: &Text) -> bool {
    matches!(text, Text::Plain(_))
}

/// Whether a text names an answer.
pub(super) fn reads_answer(text: &Text) -> bool {
    text.all().iter().any(|(_, text)| text.contains("${"))
}

fn shown(text: Option<&Text>, is_itext: bool, id: impl FnOnce() -> String) -> Shown<'_> {
    match text {
        _ if is_itext => Shown::Itext(id()),
        Some(Text::Plain(text)) if !text.is_empty() => Shown::Inline(text),
        Some(Text::Plain(_)) | None => Shown::Nothing,
        Some(Text::Languages(_)) => Shown::Itext(id()),
    }
}

/// How the label of a node is said.
pub(super) fn label(node: &Node) -> Shown<'_> {
    let with_media = !columns::media(SheetKind::Survey, &node.row.columns).is_empty();
    shown(node.row.label.as_ref(), with_media, || id(node, "label"))
}

/// How its hint is said.
pub(super) fn hint(node: &Node) -> Shown<'_> {
    shown(node.row.hint.as_ref(), node.row.guidance_hint.is_some(), || id(node, "hint"))
}

/// The text of a message on a bind: said there, or a reference into `itext`.
pub(super) fn message(node: &Node, text: &Text, part: &str) -> String {
    match text {
        Text::Plain(text) if !text.contains("${") => text.clone(),
        Text::Plain(_) | Text::Languages(_) => reference(&id(node, part)),
    }
}

impl Source<'_> {
    /// A label or a hint as an element.
    pub(super) fn said(&self, name: &str, shown: &Shown<'_>, place: Place) -> Element {
        let mut element = Element::new(name);
        match shown {
            Shown::Nothing => {}
            Shown::Inline(text) => element.extend(self.content(text, place)),
            Shown::Itext(id) => element.set("ref", reference(id)),
        }
        element
    }

    /// A text with what it reads of the answers.
    pub(super) fn content(&self, text: &str, place: Place) -> Vec<Content> {
        let said = |piece| match piece {
            Said::Text(text) => Content::Text(text.to_owned()),
            Said::Value(source) => {
                let value = self.references().expression(source, place, Begin::Here);
                Content::Element(Element::new("output").with("value", value))
            }
        };
        scan::label(text).into_iter().map(said).collect()
    }

    /// The `itext` of the form; none where every text has one wording.
    pub(super) fn itext(&self) -> Option<Element> {
        let entries = self.entries();
        let used: Vec<&str> = entries
            .iter()
            .flat_map(|entry| &entry.forms)
            .flat_map(|(_, text)| self.languages_of(text))
            .collect();
        let mut languages: Vec<&str> = self.document.languages.iter().map(String::as_str).collect();
        languages.push(self.default_language());
        languages.extend(&used);
        let mut itext = Element::new("itext");
        let mut done = Vec::new();
        for language in languages {
            if used.contains(&language) && !done.contains(&language) {
                itext.push(self.translation(language, &entries));
                done.push(language);
            }
        }
        (!done.is_empty()).then_some(itext)
    }

    fn languages_of<'t>(&'t self, text: &'t Text) -> Vec<&'t str> {
        let language = |(language, _): (Option<&'t str>, &'t str)| {
            language.filter(|code| !code.is_empty()).unwrap_or_else(|| self.default_language())
        };
        text.all().into_iter().map(language).collect()
    }

    fn translation(&self, language: &str, entries: &[Entry]) -> Element {
        let mut translation = Element::new("translation").with("lang", self.language_name(language));
        if self.is_marked_default(language) {
            translation.set("default", "true()");
        }
        for entry in entries {
            let mut element = Element::new("text").with("id", entry.id.as_str());
            for (form, text) in &entry.forms {
                element.extend(
                    self.value(form, self.wording(text, language), entry.place).map(Content::Element),
                );
            }
            translation.push(element);
        }
        translation
    }

    /// The wording of a text in exactly this language.
    fn wording<'t>(&self, text: &'t Text, language: &str) -> Option<&'t str> {
        let is_default = language == self.default_language();
        match text {
            Text::Plain(text) => is_default.then_some(text.as_str()),
            Text::Languages(texts) => {
                texts.get(language).or_else(|| texts.get("").filter(|_| is_default)).map(String::as_str)
            }
        }
    }

    fn value(&self, form: &Form, wording: Option<&str>, place: Place) -> Option<Element> {
        let mut value = Element::new("value");
        let folder = match form {
            Form::Long | Form::Guidance => {
                if *form == Form::Guidance {
                    value.set("form", "guidance");
                }
                value.extend(self.content(wording.unwrap_or(UNTRANSLATED), place));
                return Some(value);
            }
            Form::Medium(kind) => {
                value.set("form", kind.as_str());
                if kind.ends_with("image") { "images" } else { kind.as_str() }
            }
        };
        value.push_text(format!("jr://{folder}/"));
        value.extend(self.content(wording?, place));
        Some(value)
    }

    /// Every text that is said in `itext`: those of choices, then those of rows.
    fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for list in self.lists.iter().filter(|list| list.has_itext) {
            for (number, choice) in list.choices.iter().enumerate() {
                let mut forms: Vec<(Form, Text)> =
                    choice.label.clone().into_iter().map(|text| (Form::Long, text)).collect();
                forms.extend(columns::media(SheetKind::Choices, &choice.properties).into_iter().map(medium));
                entries.push(Entry { id: list.text_id(number), place: Place::NOWHERE, forms });
            }
        }
        for (at, node) in self.tree.iter() {
            if node.role != Role::Root && node.role != Role::Meta {
                let place = Place::of(&self.tree, at);
                entries.extend(row_entries(node, place));
            }
        }
        for (id, text) in &self.document.texts {
            if !entries.iter().any(|entry| entry.id == *id) {
                let forms = vec![(Form::Long, text.clone())];
                entries.push(Entry { id: id.clone(), place: Place::NOWHERE, forms });
            }
        }
        entries.retain(|entry| !entry.forms.is_empty());
        entries
    }
}

/// The texts of a row that are said in `itext`.
fn row_entries(node: &Node, place: Place) -> Vec<Entry> {
    let row = &node.row;
    let mut entries = Vec::new();
    let messages = [
        ("jr:constraintMsg", row.constraint_message.clone()),
        ("jr:requiredMsg", row.required_message.clone()),
        ("jr:noAppErrorString", columns::no_app_error(row)),
    ];
    for (part, text) in messages {
        let worded = text.filter(|text| !is_one_wording(text) || reads_answer(text));
        entries.extend(worded.map(|text| Entry {
            id: id(node, part),
            place,
            forms: vec![(Form::Long, text)],
        }));
    }
    let long = |text: &Option<Text>| text.clone().map(|text| (Form::Long, text));
    if let Shown::Itext(id) = label(node) {
        let media = columns::media(SheetKind::Survey, &row.columns);
        let forms = long(&row.label).into_iter().chain(media.into_iter().map(medium)).collect();
        entries.push(Entry { id, place, forms });
    }
    if let Shown::Itext(id) = hint(node) {
        let guidance = row.guidance_hint.clone().map(|text| (Form::Guidance, text));
        entries.push(Entry { id, place, forms: long(&row.hint).into_iter().chain(guidance).collect() });
    }
    entries
}

fn medium(medium: Medium) -> (Form, Text) {
    (Form::Medium(medium.kind), medium.files)
}

/// The form of a text. (ODK XForms, "Languages": long by default.)
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Long,
    Guidance,
    Medium(String),
}

/// A text in all its forms.
struct Entry {
    id: String,
    place: Place,
    forms: Vec<(Form, Text)>,
}

/// A text in each language of a map, for texts that are made here.
pub(super) fn in_each<'a>(languages: impl Iterator<Item = &'a String>, text: &str) -> Text {
    Text::Languages(languages.map(|language| (language.clone(), text.to_owned())).collect::<BTreeMap<_, _>>())
}
