//! What changed from one version of a form to another, by the ids of its questions: for whoever reviews a new version
//! before it is published.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value as Json;

use crate::form::{Choice, ChoicesDocument, Form, Kind, Question};
use crate::text::Text;

/// One thing that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it changed of: a question's id, `choices/LIST/CODE`, or empty for the form itself.
    pub of: String,
    /// What became of it.
    #[serde(flatten)]
    pub change: Change,
}

/// The kinds of [`Difference`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// It is new.
    Added {
        /// Its label or value.
        what: String,
    },
    /// It is gone; what was answered stays stored.
    Removed {
        /// Its label or value.
        what: String,
    },
    /// It stands in another section.
    Moved {
        /// The path before.
        from: String,
        /// The path now.
        to: String,
    },
    /// One of its members is another one.
    Changed {
        /// The member; of a text also the language: `label::fr`.
        member: String,
        /// What it was; empty where there was none.
        from: String,
        /// What it is; empty where there is none.
        to: String,
    },
}

/// Everything that changed, in the order of the later version; what is gone comes last.
pub fn differences(before: &Form, after: &Form) -> Vec<Difference> {
    let mut found = Found(Vec::new());
    found.heads(before, after);
    let named = |form: &Form| -> BTreeMap<String, usize> {
        form.rows().skip(1).map(|row| (identity(row), row.row.index())).collect()
    };
    let (was, is) = (named(before), named(after));
    let row = |form: &Form, rows: &BTreeMap<String, usize>, id: &str| {
        rows.get(id).and_then(|index| form.rows().nth(*index)).cloned()
    };
    for after_row in after.rows().skip(1) {
        let id = identity(after_row);
        match row(before, &was, &id) {
            None => found.add(&id, Change::Added { what: label(after_row, after) }),
            Some(before_row) => found.row(&id, (before, &before_row), (after, after_row)),
        }
    }
    for before_row in before.rows().skip(1) {
        let id = identity(before_row);
        if !is.contains_key(&id) {
            found.add(&id, Change::Removed { what: label(before_row, before) });
        }
    }
    found.choices(before, after);
    found.0
}

/// Questions and repeats are known by their id, groups by their path.
fn identity(row: &Question) -> String {
    if row.kind == Kind::Group { row.path.clone() } else { row.id.clone() }
}

fn label(row: &Question, form: &Form) -> String {
    let label = row.label.get(form.default_language(), form.default_language());
    if label.is_empty() { row.name.clone() } else { label.to_owned() }
}

struct Found(Vec<Difference>);

impl Found {
    fn add(&mut self, of: &str, change: Change) {
        self.0.push(Difference { of: of.to_owned(), change });
    }

    fn member(&mut self, of: &str, member: &str, from: Option<String>, to: Option<String>) {
        if from != to {
            let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
            self.add(of, Change::Changed { member: member.to_owned(), from, to });
        }
    }

    fn text(&mut self, of: &str, member: &str, from: &Text, to: &Text) {
        let by_language = |text: &Text| -> BTreeMap<Option<String>, String> {
            let texts = text.all().into_iter().filter(|(_, text)| !text.is_empty());
            texts.map(|(language, text)| (language.map(str::to_owned), text.to_owned())).collect()
        };
        let (from, to) = (by_language(from), by_language(to));
        let languages: BTreeSet<&Option<String>> = from.keys().chain(to.keys()).collect();
        for language in languages {
            let name = language.as_ref().map_or_else(|| member.to_owned(), |l| format!("{member}::{l}"));
            self.member(of, &name, from.get(language).cloned(), to.get(language).cloned());
        }
    }

    fn heads(&mut self, before: &Form, after: &Form) {
        self.text("", "title", before.title(), after.title());
        // Everything else at the head, by its JSON; rows and lists are told one by one.
        let head = |form: &Form| -> BTreeMap<String, Json> {
            let told = ["form_id", "title", "survey", "choices"];
            let Json::Object(members) = form.to_json() else { return BTreeMap::new() };
            members.into_iter().filter(|(member, _)| !told.contains(&member.as_str())).collect()
        };
        self.members("", &head(before), &head(after));
    }

