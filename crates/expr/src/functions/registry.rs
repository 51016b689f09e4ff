//! The functions of ODK XPath in one table: names, numbers of arguments, whether ODK Collect has them, and what
//! they do. The parser, the evaluator, suggestions and the importer's remarks read it.

use super::Body::{
    self, Days, Digests, Forms, Nodes, Numbers, OfNumber, OfNumbers, OfTexts, Places, Selects, Texts, Truths,
};
use super::dates::Days as D;
use super::digests::Digests as H;
use super::forms::Forms as F;
use super::nodes::Nodes as N;
use super::numbers::Numbers as C;
use super::places::Places as P;
use super::selects::Selects as S;
use super::texts::Texts as T;
use super::truths::Truths as B;
use crate::nearest;

/// Who runs a function besides this engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// ODK Collect, and with it the field's forms.
    Odk,
    /// XPath 1.0 only: a form that uses it breaks in ODK Collect.
    XPathOnly,
}

/// One function.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// The least number of arguments.
    pub least: usize,
    /// The greatest number of arguments.
    pub most: usize,
    /// By how many arguments it grows: 2 where they come in pairs.
    pub step: usize,
    /// Who runs it.
    pub dialect: Dialect,
    pub(super) body: Body,
}

impl Function {
    /// Whether it takes so many arguments.
    pub fn takes(&self, arguments: usize) -> bool {
        (self.least..=self.most).contains(&arguments) && (arguments - self.least).is_multiple_of(self.step)
    }
}

const MANY: usize = 1_000;

const fn odk(name: &'static str, least: usize, most: usize, body: Body) -> Function {
    Function { name, least, most, step: 1, dialect: Dialect::Odk, body }
}

const fn pairs(name: &'static str, least: usize, most: usize, body: Body) -> Function {
    Function { name, least, most, step: 2, dialect: Dialect::Odk, body }
}

const fn xpath(name: &'static str, least: usize, most: usize, body: Body) -> Function {
    Function { name, least, most, step: 1, dialect: Dialect::XPathOnly, body }
}

/// By name.
static FUNCTIONS: &[Function] = &[
    odk("abs", 1, 1, OfNumber(f64::abs)),
    odk("acos", 1, 1, OfNumber(f64::acos)),
    odk("area", 1, 1, Places(P::Area)),
    odk("asin", 1, 1, OfNumber(f64::asin)),
    odk("atan", 1, 1, OfNumber(f64::atan)),
    odk("atan2", 2, 2, OfNumbers(f64::atan2)),
    odk("base64-decode", 1, 1, Digests(H::Base64Decode)),
    odk("boolean", 1, 1, Truths(B::Boolean)),
    odk("boolean-from-string", 1, 1, Truths(B::BooleanFromString)),
    xpath("ceiling", 1, 1, OfNumber(f64::ceil)),
    odk("checklist", 2, MANY, Selects(S::Checklist)),
    odk("coalesce", 2, 2, Truths(B::Coalesce)),
    odk("concat", 0, MANY, Texts(T::Concat)),
    odk("contains", 2, 2, OfTexts(|text, part| text.contains(part))),
    odk("cos", 1, 1, OfNumber(f64::cos)),
    odk("count", 1, 1, Nodes(N::Count)),
    odk("count-non-empty", 1, 1, Nodes(N::CountNonEmpty)),
    odk("count-selected", 1, 1, Selects(S::CountSelected)),
    odk("current", 0, 0, Nodes(N::Current)),
    odk("date", 1, 1, Days(D::Date)),
    odk("date-time", 1, 1, Days(D::DateTime)),
    odk("decimal-date-time", 1, 1, Days(D::DecimalDateTime)),
    odk("decimal-time", 1, 1, Days(D::DecimalTime)),
    odk("depend", 1, MANY, Truths(B::Depend)),
    odk("digest", 2, 3, Digests(H::Digest)),
    odk("distance", 1, MANY, Places(P::Distance)),
    odk("enclosed-area", 1, 1, Places(P::Area)),
    odk("ends-with", 2, 2, OfTexts(|text, part| text.ends_with(part))),
    odk("exp", 1, 1, OfNumber(f64::exp)),
    odk("exp10", 1, 1, OfNumber(|power| 10f64.powf(power))),
    odk("extract-signed", 2, 2, Digests(H::ExtractSigned)),
    odk("false", 0, 0, Truths(B::False)),
    xpath("floor", 1, 1, OfNumber(f64::floor)),
    odk("format-date", 2, 2, Days(D::Format)),
    odk("format-date-time", 2, 2, Days(D::Format)),
    odk("geofence", 2, 2, Places(P::Geofence)),
    xpath("id", 1, 1, Nodes(N::Id)),
    odk("if", 3, 3, Truths(B::If)),
    pairs("indexed-repeat", 3, 11, Nodes(N::IndexedRepeat)),
    odk("instance", 1, 1, Nodes(N::Instance)),
    odk("int", 1, 1, OfNumber(f64::trunc)),
    odk("intersects", 1, 1, Places(P::Intersects)),
    odk("is-selected", 2, 2, Selects(S::Selected)),
    odk("join", 1, MANY, Texts(T::Join)),
    odk("jr:choice-name", 2, 2, Forms(F::ChoiceName)),
    odk("jr:itext", 1, 1, Forms(F::Itext)),
    xpath("lang", 1, 1, Nodes(N::Lang)),
    xpath("last", 0, 0, Nodes(N::Last)),
    xpath("local-name", 0, 1, Nodes(N::LocalName)),
    odk("log", 1, 1, OfNumber(f64::ln)),
    odk("log10", 1, 1, OfNumber(f64::log10)),
    odk("max", 0, MANY, Numbers(C::Max)),
    odk("min", 0, MANY, Numbers(C::Min)),
    xpath("name", 0, 1, Nodes(N::Name)),
    xpath("namespace-uri", 0, 1, Nodes(N::NamespaceUri)),
    odk("normalize-space", 0, 1, Texts(T::NormalizeSpace)),
    odk("not", 1, 1, Truths(B::Not)),
    odk("now", 0, 0, Days(D::Now)),
    odk("number", 1, 1, Numbers(C::Number)),
    odk("once", 1, 1, Truths(B::Once)),
    odk("pi", 0, 0, Numbers(C::Pi)),
    odk("position", 0, 1, Nodes(N::Position)),
    odk("pow", 2, 2, OfNumbers(f64::powf)),
    odk("property", 1, 1, Forms(F::Property)),
    odk("pulldata", 4, 4, Forms(F::PullData)),
    odk("random", 0, 0, Numbers(C::Random)),
    odk("randomize", 1, 2, Selects(S::Randomize)),
    odk("regex", 2, 2, Texts(T::Regex)),
    odk("round", 1, 2, Numbers(C::Round)),
    odk("selected", 2, 2, Selects(S::Selected)),
    odk("selected-at", 2, 2, Selects(S::SelectedAt)),
    odk("sin", 1, 1, OfNumber(f64::sin)),
    odk("sqrt", 1, 1, OfNumber(f64::sqrt)),
    odk("starts-with", 2, 2, OfTexts(|text, part| text.starts_with(part))),
    odk("string", 1, 1, Texts(T::String)),
    odk("string-length", 0, 1, Texts(T::StringLength)),
    odk("substr", 2, 3, Texts(T::Substr)),
    xpath("substring", 2, 3, Texts(T::Substring)),
    odk("substring-after", 2, 2, Texts(T::SubstringAfter)),
    odk("substring-before", 2, 2, Texts(T::SubstringBefore)),
    odk("sum", 1, 1, Numbers(C::Sum)),
    odk("tan", 1, 1, OfNumber(f64::tan)),
    odk("today", 0, 0, Days(D::Today)),
    odk("translate", 3, 3, Texts(T::Translate)),
    odk("true", 0, 0, Truths(B::True)),
    odk("uuid", 0, 1, Texts(T::Uuid)),
    odk("version", 0, 0, Forms(F::Version)),
    pairs("weighted-checklist", 2, MANY, Selects(S::WeightedChecklist)),
];

