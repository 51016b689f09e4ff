//! The source of a tree again: what it gives parses to the same tree.

use std::fmt;

use crate::tree::{Axis, Expr, Node, Operator, Path, Start, Step, Test};

impl Node {
    fn power(&self) -> u8 {
        match self {
            Self::Binary(operator, ..) => operator.power().0,
            Self::Negate(_) => 7,
            // What follows a bare `/` would be read as its first step.
            Self::Path(path) if path.start == Start::Root && path.steps.is_empty() => 0,
            Self::Number(_) | Self::Text(_) | Self::Reference(..) | Self::Call(..) | Self::Path(_) => 9,
        }
    }

    fn write_within(&self, f: &mut fmt::Formatter<'_>, least: u8) -> fmt::Result {
        if self.power() < least { write!(f, "({self})") } else { write!(f, "{self}") }
    }

    /// Whether it ends in a minus, which would take in the `|` that follows: that alone binds tighter.
    fn ends_in_a_minus(&self) -> bool {
        match self {
            Self::Negate(_) => true,
            Self::Binary(_, _, right) => right.ends_in_a_minus(),
            Self::Number(_) | Self::Text(_) | Self::Reference(..) | Self::Call(..) | Self::Path(_) => false,
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.fmt(f)
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) if text.contains('\'') => write!(f, "\"{text}\""),
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Reference(name, _) => write!(f, "${{{name}}}"),
            Self::Negate(inner) => {
                f.write_str("-")?;
                inner.write_within(f, 7)
            }
            Self::Binary(operator, left, right) => {
                let (power, spelling) = operator.power();
                if *operator == Operator::Union && left.ends_in_a_minus() {
                    write!(f, "({left})")?;
                } else {
                    left.write_within(f, power)?;
                }
                write!(f, " {spelling} ")?;
                // Brackets about a minus would nest deeper than what was read.
                if matches!(**right, Self::Negate(_)) {
                    write!(f, "{right}")
                } else {
                    right.write_within(f, power + 1)
                }
            }
            Self::Call(name, arguments) => {
                write!(f, "{name}(")?;
                for (index, argument) in arguments.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    argument.fmt(f)?;
                }
                f.write_str(")")
            }
            Self::Path(path) => path.fmt(f),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut steps = self.steps.iter();
        match &self.start {
            Start::Root if self.steps.is_empty() => f.write_str("/")?,
            Start::Root => {}
            Start::Context => steps.next().map_or(Ok(()), |step| step.fmt(f))?,
            Start::From(from) => {
                // A path goes on where brackets end it, and conditions on all it gives stand right behind.
                let whole = if matches!(**from, Node::Path(_)) { 10 } else { 9 };
                from.write_within(f, whole)?;
                if let Some(Step { axis: Axis::Itself, test: Test::Node, predicates }) = self.steps.first()
                    && !predicates.is_empty()
                {
                    steps.next();
                    write_predicates(f, predicates)?;
                }
            }
        }
        steps.try_for_each(|step| write!(f, "/{step}"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.axis, &self.test) {
            (Axis::Itself, Test::Node) => f.write_str(".")?,
            (Axis::Parent, Test::Node) => f.write_str("..")?,
            (axis, test) => {
                match axis {
                    Axis::Child => {}
                    Axis::Attribute => f.write_str("@")?,
                    other => write!(f, "{}::", other.name())?,
                }
                match test {
                    Test::Name(name) => f.write_str(name)?,
                    Test::Any => f.write_str("*")?,
                    Test::Prefix(prefix) => write!(f, "{prefix}:*")?,
                    Test::Node => f.write_str("node()")?,
                    Test::Text => f.write_str("text()")?,
                    Test::Comment => f.write_str("comment()")?,
                    Test::Instruction => f.write_str("processing-instruction()")?,
                }
            }
        }
        write_predicates(f, &self.predicates)
    }
}

fn write_predicates(f: &mut fmt::Formatter<'_>, predicates: &[Node]) -> fmt::Result {
    predicates.iter().try_for_each(|predicate| write!(f, "[{predicate}]"))
}
