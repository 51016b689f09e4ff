//! `${name}` as a path: relative where the reference and what it names stand in one repeat, so that it means the same
//! item; absolute everywhere else. (XLSForm, "Referencing other fields"; the rule is that of its own converter.)

use super::scan::{self, From, Piece, Reference, Spot};
use super::tree::{ROOT, Tree};

/// Where an expression is evaluated: so many steps below a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) section: usize,
    pub(super) steps: usize,
}

impl Place {
    /// A place from which every path is absolute.
    pub(super) const NOWHERE: Self = Self { section: ROOT, steps: 0 };

    /// The place of a node.
    pub(super) fn of(tree: &Tree, at: usize) -> Self {
        Self { section: tree.get(at).map_or(ROOT, |node| node.parent), steps: 1 }
    }
}

/// How the path of a reference begins when it is relative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// At the node whose expression it is.
    Here,
    /// At `current()`: within a filter, where `.` is something else.
    Current,
    /// At `current()`, and from above the repeat that is filtered.
    AboveRepeat,
}

/// Expressions of one form.
#[derive(Debug, Clone, Copy)]
pub(super) struct References<'a> {
    pub(super) tree: &'a Tree,
}

impl References<'_> {
    /// An expression with its references as paths, evaluated at a place.
    pub(super) fn expression(self, source: &str, place: Place, begin: Begin) -> String {
        let mut written = String::with_capacity(source.len());
        for piece in scan::expression(source) {
            match piece {
                Piece::Text(text) => written.push_str(text),
                Piece::Root => written.push_str(self.tree.get(ROOT).map_or("", |root| &root.path)),
                Piece::Reference(reference) => match self.tree.named(reference.name, place.section) {
                    Some(target) => written.push_str(&self.reference(target, reference, place, begin)),
                    // The form's own check has told it.
                    None => written.push_str(reference.name),
                },
            }
        }
        written
    }

    /// A reference with the spaces by which it stays apart from what stands beside it: `${a}and` is two words.
    fn reference(self, target: usize, reference: Reference<'_>, place: Place, begin: Begin) -> String {
        let absolute = self.tree.get(target).map_or("", |node| &node.path);
        if reference.from == From::LastSaved {
            return format!(" instance('__last-saved'){absolute} ");
        }
        let within = || self.relative(place, target);
        let relative = match (reference.spot, begin) {
            (Spot::EveryItem, _) => None,
            (_, Begin::AboveRepeat) => self.above_repeat(place, target).or_else(within),
            (_, Begin::Here | Begin::Current) => within(),
        };
        let at_current = begin != Begin::Here || reference.spot == Spot::Predicate;
        match relative {
            Some(path) if at_current => format!(" current()/{path} "),
            Some(path) => format!(" {path} "),
            None => format!(" {absolute} "),
        }
    }

    /// The path from a place to a node in the same repeat; none where no repeat holds both.
    pub(super) fn relative(self, place: Place, target: usize) -> Option<String> {
        let around = self.tree.outwards(place.section);
        let parent = self.tree.get(target)?.parent;
        let beyond = self.tree.outwards(parent);
        let shared = |section: &&usize| beyond.contains(section);
        around.iter().filter(shared).find(|section| self.tree.is_repeat(**section))?;
        let meeting = around.iter().position(|section| beyond.contains(section))?;
        let section = *around.get(meeting)?;
        Some(self.path(place.steps + meeting, section, target))
    }

    /// The path to a repeated question as a list of choices: from above the repeat that both stand in, so that it
    /// reaches all its items; none where the way within the item is meant, or no repeat holds both.
    pub(super) fn above_repeat(self, place: Place, target: usize) -> Option<String> {
        let around = self.tree.outwards(place.section);
        let target_repeat = self.tree.repeat_around(target)?;
        let repeats: Vec<usize> =
            around.iter().copied().filter(|section| self.tree.is_repeat(*section)).collect();
        let beyond = self.tree.outwards(self.tree.get(target)?.parent);
        let common = *repeats.iter().find(|section| beyond.contains(section))?;
        let nested = self.tree.repeat_around(common).is_some();
        if common != target_repeat || (nested && repeats.first() == Some(&common)) {
            return None;
        }
        let steps = place.steps + around.iter().position(|section| *section == common)? + 1;
        Some(self.path(steps, self.tree.get(common)?.parent, target))
    }

    fn path(self, steps: usize, section: usize, target: usize) -> String {
        let above = self.tree.get(section).map_or("", |node| &node.path);
        let below = self.tree.get(target).and_then(|node| node.path.strip_prefix(above)).unwrap_or_default();
        format!("{}{below}", vec![".."; steps].join("/"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::xform_out::growth::grow;

    fn tree() -> Tree {
        let text = |name: &str| json!({"type": "text", "name": name, "label": name});
        let document = json!({"form_id": "f", "version": "1", "survey": [
            text("z"),
            {"type": "repeat", "name": "r", "children": [
                text("a"),
                {"type": "group", "name": "g", "children": [text("b"), text("c")]},
                {"type": "repeat", "name": "s", "children": [text("d")]},
            ]},
        ]});
        grow(&serde_json::from_value(document).unwrap(), "root")
    }

    fn written(tree: &Tree, at: &str, source: &str) -> String {
        let place = Place::of(tree, tree.named(at, ROOT).unwrap());
        References { tree }.expression(source, place, Begin::Here)
    }

    #[test]
    fn references_within_one_repeat_are_relative() {
        let tree = tree();
        assert_eq!(written(&tree, "b", "${c} = 1"), " ../c  = 1");
        assert_eq!(written(&tree, "b", "${a}"), " ../../a ");
        assert_eq!(written(&tree, "d", "${b}"), " ../../g/b ");
        assert_eq!(written(&tree, "d", "count(${s})"), "count( ../../s )");
        assert_eq!(written(&tree, "a", "${z} and count(${r})"), " /root/z  and count( /root/r )");
        assert_eq!(written(&tree, "z", "${a}"), " /root/r/a ");
    }

    #[test]
    fn indexed_repeat_reaches_every_item_and_filters_start_at_current() {
        let tree = tree();
        let source = "indexed-repeat(${a}, ${r}, ${b} - 1)";
        assert_eq!(written(&tree, "c", source), "indexed-repeat( /root/r/a ,  /root/r ,  ../b  - 1)");
        let source = "instance('l')/root/item[name = ${a}]/x + /data/z";
        let expected = "instance('l')/root/item[name =  current()/../a ]/x + /root/z";
        assert_eq!(written(&tree, "a", source), expected);
        let last = "${last-saved#z}";
        assert_eq!(written(&tree, "z", last), " instance('__last-saved')/root/z ");
    }

    #[test]
    fn a_repeated_question_as_a_list_is_read_from_above_its_repeat() {
        let tree = tree();
        let above = |at: &str, target: &str| {
            let place = Place::of(&tree, tree.named(at, ROOT).unwrap());
            References { tree: &tree }.above_repeat(place, tree.named(target, ROOT).unwrap())
        };
        assert_eq!(above("a", "b").as_deref(), Some("../../r/g/b"));
        assert_eq!(above("d", "a").as_deref(), Some("../../../r/a"));
        assert_eq!(above("d", "d"), None);
        assert_eq!(above("z", "a"), None);
    }
}
