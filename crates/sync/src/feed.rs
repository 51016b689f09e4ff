//! A hub's feed as it comes down: applied changes in their saves, who wrote them, published resources, receipts of
//! the home, and verdicts on changes that were not taken. Positions are the hub's; the running hash over all rows up
//! to a position tells a child that the hub is no longer the one it knew.

use sha2::{Digest, Sha256};
use teranga_core::class::ClassId;
use teranga_core::id::{Batch, ChangeHash, FeedPosition, OpeningNonce, RecordId, ReplicaId};

use crate::bytes::{DecodeError, Reader, Writer};
use crate::erase::Erasure;
use crate::introduction::{Introduction, read_introduction, write_introduction};
use crate::limits;
use crate::pack::{Bases, Entry, Save};
use crate::parts::{PartTable, TableReader};
use crate::receipt::Receipt;
use crate::version::Version;

/// A published resource: a form, a code list, a scheme, a release or the classes, as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceRow {
    /// The kind, by its stable code.
    pub kind: String,
    /// The resource's own identity.
    pub id: String,
    /// The version; a published version never changes.
    pub version: String,
    /// The text.
    pub json: String,
}

/// Why a change was not taken, told to its author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictRow {
    /// The replica that wrote the change.
    pub origin: ReplicaId,
    /// The pack it came in.
    pub batch: Batch,
    /// The record.
    pub record: RecordId,
    /// The class.
    pub class: ClassId,
    /// The change.
    pub hash: ChangeHash,
    /// The stable code of the reason.
    pub reason: String,
}

/// One row of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// The changes of one save, applied.
    Save {
        /// The pack in which they left their author, or the witness who brings them, so that its receipt speaks of them.
        batch: Batch,
        /// Whose testimony that pack is; `None` where it is the author's own.
        witness: Option<ReplicaId>,
        /// The changes that the child may hold.
        save: Save,
    },
    /// A replica, before the first change it wrote.
    Replica(Introduction),
    /// An opening of a replica, before the first change made in it.
    Opening {
        /// The replica.
        replica: ReplicaId,
        /// The nonce; with the replica's key it makes the actor.
        nonce: OpeningNonce,
    },
    /// A published resource.
    Resource(ResourceRow),
    /// The home holds every pack of this origin up to this one, or its backup covers them too.
    Receipt(Receipt),
    /// A change that was not taken.
    Verdict(VerdictRow),
    /// What the child may hold no more.
    Leave {
        /// The record.
        record: RecordId,
        /// The class of the part; none for the whole record.
        class: Option<ClassId>,
    },
    /// A record is to be destroyed.
    Erase(Erasure),
    /// The hub above holds another chain of this origin's line, from this batch on: the origin cuts what it has sent of
    /// it from there on anew.
    Fork {
        /// The origin.
        origin: ReplicaId,
        /// The first of its packs that stands in no chain above.
        batch: Batch,
    },
}

const SAVE: u8 = 0;
const REPLICA: u8 = 1;
const OPENING: u8 = 2;
const RESOURCE: u8 = 3;
const RECEIPT: u8 = 4;
const VERDICT: u8 = 5;
const LEAVE: u8 = 6;
const ERASE: u8 = 7;
const FORK: u8 = 8;
const WITNESSED_SAVE: u8 = 9;

/// Where a child stands in its hub's feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor {
    /// The last position it holds.
    pub position: FeedPosition,
    /// The running hash there.
    pub running: [u8; 32],
    /// Of a row that stands for many, how far it was read, in the hub's own count; 0 where it was read whole.
    pub within: u64,
}

impl Cursor {
    /// The cursor after one more row with this digest.
    #[must_use]
    pub fn next(self, row_digest: &[u8]) -> Self {
        let running = Sha256::new().chain_update(self.running).chain_update(row_digest).finalize().into();
        Self { position: FeedPosition(self.position.0 + 1), running, within: 0 }
    }
}

impl Row {
    /// The changes that it brings; none where it is no save.
    pub fn entries(&self) -> &[Entry] {
        match self {
            Self::Save { save, .. } => save,
            Self::Replica(_)
            | Self::Opening { .. }
            | Self::Resource(_)
            | Self::Receipt(_)
            | Self::Verdict(_)
            | Self::Leave { .. }
            | Self::Erase(_)
            | Self::Fork { .. } => &[],
        }
    }
}

/// Writes rows in a version of the protocol, with the tables of their parts before them.
pub fn encode(rows: &[Row], version: Version) -> Vec<u8> {
    let mut table = PartTable::of(rows.iter().flat_map(Row::entries), version);
    let mut written = Writer::new();
    let mut bases = Bases::default();
    for row in rows {
        write_row(&mut written, &mut table, &mut bases, row);
    }
    let mut writer = Writer::new();
    table.write(&mut writer);
    writer.count(rows.len()).raw(written.as_slice());
    writer.finish()
}

