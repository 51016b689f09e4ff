//! The primary instance as the shape of a form: its elements become rows, in their order; the elements of a repeat
//! become one row with the items that it begins with.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value as Json};

use super::xml::{Element, attributes, child, content, elements, name};

/// An element of the instance, or several that are items of one repeat.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// The name without its prefix.
    pub(super) name: String,
    /// The path, beginning with the instance's own root.
    pub(super) path: String,
    /// The byte at which the first such element begins.
    pub(super) at: usize,
    /// Attributes with their values.
    pub(super) attributes: Vec<(String, String)>,
    /// The text that it begins with.
    pub(super) default: String,
    /// What it is.
    pub(super) nature: Nature,
    /// The elements within.
    pub(super) children: Vec<Shape>,
    /// The items that a repeat begins with, where they differ from what a new one is.
    pub(super) instances: Vec<Map<String, Json>>,
}

/// What an element of the instance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nature {
    /// It holds a text.
    Leaf,
    /// It holds others.
    Group,
    /// It may stand several times.
    Repeat,
    /// It stands several times, and the body does not repeat it.
    Fixed,
}

/// What the body says of the paths of the instance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sections<'a> {
    /// The paths that it repeats.
    pub(super) repeats: &'a BTreeSet<String>,
    /// The paths that it groups.
    pub(super) groups: &'a BTreeSet<String>,
}

/// The shape of the primary instance, without what its metadata block holds.
pub(super) fn shape(root: Element<'_>, sections: Sections<'_>) -> Shape {
    let path = format!("/{}", name(root));
    Shaper { sections }.shape(path, &[root], &[root], false)
}

/// The metadata block of an instance.
pub(super) fn meta<'a>(root: Element<'a>) -> Option<Element<'a>> {
    child(root, "meta")
}

fn is_template(element: Element<'_>) -> bool {
    element.attribute(("http://openrosa.org/javarosa", "template")).is_some()
}

struct Shaper<'s> {
    sections: Sections<'s>,
}

impl Shaper<'_> {
    /// The shape of elements that stand for one row. `own` are those within the element that the row around was
    /// read from; `trim` is whether they are items of their own and no part of what a new item around begins with.
    fn shape(&self, path: String, all: &[Element<'_>], own: &[Element<'_>], trim: bool) -> Shape {
        let several = own.len() > 1;
        let templates: Vec<Element<'_>> =
            all.iter().copied().filter(|element| is_template(*element)).collect();
        let repeated = self.sections.repeats.contains(&path) || !templates.is_empty();
        let pattern = templates.first().or(own.first()).or(all.first()).copied();
        let mut shape = Shape {
            name: pattern.map_or("", name).to_owned(),
            at: all.first().map_or(0, |first| first.range().start),
            attributes: pattern.map(kept_attributes).unwrap_or_default(),
            default: String::new(),
            nature: Nature::Leaf,
            children: Vec::new(),
            instances: Vec::new(),
            path,
        };
        let implicit = repeated && templates.is_empty();
        shape.children = self.children(&shape.path, all, pattern, trim || implicit);
        let holds = !shape.children.is_empty() || self.sections.groups.contains(&shape.path);
        shape.nature = match (repeated, several, holds) {
            (true, ..) => Nature::Repeat,
            (false, true, _) => Nature::Fixed,
            (false, false, true) => Nature::Group,
            (false, false, false) => Nature::Leaf,
        };
        if let (Nature::Leaf, Some(pattern)) = (shape.nature, pattern) {
            shape.default = content(pattern);
        }
        if repeated || several {
            let items = own.iter().filter(|element| !trim && !is_template(**element));
            shape.instances = items.map(|item| values(&shape, *item)).collect();
        }
        shape
    }

    fn children(
        &self,
        path: &str,
        all: &[Element<'_>],
        pattern: Option<Element<'_>>,
        trim: bool,
    ) -> Vec<Shape> {
        // What a new item begins with comes first, and what only some items hold after it.
        let others = all.iter().copied().filter(|element| Some(*element) != pattern);
        let mut named = Named::default();
        for element in pattern.into_iter().chain(others) {
            for inner in elements(element) {
                if !(name(inner) == "meta" && path.matches('/').count() == 1) {
                    named.add(inner, Some(element) == pattern);
                }
            }
        }
        let shape = |Same { all, own }: Same<'_>| {
            let name = all.first().map_or("", |first| name(*first));
            self.shape(format!("{path}/{name}"), &all, &own, trim)
        };
        named.sets.into_iter().map(shape).collect()
    }
}

/// Elements by their names, in the order in which the names were met.
#[derive(Default)]
struct Named<'a> {
    places: HashMap<&'a str, usize>,
    sets: Vec<Same<'a>>,
}

/// Elements of the same name.
#[derive(Default)]
struct Same<'a> {
    all: Vec<Element<'a>>,
    /// Those within the element that the row around was read from.
    own: Vec<Element<'a>>,
}

impl<'a> Named<'a> {
    fn add(&mut self, element: Element<'a>, is_own: bool) {
        let place = *self.places.entry(name(element)).or_insert(self.sets.len());
        if place == self.sets.len() {
            self.sets.push(Same::default());
        }
        let Some(set) = self.sets.get_mut(place) else { return };
        set.all.push(element);
        if is_own {
            set.own.push(element);
        }
    }

    fn get(&self, name: &str) -> &[Element<'a>] {
        self.places.get(name).and_then(|place| self.sets.get(*place)).map_or(&[], |set| &set.all)
    }
}

fn kept_attributes(element: Element<'_>) -> Vec<(String, String)> {
    let kept = attributes(element).filter(|(name, _)| name != "jr:template");
    kept.map(|(name, value)| (name, value.to_owned())).collect()
}

/// The values of an item that differ from what a new one begins with.
fn values(shape: &Shape, item: Element<'_>) -> Map<String, Json> {
    let mut values = Map::new();
    let mut held = Named::default();
    elements(item).for_each(|element| held.add(element, true));
    for inner in &shape.children {
        let named = held.get(&inner.name);
        match (inner.nature, named.first()) {
            (Nature::Leaf, Some(leaf)) => {
                let text = content(*leaf);
                if text != inner.default {
                    values.insert(inner.name.clone(), text.into());
                }
            }
            (Nature::Leaf, None) if !inner.default.is_empty() => {
                values.insert(inner.name.clone(), "".into());
            }
            (Nature::Group, Some(group)) => {
                let inside = self::values(inner, *group);
                if !inside.is_empty() {
                    values.insert(inner.name.clone(), Json::Object(inside));
                }
            }
            (Nature::Repeat | Nature::Fixed, _) => {
                let items = named.iter().filter(|element| !is_template(**element));
                let items: Vec<Json> = items.map(|item| Json::Object(self::values(inner, *item))).collect();
                if !items.is_empty() || !inner.instances.is_empty() {
                    values.insert(inner.name.clone(), Json::Array(items));
                }
            }
            (Nature::Leaf | Nature::Group, None) => {}
        }
    }
    values
}
