//! Answers gathered from their columns, as they are read: what [`super::spread`] spread out. Each place costs its sender a
//! byte and is counted, so that few bytes do not become many.

use std::borrow::Cow;
use std::rc::Rc;

use teranga_core::id::ItemId;

use super::cells::CellsReader;
use super::change::Put;
use super::marked::{length_at_most, spell_out};
use super::named::{Clock, NamesRead};
use super::spread::{SEPARATOR, STRING};
use crate::bytes::{DecodeError, Reader};
use crate::limits;

/// What is read of a change's answers.
#[derive(Debug)]
pub(super) struct Gathered {
    clock: Clock,
    pub(super) puts: Vec<Put<'static>>,
    /// How long its keys and values are together.
    bytes: usize,
}

impl Gathered {
    /// Of a change that was made by this clock.
    pub(super) const fn new(clock: Clock) -> Self {
        Self { clock, puts: Vec::new(), bytes: 0 }
    }

    /// When it was made.
    pub(super) const fn time(&self) -> i64 {
        self.clock.change
    }

    fn put(&mut self, key: String, kind: u8, value: Vec<u8>) -> Result<(), DecodeError> {
        self.bytes += key.len() + value.len();
        if self.bytes > limits::CHANGE_BYTES_MAX || self.puts.len() == limits::CHANGE_OPS_MAX {
            return Err(DecodeError::OverLimit { field: "change" });
        }
        self.puts.push(Put { key: Cow::Owned(key), kind, value: Cow::Owned(value) });
        Ok(())
    }
}

/// What one change has at a branch of the tree: which items lead there.
#[derive(Debug, Clone)]
struct Place {
    change: usize,
    items: Rc<[[u8; 16]]>,
}

/// One segment of the way to a branch.
#[derive(Debug, Clone, Copy)]
enum Segment<'a> {
    Name(&'a str),
    Item,
}

/// The columns, as far as they are read.
pub(super) struct Columns<'a, 'n> {
    questions: Reader<'a>,
    shape_numbers: Reader<'a>,
    shapes: Reader<'a>,
    counts: Reader<'a>,
    identities: Reader<'a>,
    times: Reader<'a>,
    answers: Reader<'a>,
    descriptions: Reader<'a>,
    texts: Reader<'a>,
    names: &'n mut NamesRead,
    /// How many places may still come of this, and how many bytes of keys and values.
    places_left: usize,
    bytes_left: usize,
}

impl<'a, 'n> Columns<'a, 'n> {
    /// Reads the columns of what may hold so many bytes of changes.
    pub(super) fn read(
        reader: &mut Reader<'a>,
        names: &'n mut NamesRead,
        bytes_max: usize,
    ) -> Result<Self, DecodeError> {
        let mut column = || reader.run("column", bytes_max).map(Reader::new);
        Ok(Self {
            questions: column()?,
            shape_numbers: column()?,
            shapes: column()?,
            counts: column()?,
            identities: column()?,
            times: column()?,
            answers: column()?,
            descriptions: column()?,
            texts: column()?,
            names,
            places_left: limits::PACK_PLACES_MAX,
            bytes_left: bytes_max,
        })
    }

    /// Gathers the answers of changes; of each class those of these numbers.
    pub(super) fn gather(
        mut self,
        classes: &[Vec<usize>],
        changes: &mut [Gathered],
    ) -> Result<(), DecodeError> {
        let none: Rc<[[u8; 16]]> = Rc::new([]);
        self.count_places(changes.len())?;
        for numbers in classes {
            let places =
                numbers.iter().map(|change| Place { change: *change, items: Rc::clone(&none) }).collect();
            self.branch(&mut Vec::new(), places, changes)?;
        }
        self.names.finish()?;
        [self.questions, self.shape_numbers, self.shapes, self.counts, self.identities, self.times]
            .into_iter()
            .chain([self.answers, self.descriptions, self.texts])
            .try_for_each(Reader::finish)
    }

