//! The pieces of an expression or a label that change on the way into an XForm: `${name}`, and absolute paths. The rest
//! is carried letter by letter, so that an author finds the expression that they wrote.

/// The root of every form's instance in our documents.
const ROOT: &str = "/data";

/// A piece of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Carried as it is.
    Text(&'a str),
    /// `${name}` or `${last-saved#name}`.
    Reference(Reference<'a>),
    /// The root at the beginning of an absolute path.
    Root,
}

/// A reference to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    /// The question.
    pub(super) name: &'a str,
    /// From which filled form.
    pub(super) from: From,
    /// Where in the expression.
    pub(super) spot: Spot,
}

/// Which filled form a reference reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// The one at hand.
    Here,
    /// The one that was saved last.
    LastSaved,
}

/// Where a reference stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    /// Anywhere else.
    Plain,
    /// In a predicate of an expression that reads a secondary instance, whose items `.` is there.
    Predicate,
    /// As an argument of `indexed-repeat` that names a question or a repeat in all items.
    EveryItem,
}

/// What is open around a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// A bracket, or a call of another function.
    Round,
    /// The arguments of `indexed-repeat`, with the number of the present one.
    IndexedRepeat(usize),
    Predicate,
}

/// Splits an expression.
pub(super) fn expression(source: &str) -> Vec<Piece<'_>> {
    let mut scanner = Scanner { source, pieces: Vec::new(), open: Vec::new(), done: 0, quoted: None };
    scanner.run();
    scanner.pieces
}

struct Scanner<'a> {
    source: &'a str,
    pieces: Vec<Piece<'a>>,
    open: Vec<Open>,
    /// Up to where the source is in the pieces.
    done: usize,
    /// What ends the text that is open. References within are replaced too: `jr:choice-name` takes a path as a text.
    quoted: Option<char>,
}

impl<'a> Scanner<'a> {
    fn run(&mut self) {
        let mut at = 0;
        while let Some(symbol) = self.rest(at).chars().next() {
            at = self.step(at, symbol);
        }
        self.text(at);
    }

    fn rest(&self, at: usize) -> &'a str {
        self.source.get(at..).unwrap_or_default()
    }

    /// Takes what begins here; where the next begins.
    fn step(&mut self, at: usize, symbol: char) -> usize {
        let next = at + symbol.len_utf8();
        match symbol {
            '\'' | '"' => match self.quoted {
                // Only its own kind ends a text.
                Some(quote) if quote == symbol => self.quoted = None,
                Some(_) => {}
                None => self.quoted = Some(symbol),
            },
            '$' => {
                if let Some((name, after)) = reference(self.rest(at)) {
                    self.reference(at, name);
                    self.done = at + after;
                    return self.done;
                }
            }
            _ if self.quoted.is_some() => {}
            '(' => {
                let before = self.source.get(..at).unwrap_or_default().trim_end();
                let indexed = before.ends_with("indexed-repeat");
                self.open.push(if indexed { Open::IndexedRepeat(0) } else { Open::Round });
            }
            '[' => self.open.push(Open::Predicate),
            ')' | ']' => {
                self.open.pop();
            }
            ',' => {
                if let Some(Open::IndexedRepeat(argument)) = self.open.last_mut() {
                    *argument += 1;
                }
            }
            '/' if self.begins_at_root(at) => {
                self.text(at);
                self.pieces.push(Piece::Root);
                self.done = at + ROOT.len();
                return self.done;
            }
            _ => {}
        }
        next
    }

    fn reference(&mut self, at: usize, written: &'a str) {
        self.text(at);
        let spot = match self.open.last() {
            _ if self.open.contains(&Open::Predicate) && self.source.contains("instance(") => Spot::Predicate,
            Some(Open::IndexedRepeat(0 | 1 | 3 | 5)) => Spot::EveryItem,
            _ => Spot::Plain,
        };
        let (name, from) = named(written);
        self.pieces.push(Piece::Reference(Reference { name, from, spot }));
    }

    /// Whether an absolute path to our root begins here.
    fn begins_at_root(&self, at: usize) -> bool {
        let Some(after) = self.rest(at).strip_prefix(ROOT) else { return false };
        let before = self.source.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|symbol| symbol.is_whitespace() || "([,=<>!+-*|".contains(symbol))
            && !after.starts_with(|symbol: char| symbol.is_alphanumeric() || "_-.".contains(symbol))
    }

    /// Takes over the text up to here.
    fn text(&mut self, to: usize) {
        if let Some(text) = self.source.get(self.done..to)
            && !text.is_empty()
        {
            self.pieces.push(Piece::Text(text));
        }
        self.done = to;
    }
}

/// The name in `${name}` at the beginning of a text, and where it ends.
fn reference(text: &str) -> Option<(&str, usize)> {
    let end = text.strip_prefix("${")?.find('}')?;
    let name = text.get(2..2 + end)?.trim();
    let is_name = |symbol: char| symbol.is_alphanumeric() || "_-.#".contains(symbol);
    (!name.is_empty() && name.chars().all(is_name)).then_some((name, end + 3))
}

