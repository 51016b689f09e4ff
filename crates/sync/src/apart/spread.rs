//! Answers spread over columns, as they are written: what all records of a pack say to one question stands together, names
//! beside names and codes beside codes. The columns stand in the order of a tree of questions, which follows from the keys.

use std::borrow::Cow;
use std::collections::BTreeMap;

use teranga_core::id::ItemId;

use super::cells::Cells;
use super::change::{Put, Taken};
use super::draws::Known;
use super::marked::{Marked, length_at_most};
use super::named::{self, Clock};
use crate::bytes::Writer;
use crate::limits;
use crate::named::Names;

/// What separates the segments of a key.
pub(super) const SEPARATOR: char = '/';
/// The type of a string among Automerge's values.
pub(super) const STRING: u8 = 6;

/// The answers of a pack, a tree for each class.
#[derive(Debug)]
pub(super) struct Forest<'a> {
    known: &'a Known,
    classes: Vec<Branch<'a>>,
    clocks: Vec<Clock>,
    places_left: usize,
    bytes_left: usize,
}

/// One place of the tree: what may stand under a key, whichever item or event it is of.
#[derive(Debug, Default)]
struct Branch<'a> {
    names: BTreeMap<&'a str, Branch<'a>>,
    items: Option<Box<Branch<'a>>>,
    leaves: Vec<Leaf<'a>>,
}

/// What one change has there.
#[derive(Debug)]
struct Leaf<'a> {
    /// The number of the change.
    change: usize,
    answer: Option<Answer<'a>>,
    names: Vec<&'a str>,
    items: Vec<[u8; 16]>,
}

/// One answer, without what follows from elsewhere.
#[derive(Debug)]
struct Answer<'a> {
    kind: u8,
    text: Cow<'a, [u8]>,
    identities: Vec<[u8; 16]>,
}

/// The keys of one change.
#[derive(Debug, Default)]
struct Tree<'a> {
    answer: Option<Answer<'a>>,
    names: BTreeMap<&'a str, Tree<'a>>,
    items: BTreeMap<[u8; 16], Tree<'a>>,
    /// Of the whole tree: how long keys and values are together, as the receiver counts it.
    bytes: usize,
}

/// The identities of a pack, as they are named.
struct Naming<'n> {
    names: &'n mut Names,
    clocks: Vec<Clock>,
}

impl Naming<'_> {
    fn name(&mut self, columns: &mut Columns, change: usize, identities: &[[u8; 16]]) {
        for identity in identities {
            if let Some(clock) = self.clocks.get_mut(change) {
                named::name(columns, self.names, clock, *identity);
            }
        }
    }
}

/// The columns that are written.
#[derive(Debug, Default)]
pub(super) struct Columns {
    questions: Writer,
    /// The number of each shape, and those that are new.
    shapes: [Writer; 2],
    counts: Writer,
    pub(super) identities: Writer,
    /// Of identities that are named for the first time.
    pub(super) times: Writer,
    /// The number of each answer; of those that are new type and length, and the bytes.
    answers: [Writer; 3],
}

impl Columns {
    pub(super) fn write(&self, writer: &mut Writer) {
        let [shape_numbers, shapes] = &self.shapes;
        let [numbers, descriptions, texts] = &self.answers;
        let columns = [
            &self.questions,
            shape_numbers,
            shapes,
            &self.counts,
            &self.identities,
            &self.times,
            numbers,
            descriptions,
            texts,
        ];
        for column in columns {
            writer.run(column.as_slice());
        }
    }
}

impl<'a> Forest<'a> {
    /// One tree for each of so many classes.
    pub(super) fn new(classes: usize, known: &'a Known) -> Self {
        let classes = (0..classes).map(|_| Branch::default()).collect();
        Self {
            known,
            classes,
            clocks: Vec::new(),
            places_left: limits::PACK_PLACES_MAX,
            bytes_left: limits::PACK_RAW_BYTES_MAX,
        }
    }

    /// Takes the answers of a change in; says whether it could.
    pub(super) fn add(&mut self, record: &[u8; 16], class: usize, taken: &Taken<'a>) -> bool {
        let (Some(branch), Some(tree)) = (self.classes.get_mut(class), Tree::of(taken)) else { return false };
        // The receiver counts the same.
        let places_left = self.places_left.checked_sub(tree.places());
        let (Some(places_left), Some(bytes_left)) = (places_left, self.bytes_left.checked_sub(tree.bytes))
        else {
            return false;
        };
        (self.places_left, self.bytes_left) = (places_left, bytes_left);
        branch.add(tree, self.clocks.len(), self.known);
        self.clocks.push(Clock::of(taken.time, record));
        true
    }

