//! What changes say before their answers: who made them, when, and what they build on. Of most it is the same as of another.

use teranga_core::id::ActorId;

use super::cells::{Cells, CellsReader};
use super::change::{Head, Taken};
use super::gather::Gathered;
use crate::bytes::{DecodeError, Reader, Writer};
use crate::limits;
use crate::named::{turned, unturned};

/// The headers of changes, as they are written.
pub(super) struct Headers<'a> {
    actors: &'a [ActorId],
    cells: Cells<Vec<u8>>,
    numbers: Writer,
    heads: Writer,
    times: Writer,
    deps: Writer,
    replaced: Writer,
    /// The time of the change before.
    before: i64,
}

impl<'a> Headers<'a> {
    /// Of changes that these actors made.
    pub(super) fn new(actors: &'a [ActorId]) -> Self {
        Self {
            actors,
            cells: Cells::new(),
            numbers: Writer::new(),
            heads: Writer::new(),
            times: Writer::new(),
            deps: Writer::new(),
            replaced: Writer::new(),
            before: 0,
        }
    }

    /// Whether the actor of a change is one of them.
    pub(super) fn knows(&self, taken: &Taken<'_>) -> bool {
        self.actors.contains(&taken.head.actor)
    }

    pub(super) fn write(&mut self, taken: &Taken<'_>) {
        let head = self.head(&taken.head);
        if self.cells.write(&mut self.numbers, head.clone()) {
            self.heads.raw(&head);
        }
        self.times.number(turned(taken.time.wrapping_sub(self.before).cast_unsigned()));
        self.before = taken.time;
        if let Some(deps) = taken.deps {
            self.deps.count(deps.len() / 32).raw(deps);
        }
        let mut columns = Writer::new();
        for column in taken.replaced.iter().flatten() {
            columns.run(column);
        }
        self.replaced.run(columns.as_slice());
    }

    fn head(&self, head: &Head) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.count(self.actors.iter().position(|actor| *actor == head.actor).unwrap_or_default());
        writer.number(head.seq).number(head.start_op).text(&head.message).count(head.others.len());
        for other in &head.others {
            writer.raw(other);
        }
        writer.finish()
    }

    /// Writes the columns.
    pub(super) fn finish(&self, writer: &mut Writer) {
        for column in [&self.numbers, &self.heads, &self.times, &self.deps, &self.replaced] {
            writer.run(column.as_slice());
        }
    }
}

/// The headers of changes, as they are read.
pub(super) struct HeadersReader<'a> {
    actors: Vec<ActorId>,
    cells: CellsReader<Head>,
    numbers: Reader<'a>,
    heads: Reader<'a>,
    times: Reader<'a>,
    deps: Reader<'a>,
    replaced: Reader<'a>,
    before: i64,
}

impl<'a> HeadersReader<'a> {
    pub(super) fn read(
        reader: &mut Reader<'a>,
        actors: Vec<ActorId>,
        bytes_max: usize,
    ) -> Result<Self, DecodeError> {
        let mut column = || reader.run("column", bytes_max).map(Reader::new);
        Ok(Self {
            actors,
            cells: CellsReader::new(),
            numbers: column()?,
            heads: column()?,
            times: column()?,
            deps: column()?,
            replaced: column()?,
            before: 0,
        })
    }

    /// The time of the next change; these are read before anything else of it.
    pub(super) fn time(&mut self) -> Result<i64, DecodeError> {
        self.before = self.before.wrapping_add(unturned(self.times.number("time")?).cast_signed());
        Ok(self.before)
    }

    /// Puts the body of the next change together; `without_dep` says that its dependency is left out.
    pub(super) fn body(&mut self, mut gathered: Gathered, without_dep: bool) -> Result<Writer, DecodeError> {
        let (actors, heads) = (&self.actors, &mut self.heads);
        let head = self.cells.read(&mut self.numbers, || read_head(heads, actors))?.clone();
        let deps = if without_dep {
            None
        } else {
            let count = self.deps.count("deps", limits::CHANGE_DEPS_MAX)?;
            Some(self.deps.take(count * 32)?)
        };
        let replaced = read_replaced(self.replaced.run("replaced", limits::CHANGE_BYTES_MAX)?)?;
        gathered.puts.sort_unstable_by(|before, after| before.key.cmp(&after.key));
        let body = Taken { deps, head, time: gathered.time(), puts: gathered.puts, replaced }.body();
        if body.len() > limits::CHANGE_BYTES_MAX {
            return Err(DecodeError::OverLimit { field: "change" });
        }
        Ok(body)
    }

    /// Ends the reading.
    pub(super) fn finish(self) -> Result<(), DecodeError> {
        [self.numbers, self.heads, self.times, self.deps, self.replaced]
            .into_iter()
            .try_for_each(Reader::finish)
    }
}

fn read_head(reader: &mut Reader<'_>, actors: &[ActorId]) -> Result<Head, DecodeError> {
    let actor = actors.get(reader.count("actor", limits::PACK_OPENINGS_MAX)?).copied();
    Ok(Head {
        actor: actor.ok_or(DecodeError::Invalid { field: "actor" })?,
        seq: reader.number("seq")?,
        start_op: reader.number("start op")?,
        message: reader.text("message", limits::CHANGE_MESSAGE_BYTES_MAX)?.to_owned(),
        others: (0..reader.count("other actors", limits::CHANGE_ACTORS_MAX)?)
            .map(|_| reader.array())
            .collect::<Result<_, _>>()?,
    })
}

/// The three columns that say what is replaced; none where nothing is.
fn read_replaced(columns: &[u8]) -> Result<Option<[&[u8]; 3]>, DecodeError> {
    if columns.is_empty() {
        return Ok(None);
    }
    let mut reader = Reader::new(columns);
    let mut column = || reader.run("replaced", columns.len());
    let replaced = [column()?, column()?, column()?];
    reader.finish()?;
    Ok(Some(replaced))
}
