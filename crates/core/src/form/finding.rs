//! What is wrong with a form: every finding names its place (path of the row, member, span in the expression) and
//! carries a stable code, so that an author can mend the whole form at once.

use std::fmt;
use std::ops::Range;

use crate::problem::Explain;

/// Where in a form something was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The row, as expressions name it: `/data/economic/E01`; for a list of choices `choices/LIST/CODE`; empty for
    /// the form itself.
    pub path: String,
    /// The member of the row.
    pub member: Option<String>,
    /// The bytes of the member's expression.
    pub span: Option<Range<usize>>,
}

impl Place {
    /// A row.
    pub fn row(path: impl Into<String>) -> Self {
        Self { path: path.into(), member: None, span: None }
    }

    /// A member of a row.
    pub fn member(path: impl Into<String>, member: impl Into<String>) -> Self {
        Self { path: path.into(), member: Some(member.into()), span: None }
    }

    /// The same place, narrowed to these bytes of the expression.
    #[must_use]
    pub fn at(mut self, span: Range<usize>) -> Self {
        self.span = Some(span);
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.path.is_empty() { "form" } else { &self.path })?;
        if let Some(member) = &self.member {
            write!(f, " · {member}")?;
        }
        if let Some(span) = &self.span {
            write!(f, " [{}..{}]", span.start, span.end)?;
        }
        Ok(())
    }
}

/// Whether a form can be used in spite of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The form is refused.
    Error,
    /// The form is taken; something in it will not do what its author may expect.
    Warning,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Not JSON at all.
    #[error("not a JSON document: {message}")]
    NotJson {
        /// What the reader says.
        message: String,
    },
    /// A member that the document has no place for.
    #[error("unknown member {member}{}", suggested(suggestion.as_deref()))]
    UnknownMember {
        /// The member.
        member: String,
        /// The nearest known one.
        suggestion: Option<String>,
    },
    /// A member that must be there.
    #[error("missing member {member}")]
    MissingMember {
        /// The member.
        member: &'static str,
    },
    /// A member of the wrong JSON type.
    #[error("expected {expected}")]
    WrongShape {
        /// What it must be.
        expected: &'static str,
    },
    /// Over one of the limits.
    #[error("too many {what}: at most {limit}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The most that is taken.
        limit: usize,
    },
    /// A name that expressions could not hold.
    #[error("{name} is not a name: letters, digits, `_`, `-` and `.`, beginning with a letter or `_`")]
    BadName {
        /// The name.
        name: String,
    },
    /// A storage identity that keys could not hold.
    #[error("{id} is not an id: neither empty nor with `/` or spaces, nor beginning with `_`")]
    BadId {
        /// The id.
        id: String,
    },
    /// Two rows of one section with the same name.
    #[error("the name {name} is used twice in one section")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// Two questions with the same storage identity.
    #[error("the id {id} is already used by {other}")]
    DuplicateId {
        /// The id.
        id: String,
        /// The path of the other row.
        other: String,
    },
    /// A type that is kept and not asked.
    #[error("the type {kind} is not supported and will not be asked{}", suggested(suggestion.as_deref()))]
    UnsupportedType {
        /// The type.
        kind: String,
        /// The nearest known one.
        suggestion: Option<String>,
    },
    /// A select without a list, or with one that the form does not have.
    #[error("no list of choices {list}{}", suggested(suggestion.as_deref()))]
    UnknownList {
        /// The list.
        list: String,
        /// The nearest known one.
        suggestion: Option<String>,
    },
    /// A code that stands twice in one list.
    #[error("the code {code} stands twice in the list")]
    DuplicateChoice {
        /// The code.
        code: String,
    },
    /// A code that could not be stored.
    #[error("{code} is not a code: neither empty nor with `/` or spaces")]
    BadChoice {
        /// The code.
        code: String,
    },
    /// An expression that does not parse.
    #[error("{message}")]
    Expression {
        /// What the parser says.
        message: String,
    },
    /// A reference to a row that does not exist.
    #[error("no question is named {name}{}", suggested(suggestion.as_deref()))]
    UnknownReference {
        /// The name or path.
        name: String,
        /// The nearest name.
        suggestion: Option<String>,
    },
    /// A reference to a name that several rows bear.
    #[error("several questions are named {name}")]
    AmbiguousReference {
        /// The name.
        name: String,
    },
    /// Values that depend on each other.
    #[error("these depend on each other: {}", path.join(" → "))]
    Cycle {
        /// The rows, in the order in which each needs the next; the first again at the end.
        path: Vec<String>,
    },
    /// A parameter that the type does not know; kept.
    #[error("the type has no parameter {parameter}")]
    UnknownParameter {
        /// The parameter.
        parameter: String,
    },
    /// A parameter that cannot be read.
    #[error("the parameter {parameter} is not understood")]
    BadParameter {
        /// The parameter.
        parameter: String,
    },
    /// A round that ends before it begins, or that stands twice.
    #[error("the wave {wave} ends before it begins, or stands twice")]
    BadWave {
        /// The round.
        wave: String,
    },
    /// A freer class that reads a stricter one.
    #[error("{class} may not read {reads}, which is {stricter}")]
    ClassFlow {
        /// The class of the row.
        class: String,
        /// The path of what it reads.
        reads: String,
        /// The class of that.
        stricter: String,
    },
    /// An id that meant another question in a version that is published.
    #[error(
        "the {what} of {id} differs from the published version: ask it under a new id, and map the old one"
    )]
    OtherQuestion {
        /// The id.
        id: String,
        /// What differs.
        what: &'static str,
    },
    /// An id or a code that a mapping has retired.
    #[error("{name} was retired and cannot be used again")]
    Retired {
        /// The id or the code.
        name: String,
    },
    /// A mapping that leads from or to what is not there, or to what cannot hold its answers.
    #[error("the mapping of {name} leads nowhere: see its question, class, repeat and codes")]
    Mapping {
        /// What is mapped.
        name: String,
    },
}

