//! The tree of an expression, and what it depends on.

use crate::error::{ParseError, Span};
use crate::functions::Callee;
use crate::parser::{self, Calls};

/// A parsed expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub(crate) root: Node,
}

/// One node of the tree.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// `${name}`, to be resolved by the form around.
    Reference(String, Span),
    /// `-x`.
    Negate(Box<Node>),
    /// `a op b`.
    Binary(Operator, Box<Node>, Box<Node>),
    /// `name(arguments)`.
    Call(Callee, Vec<Node>),
    /// A location path.
    Path(Path),
}

/// A binary operator, from the loosest to the tightest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `or`
    Or,
    /// `and`
    And,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `div`
    Divide,
    /// `mod`
    Modulo,
    /// `|`
    Union,
}

impl Operator {
    /// How tightly it binds, and its spelling.
    pub(crate) const fn power(self) -> (u8, &'static str) {
        match self {
            Self::Or => (1, "or"),
            Self::And => (2, "and"),
            Self::Equal => (3, "="),
            Self::NotEqual => (3, "!="),
            Self::Less => (4, "<"),
            Self::LessOrEqual => (4, "<="),
            Self::Greater => (4, ">"),
            Self::GreaterOrEqual => (4, ">="),
            Self::Add => (5, "+"),
            Self::Subtract => (5, "-"),
            Self::Multiply => (6, "*"),
            Self::Divide => (6, "div"),
            Self::Modulo => (6, "mod"),
            Self::Union => (8, "|"),
        }
    }

    /// Every operator.
    pub(crate) const ALL: [Self; 14] = [
        Self::Or,
        Self::And,
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Add,
        Self::Subtract,
        Self::Multiply,
        Self::Divide,
        Self::Modulo,
        Self::Union,
    ];
}

/// Where a path begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// At the root: `/data/a`.
    Root,
    /// At the context node: `a/b`, `../a`, `.`.
    Context,
    /// At what another expression gives: `instance('x')/root`, `current()/a`.
    From(Box<Node>),
}

/// A location path.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// Where it begins.
    pub start: Start,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// The axis of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// `child::`
    Child,
    /// `parent::`, `..`
    Parent,
    /// `self::`, `.`
    Itself,
    /// `descendant-or-self::`, `//`
    DescendantOrSelf,
    /// `descendant::`
    Descendant,
    /// `attribute::`, `@`
    Attribute,
    /// `ancestor::`
    Ancestor,
    /// `ancestor-or-self::`
    AncestorOrSelf,
    /// `following-sibling::`
    FollowingSibling,
    /// `preceding-sibling::`
    PrecedingSibling,
    /// `following::`
    Following,
    /// `preceding::`
    Preceding,
    /// `namespace::`; instances have no such nodes
    Namespace,
}

impl Axis {
    /// Every axis with its name.
    pub(crate) const ALL: [(Self, &'static str); 13] = [
        (Self::Child, "child"),
        (Self::Parent, "parent"),
        (Self::Itself, "self"),
        (Self::DescendantOrSelf, "descendant-or-self"),
        (Self::Descendant, "descendant"),
        (Self::Attribute, "attribute"),
        (Self::Ancestor, "ancestor"),
        (Self::AncestorOrSelf, "ancestor-or-self"),
        (Self::FollowingSibling, "following-sibling"),
        (Self::PrecedingSibling, "preceding-sibling"),
        (Self::Following, "following"),
        (Self::Preceding, "preceding"),
        (Self::Namespace, "namespace"),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(axis, _)| *axis == self).map_or("", |(_, name)| name)
    }
}

/// Which nodes of an axis a step keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Those of this name.
    Name(String),
    /// `*`
    Any,
    /// `prefix:*`
    Prefix(String),
    /// `node()`
    Node,
    /// `text()`
    Text,
    /// `comment()`; instances hold none
    Comment,
    /// `processing-instruction()`; instances hold none
    Instruction,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Where it goes.
    pub axis: Axis,
    /// What it keeps.
    pub test: Test,
    /// Conditions on what it keeps.
    pub predicates: Vec<Node>,
}

impl Expr {
    /// Parses a source whose every function must be known, with the right number of arguments. Sources longer or
    /// deeper than any form needs are refused.
    pub fn parse(source: &str) -> Result<Self, ParseError> {
        parser::parse(source, Calls::Known).map(|root| Self { root })
    }

    /// Parses a source as the field's engines do: a call of a function that there is not is an error only once it
    /// is evaluated.
    pub fn parse_any(source: &str) -> Result<Self, ParseError> {
        parser::parse(source, Calls::Any).map(|root| Self { root })
    }

    /// The root of the tree.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// Every `${name}` with its place.
    pub fn references(&self) -> Vec<(&str, Span)> {
        let mut found = Vec::new();
        self.root.walk(&mut |node| {
            if let Node::Reference(name, span) = node {
                found.push((name.as_str(), *span));
            }
        });
        found
    }

    /// Every location path, those within predicates too.
    pub fn paths(&self) -> Vec<&Path> {
        let mut found = Vec::new();
        self.root.walk(&mut |node| {
            if let Node::Path(path) = node {
                found.push(path);
            }
        });
        found
    }

    /// Every function that is called.
    pub fn functions(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.root.walk(&mut |node| {
            if let Node::Call(name, _) = node {
                found.push(name.as_str());
            }
        });
        found
    }

    /// The same expression with every `${name}` replaced by the path that `path_of` gives; a name for which it gives
    /// none is the error.
    pub fn resolve(&self, path_of: &mut dyn FnMut(&str) -> Option<Path>) -> Result<Self, (String, Span)> {
        let mut root = self.root.clone();
        root.resolve(path_of)?;
        Ok(Self { root })
    }
}

impl Node {
    /// Visits this node and all below it, outer ones first.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        match self {
            Self::Number(_) | Self::Text(_) | Self::Reference(..) => {}
            Self::Negate(inner) => inner.walk(visit),
            Self::Binary(_, left, right) => {
                left.walk(visit);
                right.walk(visit);
            }
            Self::Call(_, arguments) => arguments.iter().for_each(|argument| argument.walk(visit)),
            Self::Path(path) => {
                if let Start::From(from) = &path.start {
                    from.walk(visit);
                }
                path.steps.iter().flat_map(|step| &step.predicates).for_each(|inner| inner.walk(visit));
            }
        }
    }

    fn resolve(&mut self, path_of: &mut dyn FnMut(&str) -> Option<Path>) -> Result<(), (String, Span)> {
        match self {
            Self::Number(_) | Self::Text(_) => Ok(()),
            Self::Reference(name, span) => {
                let path = path_of(name).ok_or_else(|| (name.clone(), *span))?;
                *self = Self::Path(path);
                Ok(())
            }
            Self::Negate(inner) => inner.resolve(path_of),
            Self::Binary(_, left, right) => {
                left.resolve(path_of)?;
                right.resolve(path_of)
            }
            Self::Call(_, arguments) => {
                arguments.iter_mut().try_for_each(|argument| argument.resolve(path_of))
            }
            Self::Path(path) => {
                if let Start::From(from) = &mut path.start {
                    from.resolve(path_of)?;
                }
                path.steps
                    .iter_mut()
                    .flat_map(|step| &mut step.predicates)
                    .try_for_each(|inner| inner.resolve(path_of))
            }
        }
    }
}
