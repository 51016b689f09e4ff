//! What happens at an event: defaults that are computed, values that follow a change, where and what the device notes by
//! itself. (ODK XForms, "Actions"; events `odk-instance-first-load`, `odk-new-repeat`, `xforms-value-changed`.)

use super::binds::pairs;
use super::element::Element;
use super::instance::is_dynamic;
use super::reference::{Begin, Place};
use super::source::Source;
use super::tree::{Node, Role};

const FIRST_LOAD: &str = "odk-instance-first-load";
const NEW_REPEAT: &str = "odk-new-repeat";
const VALUE_CHANGED: &str = "xforms-value-changed";

impl Source<'_> {
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
        actions
    }

    /// The actions that fill a new item of a repeat: defaults and identities of what stands in it and in no repeat
    /// within it.
    pub(super) fn repeat_actions(&self, repeat: usize) -> Vec<Element> {
        let mut actions = Vec::new();
        for (at, node) in self.tree.iter() {
            if node.role == Role::Question && self.tree.repeat_around(at) == Some(repeat) {
                actions.extend(self.computed_default(at, node, NEW_REPEAT));
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
        actions
    }
}

/// Whether a node is computed when the question of this name changes.
fn triggered_by(node: &Node, name: &str) -> bool {
    let triggers = node.row.trigger.as_deref().unwrap_or_default();
    let named = |trigger: &str| {
        trigger.trim().strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).map(str::trim) == Some(name)
    };
    triggers.split(',').any(named)
}