fn suggested(suggestion: Option<&str>) -> String {
    suggestion.map(|name| format!(" (did you mean {name}?)")).unwrap_or_default()
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {flaw}")]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// What.
    pub flaw: Flaw,
}

impl Finding {
    /// A finding.
    pub fn new(place: Place, flaw: Flaw) -> Self {
        Self { place, flaw }
    }

    /// Whether the form is refused for it.
    pub fn severity(&self) -> Severity {
        match self.flaw {
            Flaw::UnsupportedType { .. } | Flaw::UnknownParameter { .. } => Severity::Warning,
            Flaw::NotJson { .. }
            | Flaw::UnknownMember { .. }
            | Flaw::MissingMember { .. }
            | Flaw::WrongShape { .. }
            | Flaw::TooLarge { .. }
            | Flaw::BadName { .. }
            | Flaw::BadId { .. }
            | Flaw::DuplicateName { .. }
            | Flaw::DuplicateId { .. }
            | Flaw::UnknownList { .. }
            | Flaw::DuplicateChoice { .. }
            | Flaw::BadChoice { .. }
            | Flaw::Expression { .. }
            | Flaw::UnknownReference { .. }
            | Flaw::AmbiguousReference { .. }
            | Flaw::Cycle { .. }
            | Flaw::BadParameter { .. }
            | Flaw::BadWave { .. }
            | Flaw::ClassFlow { .. }
            | Flaw::OtherQuestion { .. }
            | Flaw::Retired { .. }
            | Flaw::Mapping { .. } => Severity::Error,
        }
    }
}