fn write_row(writer: &mut Writer, table: &mut PartTable<'_>, bases: &mut Bases, row: &Row) {
    match row {
        Row::Save { batch, witness, save } => {
            match witness {
                None => writer.byte(SAVE),
                Some(witness) => writer.byte(WITNESSED_SAVE).raw(witness.as_bytes()),
            };
            writer.number(batch.0).count(save.len());
            for entry in save {
                let base = bases.base(entry.record, &entry.class, entry.salt);
                table.write_change(writer, entry, base);
                bases.passed(entry.record, &entry.class, entry.hash);
            }
        }
        Row::Replica(introduction) => {
            writer.byte(REPLICA);
            write_introduction(writer, introduction);
        }
        Row::Opening { replica, nonce } => {
            writer.byte(OPENING).raw(replica.as_bytes()).raw(nonce.as_bytes());
        }
        Row::Resource(row) => {
            writer.byte(RESOURCE).text(&row.kind).text(&row.id).text(&row.version).text(&row.json);
        }
        Row::Receipt(receipt) => {
            writer.byte(RECEIPT);
            receipt.write(writer);
        }
        Row::Verdict(row) => {
            writer.byte(VERDICT).raw(row.origin.as_bytes()).number(row.batch.0).raw(row.record.as_bytes());
            writer.text(row.class.as_str()).raw(row.hash.as_bytes()).text(&row.reason);
        }
        Row::Leave { record, class } => {
            let class = class.as_ref().map(ClassId::as_str).unwrap_or_default();
            writer.byte(LEAVE).raw(record.as_bytes()).text(class);
        }
        Row::Erase(erasure) => {
            writer.byte(ERASE);
            erasure.write(writer);
        }
        Row::Fork { origin, batch } => {
            writer.byte(FORK).raw(origin.as_bytes()).number(batch.0);
        }
    }
}

/// Reads what [`encode`] wrote in the same version.
pub fn decode(bytes: &[u8], version: Version) -> Result<Vec<Row>, DecodeError> {
    let mut reader = Reader::new(bytes);
    let table = TableReader::read(&mut reader, version, limits::ROWS_RAW_BYTES_MAX)?;
    let mut saves = Saves { table, bases: Bases::default(), entries_left: limits::ROWS_ENTRIES_MAX };
    let rows = (0..reader.count("rows", limits::ROWS_MAX)?)
        .map(|_| read_row(&mut reader, &mut saves))
        .collect::<Result<_, _>>()?;
    reader.finish()?;
    Ok(rows)
}

/// The saves of an answer, as far as they are read.
struct Saves {
    table: TableReader,
    bases: Bases,
    entries_left: usize,
}

impl Saves {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<Save, DecodeError> {
        let count = reader.count("entries", limits::PACK_ENTRIES_MAX.min(self.entries_left))?;
        self.entries_left -= count;
        (0..count).map(|_| self.table.read_change(reader, &mut self.bases)).collect()
    }
}

fn read_row(reader: &mut Reader<'_>, saves: &mut Saves) -> Result<Row, DecodeError> {
    let name = limits::NAME_BYTES_MAX;
    Ok(match reader.byte()? {
        kind @ (SAVE | WITNESSED_SAVE) => Row::Save {
            witness: if kind == SAVE { None } else { Some(ReplicaId(reader.array()?)) },
            batch: Batch(reader.number_up_to("batch", limits::BATCH_MAX)?),
            save: saves.read(reader)?,
        },
        REPLICA => Row::Replica(read_introduction(reader)?),
        OPENING => Row::Opening { replica: ReplicaId(reader.array()?), nonce: OpeningNonce(reader.array()?) },
        RESOURCE => Row::Resource(ResourceRow {
            kind: reader.text("kind", name)?.to_owned(),
            id: reader.text("id", name)?.to_owned(),
            version: reader.text("version", name)?.to_owned(),
            json: reader.text("resource", limits::RESOURCE_BYTES_MAX)?.to_owned(),
        }),
        RECEIPT => Row::Receipt(Receipt::read(reader)?),
        VERDICT => Row::Verdict(VerdictRow {
            origin: ReplicaId(reader.array()?),
            batch: Batch(reader.number_up_to("batch", limits::BATCH_MAX)?),
            record: RecordId(reader.array()?),
            class: ClassId::new(reader.text("class", name)?),
            hash: ChangeHash(reader.array()?),
            reason: reader.text("reason", name)?.to_owned(),
        }),
        LEAVE => Row::Leave {
            record: RecordId(reader.array()?),
            class: Some(reader.text("class", name)?).filter(|class| !class.is_empty()).map(ClassId::new),
        },
        ERASE => Row::Erase(Erasure::read(reader)?),
        FORK => Row::Fork {
            origin: ReplicaId(reader.array()?),
            batch: Batch(reader.number_up_to("batch", limits::BATCH_MAX)?),
        },
        _ => return Err(DecodeError::Invalid { field: "row" }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use teranga_core::id::Salt;

    #[test]
    fn the_changes_of_all_rows_together_are_limited() {
        let entry = |record: u8| Entry {
            record: RecordId([record; 16]),
            salt: Salt([0; 16]),
            class: ClassId::new("survey"),
            hash: ChangeHash([0; 32]),
            body: None,
        };
        let save = vec![entry(1); limits::PACK_ENTRIES_MAX];
        let rows = |count| vec![Row::Save { batch: Batch(1), witness: None, save: save.clone() }; count];
        let whole = limits::ROWS_ENTRIES_MAX / limits::PACK_ENTRIES_MAX;
        let version = Version::PacksAndFeed;
        let back = |count| decode(&encode(&rows(count), version), version);
        assert_eq!(back(whole).map(|rows| rows.len()), Ok(whole));
        assert_eq!(back(whole + 1), Err(DecodeError::OverLimit { field: "entries" }));
    }
}
