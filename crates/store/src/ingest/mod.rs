//! Ingest: a pack that arrived becomes rows of the log in one transaction, without Automerge being called. Only then
//! is it acknowledged.

mod known;
mod logged;

use known::{brings_erased, chain, overfills};
use logged::{Arrival, log_pack, take_withheld};
use rusqlite::{Connection, params};
use teranga_core::grant::may_introduce;
use teranga_core::id::{Line, ManifestHash, ReplicaId};
use teranga_core::problem::Problem;
use teranga_core::time::Millis;
use teranga_sync::admit::{Admission, Examined, admit};
use teranga_sync::bytes::DecodeError;
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::{Introduction, ReplicaKind};
use teranga_sync::message::{Acknowledged, Push};
use teranga_sync::pack::Pack;

use crate::columns::{integer, maybe_blob, unsigned};
use crate::error::Result;
use crate::judged;
use crate::replica::Replica;
pub(crate) use logged::{Brought, introduce, note_record};

/// What became of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ingested {
    /// It is in the log now.
    Logged,
    /// It was there already.
    Known,
    /// Packs before it are missing here; nothing was taken, and the acknowledgement says from where to send again.
    Gap,
    /// It must not be taken.
    Refused(Problem),
}

/// How a pack came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// In an exchange: the acknowledgement ends at the last pack that came.
    Exchange,
    /// In a bundle, which may be an old one, or one of several: it never takes an acknowledgement back, and what it brings
    /// is left out for nobody, for the child may have a copy whose bundle this is.
    Bundle,
}

/// A pack that arrived, taken apart and examined: an eighth of what logging it costs, for which nothing need be known here.
#[derive(Debug)]
pub struct Arrived {
    number: u64,
    introduction: Option<Introduction>,
    examined: std::result::Result<Examined, DecodeError>,
}

impl Arrived {
    /// Takes a pack apart.
    pub fn of(push: &Push) -> Self {
        let examined = push.pack().map(Examined::of);
        Self { number: push.number, introduction: push.introduction.clone(), examined }
    }
}

impl Replica {
    /// Takes one pack from a child, in one of its lines.
    pub fn ingest(&mut self, child: &Introduction, line: Line, push: &Push, now: Millis) -> Result<Ingested> {
        self.ingest_arrived(child, line, &Arrived::of(push), now)
    }

    /// The same with a pack that was taken apart before.
    pub fn ingest_arrived(
        &mut self,
        child: &Introduction,
        line: Line,
        arrived: &Arrived,
        now: Millis,
    ) -> Result<Ingested> {
        self.take_pack(Way::Exchange, child, (line, arrived), now)
    }

    /// Takes one pack of a child's bundle.
    pub fn ingest_bundled(
        &mut self,
        child: &Introduction,
        line: Line,
        push: &Push,
        now: Millis,
    ) -> Result<Ingested> {
        self.take_pack(Way::Bundle, child, (line, &Arrived::of(push)), now)
    }

    fn take_pack(
        &mut self,
        way: Way,
        child: &Introduction,
        (line, arrived): (Line, &Arrived),
        now: Millis,
    ) -> Result<Ingested> {
        let Ok(examined) = &arrived.examined else {
            return Ok(Ingested::Refused(Problem::Malformed));
        };
        let pack = examined.pack();
        let introduction = arrived.introduction.as_ref();
        if !may_bring(child, introduction, pack) {
            return Ok(Ingested::Refused(Problem::Forbidden));
        }
        let via = (replica_id(&child.key), line);
        let transaction = self.database_mut().transaction()?;
        let next = received(&transaction, via)?.number + 1;
        if way == Way::Exchange && arrived.number > next {
            return Ok(Ingested::Gap);
        }
        let chain = chain(&transaction, pack)?;
        if brings_erased(&transaction, pack)? {
            return Ok(Ingested::Refused(Problem::Erased));
        }
        let (outcome, hash) = match admit(examined, &chain) {
            Admission::Accept(hash) => {
                if overfills(&transaction, pack)? {
                    return Ok(Ingested::Refused(Problem::TooManyWaiting));
                }
                let author = introduction.unwrap_or(child);
                let via = (via.0, (way == Way::Exchange).then_some(line));
                let arrival = Arrival { pack, hash: &hash, author, via, now };
                if let Err(problem) = log_pack(&transaction, &arrival)? {
                    return Ok(Ingested::Refused(problem));
                }
                judged::another_brings(&transaction, via.0, pack)?;
                (Ingested::Logged, hash)
            }
            Admission::Duplicate => {
                take_withheld(&transaction, pack)?;
                judged::another_brings(&transaction, via.0, pack)?;
                (Ingested::Known, pack.hash())
            }
            Admission::Gap => return Ok(Ingested::Gap),
            Admission::Refuse(problem) => return Ok(Ingested::Refused(problem)),
        };
        if way == Way::Bundle && arrived.number != next {
            transaction.commit()?;
            return Ok(outcome);
        }
        transaction
            .prepare_cached(
                "UPDATE child SET received = ?3, received_hash = ?4, last_ms = ?5 WHERE replica = ?1 AND line = ?2",
            )?
            .execute(params![
                via.0.as_bytes(),
                line.number(),
                integer(arrived.number),
                hash.as_bytes(),
                now.0
            ])?;
        transaction.commit()?;
        Ok(outcome)
    }

    /// How far a child's outbox of one line is held here.
    pub fn received(&self, child: ReplicaId, line: Line) -> Result<Acknowledged> {
        received(self.connection(), (child, line))
    }
}

/// A device brings its own packs; a hub also those of replicas that it introduces, and may introduce.
fn may_bring(child: &Introduction, introduction: Option<&Introduction>, pack: &Pack) -> bool {
    match introduction {
        None => child.key == pack.manifest.origin,
        Some(author) => {
            child.kind == ReplicaKind::Hub
                && author.key == pack.manifest.origin
                && author.key != child.key
                && may_introduce(&child.audience, &author.audience)
        }
    }
}

fn received(connection: &Connection, (child, line): (ReplicaId, Line)) -> Result<Acknowledged> {
    let mut statement = connection
        .prepare_cached("SELECT received, received_hash FROM child WHERE replica = ?1 AND line = ?2")?;
    let mut rows = statement.query(params![child.as_bytes(), line.number()])?;
    let Some(row) = rows.next()? else { return Ok(Acknowledged::default()) };
    let number = unsigned(row.get(0)?);
    let hash: Option<ManifestHash> = maybe_blob(row, 1, "child", "received_hash")?;
    Ok(hash.map_or_else(Acknowledged::default, |hash| Acknowledged::at(number, &hash)))
}
