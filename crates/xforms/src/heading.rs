//! The headings of a sheet: older spellings, languages (`label::French (fr)`), media, namespaced attributes. What a
//! heading means depends on its sheet: `count` is a repeat's in the survey and a choice's own property among choices.

/// The sheets of an XLSForm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SheetKind {
    Survey,
    Choices,
    Settings,
    Entities,
    /// `external_choices` and `osm`, which are kept and not understood.
    Kept,
}

/// A column: what it says, and in which language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heading {
    /// The name in today's spelling.
    pub(crate) name: String,
    /// The language as its author wrote it: `French (fr)`.
    pub(crate) language: Option<String>,
    /// The heading as its author wrote it.
    pub(crate) written: String,
}

impl Heading {
    /// Whether it is written in an older spelling.
    pub(crate) fn is_older(&self) -> bool {
        self.language.is_none() && !self.is_renamed(&self.written)
    }

    /// Whether a cell is this heading in today's spelling.
    pub(crate) fn is_renamed(&self, cell: &str) -> bool {
        cell.trim().eq_ignore_ascii_case(&self.name)
    }

    /// Whether the column holds texts for people.
    pub(crate) fn is_text(&self) -> bool {
        SURVEY_TEXTS.contains(&self.name.as_str())
    }
}

const SURVEY_ALIASES: &[(&str, &str)] = &[
    ("command", "type"),
    ("tag", "name"),
    ("value", "name"),
    ("caption", "label"),
    ("relevance", "relevant"),
    ("calculate", "calculation"),
    ("read_only", "readonly"),
    ("skippable", "required"),
    ("count", "repeat_count"),
    ("jr:count", "repeat_count"),
    ("requiredmsg", "required_message"),
    ("constraining_message", "constraint_message"),
    ("no_app_error_string", "noapperrorstring"),
    ("bind::relevant", "relevant"),
    ("bind::required", "required"),
    ("bind::constraint", "constraint"),
    ("bind::calculate", "calculation"),
    ("bind::readonly", "readonly"),
    ("bind::jr:constraintmsg", "constraint_message"),
    ("bind::jr:requiredmsg", "required_message"),
    ("body::appearance", "appearance"),
    ("control::appearance", "appearance"),
    ("body::jr:count", "repeat_count"),
    ("control::jr:count", "repeat_count"),
];
const CHOICES_ALIASES: &[(&str, &str)] = &[("value", "name"), ("caption", "label")];
const SETTINGS_ALIASES: &[(&str, &str)] = &[
    ("id_string", "form_id"),
    ("title", "form_title"),
    ("set_form_id", "form_id"),
    ("set_form_title", "form_title"),
];
const ENTITIES_ALIASES: &[(&str, &str)] = &[("dataset", "list_name")];

const MEDIA: [&str; 4] = ["image", "big-image", "audio", "video"];
const SURVEY_TEXTS: &[&str] = &["label", "hint", "guidance_hint", "required_message", "constraint_message"];
const CHOICES_TEXTS: &[&str] = &["label"];

/// Columns of the survey that are known besides the translated ones.
const SURVEY_COLUMNS: &[&str] = &[
    "type",
    "name",
    "relevant",
    "required",
    "constraint",
    "calculation",
    "default",
    "readonly",
    "appearance",
    "choice_filter",
    "parameters",
    "trigger",
    "repeat_count",
    "save_to",
    "disabled",
    "autoplay",
    "rows",
    "teranga_sensitivity",
    "teranga_id",
    "teranga_columns",
    "teranga_members",
    "no_answer",
];

impl SheetKind {
    fn aliases(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Survey => SURVEY_ALIASES,
            Self::Choices => CHOICES_ALIASES,
            Self::Settings => SETTINGS_ALIASES,
            Self::Entities => ENTITIES_ALIASES,
            Self::Kept => &[],
        }
    }

    /// Columns whose texts may be given in several languages.
    fn texts(self) -> &'static [&'static str] {
        match self {
            Self::Survey => SURVEY_TEXTS,
            Self::Choices => CHOICES_TEXTS,
            Self::Settings | Self::Entities | Self::Kept => &[],
        }
    }

    /// Whether a name in today's spelling is a column that this sheet knows; others keep their own spelling.
    fn knows(self, name: &str) -> bool {
        match self {
            Self::Survey => SURVEY_COLUMNS.contains(&name),
            Self::Choices => ["list_name", "name", "teranga_properties"].contains(&name),
            Self::Settings | Self::Entities => true,
            Self::Kept => false,
        }
    }

    fn is_translated(self, name: &str) -> bool {
        self.texts().contains(&name)
            || (matches!(self, Self::Survey | Self::Choices) && MEDIA.contains(&name))
    }
}

