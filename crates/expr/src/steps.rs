//! The parser's way along location paths.

use crate::error::ParseErrorKind;
use crate::parser::{Parsed, Parser};
use crate::token::Token;
use crate::tree::{Axis, Node, Path, Start, Step, Test};

impl Parser<'_> {
    /// Predicates and further steps after a primary expression.
    pub(crate) fn continued(&mut self, primary: Node) -> Parsed<Node> {
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

    pub(crate) fn path(&mut self) -> Parsed<Path> {
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
                let (axis, _) = axis.ok_or_else(|| {
                    let names = Axis::ALL.iter().map(|(_, known)| *known);
                    let suggestion = crate::nearest::nearest(name, names);
                    self.error(ParseErrorKind::UnknownAxis { name: name.clone(), suggestion })
                })?;
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
                return self.type_test(name);
            }
            Some(Token::Name(name)) => {
                let prefix = name.strip_suffix(":*").map(|prefix| Test::Prefix(prefix.to_owned()));
                prefix.unwrap_or_else(|| Test::Name(name.clone()))
            }
            _ => return Err(self.expected("a value, a path or a function")),
        };
        self.at += 1;
        Ok(test)
    }

    /// `node()`, `text()`, `comment()`, `processing-instruction('name')`.
    fn type_test(&mut self, name: &str) -> Parsed<Test> {
        let test = match name {
            "node" => Test::Node,
            "text" => Test::Text,
            "comment" => Test::Comment,
            "processing-instruction" => Test::Instruction,
            _ => return Err(self.expected("the name of a node")),
        };
        self.at += 2;
        if test == Test::Instruction && matches!(self.peek(), Some(Token::Text(_))) {
            self.at += 1;
        }
        if self.eat(")") { Ok(test) } else { Err(self.expected(")")) }
    }
}
