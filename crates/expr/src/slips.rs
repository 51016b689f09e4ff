//! What people write who know another language, or whose word processor writes for them; with what is meant.

/// Operators and quotes of other languages. None of them can be part of an expression.
const SLIPS: &[(&str, &str)] = &[
    ("==", "="),
    ("=>", ">="),
    ("=<", "<="),
    ("<>", "!="),
    ("&&", "and"),
    ("&", "and"),
    ("||", "or"),
    ("%", "mod"),
    ("÷", "div"),
    ("×", "*"),
    ("−", "-"),
    ("–", "-"),
    ("≠", "!="),
    ("≤", "<="),
    ("≥", ">="),
    ("“", "\""),
    ("”", "\""),
    ("„", "\""),
    ("«", "\""),
    ("»", "\""),
    ("‘", "'"),
    ("’", "'"),
];

/// Operators that are words.
pub(crate) const WORDS: [&str; 4] = ["and", "or", "mod", "div"];

/// The slip that a source begins with: as it is written, and what is meant.
pub(crate) fn at_start(source: &str) -> Option<(&'static str, &'static str)> {
    let slip = SLIPS.iter().copied().find(|(written, _)| source.starts_with(written));
    // `!=` is right, and `!` alone is another language's `not`.
    slip.or_else(|| (source.starts_with('!') && !source.starts_with("!=")).then_some(("!", "not(…)")))
}

/// The operator that a word is but for its capitals.
pub(crate) fn word(name: &str) -> Option<&'static str> {
    WORDS.into_iter().find(|word| word.eq_ignore_ascii_case(name))
}