    /// Reads a branch and all above it.
    fn branch(
        &mut self,
        way: &mut Vec<Segment<'a>>,
        places: Vec<Place>,
        changes: &mut [Gathered],
    ) -> Result<(), DecodeError> {
        if way.len() > limits::KEY_SEGMENTS_MAX {
            return Err(DecodeError::OverLimit { field: "key" });
        }
        let names = (0..self.questions.count("questions", self.places_left)?)
            .map(|_| self.questions.text("question", limits::CHANGE_BYTES_MAX))
            .collect::<Result<Vec<_>, _>>()?;
        let has_items = match self.questions.byte()? {
            0 => false,
            1 => true,
            _ => return Err(DecodeError::Invalid { field: "items" }),
        };
        let shapes = self.shapes(names.len(), &places)?;
        let counts = self.counts(has_items, &places)?;
        self.answers(way, &places, &shapes, changes)?;
        let items = self.items(&places, &counts, changes)?;
        let below = below(names.len(), &places, &shapes);
        drop((places, shapes));
        // What nobody has does not stand there: branches are no more than places.
        if below.iter().any(Vec::is_empty) || has_items == items.is_empty() {
            return Err(DecodeError::Invalid { field: "questions" });
        }
        let names = names.into_iter().map(Segment::Name).zip(below);
        for (segment, places) in names.chain(has_items.then_some((Segment::Item, items))) {
            way.push(segment);
            self.branch(way, places, changes)?;
            way.pop();
        }
        Ok(())
    }

    fn shapes(&mut self, names: usize, places: &[Place]) -> Result<Vec<Rc<Shape>>, DecodeError> {
        let mut cells = CellsReader::new();
        places
            .iter()
            .map(|_| {
                let new = || Shape::read(&mut self.shapes, names).map(Rc::new);
                let shape = Rc::clone(cells.read(&mut self.shape_numbers, new)?);
                self.count_places(shape.names.len())?;
                Ok(shape)
            })
            .collect()
    }

    fn counts(&mut self, has_items: bool, places: &[Place]) -> Result<Vec<usize>, DecodeError> {
        let of = if has_items { places } else { &[] };
        of.iter()
            .map(|_| {
                let count = self.counts.count("places", self.places_left)?;
                self.count_places(count)?;
                Ok(count)
            })
            .collect()
    }

    fn count_places(&mut self, count: usize) -> Result<(), DecodeError> {
        let over = DecodeError::OverLimit { field: "places" };
        self.places_left = self.places_left.checked_sub(count).ok_or(over)?;
        Ok(())
    }

    fn items(
        &mut self,
        places: &[Place],
        counts: &[usize],
        changes: &mut [Gathered],
    ) -> Result<Vec<Place>, DecodeError> {
        let mut items = Vec::new();
        for (place, count) in places.iter().zip(counts) {
            for _ in 0..*count {
                let change = changes.get_mut(place.change).ok_or(DecodeError::Invalid { field: "change" })?;
                let columns = [&mut self.identities, &mut self.times];
                let item = self.names.next(columns, &mut change.clock)?;
                let way = place.items.iter().copied().chain([item]).collect();
                items.push(Place { change: place.change, items: way });
            }
        }
        Ok(items)
    }

    fn answers(
        &mut self,
        way: &[Segment<'a>],
        places: &[Place],
        shapes: &[Rc<Shape>],
        changes: &mut [Gathered],
    ) -> Result<(), DecodeError> {
        let mut cells = CellsReader::new();
        for (place, _) in places.iter().zip(shapes).filter(|(_, shape)| shape.answered) {
            let (descriptions, texts) = (&mut self.descriptions, &mut self.texts);
            let (kind, text) = *cells.read(&mut self.answers, || {
                let description = descriptions.count("description", limits::CHANGE_BYTES_MAX << 4)?;
                Ok((description.to_le_bytes()[0] & 15, texts.take(description >> 4)?))
            })?;
            let change = changes.get_mut(place.change).ok_or(DecodeError::Invalid { field: "change" })?;
            let length = length_of_key(way) + if kind == STRING { length_at_most(text) } else { text.len() };
            self.bytes_left =
                self.bytes_left.checked_sub(length).ok_or(DecodeError::OverLimit { field: "change" })?;
            let value = match kind {
                STRING => spell_out(text, change.time(), || {
                    self.names.next([&mut self.identities, &mut self.times], &mut change.clock)
                })?,
                _ => text.to_vec(),
            };
            change.put(key(way, &place.items), kind, value)?;
        }
        Ok(())
    }
}

/// The places under each of so many names.
fn below(names: usize, places: &[Place], shapes: &[Rc<Shape>]) -> Vec<Vec<Place>> {
    let mut below: Vec<Vec<Place>> = (0..names).map(|_| Vec::new()).collect();
    for (place, shape) in places.iter().zip(shapes) {
        for name in &shape.names {
            if let Some(below) = below.get_mut(*name) {
                below.push(place.clone());
            }
        }
    }
    below
}

/// What a change has at a branch.
#[derive(Debug)]
struct Shape {
    answered: bool,
    /// The numbers of the names that it has below.
    names: Vec<usize>,
}

impl Shape {
    fn read(reader: &mut Reader<'_>, names: usize) -> Result<Self, DecodeError> {
        let bytes = reader.take(names / 8 + 1)?;
        let set = |at: usize| bytes.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1);
        if (names + 1..bytes.len() * 8).any(set) {
            return Err(DecodeError::Invalid { field: "shape" });
        }
        Ok(Self { answered: set(0), names: (0..names).filter(|name| set(name + 1)).collect() })
    }
}

