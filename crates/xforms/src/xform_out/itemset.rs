//! Where the choices of a question come from: a list, a file, the items of a repeat; filtered, in random order. (ODK
//! XForms, "Secondary Instances", "Selects from repeats"; `odk:` geographic references.)

use crate::instances::file_source;
use crate::parameters::{self, Parameters};

use super::binds::pairs;
use super::element::{Content, Element};
use super::kinds;
use super::lists::List;
use super::reference::{Begin, Place};
use super::source::Source;
use super::texts;
use super::tree::{Node, is_reference};

/// The nodes of the choices, and which of their children are value and label.
struct Itemset {
    nodeset: String,
    filter: Option<String>,
    value: String,
    label: String,
}

impl Itemset {
    fn of_instance(name: &str, value: &str, label: &str) -> Self {
        let nodeset = format!("instance('{name}')/root/item");
        Self { nodeset, filter: None, value: value.to_owned(), label: label.to_owned() }
    }
}

fn element(nodeset: String, value: &str, label: &str) -> Element {
    let (value, label) = (Element::new("value").with("ref", value), Element::new("label").with("ref", label));
    Element::new("itemset").with("nodeset", nodeset).holding(value).holding(label)
}

impl Source<'_> {
    /// The choices of a node; none for one without any.
    pub(super) fn itemset(&self, at: usize, node: &Node) -> Option<Element> {
        let pairs = pairs(node);
        let kind = node.row.kind.as_str();
        if let Some(drawn) = &node.row.itemset {
            let label = drawn.label.as_ref().unwrap_or(&drawn.value);
            let nodeset = self.shuffled(at, self.expression(at, &drawn.nodeset), &pairs);
            return Some(element(nodeset, &drawn.value, label));
        }
        let (list, mut itemset) = match kind {
            "range" => {
                let list = parameters::value(&pairs, "tick_labelset")?;
                (list, self.of_list(at, list, &pairs)?)
            }
            "geopoint" | "geotrace" | "geoshape" => {
                let list = parameters::value(&pairs, "reference-geometry")?;
                (list, self.of_geometry(at, list, &pairs)?)
            }
            _ if kinds::is_select(kind) => {
                let list = node.row.list.as_deref()?;
                (list, self.of_list(at, list, &pairs)?)
            }
            _ => return None,
        };
        if let Some(filter) = &node.row.choice_filter {
            itemset.filter = Some(self.filter(at, filter, list, &itemset.nodeset));
        }
        let filter = itemset.filter.map(|filter| format!("[{filter}]")).unwrap_or_default();
        let nodeset = self.shuffled(at, format!("{}{filter}", itemset.nodeset), &pairs);
        Some(element(nodeset, &itemset.value, &itemset.label))
    }

    fn of_list(&self, at: usize, list: &str, pairs: &Parameters) -> Option<Itemset> {
        if is_reference(list) {
            return self.of_repeat(at, list);
        }
        if let Some((stem, _)) = file_source(list) {
            let (value, label) = if list.ends_with(".geojson") { ("id", "title") } else { ("name", "label") };
            let (value, label) = (
                parameters::value(pairs, "value").unwrap_or(value),
                parameters::value(pairs, "label").unwrap_or(label),
            );
            return Some(Itemset::of_instance(stem, value, label));
        }
        let has_itext = self.list(list).is_some_and(|list| list.has_itext);
        let label = if has_itext { "jr:itext(itextId)" } else { "label" };
        Some(Itemset::of_instance(list, "name", label))
    }

    /// The answers to a repeated question; items without an answer are left out.
    fn of_repeat(&self, at: usize, list: &str) -> Option<Itemset> {
        let path = self.repeated_path(at, list)?;
        let (nodeset, name) = path.rsplit_once('/')?;
        let filter = Some(format!("./{name} != ''"));
        Some(Itemset { nodeset: nodeset.to_owned(), filter, value: name.to_owned(), label: name.to_owned() })
    }

    /// The path of a repeated question or of a repeat.
    fn repeated_path(&self, at: usize, list: &str) -> Option<String> {
        let name = list.trim().strip_prefix("${")?.strip_suffix('}')?.trim();
        let place = Place::of(&self.tree, at);
        let target = self.tree.named(name, place.section)?;
        let references = self.references();
        let relative = references.above_repeat(place, target).or_else(|| references.relative(place, target));
        relative.or_else(|| self.tree.get(target).map(|node| node.path.clone()))
    }

    /// The shapes that may be picked on a map.
    fn of_geometry(&self, at: usize, wanted: &str, pairs: &Parameters) -> Option<Itemset> {
        if !is_reference(wanted) {
            return self.of_list(at, wanted, pairs);
        }
        let nodeset = self.repeated_path(at, wanted)?;
        // The filter keeps Collect from reading an absolute path as the path to the present item.
        let filter = Some("./geometry != ''".to_owned());
        Some(Itemset { nodeset, filter, value: "geometry".to_owned(), label: "geometry".to_owned() })
    }

    /// A filter on choices: it starts at the choice, so what is read of the form starts at `current()`.
    fn filter(&self, at: usize, filter: &str, list: &str, nodeset: &str) -> String {
        let place = Place::of(&self.tree, at);
        if !is_reference(list) {
            return self.references().expression(filter, place, Begin::Current);
        }
        let written = self.references().expression(filter, place, Begin::AboveRepeat);
        written.replace(&format!("current()/{nodeset}"), ".").replace(nodeset, ".")
    }

    /// The choices in random order, where parameters ask for it.
    fn shuffled(&self, at: usize, nodeset: String, pairs: &Parameters) -> String {
        let wanted = parameters::value(pairs, "randomize")
            .is_some_and(|value| matches!(value.to_lowercase().as_str(), "true" | "true()" | "yes"));
        match parameters::value(pairs, "seed") {
            _ if !wanted => nodeset,
            None => format!("randomize({nodeset})"),
            Some(seed) => format!("randomize({nodeset}, {})", self.expression(at, seed).trim()),
        }
    }

    /// Choices that stand in the body, for `search()`.
    pub(super) fn items(&self, list: &List) -> Vec<Content> {
        let item = |(number, choice): (usize, &teranga_core::form::Choice)| {
            let mut label = Element::new("label");
            if list.has_itext {
                label.set("ref", texts::reference(&list.text_id(number)));
            } else if let Some(teranga_core::text::Text::Plain(text)) = &choice.label {
                label.extend(self.content(text, Place::NOWHERE));
            }
            let item = Element::new("item").holding(label);
            Content::Element(item.holding(Element::text("value", choice.name.as_str())))
        };
        list.choices.iter().enumerate().map(item).collect()
    }

    /// The query by which `select_one_external` finds its choices in `itemsets.csv`.
    pub(super) fn external_query(&self, at: usize, node: &Node) -> Option<String> {
        if node.row.kind != "select_one_external" {
            return None;
        }
        let list = node.row.list.as_deref()?;
        let place = Place::of(&self.tree, at);
        let filter = node
            .row
            .choice_filter
            .as_deref()
            .map(|filter| format!("[{}]", self.references().expression(filter, place, Begin::Current)));
        Some(format!("instance('{list}')/root/item{}", filter.unwrap_or_default()))
    }
}
