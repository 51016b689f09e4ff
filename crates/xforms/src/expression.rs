//! Expressions on their way from the workbook into the form: absolute paths begin at `/data` there, what is known to
//! read nothing is written so, and what ODK Collect cannot run is remarked. Whether an expression is one at all, and
//! whether its names exist, the form's own check tells.

use teranga_expr::tree::{Axis, Node, Path, Start, Step, Test};
use teranga_expr::{Expr, beyond_collect};

use crate::report::Note;

/// An expression as the form holds it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Adapted {
    /// The expression.
    pub(crate) text: String,
    /// What there is to know about it.
    pub(crate) notes: Vec<Note>,
    /// The files that it looks things up in.
    pub(crate) files: Vec<String>,
}

/// The root of every form's instance.
const ROOT: &str = "data";
/// A path that workbooks write for "nothing": it names no question, and so reads as empty.
const NOTHING: &str = "null";

/// Adapts an expression of a form whose root its author calls by one of `roots`. A source that is no expression
/// stays as it is.
pub(crate) fn adapt(source: &str, roots: &[String]) -> Adapted {
    let Ok(parsed) = Expr::parse(source) else {
        return Adapted { text: source.to_owned(), notes: Vec::new(), files: Vec::new() };
    };
    let mut notes = Vec::new();
    let mut files = Vec::new();
    parsed.root().walk(&mut |node| {
        lint(node, &mut notes);
        files.extend(looked_up(node));
    });
    let mut adapted = parsed.root().clone();
    if !rewrite(&mut adapted, roots) {
        return Adapted { text: source.to_owned(), notes, files };
    }
    let text = adapted.to_string();
    notes.push(Note::Rewritten { from: source.to_owned(), to: text.clone() });
    Adapted { text, notes, files }
}

/// Every `${name}` of a text that may hold some: an expression or a label. What is not closed is none.
pub(crate) fn references(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.trim()))
}

/// The files in which an expression looks things up.
pub(crate) fn lookups(source: &str) -> Vec<String> {
    let mut files = Vec::new();
    if let Ok(parsed) = Expr::parse(source) {
        parsed.root().walk(&mut |node| files.extend(looked_up(node)));
    }
    files
}

/// The file of a `pulldata`.
fn looked_up(node: &Node) -> Option<String> {
    let Node::Call(name, arguments) = node else { return None };
    match arguments.first() {
        Some(Node::Text(file)) if name == "pulldata" => Some(file.trim_end_matches(".csv").to_owned()),
        _ => None,
    }
}

/// Whether an expression reads what the device saved last.
pub(crate) fn reads_last_saved(source: &str) -> bool {
    references(source).any(|reference| reference != referred(reference))
}

/// The question that a reference means, without the mark that asks for what was saved last.
pub(crate) fn referred(reference: &str) -> &str {
    reference.strip_prefix("last-saved#").unwrap_or(reference)
}

fn lint(node: &Node, notes: &mut Vec<Note>) {
    notes.extend(beyond_collect(node).map(Note::NotInCollect));
    if let Node::Call(name, arguments) = node
        && name == "regex"
        && let Some(Node::Text(pattern)) = arguments.get(1)
        && !(pattern.starts_with('^') && pattern.ends_with('$'))
    {
        notes.push(Note::Unanchored);
    }
}

/// Rewrites the paths of a tree; whether there was anything to rewrite. As deep as the parser lets expressions be.
fn rewrite(node: &mut Node, roots: &[String]) -> bool {
    match node {
        Node::Number(_) | Node::Text(_) | Node::Reference(..) => false,
        Node::Negate(inner) => rewrite(inner, roots),
        Node::Binary(_, left, right) => rewrite(left, roots) | rewrite(right, roots),
        Node::Call(_, arguments) => {
            arguments.iter_mut().fold(false, |done, argument| rewrite(argument, roots) | done)
        }
        Node::Path(path) if is_nothing(path) => {
            *node = Node::Text(String::new());
            true
        }
        Node::Path(path) => {
            let mut done = false;
            match &mut path.start {
                Start::Root => {
                    if let Some(Step { axis: Axis::Child, test: Test::Name(name), .. }) =
                        path.steps.first_mut()
                        && roots.contains(name)
                    {
                        ROOT.clone_into(name);
                        done = true;
                    }
                }
                Start::From(from) => done = rewrite(from, roots),
                Start::Context => {}
            }
            let predicates = path.steps.iter_mut().flat_map(|step| &mut step.predicates);
            predicates.fold(done, |done, predicate| rewrite(predicate, roots) | done)
        }
    }
}

fn is_nothing(path: &Path) -> bool {
    let [step] = path.steps.as_slice() else { return false };
    let named = matches!(&step.test, Test::Name(name) if name.eq_ignore_ascii_case(NOTHING));
    path.start == Start::Context && step.axis == Axis::Child && named && step.predicates.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapted(source: &str) -> Adapted {
        adapt(source, &["census".to_owned()])
    }

    #[test]
    fn absolute_paths_begin_at_data_and_null_is_empty() {
        assert_eq!(adapted("/census/age > 17 and ${a} = 1").text, "/data/age > 17 and ${a} = 1");
        assert_eq!(adapted("if(${a} = 1, ${b}, null)").text, "if(${a} = 1, ${b}, '')");
        let same = adapted("${a}  >  5");
        assert_eq!((same.text.as_str(), same.notes.as_slice()), ("${a}  >  5", &[][..]));
        assert_eq!(adapted("no (expression").text, "no (expression");
    }

    #[test]
    fn what_collect_cannot_run_is_remarked() {
        let notes = |source| adapted(source).notes;
        assert_eq!(notes("floor(${a})"), [Note::NotInCollect("floor()".into())]);
        assert_eq!(notes("regex(., '[0-9]+')"), [Note::Unanchored]);
        assert_eq!(notes("regex(., '^[0-9]+$')"), []);
        assert_eq!(notes("count(//a)").len(), 1);
    }

    #[test]
    fn files_and_references_are_found() {
        assert_eq!(adapted("pulldata('towns', 'a', 'b', ${c})").files, ["towns"]);
        let text = "Is ${ name } ${last-saved#age} and ${open";
        assert_eq!(references(text).map(referred).collect::<Vec<_>>(), ["name", "age"]);
    }
}
