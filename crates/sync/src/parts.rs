//! The tables that stand before the changes of a pack or of an answer: each record with its salt and each class
//! once, so that a change only says their numbers; from version 1 on also each identity that changes spell.
//! Incompressible bytes stand together, the rest compresses.

use std::collections::{BTreeMap, BTreeSet};

use teranga_core::class::ClassId;
use teranga_core::id::{ChangeHash, RecordId, Salt};

use crate::bytes::{DecodeError, Reader, Writer};
use crate::elide;
use crate::limits;
use crate::named::{Names, NamesReader, read_identities, write_identities};
use crate::pack::{Bases, Entry};
use crate::version::Version;

const DEP_ELIDED: u8 = 1;
const WITHHELD: u8 = 2;

/// The tables of what is about to be written, and how its changes are written.
#[derive(Debug)]
pub struct PartTable<'a> {
    records: BTreeMap<RecordId, usize>,
    salts: Vec<(RecordId, Salt)>,
    classes: Vec<&'a ClassId>,
    spelling: Spelling,
}

/// How bodies stand in what is written.
#[derive(Debug)]
enum Spelling {
    /// As they are.
    Whole,
    /// Without the identities that they spell.
    NamedOnce(Names),
}

impl<'a> PartTable<'a> {
    /// The tables of these changes, in the order in which they are first named.
    pub fn of(entries: impl IntoIterator<Item = &'a Entry>, version: Version) -> Self {
        let spelling = match version {
            Version::PacksAndFeed => Spelling::Whole,
            Version::NamedOnce | Version::ByColumn => Spelling::NamedOnce(Names::default()),
        };
        let (records, salts, classes) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut table = Self { records, salts, classes, spelling };
        for entry in entries {
            let next = table.salts.len();
            if *table.records.entry(entry.record).or_insert(next) == next {
                table.salts.push((entry.record, entry.salt));
            }
            if !table.classes.contains(&&entry.class) {
                table.classes.push(&entry.class);
            }
        }
        table
    }

    /// Writes the tables, once all that they are the tables of is written.
    pub fn write(&self, writer: &mut Writer) {
        write_classes(writer, &self.classes);
        writer.count(self.salts.len());
        match &self.spelling {
            Spelling::Whole => {
                for (record, _) in &self.salts {
                    writer.raw(record.as_bytes());
                }
            }
            Spelling::NamedOnce(_) => {
                write_identities(writer, self.salts.iter().map(|(record, _)| record.as_bytes()));
            }
        }
        for (_, salt) in &self.salts {
            writer.raw(salt.as_bytes());
        }
        if let Spelling::NamedOnce(names) = &self.spelling {
            names.write(writer);
        }
    }

    /// Writes one change of a part whose likely dependency is `base`.
    pub fn write_change(&mut self, writer: &mut Writer, entry: &Entry, base: ChangeHash) {
        writer.count(self.records.get(&entry.record).copied().unwrap_or_default());
        writer.count(self.classes.iter().position(|known| **known == entry.class).unwrap_or_default());
        match &entry.body {
            None => {
                writer.byte(WITHHELD).raw(entry.hash.as_bytes());
            }
            Some(change) => {
                if let Some(short) = elide::without_dep(change, base) {
                    writer.byte(DEP_ELIDED);
                    self.spelling.write(writer, short);
                } else {
                    writer.byte(0);
                    self.spelling.write(writer, elide::without_frame(change));
                }
            }
        }
    }
}

impl Spelling {
    fn write(&mut self, writer: &mut Writer, body: &[u8]) {
        match self {
            Self::Whole => {
                writer.run(body);
            }
            Self::NamedOnce(names) => names.write_body(writer, body),
        }
    }
}

/// The tables of what is being read, and how its changes are read.
#[derive(Debug)]
pub struct TableReader {
    records: Vec<(RecordId, Salt)>,
    classes: Vec<ClassId>,
    /// From version 1 on.
    names: Option<NamesReader>,
}

