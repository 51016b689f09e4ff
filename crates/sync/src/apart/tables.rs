//! The tables that stand before the changes of a pack: its classes, its records with their salts, and the identities that its
//! keys and answers spell.

use std::collections::BTreeMap;

use teranga_core::class::ClassId;
use teranga_core::id::{RecordId, Salt};

use super::draws::{Known, Told};
use super::named::NamesRead;
use crate::bytes::{DecodeError, Reader, Writer};
use crate::limits;
use crate::pack::Entry;
use crate::parts::{each_once, read_classes, write_classes};

/// The tables of what is written.
pub(super) struct Tables<'a> {
    classes: Vec<&'a ClassId>,
    numbers: BTreeMap<RecordId, usize>,
    records: Vec<[u8; 16]>,
    salts: Vec<Salt>,
}

impl<'a> Tables<'a> {
    /// The tables of these changes, in the order in which they are first named.
    pub(super) fn of(entries: impl Iterator<Item = &'a Entry>) -> Self {
        let mut tables =
            Self { classes: Vec::new(), numbers: BTreeMap::new(), records: Vec::new(), salts: Vec::new() };
        for entry in entries {
            let next = tables.records.len();
            if *tables.numbers.entry(entry.record).or_insert(next) == next {
                tables.records.push(entry.record.0);
                tables.salts.push(entry.salt);
            }
            if !tables.classes.contains(&&entry.class) {
                tables.classes.push(&entry.class);
            }
        }
        tables
    }

    pub(super) fn classes(&self) -> usize {
        self.classes.len()
    }

    /// The numbers of a change's record and class.
    pub(super) fn numbers(&self, entry: &Entry) -> (usize, usize) {
        let record = self.numbers.get(&entry.record).copied();
        let class = self.classes.iter().position(|known| **known == entry.class);
        (record.unwrap_or_default(), class.unwrap_or_default())
    }

    /// Writes them, and `names`, the identities that are spelled; before them the seeds of which enough is drawn.
    pub(super) fn write(&self, writer: &mut Writer, known: &Known, names: &[[u8; 16]]) {
        let known = known.that_pay(self.records.iter().chain(names), &self.salts);
        known.write(writer);
        write_classes(writer, &self.classes);
        writer.count(self.records.len());
        let places = known.write_identities(writer, &self.records);
        known.write_salts(writer, &places, &self.salts);
        writer.count(names.len());
        known.write_random(writer, names);
    }
}

/// The tables of what is read.
pub(super) struct TablesRead {
    pub(super) classes: Vec<ClassId>,
    pub(super) records: Vec<(RecordId, Salt)>,
    pub(super) names: NamesRead,
}

impl TablesRead {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let told = Told::read(reader)?;
        let classes = read_classes(reader)?;
        let count = reader.count("records", limits::PACK_RECORDS_MAX)?;
        let (ids, places) = told.read_identities(reader, count)?;
        if !each_once(&ids) {
            return Err(DecodeError::Invalid { field: "records" });
        }
        let salts = told.read_salts(reader, &places)?;
        let count = reader.count("names", limits::PACK_NAMES_MAX)?;
        let names = NamesRead::of(told.read_random(reader, count)?);
        let records = ids.into_iter().map(RecordId).zip(salts).collect();
        Ok(Self { classes, records, names })
    }
}
