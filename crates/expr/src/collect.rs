//! What of XPath 1.0 ODK Collect does not run: a form that uses it works here, in Enketo and in ODK Web Forms, and
//! breaks there. Its paths go down by name or `*`, up by `..`, and begin at the root, at the context, at
//! `current()` or at an instance that is named outright (JavaRosa, `XPathPathExpr`).

use crate::functions::runs_in_collect;
use crate::tree::{Axis, Node, Operator, Path, Start, Step, Test};

/// What Collect does not run of a node by itself, as it is written; of the nodes below it this says nothing.
pub fn beyond_collect(node: &Node) -> Option<String> {
    match node {
        Node::Call(name, _) if !runs_in_collect(name.as_str()) => Some(format!("{name}()")),
        Node::Binary(Operator::Union, ..) => Some("|".to_owned()),
        Node::Path(path) if !begins_as_in_collect(path) => Some(path.to_string()),
        Node::Path(path) => {
            let step = path.steps.iter().find(|step| !is_step_of_collect(step))?;
            Some(step.to_string())
        }
        Node::Call(..)
        | Node::Binary(..)
        | Node::Number(_)
        | Node::Text(_)
        | Node::Reference(..)
        | Node::Negate(_) => None,
    }
}

fn begins_as_in_collect(path: &Path) -> bool {
    match &path.start {
        Start::Root | Start::Context => true,
        Start::From(from) => match &**from {
            Node::Call(name, _) if name == "current" => true,
            Node::Call(name, arguments) if name == "instance" => {
                matches!(arguments.as_slice(), [Node::Text(_)])
            }
            // It becomes a path of its own once it is resolved.
            Node::Reference(..) => true,
            _ => false,
        },
    }
}

fn is_step_of_collect(step: &Step) -> bool {
    matches!(
        (step.axis, &step.test),
        (Axis::Child, Test::Name(_) | Test::Any)
            | (Axis::Attribute, Test::Name(_))
            | (Axis::Itself | Axis::Parent, Test::Node)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Expr;

    fn beyond(source: &str) -> Vec<String> {
        let expr = Expr::parse_any(source).unwrap();
        let mut found = Vec::new();
        expr.root().walk(&mut |node| found.extend(beyond_collect(node)));
        found
    }

    #[test]
    fn what_collect_runs_is_not_remarked() {
        for source in [
            "/data/*[@id = 1]/../a + current()/b",
            "instance('towns')/root/item[name = current()/../town]/label",
            "${a}/b",
            "if(selected(., 'x'), ./a, 2)",
        ] {
            assert_eq!(beyond(source), [""; 0], "{source}");
        }
    }

    #[test]
    fn what_it_does_not_run_is() {
        assert_eq!(beyond("floor(/data/a)"), ["floor()"]);
        assert_eq!(beyond("a | b"), ["|"]);
        assert_eq!(beyond("//a"), ["descendant-or-self::node()"]);
        assert_eq!(beyond("/data/p:*"), ["p:*"]);
        assert_eq!(beyond("/data/a/text()"), ["text()"]);
        assert_eq!(beyond("(/data/a)[1]"), ["(/data/a)[1]"]);
        assert_eq!(beyond("instance(/data/a)/root"), ["instance(/data/a)/root"]);
    }
}
