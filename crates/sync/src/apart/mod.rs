//! Packs from version 2 on: changes are taken apart, and what the records of a pack have in common stands once. Answers to one
//! question stand together, so that they compress as a table of answers does, and better than the answers of one record after
//! those of another. A change that does not come back to the byte travels whole.

use teranga_core::id::{ActorId, ChangeHash};

use crate::bytes::{DecodeError, Reader, Writer};
use crate::drawn::Drawn;
use crate::elide;
use crate::limits;
use crate::named::{Names, turned, unturned};
use crate::pack::{Bases, Entry, Save};

mod cells;
mod change;
mod draws;
mod gather;
mod header;
mod marked;
mod named;
mod repeated;
mod spread;
mod tables;

use change::Taken;
use draws::Known;
use gather::{Columns, Gathered};
use header::{Headers, HeadersReader};
use named::Clock;
use spread::Forest;
use tables::{Tables, TablesRead};

const DEP_ELIDED: u8 = 1;
const WITHHELD: u8 = 2;
const APART: u8 = 4;

/// Writes the saves of a pack whose changes these actors made, and says of what is drawn only which draw it is.
pub(crate) fn write(writer: &mut Writer, saves: &[Save], actors: &[ActorId], drawn: &[Drawn]) {
    let tables = Tables::of(saves.iter().flatten());
    let known = Known::of(drawn);
    let mut written = Written {
        forest: Forest::new(tables.classes(), &known),
        headers: Headers::new(actors),
        entries: Writer::new(),
        whole: Writer::new(),
    };
    let (mut bases, mut before) = (Bases::default(), 0);
    written.entries.count(saves.len());
    for save in saves {
        written.entries.count(save.len());
        for entry in save {
            let (record, class) = tables.numbers(entry);
            let record = record as u64;
            written.entries.number(turned(record.wrapping_sub(before))).count(class);
            before = record;
            let base = bases.next(entry.record, &entry.class, entry.salt, entry.hash);
            written.write(entry, class, base);
        }
    }
    let mut names = Names::default();
    let columns = written.forest.columns(&mut names);
    tables.write(writer, &known, names.in_order());
    writer.run(written.entries.as_slice()).run(written.whole.as_slice());
    written.headers.finish(writer);
    columns.write(writer);
}

/// The changes of a pack, as far as they are written.
struct Written<'a> {
    forest: Forest<'a>,
    headers: Headers<'a>,
    entries: Writer,
    /// The bodies that are not taken apart, and the hashes of those that are withheld.
    whole: Writer,
}

impl<'a> Written<'a> {
    /// Writes a change of a part whose likely dependency is `base`.
    fn write(&mut self, entry: &'a Entry, class: usize, base: ChangeHash) {
        let Some(change) = &entry.body else {
            self.entries.byte(WITHHELD);
            self.whole.raw(entry.hash.as_bytes());
            return;
        };
        let (flag, body) = match elide::without_dep(change, base) {
            Some(short) => (DEP_ELIDED, short),
            None => (0, elide::without_frame(change)),
        };
        let taken = Taken::of(body, flag == DEP_ELIDED).filter(|taken| self.headers.knows(taken));
        if let Some(taken) = taken.filter(|taken| self.forest.add(entry.record.as_bytes(), class, taken)) {
            self.entries.byte(flag | APART);
            self.headers.write(&taken);
        } else {
            self.entries.byte(flag);
            self.whole.run(body);
        }
    }
}

