//! Regular expressions as ODK Collect understands them: the whole text must match, `\d`, `\w` and `\s` mean ASCII,
//! and one may look ahead and behind. Matching ends after a bounded number of steps.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use fancy_regex::{Regex, RegexBuilder};

use crate::error::EvalErrorKind;

/// The longest pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 4_096;
/// Compiled patterns stay below this size.
const COMPILED_BYTES_MAX: usize = 1 << 20;
/// Steps back of one match.
const STEPS_BACK_MAX: usize = 100_000;
/// Compiled patterns that a thread keeps: a form's constraints ask for the same few at every answer.
const KEPT_MAX: usize = 16;

thread_local! {
    /// The patterns that were asked for last, the latest of them at the end.
    static KEPT: RefCell<VecDeque<Rc<Pattern>>> = const { RefCell::new(VecDeque::new()) };
}

/// A compiled pattern.
pub(crate) struct Pattern {
    source: String,
    regex: Regex,
}

impl Pattern {
    /// A pattern that was compiled before, or is now.
    pub(crate) fn of(source: &str) -> Result<Rc<Self>, EvalErrorKind> {
        KEPT.with_borrow_mut(|kept| {
            let known = kept.iter().position(|pattern| pattern.source == source);
            let pattern = match known.and_then(|at| kept.remove(at)) {
                Some(pattern) => pattern,
                None => Rc::new(Self::new(source)?),
            };
            if kept.len() == KEPT_MAX {
                kept.pop_front();
            }
            kept.push_back(Rc::clone(&pattern));
            Ok(pattern)
        })
    }

    /// Compiles a pattern.
    fn new(source: &str) -> Result<Self, EvalErrorKind> {
        if source.len() > PATTERN_BYTES_MAX {
            return Err(EvalErrorKind::Regex);
        }
        let regex = RegexBuilder::new(&format!(r"\A(?:{})\z", with_ascii_classes(source)))
            .delegate_size_limit(COMPILED_BYTES_MAX)
            .backtrack_limit(STEPS_BACK_MAX)
            .build()
            .map_err(|_| EvalErrorKind::Regex)?;
        Ok(Self { source: source.to_owned(), regex })
    }

    /// What it was compiled from.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Whether it matches the whole text.
    pub(crate) fn matches(&self, text: &str) -> Result<bool, EvalErrorKind> {
        self.regex.is_match(text).map_err(|_| EvalErrorKind::TooMuchWork)
    }
}

/// The pattern with its classes written out: by themselves they mean the digits and letters of every script here.
fn with_ascii_classes(source: &str) -> String {
    let mut pattern = String::with_capacity(source.len());
    let mut in_class = false;
    let mut symbols = source.chars();
    while let Some(symbol) = symbols.next() {
        match symbol {
            '\\' => {
                let escaped = symbols.next();
                let class = match escaped {
                    Some('d') => "0-9",
                    Some('w') => "a-zA-Z0-9_",
                    Some('s') => r" \t\n\x0B\f\r",
                    Some('D') if !in_class => "^0-9",
                    Some('W') if !in_class => "^a-zA-Z0-9_",
                    Some('S') if !in_class => r"^ \t\n\x0B\f\r",
                    other => {
                        pattern.push('\\');
                        pattern.extend(other);
                        continue;
                    }
                };
                if in_class {
                    pattern.push_str(class);
                } else {
                    pattern.extend(["[", class, "]"]);
                }
                continue;
            }
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
        pattern.push(symbol);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern).unwrap().matches(text).unwrap()
    }

    #[test]
    fn the_whole_text_must_match() {
        assert!(matches("a|bc", "bc") && !matches("b", "abc") && !matches("a", "a\n"));
        assert!(matches("^[0-9]{3}$", "123"));
    }

    #[test]
    fn classes_are_ascii() {
        assert!(matches(r"\d\D[\d.]\s\w", "1x. z"));
        assert!(!matches(r"\d", "\u{661}") && !matches(r"\w", "\u{e9}"));
    }

    #[test]
    fn one_may_look_ahead_and_refer_back() {
        assert!(matches(r"(?!000)\d{3}", "123") && !matches(r"(?!000)\d{3}", "000"));
        assert!(matches(r"(\d)\1", "77") && !matches(r"(\d)\1", "78"));
    }

    #[test]
    fn the_patterns_that_were_asked_for_last_are_kept() {
        let first = Pattern::of("a").unwrap();
        assert!(Rc::ptr_eq(&first, &Pattern::of("a").unwrap()));
        let others = |count: usize| (0..count).for_each(|n| drop(Pattern::of(&"b".repeat(n + 1)).unwrap()));
        others(KEPT_MAX - 1);
        assert!(Rc::ptr_eq(&first, &Pattern::of("a").unwrap()), "it is the latest again");
        others(KEPT_MAX);
        assert!(!Rc::ptr_eq(&first, &Pattern::of("a").unwrap()));
        assert!(Pattern::of("(").is_err() && Pattern::of("(").is_err());
    }

    #[test]
    fn hostile_patterns_end() {
        assert!(Pattern::new("(").is_err());
        assert!(Pattern::new("((a{1000}){1000}){1000}").is_err());
        assert!(Pattern::new(&"a".repeat(PATTERN_BYTES_MAX + 1)).is_err());
        let long = format!("{}b", "a".repeat(5_000));
        assert!(matches("(a*)*b", &long));
        assert!(Pattern::new(r"(a*)*\1c").unwrap().matches(&long).is_err());
    }
}
