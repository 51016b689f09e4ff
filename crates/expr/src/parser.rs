//! The parser: operators by their power (Pratt), calls by descent, within a bound of depth. Paths are the next file's.

use crate::error::{ParseError, ParseErrorKind, Span};
use crate::functions::{self, Callee};
use crate::slips;
use crate::token::{Token, tokens};
use crate::tree::{Node, Operator};

/// The longest source, in bytes: ten times the longest calculation of the field's forms.
const SOURCE_BYTES_MAX: usize = 64 * 1024;
/// The deepest nesting of brackets and operators of different power.
const DEPTH_MAX: usize = 64;
/// The most operators: a chain of so many nests as deep in the tree. A sum over every question of the largest forms
/// has a thousand.
const OPERATORS_MAX: usize = 2_000;

/// Which calls a source may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Calls {
    /// Those of known functions, with as many arguments as they take.
    Known,
    /// Whatever is written as a call.
    Any,
}

pub(crate) fn parse(source: &str, calls: Calls) -> Result<Node, ParseError> {
    let whole = Span { start: 0, end: source.len() };
    if source.len() > SOURCE_BYTES_MAX {
        return Err(ParseError { span: whole, kind: ParseErrorKind::TooLarge });
    }
    let tokens = tokens(source)?;
    let mut parser = Parser { tokens: &tokens, calls, at: 0, end: source.len(), depth: 0, operators: 0 };
    let root = parser.expression(0)?;
    if parser.at < tokens.len() { Err(parser.expected("an operator or the end")) } else { Ok(root) }
}

pub(crate) struct Parser<'a> {
    tokens: &'a [(Token, Span)],
    calls: Calls,
    pub(crate) at: usize,
    end: usize,
    depth: usize,
    operators: usize,
}

pub(crate) type Parsed<T> = Result<T, ParseError>;

impl<'a> Parser<'a> {
    pub(crate) fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    pub(crate) fn peek_after(&self) -> Option<&'a Token> {
        self.tokens.get(self.at + 1).map(|(token, _)| token)
    }

    fn span(&self) -> Span {
        self.tokens.get(self.at).map_or(Span { start: self.end, end: self.end }, |(_, span)| *span)
    }

    pub(crate) fn error(&self, kind: ParseErrorKind) -> ParseError {
        ParseError { span: self.span(), kind }
    }

    pub(crate) fn expected(&self, expected: &'static str) -> ParseError {
        if let Some(Token::Name(name)) = self.peek()
            && let Some(instead) = slips::word(name)
        {
            return self.error(ParseErrorKind::Slip { found: name.clone(), instead });
        }
        self.error(ParseErrorKind::Expected { expected })
    }

    pub(crate) fn is(&self, symbol: &str) -> bool {
        matches!(self.peek(), Some(Token::Symbol(found)) if *found == symbol)
    }

    pub(crate) fn eat(&mut self, symbol: &str) -> bool {
        let is = self.is(symbol);
        self.at += usize::from(is);
        is
    }

    /// The bracket that closes the one at `opening`.
    pub(crate) fn close(&mut self, closing: &'static str, opening: Span) -> Parsed<()> {
        match self.peek() {
            Some(Token::Symbol(found)) if *found == closing => {
                self.at += 1;
                Ok(())
            }
            None | Some(Token::Symbol(")" | "]")) => {
                Err(ParseError { span: opening, kind: ParseErrorKind::OpenBracket { closing } })
            }
            Some(_) if closing == ")" => Err(self.expected("an operator, a comma or )")),
            Some(_) => Err(self.expected("an operator or ]")),
        }
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= DEPTH_MAX {
            return Err(self.error(ParseErrorKind::TooLarge));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// An expression whose operators bind tighter than `least`.
    pub(crate) fn expression(&mut self, least: u8) -> Parsed<Node> {
        self.nested(|parser| {
            let mut left = parser.operand()?;
            while let Some(operator) = parser.operator() {
                let (power, _) = operator.power();
                if power <= least {
                    break;
                }
                parser.operators += 1;
                if parser.operators > OPERATORS_MAX {
                    return Err(parser.error(ParseErrorKind::TooLarge));
                }
                parser.at += 1;
                let right = parser.expression(power)?;
                left = Node::Binary(operator, Box::new(left), Box::new(right));
            }
            Ok(left)
        })
    }

    fn operator(&self) -> Option<Operator> {
        let spelling = match self.peek()? {
            Token::Symbol(symbol) | Token::Operator(symbol) => *symbol,
            Token::Number(_) | Token::Text(_) | Token::Name(_) | Token::Reference(_) => return None,
        };
        Operator::ALL.into_iter().find(|operator| operator.power().1 == spelling)
    }

    fn operand(&mut self) -> Parsed<Node> {
        if self.eat("-") {
            return Ok(Node::Negate(Box::new(self.expression(7)?)));
        }
        let opening = self.span();
        let primary = match self.peek() {
            Some(Token::Number(number)) => Node::Number(*number),
            Some(Token::Text(text)) => Node::Text(text.clone()),
            Some(Token::Reference(name)) => Node::Reference(name.clone(), opening),
            Some(Token::Symbol("(")) => {
                self.at += 1;
                let inner = self.expression(0)?;
                self.close(")", opening)?;
                return self.continued(inner);
            }
            Some(Token::Name(name)) if self.calls(name) => {
                let call = self.call(name)?;
                return self.continued(call);
            }
            _ => return self.path().map(Node::Path),
        };
        self.at += 1;
        self.continued(primary)
    }

    fn calls(&self, name: &str) -> bool {
        matches!(self.peek_after(), Some(Token::Symbol("(")))
            && !matches!(name, "node" | "text" | "comment" | "processing-instruction")
    }

    fn call(&mut self, name: &str) -> Parsed<Node> {
        let callee = Callee::from(name);
        if self.calls == Calls::Known && callee.function().is_none() {
            let suggestion = functions::nearest(name);
            return Err(self.error(ParseErrorKind::UnknownFunction { name: name.to_owned(), suggestion }));
        }
        let at = self.span();
        self.at += 1;
        let opening = self.span();
        self.at += 1;
        let mut arguments = Vec::new();
        if !self.eat(")") {
            loop {
                arguments.push(self.expression(0)?);
                if !self.eat(",") {
                    break;
                }
            }
            self.close(")", opening)?;
        }
        let given = arguments.len();
        if self.calls == Calls::Known && !callee.function().is_some_and(|function| function.takes(given)) {
            let kind = ParseErrorKind::Arguments { name: name.to_owned(), given };
            return Err(ParseError { span: at, kind });
        }
        Ok(Node::Call(callee, arguments))
    }

    pub(crate) fn predicates(&mut self) -> Parsed<Vec<Node>> {
        let mut predicates = Vec::new();
        loop {
            let opening = self.span();
            if !self.eat("[") {
                return Ok(predicates);
            }
            predicates.push(self.expression(0)?);
            self.close("]", opening)?;
        }
    }
}
