//! Entities that a form creates or updates: the section that each is kept in, and its nodes, binds and first identity.
//! (ODK XForms, "Entities", versions 2024.1.0 and 2025.1.0.)

use std::collections::BTreeMap;

use serde_json::Value as Json;
use teranga_core::form::FormDocument;

use crate::export_error::ExportError;
use crate::expression::{references, referred};
use crate::heading::{SheetKind, heading};

use super::columns::{self, cell};
use super::element::{Content, Element};
use super::reference::{Begin, Place};
use super::source::Source;
use super::tree::{ROOT, Role, Tree};

/// An entity and the section whose metadata it is kept in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) section: usize,
    declaration: Declaration,
}

/// A row of the entities sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Declaration {
    list: String,
    label: Option<String>,
    entity_id: Option<String>,
    create_if: Option<String>,
    update_if: Option<String>,
}

impl Declaration {
    fn read(row: &Json) -> Self {
        let member = |name: &str| {
            let row = row.as_object()?;
            let named = |written: &String| {
                heading(SheetKind::Entities, written).is_some_and(|found| found.name == name)
            };
            row.iter().find(|(written, _)| named(written)).and_then(|(_, value)| cell(value))
        };
        Self {
            list: member("list_name").unwrap_or_default(),
            label: member("label"),
            entity_id: member("entity_id"),
            create_if: member("create_if"),
            update_if: member("update_if"),
        }
    }

    fn expressions(&self) -> impl Iterator<Item = &str> {
        [&self.label, &self.entity_id, &self.create_if, &self.update_if]
            .into_iter()
            .filter_map(|text| text.as_deref())
    }

    /// Whether the form makes new entities of this list.
    fn creates(&self) -> bool {
        self.entity_id.is_none() || self.create_if.is_some()
    }
}

/// Where questions that an entity needs stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Use {
    section: usize,
    /// The question whose answer is saved to the entity; none where an expression only reads it.
    saved: Option<usize>,
}

/// Finds the section of each entity: the innermost one that holds all that is saved to it, and that no other entity
/// has taken. (ODK XForms allows one entity in the metadata of a section.)
pub(super) fn place(document: &FormDocument, tree: &Tree) -> Result<Vec<Placed>, ExportError> {
    let rows = document.settings.get("entities").and_then(Json::as_array);
    let declarations: Vec<Declaration> = rows.into_iter().flatten().map(Declaration::read).collect();
    let mut placing = Placing { tree, taken: BTreeMap::new() };
    let mut placed = Vec::with_capacity(declarations.len());
    for (number, declaration) in declarations.iter().enumerate() {
        let uses = uses(tree, declaration, declarations.len());
        let section =
            if declarations.len() == 1 && uses.iter().all(|used| tree.repeat_or_root(used.section) == ROOT) {
                ROOT
            } else {
                placing.section(number, &uses)?
            };
        placed.push(Placed { section, declaration: declaration.clone() });
    }
    Ok(placed)
}

/// What a declaration uses: the questions that are saved to it, and those that its expressions read.
fn uses(tree: &Tree, declaration: &Declaration, declared: usize) -> Vec<Use> {
    let read: Vec<&str> = declaration.expressions().flat_map(references).map(referred).collect();
    let mut uses = Vec::new();
    for (at, node) in tree.iter().filter(|(at, node)| *at != ROOT && node.role != Role::Meta) {
        let saves =
            columns::column(&node.row, "save_to").is_some_and(|save_to| match save_to.split_once('#') {
                Some((list, _)) => list == declaration.list,
                None => declared == 1,
            });
        let of_form = tree.get(node.parent).is_some_and(|parent| parent.role != Role::Meta);
        if saves {
            uses.push(Use { section: node.parent, saved: Some(at) });
        }
        if of_form && read.contains(&node.row.name.as_str()) {
            uses.push(Use { section: node.parent, saved: None });
        }
    }
    uses
}

struct Placing<'t> {
    tree: &'t Tree,
    /// The sections that are taken, by which declaration.
    taken: BTreeMap<usize, usize>,
}

