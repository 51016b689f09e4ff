//! The lexer: a source cut into tokens with their places. `*`, `and`, `or`, `mod` and `div` are operators only where
//! one may stand, as XPath 1.0 says.

use crate::error::{ParseError, ParseErrorKind, Span};
use crate::slips::{self, WORDS};

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    Number(f64),
    Text(String),
    /// A name, with its prefix where it has one.
    Name(String),
    /// `${name}`.
    Reference(String),
    /// An operator or punctuation.
    Symbol(&'static str),
    /// A name where an operator stands: `and`, `or`, `mod`, `div`; or `*` for multiplication.
    Operator(&'static str),
}

const SYMBOLS: [&str; 22] = [
    "//", "::", "..", "!=", "<=", ">=", "/", "(", ")", "[", "]", ",", "@", "|", "+", "-", "=", "<", ">", ".",
    "*", "$",
];

/// Cuts a source into tokens.
pub(crate) fn tokens(source: &str) -> Result<Vec<(Token, Span)>, ParseError> {
    let mut found: Vec<(Token, Span)> = Vec::new();
    let mut at = 0;
    while let Some(rest) = source.get(at..) {
        let Some(first) = rest.chars().next() else { break };
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let operator_may_stand = found.last().is_some_and(|(token, _)| ends_operand(token));
        if let Some((written, instead)) = slips::at_start(rest) {
            let kind = ParseErrorKind::Slip { found: written.to_owned(), instead };
            return Err(ParseError { span: Span { start: at, end: at + written.len() }, kind });
        }
        let (token, length) = token(rest, first, operator_may_stand)
            .map_err(|kind| ParseError { span: Span { start: at, end: at + first.len_utf8() }, kind })?;
        found.push((token, Span { start: at, end: at + length }));
        at += length;
    }
    Ok(found)
}

/// Whether a name after this token is an operator.
fn ends_operand(token: &Token) -> bool {
    match token {
        Token::Symbol(symbol) => matches!(*symbol, ")" | "]" | "." | ".." | "*"),
        Token::Operator(_) => false,
        Token::Number(_) | Token::Text(_) | Token::Name(_) | Token::Reference(_) => true,
    }
}

fn token(rest: &str, first: char, operator_may_stand: bool) -> Result<(Token, usize), ParseErrorKind> {
    if first == '"' || first == '\'' {
        let body = rest.get(1..).unwrap_or_default();
        let end = body.find(first).ok_or(ParseErrorKind::OpenText)?;
        return Ok((Token::Text(body.get(..end).unwrap_or_default().to_owned()), end + 2));
    }
    if rest.starts_with("${") {
        let end = rest.find('}').ok_or(ParseErrorKind::OpenReference)?;
        let name = rest.get(2..end).unwrap_or_default().trim();
        if name.is_empty() {
            return Err(ParseErrorKind::OpenReference);
        }
        return Ok((Token::Reference(name.to_owned()), end + 1));
    }
    let decimal =
        first == '.' && rest.get(1..).is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit()));
    if first.is_ascii_digit() || decimal {
        return number(rest);
    }
    if is_name_start(first) {
        return Ok(name(rest, operator_may_stand));
    }
    if first == '*' && operator_may_stand {
        return Ok((Token::Operator("*"), 1));
    }
    SYMBOLS
        .iter()
        .find(|symbol| rest.starts_with(**symbol))
        .map(|symbol| (Token::Symbol(symbol), symbol.len()))
        .ok_or(ParseErrorKind::Character)
}

/// Digits with at most one point. What is beyond a double's range is refused: no answer is such a number.
fn number(rest: &str) -> Result<(Token, usize), ParseErrorKind> {
    let mut seen_point = false;
    let end = rest
        .find(|c: char| {
            let point = c == '.' && !seen_point;
            seen_point |= point;
            !(c.is_ascii_digit() || point)
        })
        .unwrap_or(rest.len());
    let number = rest.get(..end).and_then(|text| text.parse::<f64>().ok());
    let number = number.filter(|number| number.is_finite()).ok_or(ParseErrorKind::TooLarge)?;
    Ok((Token::Number(number), end))
}

fn name(rest: &str, operator_may_stand: bool) -> (Token, usize) {
    if operator_may_stand && let Some(word) = WORDS.into_iter().find(|word| begins_with_word(rest, word)) {
        return (Token::Operator(word), word.len());
    }
    let mut end = rest.find(|c: char| !is_name_part(c)).unwrap_or(rest.len());
    // A prefix, but not an axis: `jr:itext`, not `child::a`.
    let after = rest.get(end..).unwrap_or_default();
    if let Some(tail) = after.strip_prefix(':')
        && tail.starts_with(|c: char| is_name_start(c) || c == '*')
    {
        let length = tail.find(|c: char| !is_name_part(c)).unwrap_or(tail.len());
        end += 1 + if tail.starts_with('*') { 1 } else { length };
    }
    (Token::Name(rest.get(..end).unwrap_or_default().to_owned()), end)
}

/// Where an operator must stand no name can, so that `1 and1` and `2div-1` are cut after the word.
fn begins_with_word(rest: &str, word: &str) -> bool {
    rest.strip_prefix(word).is_some_and(|after| !after.starts_with(is_name_start))
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(source: &str) -> Vec<Token> {
        tokens(source).unwrap().into_iter().map(|(token, _)| token).collect()
    }

    #[test]
    fn a_word_is_an_operator_only_where_one_may_stand() {
        assert_eq!(cut("div div 2"), [Token::Name("div".into()), Token::Operator("div"), Token::Number(2.0)]);
        assert_eq!(cut("1and1"), [Token::Number(1.0), Token::Operator("and"), Token::Number(1.0)]);
        assert_eq!(
            cut("order or band"),
            [Token::Name("order".into()), Token::Operator("or"), Token::Name("band".into())]
        );
    }

    #[test]
    fn a_number_beyond_a_double_is_refused() {
        assert_eq!(tokens(&"9".repeat(400)).unwrap_err().kind, ParseErrorKind::TooLarge);
        assert_eq!(cut(&"1".repeat(300)).len(), 1);
    }
}