    fn members(&mut self, of: &str, from: &BTreeMap<String, Json>, to: &BTreeMap<String, Json>) {
        let plain = |json: &Json| json.as_str().map_or_else(|| json.to_string(), str::to_owned);
        let members: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
        for member in members {
            self.member(of, member, from.get(member).map(plain), to.get(member).map(plain));
        }
    }

    fn row(&mut self, id: &str, before: (&Form, &Question), after: (&Form, &Question)) {
        let ((_, was), (_, is)) = (before, after);
        if was.path != is.path && was.name == is.name {
            self.add(id, Change::Moved { from: was.path.clone(), to: is.path.clone() });
        }
        for (member, from, to) in [
            ("label", &was.label, &is.label),
            ("hint", &was.hint, &is.hint),
            ("guidance_hint", &was.guidance, &is.guidance),
            ("required_message", &was.required_message, &is.required_message),
            ("constraint_message", &was.constraint_message, &is.constraint_message),
        ] {
            self.text(id, member, from, to);
        }
        let class = |row: &Question| Some(row.class.as_str().to_owned());
        self.member(id, "sensitivity", class(was), class(is));
        self.members(id, &members_of(before.0, was), &members_of(after.0, is));
    }

    fn choices(&mut self, before: &Form, after: &Form) {
        let (was, is) = (&before.document().choices, &after.document().choices);
        let lists: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
        for list in lists {
            let of = format!("choices/{list}");
            match (was.get(list), is.get(list)) {
                (None, Some(now)) => self.add(&of, Change::Added { what: told(now) }),
                (Some(then), None) => self.add(&of, Change::Removed { what: told(then) }),
                (Some(ChoicesDocument::Inline(then)), Some(ChoicesDocument::Inline(now))) => {
                    self.codes(&of, then, now);
                }
                (Some(then), Some(now)) => self.member(&of, "list", Some(told(then)), Some(told(now))),
                (None, None) => {}
            }
        }
    }

    fn codes(&mut self, list: &str, then: &[Choice], now: &[Choice]) {
        let named = |choices: &[Choice], code: &str| choices.iter().find(|c| c.name == code).cloned();
        let word = |choice: &Choice| choice.label.clone().unwrap_or_default();
        let first = |choice: &Choice| {
            word(choice).all().first().map_or_else(|| choice.name.clone(), |(_, text)| (*text).to_owned())
        };
        for choice in now {
            let of = format!("{list}/{}", choice.name);
            match named(then, &choice.name) {
                None => self.add(&of, Change::Added { what: first(choice) }),
                Some(before) => {
                    self.text(&of, "label", &word(&before), &word(choice));
                    let properties = |choice: &Choice| choice.properties.clone().into_iter().collect();
                    self.members(&of, &properties(&before), &properties(choice));
                }
            }
        }
        for choice in then.iter().filter(|choice| named(now, &choice.name).is_none()) {
            self.add(&format!("{list}/{}", choice.name), Change::Removed { what: first(choice) });
        }
    }
}

fn told(choices: &ChoicesDocument) -> String {
    match choices {
        ChoicesDocument::FromList { from_list } => from_list.clone(),
        ChoicesDocument::Inline(choices) => {
            choices.iter().map(|choice| choice.name.as_str()).collect::<Vec<_>>().join(" ")
        }
        ChoicesDocument::Table { rows, .. } => serde_json::to_string(rows).unwrap_or_default(),
    }
}

/// The members of a row that are neither texts, told by language, nor told otherwise.
fn members_of(form: &Form, row: &Question) -> BTreeMap<String, Json> {
    let told = [
        "id",
        "label",
        "hint",
        "guidance_hint",
        "required_message",
        "constraint_message",
        "sensitivity",
        "children",
    ];
    let Some(Json::Object(members)) =
        form.row_document(row.row).and_then(|row| serde_json::to_value(row).ok())
    else {
        return BTreeMap::new();
    };
    members.into_iter().filter(|(member, _)| !told.contains(&member.as_str())).collect()
}
