//! The kinds of what is published, by the codes under which they travel.

/// What kind of thing is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceKind {
    /// The sensitivity classes.
    Classes,
    /// A code list.
    List,
    /// A form.
    Form,
    /// A scoring scheme.
    Scheme,
    /// A red-flag alert.
    Alert,
    /// A release.
    Release,
}

impl ResourceKind {
    /// Every kind, in the order in which they can be published: what is referred to comes before.
    pub const ALL: [Self; 6] =
        [Self::Classes, Self::List, Self::Form, Self::Scheme, Self::Alert, Self::Release];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Classes => "classes",
            Self::List => "list",
            Self::Form => "form",
            Self::Scheme => "scheme",
            Self::Alert => "alert",
            Self::Release => "release",
        }
    }

    /// Reads a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}