impl Placing<'_> {
    /// How many repeats a section stands in, and how many groups below the innermost of them.
    fn depth(&self, section: usize) -> (usize, usize) {
        let around = self.tree.outwards(section);
        let repeats = around.iter().filter(|at| self.tree.is_repeat(**at)).count();
        let groups = around.iter().position(|at| self.tree.is_repeat(*at) || *at == ROOT).unwrap_or(0);
        (repeats, groups)
    }

    fn section(&mut self, number: usize, uses: &[Use]) -> Result<usize, ExportError> {
        let conflict = |used: Option<&Use>| ExportError::Entity {
            number,
            path: used
                .and_then(|used| used.saved)
                .and_then(|at| self.tree.get(at))
                .map(|node| node.path.clone()),
        };
        let scope = self.scope(uses);
        let apart = uses
            .iter()
            .find(|used| !self.tree.outwards(scope).contains(&self.tree.repeat_or_root(used.section)));
        if let Some(apart) = apart {
            return Err(conflict(Some(apart)));
        }
        let wanted = self.wanted(uses, scope);
        let boundary = self.tree.repeat_or_root(wanted);
        let strays = |used: &&Use| used.saved.is_some() && self.tree.repeat_or_root(used.section) != boundary;
        if let Some(stray) = uses.iter().find(strays) {
            return Err(conflict(Some(stray)));
        }
        let saves: Vec<usize> =
            uses.iter().filter(|used| used.saved.is_some()).map(|used| used.section).collect();
        for section in self.tree.outwards(wanted) {
            if !self.taken.contains_key(&section) {
                for save in saves.into_iter().chain([section]) {
                    let between =
                        self.tree.outwards(save).into_iter().take_while(|around| *around != section);
                    for around in between.chain([section]) {
                        self.taken.insert(around, number);
                    }
                }
                return Ok(section);
            }
            if section == scope || saves.iter().any(|save| self.taken.contains_key(save)) {
                break;
            }
        }
        Err(conflict(None))
    }

    /// The innermost repeat that is used; the form itself where none is.
    fn scope(&self, uses: &[Use]) -> usize {
        let boundaries = uses.iter().map(|used| self.tree.repeat_or_root(used.section));
        // Of several that are as deep, the first.
        boundaries.rev().max_by_key(|section| self.depth(*section)).unwrap_or(ROOT)
    }

    /// The section that suits best: what holds all that is saved, or the deepest one that is read.
    fn wanted(&self, uses: &[Use], scope: usize) -> usize {
        let saves: Vec<usize> =
            uses.iter().filter(|used| used.saved.is_some()).map(|used| used.section).collect();
        let Some(first) = saves.first() else {
            let read = uses
                .iter()
                .map(|used| used.section)
                .filter(|section| self.tree.repeat_or_root(*section) == scope);
            return read.rev().max_by_key(|section| self.depth(*section)).unwrap_or(scope);
        };
        let holds_all =
            |section: &usize| saves.iter().all(|save| self.tree.outwards(*save).contains(section));
        let common = self.tree.outwards(*first).into_iter().find(holds_all).unwrap_or(ROOT);
        let deepest =
            saves.iter().rev().copied().max_by_key(|section| self.depth(*section)).unwrap_or(*first);
        let repeat = self.tree.repeat_or_root(deepest);
        if self.depth(repeat) > self.depth(common) { repeat } else { common }
    }
}

impl Source<'_> {
    /// The version of the entities' specification that a form needs; none for a form without entities.
    pub(super) fn entities_version(&self) -> Option<&'static str> {
        let repeated = |placed: &Placed| self.tree.repeat_or_root(placed.section) != ROOT;
        match self.entities.as_slice() {
            [] => None,
            [only] if !repeated(only) => Some("2024.1.0"),
            _ => Some("2025.1.0"),
        }
    }

    /// Whether anything in the form is of the entities' namespace: an entity, or what is saved to one.
    pub(super) fn names_entities(&self) -> bool {
        let of_entities =
            |column: &String| column.contains("entities:") || column.eq_ignore_ascii_case("save_to");
        !self.entities.is_empty()
            || self.tree.iter().any(|(_, node)| node.row.columns.keys().any(of_entities))
    }

    /// The entity that is kept in a section, as the instance holds it.
    pub(super) fn entity_in(&self, section: usize) -> Option<Content> {
        let Placed { declaration, .. } = self.entities.iter().find(|placed| placed.section == section)?;
        let mut entity = Element::new("entity").with("dataset", declaration.list.as_str());
        if declaration.creates() {
            entity.set("create", "1");
        }
        if declaration.entity_id.is_some() {
            for (name, value) in
                [("update", "1"), ("baseVersion", ""), ("trunkVersion", ""), ("branchId", "")]
            {
                entity.set(name, value);
            }
        }
        entity.set("id", "");
        if declaration.label.is_some() {
            entity.push(Element::new("label"));
        }
        Some(Content::Element(entity))
    }

    /// The binds of an entity, and the action that gives a new one its identity.
    pub(super) fn entity_binds(&self, placed: &Placed) -> Vec<Element> {
        let declaration = &placed.declaration;
        let place = Place { section: placed.section, steps: 3 };
        let bind = |node: &str, source: Option<&str>| {
            let mut bind = Element::new("bind").with("nodeset", self.entity_path(placed, node));
            if let Some(source) = source {
                bind.set("calculate", self.references().expression(source, place, Begin::Here));
            }
            bind.with("readonly", "true()").with("type", "string")
        };
        let mut binds = Vec::new();
        binds.extend(declaration.create_if.as_deref().map(|source| bind("@create", Some(source))));
        binds.extend(declaration.update_if.as_deref().map(|source| bind("@update", Some(source))));
        if let Some(entity_id) = &declaration.entity_id {
            for (node, column) in [
                ("@baseVersion", "__version"),
                ("@trunkVersion", "__trunkVersion"),
                ("@branchId", "__branchId"),
            ] {
                let source = format!("instance('{}')/root/item[name={entity_id}]/{column}", declaration.list);
                binds.push(bind(node, Some(&source)));
            }
        }
        binds.push(bind("@id", declaration.entity_id.as_deref()));
        binds.extend(self.new_identity(placed, "odk-instance-first-load"));
        binds.extend(declaration.label.as_deref().map(|label| bind("label", Some(label))));
        binds
    }

    /// The action that gives a new entity its identity.
    pub(super) fn new_identity(&self, placed: &Placed, event: &str) -> Option<Element> {
        let action = Element::new("setvalue").with("ref", self.entity_path(placed, "@id"));
        placed.declaration.entity_id.is_none().then(|| action.with("event", event).with("value", "uuid()"))
    }

    fn entity_path(&self, placed: &Placed, node: &str) -> String {
        format!("{}/meta/entity/{node}", self.tree.get(placed.section).map_or("", |section| &section.path))
    }
}
