//! A change taken apart: who made it, when, and what it answers under which keys. It is put together again by an encoder of our
//! own, to the byte, or its hash would not be the one that was signed; a sender who cannot do that leaves the change whole.

use std::borrow::Cow;

use teranga_core::id::ActorId;

use super::repeated;
use crate::bytes::{DecodeError, Reader, Writer};
use crate::limits;
use crate::scan::signed;

// The columns of a change that writes into a flat map, by their numbers in Automerge's format.
const KEYS: u64 = 0x15;
const INSERTIONS: u64 = 0x34;
const ACTIONS: u64 = 0x42;
const DESCRIPTIONS: u64 = 0x56;
const VALUES: u64 = 0x57;
const REPLACED: [u64; 3] = [0x70, 0x71, 0x73];
const PUT: u64 = 1;

/// What a change says before its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) actor: ActorId,
    pub(super) seq: u64,
    pub(super) start_op: u64,
    pub(super) message: String,
    /// The openings whose values it replaces.
    pub(super) others: Vec<[u8; 16]>,
}

/// One answer: the key it stands under, the type of the value in Automerge's numbers, and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Put<'a> {
    pub(super) key: Cow<'a, str>,
    pub(super) kind: u8,
    pub(super) value: Cow<'a, [u8]>,
}

/// A change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken<'a> {
    /// What it builds on, each [32]; `None` where that is left out.
    pub(super) deps: Option<&'a [u8]>,
    pub(super) head: Head,
    pub(super) time: i64,
    /// In the order of their keys, each key once.
    pub(super) puts: Vec<Put<'a>>,
    /// The columns that say what is replaced; none where nothing is.
    pub(super) replaced: Option<[&'a [u8]; 3]>,
}

impl<'a> Taken<'a> {
    /// Takes a body apart, of which the dependency may be left out; `None` where it would not come back to the byte.
    pub(super) fn of(body: &'a [u8], without_dep: bool) -> Option<Self> {
        let taken = read(body, without_dep).ok()?;
        let sorted = taken.puts.is_sorted_by(|before, after| before.key < after.key);
        (sorted && taken.body().as_slice() == body).then_some(taken)
    }

    /// The body.
    pub(super) fn body(&self) -> Writer {
        let mut body = Writer::new();
        if let Some(deps) = self.deps {
            body.count(deps.len() / 32).raw(deps);
        }
        let head = &self.head;
        body.run(head.actor.as_bytes()).number(head.seq).number(head.start_op);
        repeated::write_signed(&mut body, self.time);
        body.text(&head.message).count(head.others.len());
        for other in &head.others {
            body.run(other);
        }
        let columns = self.columns();
        body.count(columns.len());
        for (name, column) in &columns {
            body.number(*name).count(column.len());
        }
        for (_, column) in &columns {
            body.raw(column.as_slice());
        }
        body
    }

    /// Its columns that are not empty, by their numbers.
    fn columns(&self) -> Vec<(u64, Writer)> {
        let number = |writer: &mut Writer, number: &u64| {
            writer.number(*number);
        };
        let keys: Vec<&str> = self.puts.iter().map(|put| put.key.as_ref()).collect();
        let descriptions: Vec<u64> =
            self.puts.iter().map(|put| (put.value.len() as u64) << 4 | u64::from(put.kind)).collect();
        let (mut insertions, mut values) = (Writer::new(), Writer::new());
        insertions.count(self.puts.len());
        for put in &self.puts {
            values.raw(&put.value);
        }
        let mut columns = vec![
            (
                KEYS,
                repeated::write(&keys, |writer, key| {
                    writer.text(key);
                }),
            ),
            (INSERTIONS, insertions),
            (ACTIONS, repeated::write(&vec![PUT; keys.len()], number)),
            (DESCRIPTIONS, repeated::write(&descriptions, number)),
            (VALUES, values),
        ];
        match self.replaced {
            None => columns.push((REPLACED[0], repeated::write(&vec![0; keys.len()], number))),
            Some(replaced) => {
                for (name, bytes) in REPLACED.into_iter().zip(replaced) {
                    let mut column = Writer::new();
                    column.raw(bytes);
                    columns.push((name, column));
                }
            }
        }
        columns.retain(|(_, column)| !column.is_empty());
        columns
    }
}

fn read(body: &[u8], without_dep: bool) -> Result<Taken<'_>, DecodeError> {
    let mut reader = Reader::new(body);
    let deps = if without_dep {
        None
    } else {
        let count = reader.count("deps", limits::CHANGE_DEPS_MAX)?;
        Some(reader.take(count * 32)?)
    };
    let actor = ActorId(read_actor(&mut reader)?);
    let (seq, start_op) = (reader.number("seq")?, reader.number("start op")?);
    let time = signed(&mut reader, "time")?;
    let message = reader.text("message", limits::CHANGE_MESSAGE_BYTES_MAX)?.to_owned();
    let others = (0..reader.count("other actors", limits::CHANGE_ACTORS_MAX)?)
        .map(|_| read_actor(&mut reader))
        .collect::<Result<_, _>>()?;
    let columns = Columns::read(&mut reader)?;
    reader.finish()?;
    let keys = repeated::read(columns.get(KEYS), |reader| reader.text("key", limits::CHANGE_BYTES_MAX))?;
    let descriptions = repeated::read(columns.get(DESCRIPTIONS), |reader| reader.number("description"))?;
    if keys.is_empty() || keys.len() != descriptions.len() {
        return Err(DecodeError::Invalid { field: "column rows" });
    }
    let mut values = Reader::new(columns.get(VALUES));
    let puts = keys
        .into_iter()
        .zip(descriptions)
        .map(|(key, description)| {
            let length = usize::try_from(description >> 4).unwrap_or(usize::MAX);
            let value = Cow::Borrowed(values.take(length)?);
            Ok(Put { key: Cow::Borrowed(key), kind: description.to_le_bytes()[0] & 15, value })
        })
        .collect::<Result<_, DecodeError>>()?;
    let replaced = REPLACED.map(|name| columns.get(name));
    // Where it replaces nothing, one column of zeros says so, and follows.
    let nothing = repeated::read(replaced[0], |reader| reader.number("replaced"))
        .is_ok_and(|counts| counts.iter().all(|count| *count == 0));
    let replaced = Some(replaced).filter(|_| !nothing);
    Ok(Taken { deps, head: Head { actor, seq, start_op, message, others }, time, puts, replaced })
}

fn read_actor(reader: &mut Reader<'_>) -> Result<[u8; 16], DecodeError> {
    reader.run("actor", 16)?.try_into().map_err(|_| DecodeError::Invalid { field: "actor" })
}

/// The columns of a body. What stands in none of them that are known here is missed when it is put together again.
struct Columns<'a> {
    columns: Vec<(u64, &'a [u8])>,
}

impl<'a> Columns<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let names = (0..reader.count("columns", 14)?)
            .map(|_| Ok((reader.number("column")?, reader.count("column length", limits::CHANGE_BYTES_MAX)?)))
            .collect::<Result<Vec<_>, DecodeError>>()?;
        let columns = names
            .into_iter()
            .map(|(name, length)| Ok((name, reader.take(length)?)))
            .collect::<Result<_, DecodeError>>()?;
        Ok(Self { columns })
    }

    fn get(&self, name: u64) -> &'a [u8] {
        self.columns.iter().find(|(known, _)| *known == name).map_or(&[], |(_, column)| column)
    }
}
