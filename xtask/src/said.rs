//! What a command says to whoever waits: on the standard output, but where that is kept for one JSON object at the end.

/// How what comes of a command is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// In words and tables.
    ToPeople,
    /// As one object of JSON, on the standard output alone; words stand beside it.
    AsJson,
}

impl Manner {
    /// As the arguments ask.
    pub(crate) fn of(arguments: &[String]) -> Self {
        if arguments.iter().any(|argument| argument == "--json") { Self::AsJson } else { Self::ToPeople }
    }

    /// Says a line.
    pub(crate) fn say(self, line: &str) {
        match self {
            Self::ToPeople => println!("{line}"),
            Self::AsJson => eprintln!("{line}"),
        }
    }

    /// Tells the object at the end, where it was asked for.
    pub(crate) fn end(self, object: &serde_json::Value) {
        match self {
            Self::ToPeople => {}
            Self::AsJson => println!("{object}"),
        }
    }
}
