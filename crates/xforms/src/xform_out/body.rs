//! The body: what people see, section by section. (ODK XForms, "Body Elements", "Groups", "Repeats".)

use crate::parameters;

use super::binds::pairs;
use super::columns::{self, Onto};
use super::element::{Content, Element};
use super::lists::is_search;
use super::reference::Place;
use super::settings;
use super::source::Source;
use super::texts::{self, Shown};
use super::tree::{Node, ROOT, Role};

impl Source<'_> {
    /// The whole body.
    pub(super) fn body(&self) -> Element {
        let mut body = Element::new("h:body");
        if let Some(style) = settings::get(self.document, "style") {
            body.set("class", style);
        }
        body.extend(self.controls(ROOT));
        body
    }

    /// What is shown of the rows of a section.
    fn controls(&self, section: usize) -> Vec<Content> {
        let mut controls = Vec::new();
        for (at, node) in self.tree.children(section) {
            let control = match node.role {
                Role::Root | Role::Meta => None,
                Role::Group => Some(self.group(at, node)),
                Role::Repeat => Some(self.repeat(at, node)),
                Role::Question => self.control(at, node),
            };
            controls.extend(control.map(Content::Element));
        }
        controls
    }

    fn group(&self, at: usize, node: &Node) -> Element {
        let mut group = Element::new("group").with("ref", node.path.as_str());
        self.set_attributes_of(&mut group, at, node);
        let label = texts::label(node);
        if label != Shown::Nothing {
            group.push(self.said("label", &label, Place::of(&self.tree, at)));
        }
        group.extend(self.controls(at));
        group.extend(self.own_actions(at, node).into_iter().map(Content::Element));
        group
    }

    /// A repeat stands in a group that bears its label.
    fn repeat(&self, at: usize, node: &Node) -> Element {
        let mut repeat = Element::new("repeat").with("nodeset", node.path.as_str());
        if let Some(count) = &node.row.repeat_count {
            repeat.set("jr:count", self.expression(at, count));
        }
        self.set_attributes_of(&mut repeat, at, node);
        repeat.extend(self.controls(at));
        repeat.extend(self.own_actions(at, node).into_iter().map(Content::Element));
        repeat.extend(self.repeat_actions(at).into_iter().map(Content::Element));
        let label = self.said("label", &texts::label(node), Place::of(&self.tree, at));
        Element::new("group").with("ref", node.path.as_str()).holding(label).holding(repeat)
    }

    fn control(&self, at: usize, node: &Node) -> Option<Element> {
        let mut control = Element::new(node.control()?).with("ref", node.path.as_str());
        if let Some(media) = node.shape().and_then(|shape| shape.media) {
            control.set("mediatype", media);
        }
        self.set_attributes_of(&mut control, at, node);
        let (label, hint) = (texts::label(node), texts::hint(node));
        let place = Place::of(&self.tree, at);
        control.push(self.said("label", &label, place));
        if hint != Shown::Nothing {
            control.push(self.said("hint", &hint, place));
        }
        let inline =
            self.list(node.row.list.as_deref().unwrap_or_default()).filter(|_| is_search(node.appearance()));
        match inline {
            Some(list) => control.extend(self.items(list)),
            None => control.extend(self.itemset(at, node).map(Content::Element)),
        }
        control.extend(self.osm_tags(node).into_iter().map(Content::Element));
        control.extend(self.change_actions(at, node).into_iter().map(Content::Element));
        Some(control)
    }

    /// The tags that a question for OpenStreetMap asks for, from the sheet `osm`.
    fn osm_tags(&self, node: &Node) -> Vec<Element> {
        let list = node.row.list.as_deref().filter(|_| node.row.kind == "osm");
        let rows = self.document.settings.get("osm").and_then(serde_json::Value::as_array);
        let text = |row: &serde_json::Value, column: &str| {
            row.get(column).and_then(columns::cell).unwrap_or_default()
        };
        let of_list = |row: &&serde_json::Value| {
            list.is_some_and(|list| ["list_name", "list name"].iter().any(|column| text(row, column) == list))
        };
        let tag = |row: &serde_json::Value| {
            Element::new("tag")
                .with("key", text(row, "name"))
                .holding(Element::text("label", text(row, "label")))
        };
        rows.into_iter().flatten().filter(of_list).map(tag).collect()
    }

    /// The attributes of a control: its appearance, its parameters, and those of its columns.
    fn set_attributes_of(&self, control: &mut Element, at: usize, node: &Node) {
        if let Some(appearance) = &node.row.appearance {
            control.set("appearance", self.expression(at, appearance));
        }
        for (name, value) in columns::attributes(&node.row, Onto::Control) {
            control.set(name, self.expression(at, &value));
        }
        for (name, value) in parameter_attributes(node) {
            control.set(name, value);
        }
        if let Some(query) = self.external_query(at, node) {
            control.set("query", query);
        }
    }
}

/// The parameters that stand on the control.
fn parameter_attributes(node: &Node) -> Vec<(String, String)> {
    let kind = node.kind();
    let pairs = pairs(node);
    if kind == "range" {
        return range_attributes(&pairs);
    }
    let appearance = node.appearance();
    let attribute = |(name, value): (String, String)| {
        let attribute = match (kind.as_str(), name.as_str()) {
            ("text", "rows") => "rows",
            ("image", "app") if appearance.is_empty() || appearance == "annotate" => "intent",
            ("geopoint", "capture-accuracy") => "accuracyThreshold",
            ("geopoint", "warning-accuracy") => "unacceptableAccuracyThreshold",
            ("geotrace" | "geoshape", "incremental") => {
                return Some(("incremental".to_owned(), "true".to_owned()));
            }
            _ => return None,
        };
        Some((attribute.to_owned(), value))
    };
    pairs.into_iter().filter_map(attribute).collect()
}

/// The ends, the steps and the ticks of a range.
fn range_attributes(pairs: &parameters::Parameters) -> Vec<(String, String)> {
    let mut attributes: Vec<(String, String)> = [("start", "1"), ("end", "10"), ("step", "1")]
        .into_iter()
        .map(|(name, otherwise)| {
            (name.to_owned(), parameters::value(pairs, name).unwrap_or(otherwise).to_owned())
        })
        .collect();
    let ticks = [("tick_interval", "odk:tick-interval"), ("placeholder", "odk:placeholder")];
    let given = |(name, attribute): (&str, &str)| {
        Some((attribute.to_owned(), parameters::value(pairs, name)?.to_owned()))
    };
    attributes.extend(ticks.into_iter().filter_map(given));
    attributes
}