/// A key, out of the way to it and the items on that.
fn key(way: &[Segment<'_>], items: &[[u8; 16]]) -> String {
    let mut key = String::with_capacity(length_of_key(way));
    let mut items = items.iter();
    for (depth, segment) in way.iter().enumerate() {
        if depth > 0 {
            key.push(SEPARATOR);
        }
        match segment {
            Segment::Name(name) => key.push_str(name),
            Segment::Item => key.extend(items.next().map(|item| ItemId(*item).to_string())),
        }
    }
    key
}

fn length_of_key(way: &[Segment<'_>]) -> usize {
    let of = |segment: &Segment<'_>| match segment {
        Segment::Name(name) => name.len() + 1,
        Segment::Item => crate::named::CHARS + 1,
    };
    way.iter().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::Writer;

    /// Columns in which so many changes answer the same under one key, each in one byte.
    fn columns(changes: usize, key: &str, text: &[u8]) -> Vec<u8> {
        let mut questions = Writer::new();
        questions.count(1).text(key).byte(0);
        questions.count(0).byte(0);
        let numbers: Vec<u8> = (0..changes).map(|change| u8::from(change > 0)).collect();
        let mut descriptions = Writer::new();
        descriptions.count(text.len() << 4 | usize::from(STRING));
        let mut columns = Writer::new();
        columns.run(questions.as_slice()).run(&[numbers.clone(), numbers.clone()].concat()).run(&[0b10, 0b1]);
        columns.run(&[]).run(&[]).run(&[]).run(&numbers).run(descriptions.as_slice()).run(text);
        columns.finish()
    }

    fn gather(columns: &[u8], count: usize) -> Result<Vec<Gathered>, DecodeError> {
        let clock = Clock::of(1_772_442_000_000, &[0; 16]);
        let mut changes: Vec<Gathered> = (0..count).map(|_| Gathered::new(clock)).collect();
        let mut names = NamesRead::of(Vec::new());
        let read = Columns::read(&mut Reader::new(columns), &mut names, limits::PACK_RAW_BYTES_MAX)?;
        read.gather(&[(0..count).collect()], &mut changes)?;
        Ok(changes)
    }

    #[test]
    fn an_answer_that_many_give_stands_once() {
        let changes = gather(&columns(3, "E01", b"at \xff"), 3).unwrap();
        for change in changes {
            let [put] = change.puts.as_slice() else { panic!("{change:?}") };
            assert_eq!((put.key.as_ref(), put.value.as_ref()), ("E01", b"at 1772442000000".as_slice()));
        }
    }

    #[test]
    fn few_bytes_do_not_become_many() {
        let over = |columns: &[u8], count| gather(columns, count).map(|_| ()).unwrap_err();
        let change = DecodeError::OverLimit { field: "change" };
        assert_eq!(
            over(&columns(100, "E01", &vec![b'a'; 60_000]), 100),
            change,
            "the same answer again and again"
        );
        assert_eq!(over(&columns(100, &"k".repeat(60_000), b"a"), 100), change, "under a long key");
        assert_eq!(over(&columns(1, "E01", &vec![0xff; 60_000]), 1), change, "times spelled out");
        let places = DecodeError::OverLimit { field: "places" };
        let many = limits::PACK_PLACES_MAX / 2 + 1;
        assert_eq!(over(&columns(many, "E01", b"a"), many), places);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let sound = columns(2, "E01", b"yes");
        assert!(gather(&sound, 2).is_ok());
        assert!(gather(&sound, 1).is_err(), "bytes are left over");
        assert!(gather(&sound, 3).is_err(), "bytes are missing");
        let mut nobody = sound.clone();
        let shape = nobody.iter().position(|byte| *byte == 0b10).unwrap();
        nobody[shape] = 0b01;
        assert!(gather(&nobody, 2).is_err(), "a name that nobody has");
        let mut surplus = sound.clone();
        surplus[shape + 1] = 0b100;
        assert!(gather(&surplus, 2).is_err(), "bits that stand for nothing");
        let mut identity = sound;
        let text = identity.len() - 1;
        identity[text] = 0xfe;
        assert!(gather(&identity, 2).is_err(), "an identity that is not there");
    }
}
