//! The parser: operators by their power (Pratt), paths and calls by descent, within a bound of depth.

use crate::error::{ParseError, ParseErrorKind, Span};
use crate::functions;
use crate::token::{Token, tokens};
use crate::tree::{Axis, Node, Operator, Path, Start, Step, Test};

/// The longest source, in bytes: ten times the longest calculation of the field's forms.
const SOURCE_BYTES_MAX: usize = 64 * 1024;
/// The deepest nesting.
const DEPTH_MAX: usize = 64;

pub(crate) fn parse(source: &str) -> Result<Node, ParseError> {
    let whole = Span { start: 0, end: source.len() };
    if source.len() > SOURCE_BYTES_MAX {
        return Err(ParseError { span: whole, kind: ParseErrorKind::TooLarge });
    }
    let tokens = tokens(source)?;
    let mut parser = Parser { tokens: &tokens, at: 0, end: source.len(), depth: 0 };
    let root = parser.expression(0)?;
    if parser.at < tokens.len() { Err(parser.expected("an operator or the end")) } else { Ok(root) }
}

struct Parser<'a> {
    tokens: &'a [(Token, Span)],
    at: usize,
    end: usize,
    depth: usize,
}

type Parsed<T> = Result<T, ParseError>;

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn peek_after(&self) -> Option<&'a Token> {
        self.tokens.get(self.at + 1).map(|(token, _)| token)
    }

    fn span(&self) -> Span {
        self.tokens.get(self.at).map_or(Span { start: self.end, end: self.end }, |(_, span)| *span)
    }

    fn error(&self, kind: ParseErrorKind) -> ParseError {
        ParseError { span: self.span(), kind }
    }

    fn expected(&self, expected: &'static str) -> ParseError {
        self.error(ParseErrorKind::Expected { expected })
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.peek(), Some(Token::Symbol(found)) if *found == symbol)
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let is = self.is(symbol);
        self.at += usize::from(is);
        is
    }

    fn need(&mut self, symbol: &'static str) -> Parsed<()> {
        if self.eat(symbol) { Ok(()) } else { Err(self.expected(symbol)) }
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
    fn expression(&mut self, least: u8) -> Parsed<Node> {
        self.nested(|parser| {
            let mut left = parser.operand()?;
            let mut length = 0usize;
            while let Some(operator) = parser.operator() {
                let (power, _) = operator.power();
                if power <= least {
                    break;
                }
                // A chain of a thousand operators nests a thousand deep in the tree.
                length += 1;
                if length > DEPTH_MAX * 16 {
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
        let primary = match self.peek() {
            Some(Token::Number(number)) => Node::Number(*number),
            Some(Token::Text(text)) => Node::Text(text.clone()),
            Some(Token::Reference(name)) => Node::Reference(name.clone(), self.span()),
            Some(Token::Symbol("(")) => {
                self.at += 1;
                let inner = self.expression(0)?;
                self.need(")")?;
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
        let Some(arity) = functions::arity(name) else {
            let suggestion = functions::nearest(name);
            return Err(self.error(ParseErrorKind::UnknownFunction { name: name.to_owned(), suggestion }));
        };
        let at = self.span();
        self.at += 2;
        let mut arguments = Vec::new();
        if !self.eat(")") {
            loop {
                arguments.push(self.expression(0)?);
                if !self.eat(",") {
                    break;
                }
            }
            self.need(")")?;
        }
        if !arity.contains(&arguments.len()) {
            let kind = ParseErrorKind::Arguments { name: name.to_owned(), given: arguments.len() };
            return Err(ParseError { span: at, kind });
        }
        Ok(Node::Call(name.to_owned(), arguments))
    }

    /// Predicates and further steps after a primary expression.
    fn continued(&mut self, primary: Node) -> Parsed<Node> {
        let mut steps = Vec::new();
        let predicates = self.predicates()?;
        if !predicates.is_empty() {
            steps.push(Step { axis: Axis::Itself, test: Test::Node, predicates });
        }
        if self.is("/") || self.is("//") {
            self.further(&mut steps)?;
        }
        if steps.is_empty() {
            Ok(primary)
        } else {
            Ok(Node::Path(Path { start: Start::From(Box::new(primary)), steps }))
        }
    }

    fn path(&mut self) -> Parsed<Path> {
        let mut steps = Vec::new();
        let start = if self.is("/") || self.is("//") { Start::Root } else { Start::Context };
        if start == Start::Root {
            if self.is("/") && !self.step_follows() {
                self.at += 1;
                return Ok(Path { start, steps });
            }
        } else {
            steps.push(self.step()?);
        }
        self.further(&mut steps)?;
        Ok(Path { start, steps })
    }

    fn further(&mut self, steps: &mut Vec<Step>) -> Parsed<()> {
        loop {
            if self.eat("//") {
                steps.push(Step { axis: Axis::DescendantOrSelf, test: Test::Node, predicates: Vec::new() });
            } else if !self.eat("/") {
                return Ok(());
            }
            steps.push(self.step()?);
        }
    }

    fn step_follows(&self) -> bool {
        match self.peek_after() {
            Some(Token::Name(_)) => true,
            Some(Token::Symbol(symbol)) => matches!(*symbol, "." | ".." | "@" | "*"),
            _ => false,
        }
    }

    fn step(&mut self) -> Parsed<Step> {
        if self.eat("..") {
            return Ok(Step { axis: Axis::Parent, test: Test::Node, predicates: self.predicates()? });
        }
        if self.eat(".") {
            return Ok(Step { axis: Axis::Itself, test: Test::Node, predicates: self.predicates()? });
        }
        let axis = self.axis()?;
        let test = self.test()?;
        Ok(Step { axis, test, predicates: self.predicates()? })
    }

    fn axis(&mut self) -> Parsed<Axis> {
        if self.eat("@") {
            return Ok(Axis::Attribute);
        }
        match (self.peek(), self.peek_after()) {
            (Some(Token::Name(name)), Some(Token::Symbol("::"))) => {
                let axis = Axis::ALL.into_iter().find(|(_, known)| known == name);
                let (axis, _) = axis.ok_or_else(|| self.expected("an axis"))?;
                self.at += 2;
                Ok(axis)
            }
            _ => Ok(Axis::Child),
        }
    }

    fn test(&mut self) -> Parsed<Test> {
        let test = match self.peek() {
            Some(Token::Symbol("*") | Token::Operator("*")) => Test::Any,
            Some(Token::Name(name)) if matches!(self.peek_after(), Some(Token::Symbol("("))) => {
                let test = if name == "text" { Test::Text } else { Test::Node };
                self.at += 2;
                if !self.is(")") {
                    return Err(self.expected(")"));
                }
                test
            }
            Some(Token::Name(name)) => Test::Name(name.clone()),
            _ => return Err(self.expected("a value, a path or a function")),
        };
        self.at += 1;
        Ok(test)
    }

    fn predicates(&mut self) -> Parsed<Vec<Node>> {
        let mut predicates = Vec::new();
        while self.eat("[") {
            predicates.push(self.expression(0)?);
            self.need("]")?;
        }
        Ok(predicates)
    }
}