impl Explain for Finding {
    fn code(&self) -> &'static str {
        match self.flaw {
            Flaw::NotJson { .. } => "form-not-json",
            Flaw::UnknownMember { .. } => "form-unknown-member",
            Flaw::MissingMember { .. } => "form-missing-member",
            Flaw::WrongShape { .. } => "form-wrong-shape",
            Flaw::TooLarge { .. } => "form-too-large",
            Flaw::BadName { .. } => "form-bad-name",
            Flaw::BadId { .. } => "form-bad-id",
            Flaw::DuplicateName { .. } => "form-duplicate-name",
            Flaw::DuplicateId { .. } => "form-duplicate-id",
            Flaw::UnsupportedType { .. } => "form-unsupported-type",
            Flaw::UnknownList { .. } => "form-unknown-list",
            Flaw::DuplicateChoice { .. } => "form-duplicate-choice",
            Flaw::BadChoice { .. } => "form-bad-choice",
            Flaw::Expression { .. } => "form-expression",
            Flaw::UnknownReference { .. } => "form-unknown-reference",
            Flaw::AmbiguousReference { .. } => "form-ambiguous-reference",
            Flaw::Cycle { .. } => "form-cycle",
            Flaw::UnknownParameter { .. } => "form-unknown-parameter",
            Flaw::BadParameter { .. } => "form-bad-parameter",
            Flaw::BadWave { .. } => "form-bad-wave",
            Flaw::ClassFlow { .. } => "form-class-flow",
            Flaw::OtherQuestion { .. } => "form-other-question",
            Flaw::Retired { .. } => "form-retired",
            Flaw::Mapping { .. } => "form-mapping",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        let mut arguments = vec![("place", self.place.to_string()), ("detail", self.flaw.to_string())];
        match &self.flaw {
            Flaw::UnknownMember { member: name, suggestion }
            | Flaw::UnsupportedType { kind: name, suggestion }
            | Flaw::UnknownList { list: name, suggestion }
            | Flaw::UnknownReference { name, suggestion } => {
                arguments.push(("name", name.clone()));
                arguments.push(("suggestion", suggestion.clone().unwrap_or_default()));
            }
            Flaw::MissingMember { member } => arguments.push(("name", (*member).to_owned())),
            Flaw::WrongShape { expected } => arguments.push(("expected", (*expected).to_owned())),
            Flaw::TooLarge { what, limit } => {
                arguments.push(("name", (*what).to_owned()));
                arguments.push(("limit", limit.to_string()));
            }
            Flaw::BadName { name }
            | Flaw::BadId { id: name }
            | Flaw::DuplicateName { name }
            | Flaw::DuplicateChoice { code: name }
            | Flaw::BadChoice { code: name }
            | Flaw::AmbiguousReference { name }
            | Flaw::UnknownParameter { parameter: name }
            | Flaw::BadParameter { parameter: name }
            | Flaw::Retired { name }
            | Flaw::Mapping { name }
            | Flaw::OtherQuestion { id: name, .. }
            | Flaw::BadWave { wave: name } => arguments.push(("name", name.clone())),
            Flaw::DuplicateId { id, other } => {
                arguments.push(("name", id.clone()));
                arguments.push(("other", other.clone()));
            }
            Flaw::NotJson { message } | Flaw::Expression { message } => {
                arguments.push(("message", message.clone()));
            }
            Flaw::Cycle { path } => arguments.push(("path", path.join(" → "))),
            Flaw::ClassFlow { class, reads, stricter } => {
                arguments.push(("class", class.clone()));
                arguments.push(("name", reads.clone()));
                arguments.push(("stricter", stricter.clone()));
            }
        }
        arguments
    }
}

/// Why a form is refused: every finding, in the order of the form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", join(.0))]
pub struct FormErrors(pub Vec<Finding>);

fn join(findings: &[Finding]) -> String {
    findings.iter().map(Finding::to_string).collect::<Vec<_>>().join("\n")
}

impl Explain for FormErrors {
    fn code(&self) -> &'static str {
        "form-refused"
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        vec![("count", self.0.len().to_string()), ("detail", self.to_string())]
    }
}
