//! What happens at an event: defaults that are computed, values that follow a change, where and what the device notes by
//! itself. (ODK XForms, "Actions"; events `odk-instance-first-load`, `odk-new-repeat`, `xforms-value-changed`.)

use teranga_core::form::{ActionDocument, Event};

use super::binds::pairs;
use super::element::Element;
use super::instance::is_dynamic;
use super::reference::{Begin, Place};
use super::source::Source;
use super::tree::{Node, ROOT, Role};

const FIRST_LOAD: &str = "odk-instance-first-load";
const NEW_REPEAT: &str = "odk-new-repeat";
const VALUE_CHANGED: &str = "xforms-value-changed";

impl Source<'_> {
    /// The form's own actions.
    pub(super) fn form_actions(&self) -> Vec<Element> {
        self.document.actions.iter().filter_map(|action| self.written(ROOT, action, |_| true)).collect()
    }

    /// An action of a row, for those of its events that stand in one place; none where none does.
    fn written(&self, at: usize, action: &ActionDocument, here: impl Fn(Event) -> bool) -> Option<Element> {
        let events: Vec<&str> =
            action.events.iter().filter(|event| here(**event)).map(|event| event_name(*event)).collect();
        let own = self.tree.get(at).map_or("", |node| &node.path);
        let target = self.expression(at, &resolved(own, &action.target));
        let mut element = Element::new("setvalue").with("ref", target).with("event", events.join(" "));
        if let Some(value) = &action.value {
            element.set("value", self.expression(at, value));
        }
        (!events.is_empty()).then_some(element)
    }

    /// The actions of a row's own, which stand in what shows it.
    pub(super) fn own_actions(&self, at: usize, node: &Node) -> Vec<Element> {
        node.row.actions.iter().filter_map(|action| self.written(at, action, |_| true)).collect()
    }

    /// The actions of a node that stand in the model.
    pub(super) fn model_actions(&self, at: usize, node: &Node) -> Vec<Element> {
        let action =
            |name: &str, event: &str| Element::new(name).with("ref", node.path.as_str()).with("event", event);
        let mut actions: Vec<Element> = self.computed_default(at, node, FIRST_LOAD).into_iter().collect();
        match node.row.kind.as_str() {
            "start-geopoint" => actions.push(action("odk:setgeopoint", FIRST_LOAD)),
            "background-audio" => {
                let mut record = action("odk:recordaudio", "odk-instance-load");
                if let Some((_, quality)) = pairs(node).into_iter().find(|(name, _)| name == "quality") {
                    record.set("odk:quality", quality);
                }
                actions.push(record);
            }
            _ => {}
        }
        if node.role == Role::Question && node.control().is_none() {
            let at_opening = |event| matches!(event, Event::FirstLoad | Event::Load);
            actions.extend(node.row.actions.iter().filter_map(|action| self.written(at, action, at_opening)));
        }
        actions
    }

    /// The actions that fill a new item of a repeat: defaults and identities of what stands in it and in no repeat
    /// within it.
    pub(super) fn repeat_actions(&self, repeat: usize) -> Vec<Element> {
        let mut actions = Vec::new();
        for (at, node) in self.tree.iter() {
            if node.role == Role::Question && self.tree.repeat_around(at) == Some(repeat) {
                actions.extend(self.computed_default(at, node, NEW_REPEAT));
                let unseen = node.row.actions.iter().filter(|_| node.control().is_none());
                actions.extend(
                    unseen.filter_map(|action| self.written(at, action, |event| event == Event::NewItem)),
                );
            }
        }
        for placed in self.entities.iter().filter(|placed| self.tree.repeat_or_root(placed.section) == repeat)
        {
            actions.extend(self.new_identity(placed, NEW_REPEAT));
        }
        actions
    }

    fn computed_default(&self, at: usize, node: &Node, event: &str) -> Option<Element> {
        let default =
            node.row.default.as_deref().filter(|_| node.role == Role::Question && is_dynamic(node))?;
        let action = Element::new("setvalue").with("ref", node.path.as_str()).with("event", event);
        Some(action.with("value", self.expression(at, default)))
    }

    /// The actions that a change of a node sets off; they are evaluated at that node.
    pub(super) fn change_actions(&self, at: usize, node: &Node) -> Vec<Element> {
        let mut actions = Vec::new();
        for (_, row) in self
            .tree
            .iter()
            .filter(|(_, target)| target.role == Role::Question && triggered_by(target, &node.row.name))
        {
            if self.tree.named(&node.row.name, row.parent) != Some(at) {
                continue;
            }
            let is_place = row.row.kind == "background-geopoint";
            let name = if is_place { "odk:setgeopoint" } else { "setvalue" };
            let mut action = Element::new(name).with("ref", row.path.as_str()).with("event", VALUE_CHANGED);
            if let Some(calculation) = row.row.calculation.as_deref().filter(|_| !is_place) {
                let place = Place::of(&self.tree, at);
                action.set("value", self.references().expression(calculation, place, Begin::Here));
            }
            actions.push(action);
        }
        actions.extend(self.own_actions(at, node));
        actions
    }
}

const fn event_name(event: Event) -> &'static str {
    match event {
        Event::FirstLoad => FIRST_LOAD,
        Event::Load => "odk-instance-load",
        Event::NewItem => NEW_REPEAT,
        Event::ValueChanged => VALUE_CHANGED,
    }
}

/// A path that is looked at from a row, from the root; one with predicates stays as it is.
fn resolved(own: &str, path: &str) -> String {
    if path.starts_with('/') || path.contains(['[', '(']) {
        return path.to_owned();
    }
    let mut steps: Vec<&str> = own.split('/').collect();
    for step in path.split('/') {
        match step {
            ".." => {
                steps.pop();
            }
            "." | "" => {}
            name => steps.push(name),
        }
    }
    steps.join("/")
}

/// Whether a node is computed when the question of this name changes.
fn triggered_by(node: &Node, name: &str) -> bool {
    let triggers = node.row.trigger.as_deref().unwrap_or_default();
    let named = |trigger: &str| {
        trigger.trim().strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).map(str::trim) == Some(name)
    };
    triggers.split(',').any(named)
}

#[cfg(test)]
mod tests {
    use super::resolved;

    #[test]
    fn a_path_from_a_row_is_found_from_the_root() {
        assert_eq!(resolved("/data/g/a", "../b"), "/data/g/b");
        assert_eq!(resolved("/data/g", "b/c"), "/data/g/b/c");
        assert_eq!(resolved("/data/g", "."), "/data/g");
        assert_eq!(resolved("/data/g", "/data/x"), "/data/x");
        assert_eq!(resolved("/data/g", "../r[1]/x"), "../r[1]/x");
    }
}
