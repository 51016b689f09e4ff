//! What holds for a node: its type, its logic, its messages, and what the device fills in. (ODK XForms, "Bindings".)

use teranga_core::text::Text;

use crate::parameters;

use super::columns::{self, Onto};
use super::element::Element;
use super::source::Source;
use super::texts;
use super::tree::{Node, Role};

impl Source<'_> {
    /// The bind of a node; none for a section without logic.
    pub(super) fn bind(&self, at: usize, node: &Node) -> Option<Element> {
        if matches!(node.role, Role::Root | Role::Meta) {
            return None;
        }
        let mut bind = Element::new("bind");
        set_type(&mut bind, node);
        self.set_logic(&mut bind, at, node);
        set_messages(&mut bind, node);
        for (name, value) in parameter_attributes(node) {
            bind.set(name, value);
        }
        for (name, value) in columns::attributes(&node.row, Onto::Bind) {
            let value = if name == "entities:saveto" { property(&value) } else { truth(&name, &value) };
            bind.set(name, self.expression(at, value));
        }
        if node.role != Role::Question && bind.is_bare() {
            return None;
        }
        bind.set("nodeset", node.path.as_str());
        Some(bind)
    }

    fn set_logic(&self, bind: &mut Element, at: usize, node: &Node) {
        let row = &node.row;
        // What a trigger computes is computed by an action, and only then.
        let calculation = row.calculation.as_ref().filter(|_| row.trigger.is_none());
        let logic = [
            ("readonly", row.readonly.as_ref()),
            ("relevant", row.relevant.as_ref()),
            ("required", row.required.as_ref()),
            ("constraint", row.constraint.as_ref()),
            ("calculate", calculation),
        ];
        for (name, source) in logic {
            if let Some(source) = source {
                bind.set(name, self.expression(at, truth(name, source)));
            }
        }
    }
}

/// The type of the value, and what the device fills in.
fn set_type(bind: &mut Element, node: &Node) {
    let Some(shape) = node.shape() else { return };
    let decimal = node.kind() == "range" && range_is_decimal(node);
    bind.set("type", if decimal { "decimal" } else { shape.value });
    if let Some((preload, parameter)) = shape.preload {
        bind.set("jr:preload", preload);
        bind.set("jr:preloadParams", parameter);
    }
    if node.row.kind == "note" {
        bind.set("readonly", "true()");
    }
}

/// Messages, said here or in `itext`.
fn set_messages(bind: &mut Element, node: &Node) {
    let mut set = |name: &str, text: Option<&Text>| {
        if let Some(text) = text {
            bind.set(name, texts::message(node, text, name));
        }
    };
    set("jr:constraintMsg", node.row.constraint_message.as_ref());
    set("jr:requiredMsg", node.row.required_message.as_ref());
    set("jr:noAppErrorString", columns::no_app_error(&node.row).as_ref());
}

/// The parameters that stand on the bind.
fn parameter_attributes(node: &Node) -> Vec<(String, String)> {
    let kind = node.kind();
    let attribute = |(name, value): (String, String)| {
        let value = value.trim_end_matches("()").to_owned();
        let prefix = match (kind.as_str(), name.as_str()) {
            ("audit", _)
            | ("audio", "quality")
            | ("geopoint" | "geotrace" | "geoshape", "allow-mock-accuracy") => "odk",
            ("image", "max-pixels") => "orx",
            _ => return None,
        };
        Some((format!("{prefix}:{name}"), value))
    };
    pairs(node).into_iter().filter_map(attribute).collect()
}

/// The parameters of a node.
pub(super) fn pairs(node: &Node) -> parameters::Parameters {
    parameters::split(node.row.parameters.as_deref().unwrap_or_default()).unwrap_or_default()
}

/// Whether a range has ends or steps that are no whole numbers.
fn range_is_decimal(node: &Node) -> bool {
    let numbers = ["start", "end", "step", "tick_interval", "placeholder"];
    let broken = |value: &String| value.parse::<f64>().is_ok_and(|number| number.fract() != 0.0);
    pairs(node).iter().any(|(name, value)| numbers.contains(&name.as_str()) && broken(value))
}

/// The property of `list#property`.
fn property(save_to: &str) -> &str {
    save_to.split_once('#').map_or(save_to, |(_, property)| property)
}

/// Yes and no as people write them, as expressions write them.
fn truth<'s>(name: &str, source: &'s str) -> &'s str {
    if !["readonly", "relevant", "required", "constraint", "calculate"].contains(&name) {
        return source;
    }
    match source.trim().to_lowercase().as_str() {
        "yes" | "true" | "true()" | "oui" => "true()",
        "no" | "false" | "false()" | "non" => "false()",
        _ => source,
    }
}