/// Reads what [`write`] wrote.
pub(crate) fn read(reader: &mut Reader<'_>, actors: Vec<ActorId>) -> Result<Vec<Save>, DecodeError> {
    let bytes_max = limits::PACK_RAW_BYTES_MAX;
    let mut tables = TablesRead::read(reader)?;
    let entries = read_entries(reader.run("entries", bytes_max)?)?;
    let whole = Reader::new(reader.run("changes", bytes_max)?);
    let mut headers = HeadersReader::read(reader, actors, bytes_max)?;
    let mut classes: Vec<Vec<usize>> = tables.classes.iter().map(|_| Vec::new()).collect();
    let mut changes = Vec::new();
    for entry in entries.iter().flatten().filter(|entry| entry.flags & APART != 0) {
        let class = classes.get_mut(entry.class).ok_or(DecodeError::Invalid { field: "class" })?;
        class.push(changes.len());
        let (record, _) = tables.records.get(entry.record).ok_or(DecodeError::Invalid { field: "record" })?;
        changes.push(Gathered::new(Clock::of(headers.time()?, record.as_bytes())));
    }
    Columns::read(reader, &mut tables.names, bytes_max)?.gather(&classes, &mut changes)?;
    let bases = Bases::default();
    let mut bodies = Bodies { changes: changes.into_iter(), headers, whole, bases, left: bytes_max };
    let saves = entries
        .into_iter()
        .map(|save| save.into_iter().map(|entry| bodies.next(entry, &tables)).collect())
        .collect::<Result<_, _>>()?;
    bodies.whole.finish()?;
    bodies.headers.finish()?;
    Ok(saves)
}

/// What stands of a change among the entries.
struct EntryRead {
    record: usize,
    class: usize,
    flags: u8,
}

fn read_entries(bytes: &[u8]) -> Result<Vec<Vec<EntryRead>>, DecodeError> {
    let mut reader = Reader::new(bytes);
    let (mut left, mut before) = (limits::PACK_ENTRIES_MAX, 0u64);
    let saves = (0..reader.count("saves", limits::PACK_ENTRIES_MAX)?)
        .map(|_| {
            let count = reader.count("entries", left)?;
            left -= count;
            (0..count)
                .map(|_| {
                    before = before.wrapping_add(unturned(reader.number("record")?));
                    let record =
                        usize::try_from(before).map_err(|_| DecodeError::Invalid { field: "record" })?;
                    let class = reader.count("class", limits::PACK_CLASSES_MAX)?;
                    Ok(EntryRead { record, class, flags: reader.byte()? })
                })
                .collect::<Result<_, DecodeError>>()
        })
        .collect::<Result<_, _>>()?;
    reader.finish()?;
    Ok(saves)
}

/// The bodies of a pack, as they are put together.
struct Bodies<'a, G> {
    changes: G,
    headers: HeadersReader<'a>,
    whole: Reader<'a>,
    bases: Bases,
    /// How many bytes of bodies may still come of this: few bytes must not become many.
    left: usize,
}

impl<G: Iterator<Item = Gathered>> Bodies<'_, G> {
    /// The next entry. Its hash is computed.
    fn next(&mut self, entry: EntryRead, tables: &TablesRead) -> Result<Entry, DecodeError> {
        let (record, salt) =
            *tables.records.get(entry.record).ok_or(DecodeError::Invalid { field: "record" })?;
        let class = tables.classes.get(entry.class).ok_or(DecodeError::Invalid { field: "class" })?.clone();
        let without_dep = entry.flags & DEP_ELIDED != 0;
        let dep = without_dep.then(|| self.bases.base(record, &class, salt));
        let (hash, body) = match entry.flags & !DEP_ELIDED {
            WITHHELD if !without_dep => (ChangeHash(self.whole.array()?), None),
            0 => {
                let body = self.whole.run("change", limits::CHANGE_BYTES_MAX)?;
                self.rebuilt(body, dep)?
            }
            APART => {
                let gathered = self.changes.next().ok_or(DecodeError::Truncated)?;
                let body = self.headers.body(gathered, without_dep)?;
                self.rebuilt(body.as_slice(), dep)?
            }
            _ => return Err(DecodeError::Invalid { field: "flags" }),
        };
        self.bases.passed(record, &class, hash);
        Ok(Entry { record, salt, class, hash, body })
    }

    /// A whole change out of its body, as long as there is room for it.
    fn rebuilt(
        &mut self,
        body: &[u8],
        dep: Option<ChangeHash>,
    ) -> Result<(ChangeHash, Option<Vec<u8>>), DecodeError> {
        self.left = self.left.checked_sub(body.len()).ok_or(DecodeError::OverLimit { field: "change" })?;
        let (change, hash) = elide::rebuild(body, dep);
        Ok((hash, Some(change)))
    }
}
