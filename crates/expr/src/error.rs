//! What can be wrong with an expression, where, and what to write instead.

/// A place in the source of an expression, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One after the last byte.
    pub end: usize,
}

/// Why a source is not an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at {}..{}", span.start, span.end)]
pub struct ParseError {
    /// Where.
    pub span: Span,
    /// Why.
    pub kind: ParseErrorKind,
}

/// The kinds of [`ParseError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseErrorKind {
    /// A character that begins nothing.
    #[error("unexpected character")]
    Character,
    /// A text whose closing quote is missing.
    #[error("a text is not closed")]
    OpenText,
    /// A `${` whose name or closing brace is missing.
    #[error("a reference is not closed")]
    OpenReference,
    /// A bracket that nothing closes; the place is that of the bracket.
    #[error("a bracket is not closed")]
    OpenBracket {
        /// What closes it.
        closing: &'static str,
    },
    /// Written as another language or a word processor writes it.
    #[error("{found} is not written so here")]
    Slip {
        /// What was written.
        found: String,
        /// What is meant, probably.
        instead: &'static str,
    },
    /// Something else was expected here.
    #[error("expected {expected}")]
    Expected {
        /// What.
        expected: &'static str,
    },
    /// An axis that there is not: the name before `::`.
    #[error("no axis {name}")]
    UnknownAxis {
        /// The name that was used.
        name: String,
        /// The nearest name that there is.
        suggestion: Option<&'static str>,
    },
    /// A function that there is not.
    #[error("no function {name}")]
    UnknownFunction {
        /// The name that was used.
        name: String,
        /// The nearest name that there is.
        suggestion: Option<&'static str>,
    },
    /// A function with too few or too many arguments.
    #[error("{name} takes another number of arguments")]
    Arguments {
        /// The function.
        name: String,
        /// How many were given.
        given: usize,
    },
    /// Longer or deeper than any form needs.
    #[error("the expression is too large")]
    TooLarge,
}

impl ParseError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match &self.kind {
            ParseErrorKind::Character => "expression-character",
            ParseErrorKind::OpenText => "expression-open-text",
            ParseErrorKind::OpenReference => "expression-open-reference",
            ParseErrorKind::OpenBracket { .. } => "expression-open-bracket",
            ParseErrorKind::Slip { .. } => "expression-slip",
            ParseErrorKind::Expected { .. } => "expression-expected",
            ParseErrorKind::UnknownAxis { .. } => "expression-unknown-axis",
            ParseErrorKind::UnknownFunction { .. } => "expression-unknown-function",
            ParseErrorKind::Arguments { .. } => "expression-arguments",
            ParseErrorKind::TooLarge => "expression-too-large",
        }
    }

    /// What to write instead, or what is missing.
    pub fn suggestion(&self) -> Option<&'static str> {
        match &self.kind {
            ParseErrorKind::UnknownFunction { suggestion, .. }
            | ParseErrorKind::UnknownAxis { suggestion, .. } => *suggestion,
            ParseErrorKind::Slip { instead, .. } => Some(instead),
            ParseErrorKind::OpenBracket { closing } => Some(closing),
            ParseErrorKind::OpenReference => Some("}"),
            ParseErrorKind::Character
            | ParseErrorKind::OpenText
            | ParseErrorKind::Expected { .. }
            | ParseErrorKind::Arguments { .. }
            | ParseErrorKind::TooLarge => None,
        }
    }

    /// The suggestion as a sentence's end, in English: `did you mean selected?`, `write =`, `) is missing`.
    pub fn advice(&self) -> Option<String> {
        let suggestion = self.suggestion()?;
        Some(match self.kind {
            ParseErrorKind::Slip { .. } => format!("write {suggestion}"),
            ParseErrorKind::OpenBracket { .. } | ParseErrorKind::OpenReference => {
                format!("{suggestion} is missing")
            }
            _ => format!("did you mean {suggestion}?"),
        })
    }
}

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct EvalError {
    /// Why.
    pub kind: EvalErrorKind,
}

/// The kinds of [`EvalError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalErrorKind {
    /// A value of another type is needed.
    #[error("{0}")]
    Type(&'static str),
    /// A `${name}` that nobody resolved.
    #[error("the reference {0} was not resolved")]
    Reference(String),
    /// A secondary instance that there is not.
    #[error("no instance {0}")]
    Instance(String),
    /// A function that there is not, or not with so many arguments.
    #[error("no function {0} with {1} arguments")]
    Function(String, usize),
    /// A regular expression that is none.
    #[error("not a regular expression")]
    Regex,
    /// More work than any form needs.
    #[error("the evaluation takes too much work")]
    TooMuchWork,
    /// Something that needs the form around, where there is none.
    #[error("{0} needs a form")]
    NeedsForm(&'static str),
}

impl From<EvalErrorKind> for EvalError {
    fn from(kind: EvalErrorKind) -> Self {
        Self { kind }
    }
}