/// The question of a reference, and the instance that it reads.
fn named(written: &str) -> (&str, From) {
    written.strip_prefix("last-saved#").map_or((written, From::Here), |name| (name, From::LastSaved))
}

/// A piece of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said<'a> {
    /// Said as it is.
    Text(&'a str),
    /// What an expression gives: a reference, a path into a secondary instance, or whatever stands in `${…}`.
    Value(&'a str),
}

/// Splits a label.
pub(super) fn label(text: &str) -> Vec<Said<'_>> {
    let mut pieces = Vec::new();
    let (mut at, mut done) = (0, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let path = || instance_path(text, at).and_then(|length| Some((rest.get(..length)?, length)));
        let Some((value, length)) = said(rest).or_else(path) else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        pieces.extend(text.get(done..at).filter(|text| !text.is_empty()).map(Said::Text));
        pieces.push(Said::Value(value));
        at += length;
        done = at;
    }
    pieces.extend(text.get(done..).filter(|text| !text.is_empty()).map(Said::Text));
    pieces
}

/// What is said by `${…}` at the beginning of a text, and where that ends: a reference as it is written, or the
/// expression within.
fn said(text: &str) -> Option<(&str, usize)> {
    if let Some((_, length)) = reference(text) {
        return Some((text.get(..length)?, length));
    }
    let inner = text.strip_prefix("${")?;
    let end = inner.find('}')?;
    inner.get(..end).filter(|inner| !inner.trim().is_empty()).map(|inner| (inner, end + 3))
}

/// The length of a path `instance('list')/root/item[…]/label` that begins here.
fn instance_path(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?.strip_prefix("instance(")?;
    let word = text.get(..at)?.ends_with(|symbol: char| symbol.is_alphanumeric() || symbol == '-');
    let quote = rest.chars().next().filter(|symbol| matches!(symbol, '\'' | '"'))?;
    let after = rest.get(1..)?.split_once(quote)?.1.strip_prefix(")/")?;
    let (mut depth, mut quoted) = (0_usize, None);
    let end = after.find(|symbol: char| {
        match (quoted, symbol) {
            (Some(quote), _) => {
                if symbol == quote {
                    quoted = None;
                }
            }
            (None, '\'' | '"') if depth > 0 => quoted = Some(symbol),
            (None, '[') => depth += 1,
            (None, ']') if depth > 0 => depth -= 1,
            (None, _) => {
                return depth == 0 && !(symbol.is_alphanumeric() || "/_-:@".contains(symbol));
            }
        }
        false
    });
    let length = text.len() - at - after.len() + end.unwrap_or(after.len());
    (!word && depth == 0).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spots(source: &str) -> Vec<(&str, Spot)> {
        let pieces = expression(source).into_iter();
        pieces
            .filter_map(|piece| match piece {
                Piece::Reference(Reference { name, spot, .. }) => Some((name, spot)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn references_know_where_they_stand() {
        assert_eq!(spots("jr:choice-name(${a}, '${b}') = ', ['"), [("a", Spot::Plain), ("b", Spot::Plain)]);
        let found = spots("instance('l')/root/item[name = ${a}]/label = ${b}");
        assert_eq!(found, [("a", Spot::Predicate), ("b", Spot::Plain)]);
        let found = spots("indexed-repeat(${a}, ${r}, position(..) - ${n}) + ${b}");
        let expected =
            [("a", Spot::EveryItem), ("r", Spot::EveryItem), ("n", Spot::Plain), ("b", Spot::Plain)];
        assert_eq!(found, expected);
        assert_eq!(spots("count(${r}[./x = ${a}])"), [("r", Spot::Plain), ("a", Spot::Plain)]);
    }

    #[test]
    fn absolute_paths_and_what_is_no_reference_are_told_apart() {
        let pieces = expression("/data/a = x/data and ${last-saved#b}");
        assert_eq!(pieces.first(), Some(&Piece::Root));
        assert_eq!(pieces.iter().filter(|piece| **piece == Piece::Root).count(), 1);
        let last = Piece::Reference(Reference { name: "b", from: From::LastSaved, spot: Spot::Plain });
        assert_eq!(pieces.last(), Some(&last));
        assert_eq!(expression("/database/a ${open"), [Piece::Text("/database/a ${open")]);
    }

    #[test]
    fn labels_say_references_and_paths_into_lists() {
        let path = "instance('c')/root/item[name = ${q}]/label";
        let text = format!("Hello ${{q}}: {path}, and 5");
        let expected = [
            Said::Text("Hello "),
            Said::Value("${q}"),
            Said::Text(": "),
            Said::Value(path),
            Said::Text(", and 5"),
        ];
        assert_eq!(label(&text), expected);
        assert_eq!(label("instance('c'"), [Said::Text("instance('c'")]);
        assert!(label("").is_empty());
        assert_eq!(label("${1 + 1}!"), [Said::Value("1 + 1"), Said::Text("!")]);
    }
}