    /// The columns, and in `names` the identities that they spell.
    pub(super) fn columns(&self, names: &mut Names) -> Columns {
        let mut columns = Columns::default();
        let mut naming = Naming { names, clocks: self.clocks.clone() };
        for branch in &self.classes {
            branch.write(&mut columns, &mut naming);
        }
        columns
    }
}

impl<'a> Tree<'a> {
    /// The tree of a change's keys; `None` where one is deeper than is taken, or a string has what marks have.
    fn of(taken: &Taken<'a>) -> Option<Self> {
        let mut root = Self::default();
        for put in &taken.puts {
            let Cow::Borrowed(key) = put.key else { return None };
            let answer = Answer::of(put, taken.time)?;
            root.bytes += key.len() + 1 + answer.length_at_most();
            let mut tree = &mut root;
            for (depth, segment) in key.split(SEPARATOR).enumerate() {
                if depth == limits::KEY_SEGMENTS_MAX {
                    return None;
                }
                tree = match segment.parse::<ItemId>() {
                    Ok(item) => tree.items.entry(item.0).or_default(),
                    Err(_) => tree.names.entry(segment).or_default(),
                };
            }
            tree.answer = Some(answer);
        }
        Some(root)
    }

    /// How many places it has, its own among them.
    fn places(&self) -> usize {
        1 + self.names.values().chain(self.items.values()).map(Self::places).sum::<usize>()
    }
}

impl<'a> Answer<'a> {
    fn of(put: &Put<'a>, time: i64) -> Option<Self> {
        if put.kind != STRING {
            return Some(Self { kind: put.kind, text: put.value.clone(), identities: Vec::new() });
        }
        let Marked { text, identities } = Marked::of(&put.value, time)?;
        Some(Self { kind: put.kind, text: Cow::Owned(text), identities })
    }

    fn length_at_most(&self) -> usize {
        if self.kind == STRING { length_at_most(&self.text) } else { self.text.len() }
    }
}

impl<'a> Branch<'a> {
    /// Adds what a change has here. Items stand in the order in which they were drawn, from which their keys say nothing.
    fn add(&mut self, tree: Tree<'a>, change: usize, known: &Known) {
        let mut items: Vec<([u8; 16], Tree<'a>)> = tree.items.into_iter().collect();
        items.sort_by_key(|(item, _)| known.identity(item));
        self.leaves.push(Leaf {
            change,
            answer: tree.answer,
            names: tree.names.keys().copied().collect(),
            items: items.iter().map(|(item, _)| *item).collect(),
        });
        for (name, tree) in tree.names {
            self.names.entry(name).or_default().add(tree, change, known);
        }
        if !items.is_empty() {
            let branch = self.items.get_or_insert_default();
            for (_, tree) in items {
                branch.add(tree, change, known);
            }
        }
    }

    fn write(&self, columns: &mut Columns, naming: &mut Naming<'_>) {
        columns.questions.count(self.names.len());
        for name in self.names.keys() {
            columns.questions.text(name);
        }
        columns.questions.byte(u8::from(self.items.is_some()));
        self.write_shapes(columns);
        self.write_answers(columns, naming);
        for leaf in &self.leaves {
            naming.name(columns, leaf.change, &leaf.items);
        }
        for branch in self.names.values().chain(self.items.as_deref()) {
            branch.write(columns, naming);
        }
    }

    /// Which names each change has here, and how many items.
    fn write_shapes(&self, columns: &mut Columns) {
        let mut cells = Cells::new();
        let [numbers, new] = &mut columns.shapes;
        for leaf in &self.leaves {
            let has = self.names.keys().map(|name| leaf.names.binary_search(name).is_ok());
            let shape = bits([leaf.answer.is_some()].into_iter().chain(has));
            if cells.write(numbers, shape.clone()) {
                new.raw(&shape);
            }
        }
        if self.items.is_some() {
            for leaf in &self.leaves {
                columns.counts.count(leaf.items.len());
            }
        }
    }

    fn write_answers(&self, columns: &mut Columns, naming: &mut Naming<'_>) {
        let mut cells = Cells::new();
        for leaf in &self.leaves {
            let Some(answer) = &leaf.answer else { continue };
            let [numbers, descriptions, texts] = &mut columns.answers;
            if cells.write(numbers, (answer.kind, &answer.text)) {
                descriptions.count(answer.text.len() << 4 | usize::from(answer.kind));
                texts.raw(&answer.text);
            }
            naming.name(columns, leaf.change, &answer.identities);
        }
    }
}

/// Bits in bytes, the first one lowest in the first.
fn bits(of: impl Iterator<Item = bool>) -> Vec<u8> {
    let of: Vec<bool> = of.collect();
    of.chunks(8).map(|byte| byte.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect()
}