impl TableReader {
    /// Reads the tables of what holds so many bytes of changes at most. Each names a thing once: with two salts for one
    /// record, or two numbers for one class, what was read would be written as something else.
    pub fn read(reader: &mut Reader<'_>, version: Version, bytes_max: usize) -> Result<Self, DecodeError> {
        let classes = read_classes(reader)?;
        let count = reader.count("records", limits::PACK_RECORDS_MAX)?;
        let ids: Vec<[u8; 16]> = match version {
            Version::PacksAndFeed => (0..count).map(|_| reader.array()).collect::<Result<_, _>>()?,
            Version::NamedOnce | Version::ByColumn => read_identities(reader, count)?,
        };
        if !each_once(&ids) {
            return Err(DecodeError::Invalid { field: "records" });
        }
        let salts: Vec<Salt> = (0..count).map(|_| reader.array().map(Salt)).collect::<Result<_, _>>()?;
        let names = match version {
            Version::PacksAndFeed => None,
            Version::NamedOnce | Version::ByColumn => Some(NamesReader::read(reader, bytes_max)?),
        };
        Ok(Self { records: ids.into_iter().map(RecordId).zip(salts).collect(), classes, names })
    }

    /// Reads one change and computes its hash.
    pub fn read_change(&mut self, reader: &mut Reader<'_>, bases: &mut Bases) -> Result<Entry, DecodeError> {
        let record = reader.count("record", limits::PACK_RECORDS_MAX)?;
        let class = reader.count("class", limits::PACK_CLASSES_MAX)?;
        let (record, salt) = *self.records.get(record).ok_or(DecodeError::Invalid { field: "record" })?;
        let class = self.classes.get(class).ok_or(DecodeError::Invalid { field: "class" })?.clone();
        let flags = reader.byte()?;
        let (hash, body) = match flags {
            WITHHELD => (ChangeHash(reader.array()?), None),
            0 | DEP_ELIDED => {
                let dep = (flags == DEP_ELIDED).then(|| bases.base(record, &class, salt));
                let (change, hash) = match &mut self.names {
                    Some(names) => elide::rebuild(&names.read_body(reader)?, dep),
                    None => elide::rebuild(reader.run("change", limits::CHANGE_BYTES_MAX)?, dep),
                };
                (hash, Some(change))
            }
            _ => return Err(DecodeError::Invalid { field: "flags" }),
        };
        bases.passed(record, &class, hash);
        Ok(Entry { record, salt, class, hash, body })
    }
}

/// Writes a table of classes.
pub(crate) fn write_classes(writer: &mut Writer, classes: &[&ClassId]) {
    writer.count(classes.len());
    for class in classes {
        writer.text(class.as_str());
    }
}

/// Reads a table of classes, each of which stands there once.
pub(crate) fn read_classes(reader: &mut Reader<'_>) -> Result<Vec<ClassId>, DecodeError> {
    let classes: Vec<ClassId> = (0..reader.count("classes", limits::PACK_CLASSES_MAX)?)
        .map(|_| reader.text("class", limits::NAME_BYTES_MAX).map(ClassId::new))
        .collect::<Result<_, _>>()?;
    if each_once(&classes) { Ok(classes) } else { Err(DecodeError::Invalid { field: "classes" }) }
}

pub(crate) fn each_once<T: Ord>(names: &[T]) -> bool {
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
        let read = |bytes: &[u8]| {
            let version = Version::PacksAndFeed;
            TableReader::read(&mut Reader::new(bytes), version, 0).map(|_| ())
        };
        assert_eq!(read(&tables(&["open", "survey"], &[1, 2])), Ok(()));
        assert_eq!(read(&tables(&["open", "open"], &[1])), Err(DecodeError::Invalid { field: "classes" }));
        assert_eq!(read(&tables(&["open"], &[1, 2, 1])), Err(DecodeError::Invalid { field: "records" }));
    }
}
