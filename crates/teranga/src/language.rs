//! The user's language: French first, then English.

/// A language of the program's own messages. Forms may have others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Language {
    /// French.
    Fr,
    /// English.
    En,
}

impl Language {
    /// Both, in the order in which they are offered.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 2] = [Self::Fr, Self::En];

    /// The code, as forms use it too.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }

    /// The language asked for: by `--lang`, by `TERANGA_LANG`, by the system's locale; French otherwise. Read before
    /// the command line is parsed, so that its own help and errors are in that language.
    pub(crate) fn of_process(arguments: &[String]) -> Self {
        let flag =
            arguments.iter().enumerate().find_map(|(at, argument)| match argument.strip_prefix("--lang") {
                Some("") => arguments.get(at + 1).cloned(),
                Some(rest) => rest.strip_prefix('=').map(str::to_owned),
                None => None,
            });
        flag.or_else(|| std::env::var("TERANGA_LANG").ok())
            .or_else(|| std::env::var("LC_ALL").ok().filter(|locale| !locale.is_empty()))
            .or_else(|| std::env::var("LANG").ok())
            .map_or(Self::Fr, |tag| if tag.starts_with("en") { Self::En } else { Self::Fr })
    }
}