/// Every function, by name.
pub fn all() -> &'static [Function] {
    FUNCTIONS
}

/// The function of a name, older spellings too.
pub fn find(name: &str) -> Option<&'static Function> {
    let name = match name {
        "format_date" => "format-date",
        "format_date_time" => "format-date-time",
        other => other,
    };
    let place = FUNCTIONS.binary_search_by(|function| function.name.cmp(name)).ok()?;
    FUNCTIONS.get(place)
}

/// Whether ODK Collect runs a function: a form that uses another one breaks there.
pub fn runs_in_collect(name: &str) -> bool {
    find(name).is_some_and(|function| function.dialect == Dialect::Odk)
}

/// The nearest name, if one is near.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    nearest::nearest(name, FUNCTIONS.iter().map(|function| function.name))
}

/// A function as an expression names it, looked up once.
#[derive(Debug, Clone)]
pub struct Callee {
    name: String,
    function: Option<&'static Function>,
}

impl Callee {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The function; none where there is none of this name.
    pub fn function(&self) -> Option<&'static Function> {
        self.function
    }
}

impl From<&str> for Callee {
    fn from(name: &str) -> Self {
        Self { name: name.to_owned(), function: find(name) }
    }
}

impl PartialEq for Callee {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl PartialEq<str> for Callee {
    fn eq(&self, other: &str) -> bool {
        self.name == other
    }
}

impl std::fmt::Display for Callee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_found_by_its_name() {
        for pair in FUNCTIONS.windows(2) {
            assert!(pair[0].name < pair[1].name, "{} stands before {}", pair[0].name, pair[1].name);
        }
        for function in all() {
            assert_eq!(find(function.name).map(|found| found.name), Some(function.name));
        }
        assert!(find("no-such").is_none());
    }

    #[test]
    fn arguments_come_in_pairs_where_they_do() {
        let takes = |name: &str, count| find(name).unwrap().takes(count);
        assert!(takes("indexed-repeat", 5) && !takes("indexed-repeat", 4));
        assert!(takes("weighted-checklist", 6) && !takes("weighted-checklist", 5));
        assert!(!takes("true", 1));
    }

    #[test]
    fn what_collect_lacks_is_known() {
        assert!(runs_in_collect("selected") && runs_in_collect("format_date"));
        assert!(!runs_in_collect("floor") && !runs_in_collect("last") && !runs_in_collect("no-such"));
    }
}