/// Understands a heading; none for an empty one.
pub(crate) fn heading(kind: SheetKind, cell: &str) -> Option<Heading> {
    let written = cell.trim();
    if written.is_empty() {
        return None;
    }
    let (name, language) = parts(kind, written);
    Some(Heading {
        name,
        language: language.filter(|language| !language.is_empty()),
        written: written.to_owned(),
    })
}

fn parts(kind: SheetKind, written: &str) -> (String, Option<String>) {
    let whole = today(kind, written);
    if kind.knows(&whole) || kind.is_translated(&whole) {
        return (whole, None);
    }
    let split = written.split_once("::").or_else(|| written.split_once(':'));
    if let Some((first, rest)) = split {
        let first = today(kind, first);
        let rest = rest.trim();
        if first == "media" {
            let (medium, language) =
                rest.split_once("::").or_else(|| rest.split_once(':')).unwrap_or((rest, ""));
            let medium = today(kind, medium);
            if kind.is_translated(&medium) {
                return (medium, Some(language.trim().to_owned()));
            }
        } else if kind.is_translated(&first) {
            return (first, Some(rest.to_owned()));
        }
    }
    (written.to_owned(), None)
}

/// A name in lower case, with underscores, and in today's spelling.
fn today(kind: SheetKind, name: &str) -> String {
    let plain = name.trim().to_lowercase().split_whitespace().collect::<Vec<_>>().join("_");
    let alias = kind.aliases().iter().find(|(old, _)| *old == plain);
    alias.map_or(plain, |(_, new)| (*new).to_owned())
}

/// Whether a column holds the names of pictures, sounds or films.
pub(crate) fn is_media(name: &str) -> bool {
    MEDIA.contains(&name)
}

/// `French (fr)` is `fr`; a name without a code stands for itself.
pub(crate) fn language_code(language: &str) -> &str {
    code_in_brackets(language).unwrap_or(language.trim())
}

/// The code that a language name gives in brackets, or is itself: two or three letters, perhaps with a region.
pub(crate) fn has_code(language: &str) -> bool {
    let code = language_code(language);
    let primary = code.split(['-', '_']).next().unwrap_or_default();
    (2..=3).contains(&primary.len())
        && primary.chars().all(|letter| letter.is_ascii_lowercase())
        && (code_in_brackets(language).is_some() || primary.len() == 2)
}

fn code_in_brackets(language: &str) -> Option<&str> {
    let (_, code) = language.trim().strip_suffix(')')?.rsplit_once('(')?;
    Some(code.trim()).filter(|code| !code.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: SheetKind, cell: &str) -> (String, Option<String>) {
        let heading = heading(kind, cell).unwrap();
        (heading.name, heading.language)
    }

    #[test]
    fn headings_are_understood_in_every_spelling() {
        let plain = |name: &str| (name.to_owned(), None);
        let french = |name: &str| (name.to_owned(), Some("French (fr)".to_owned()));
        assert_eq!(read(SheetKind::Survey, " Constraint Message "), plain("constraint_message"));
        assert_eq!(read(SheetKind::Survey, "Label::French (fr)"), french("label"));
        assert_eq!(read(SheetKind::Survey, "caption : French (fr)"), french("label"));
        assert_eq!(read(SheetKind::Survey, "media::image::French (fr)"), french("image"));
        assert_eq!(read(SheetKind::Survey, "audio::French (fr)"), french("audio"));
        assert_eq!(read(SheetKind::Survey, "bind::jr:constraintMsg"), plain("constraint_message"));
        assert_eq!(read(SheetKind::Survey, "body::accept"), plain("body::accept"));
        assert_eq!(read(SheetKind::Choices, "list name"), plain("list_name"));
        assert_eq!(read(SheetKind::Choices, "Count"), plain("Count"));
        assert_eq!(read(SheetKind::Settings, "Title"), plain("form_title"));
        assert!(heading(SheetKind::Survey, "  ").is_none());
    }

    #[test]
    fn languages_give_their_code() {
        assert_eq!(language_code("French (fr)"), "fr");
        assert_eq!(language_code("Français"), "Français");
        assert!(has_code("Wolof (wo)") && has_code("fr") && has_code("Portuguese (pt-BR)"));
        assert!(!has_code("English") && !has_code("eng"));
    }
}
