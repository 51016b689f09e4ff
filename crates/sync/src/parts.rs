//! The tables that stand before the changes of a pack or of an answer: each record with its salt and each class
//! once, so that a change only says their numbers. Incompressible bytes stand together, the rest compresses.

use std::collections::{BTreeMap, BTreeSet};

use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, RecordId, Salt};

use crate::bytes::{DecodeError, Reader, Writer};
use crate::elide;
use crate::limits;
use crate::pack::{Bases, Entry};

const DEP_ELIDED: u8 = 1;
const WITHHELD: u8 = 2;

/// The tables of what is about to be written.
#[derive(Debug, Default)]
pub struct PartTable<'a> {
    records: BTreeMap<RecordId, usize>,
    salts: Vec<(RecordId, Salt)>,
    classes: Vec<&'a ClassId>,
}

impl<'a> PartTable<'a> {
    /// The tables of these parts, in the order in which they are first named.
    pub fn of(parts: impl IntoIterator<Item = (RecordId, Salt, &'a ClassId)>) -> Self {
        let mut table = Self::default();
        for (record, salt, class) in parts {
            let next = table.salts.len();
            if *table.records.entry(record).or_insert(next) == next {
                table.salts.push((record, salt));
            }
            if !table.classes.contains(&class) {
                table.classes.push(class);
            }
        }
        table
    }

    /// Writes the tables.
    pub fn write(&self, writer: &mut Writer) {
        writer.count(self.classes.len());
        for class in &self.classes {
            writer.text(class.as_str());
        }
        writer.count(self.salts.len());
        for (record, _) in &self.salts {
            writer.raw(record.as_bytes());
        }
        for (_, salt) in &self.salts {
            writer.raw(salt.as_bytes());
        }
    }

    /// Writes the numbers of a part.
    pub fn write_part(&self, writer: &mut Writer, record: RecordId, class: &ClassId) {
        writer.count(self.records.get(&record).copied().unwrap_or_default());
        writer.count(self.classes.iter().position(|known| *known == class).unwrap_or_default());
    }

    /// Writes one change of a part whose likely dependency is `base`.
    pub fn write_change(&self, writer: &mut Writer, entry: &Entry, base: ChangeHash) {
        self.write_part(writer, entry.record, &entry.class);
        match &entry.body {
            None => {
                writer.byte(WITHHELD).raw(entry.hash.as_bytes());
            }
            Some(change) => match elide::without_dep(change, base) {
                Some(short) => {
                    writer.byte(DEP_ELIDED).run(&short);
                }
                None => {
                    writer.byte(0).run(elide::without_frame(change));
                }
            },
        }
    }
}

/// The tables of what is being read.
#[derive(Debug)]
pub struct TableReader {
    records: Vec<(RecordId, Salt)>,
    classes: Vec<ClassId>,
}

impl TableReader {
    /// Reads the tables. Each names a thing once: with two salts for one record, or two numbers for one class, what was
    /// read would be written as something else.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let classes: Vec<ClassId> = (0..reader.count("classes", limits::PACK_CLASSES_MAX)?)
            .map(|_| reader.text("class", limits::NAME_BYTES_MAX).map(ClassId::new))
            .collect::<Result<_, _>>()?;
        if !each_once(&classes) {
            return Err(DecodeError::Invalid { field: "classes" });
        }
        let count = reader.count("records", limits::PACK_RECORDS_MAX)?;
        let ids: Vec<RecordId> =
            (0..count).map(|_| reader.array().map(RecordId)).collect::<Result<_, _>>()?;
        if !each_once(&ids) {
            return Err(DecodeError::Invalid { field: "records" });
        }
        let salts: Vec<Salt> = (0..count).map(|_| reader.array().map(Salt)).collect::<Result<_, _>>()?;
        Ok(Self { records: ids.into_iter().zip(salts).collect(), classes })
    }

    /// Reads the numbers of a part.
    pub fn read_part(&self, reader: &mut Reader<'_>) -> Result<(RecordId, Salt, ClassId), DecodeError> {
        let record = reader.count("record", limits::PACK_RECORDS_MAX)?;
        let class = reader.count("class", limits::PACK_CLASSES_MAX)?;
        let (record, salt) = *self.records.get(record).ok_or(DecodeError::Invalid { field: "record" })?;
        let class = self.classes.get(class).ok_or(DecodeError::Invalid { field: "class" })?;
        Ok((record, salt, class.clone()))
    }

    /// Reads one change and computes its hash.
    pub fn read_change(&self, reader: &mut Reader<'_>, bases: &mut Bases) -> Result<Entry, DecodeError> {
        let (record, salt, class) = self.read_part(reader)?;
        let flags = reader.byte()?;
        let (hash, body) = match flags {
            WITHHELD => (ChangeHash(reader.array()?), None),
            0 | DEP_ELIDED => {
                let short = reader.run("change", limits::CHANGE_BYTES_MAX)?;
                let dep = (flags == DEP_ELIDED).then(|| bases.base(record, &class, salt));
                let (change, hash) = elide::rebuild(short, dep);
                (hash, Some(change))
            }
            _ => return Err(DecodeError::Invalid { field: "flags" }),
        };
        bases.passed(record, &class, hash);
        Ok(Entry { record, salt, class, hash, body })
    }
}

fn each_once<T: Ord>(names: &[T]) -> bool {
    let mut named = BTreeSet::new();
    names.iter().all(|name| named.insert(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tables of these classes, and of a record of each of these bytes.
    fn tables(classes: &[&str], records: &[u8]) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.count(classes.len());
        for class in classes {
            writer.text(class);
        }
        writer.count(records.len());
        for byte in records {
            writer.raw(&[*byte; 16]);
        }
        writer.raw(&vec![7; 16 * records.len()]);
        writer.finish()
    }

    #[test]
    fn what_a_table_names_it_names_once() {
        let read = |bytes: &[u8]| TableReader::read(&mut Reader::new(bytes)).map(|_| ());
        assert_eq!(read(&tables(&["open", "survey"], &[1, 2])), Ok(()));
        assert_eq!(read(&tables(&["open", "open"], &[1])), Err(DecodeError::Invalid { field: "classes" }));
        assert_eq!(read(&tables(&["open"], &[1, 2, 1])), Err(DecodeError::Invalid { field: "records" }));
    }
}
