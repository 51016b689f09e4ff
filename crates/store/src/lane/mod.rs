//! A replica's run of the lane of files, without the transport, after a session of answers: what to send next and what to
//! make of what came back. Thumbnails go first, then what somebody here asked for, then the files of the newest records.
//! A run may be cut anywhere, or given up for another day or another hub: the next one asks what is held and goes on at
//! the chunk after it.

mod down;
mod up;

use rusqlite::Connection;
use teranga_core::problem::{Problem, Retry};
use teranga_core::time::Millis;
use teranga_sync::attachment::{LaneAnswer, LaneRequest, Offer, Stretch, Want};
use teranga_sync::identity::replica_id;
use teranga_sync::limits;
use teranga_sync::pace::Pace;
use teranga_sync::session::Measured;
use teranga_sync::thumbnail::Thumbnail;

use crate::columns::integer;
use crate::conversation::{Failure, Reply, Talk, Turn};
use crate::error::Result;
use crate::lane::down::Down;
use crate::lane::up::Up;
use crate::network::{self, Allowance};
use crate::replica::Replica;
use crate::uplink::TakeError;

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaneSummary {
    /// Requests sent, failed ones included.
    pub round_trips: u64,
    /// Requests that failed.
    pub failures: u64,
    /// Bytes of request bodies.
    pub bytes_up: u64,
    /// Bytes of answer bodies.
    pub bytes_down: u64,
    /// Bytes of files in them.
    pub file_bytes_up: u64,
    /// Of those, bytes that had been sent before.
    pub bytes_again: u64,
    /// Files of which the hub proved that it holds them.
    pub files_up: u64,
    /// Files of which the hub says, as news, that the home's backup has them.
    pub covered: u64,
    /// Files of which the hub says, as news, that it wants them from whoever below has them.
    pub wanted: u64,
    /// Files that arrived whole.
    pub files_down: u64,
    /// Thumbnails that the hub took.
    pub thumbnails_up: u64,
    /// Thumbnails that arrived.
    pub thumbnails_down: u64,
    /// Whether it ended because its bytes were used up.
    pub used_up: bool,
}

/// What went wrong with a file, while the others went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileFailure {
    /// The hub says that it holds a file and cannot prove it.
    #[error("the hub cannot prove that it holds a file")]
    Unproven,
    /// A file arrived twice as something else than its address says.
    #[error("a file did not arrive as it was")]
    Spoilt,
    /// A file is not any more what its address says, here.
    #[error("a file here is not what its address says")]
    Damaged,
    /// The hub has no room for it.
    #[error("the hub has no room for a file")]
    NoRoom,
}

impl FileFailure {
    /// Whether trying again may help.
    pub const fn retry(self) -> Retry {
        match self {
            Self::NoRoom | Self::Unproven => Retry::Later,
            Self::Spoilt | Self::Damaged => Retry::Never,
        }
    }
}

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    /// Everything that waits, either way.
    All,
    /// Only what somebody asked for.
    Fetch,
}

/// What a request carries, before it is addressed and numbered.
#[derive(Debug, Default)]
pub(crate) struct Load {
    pub(crate) offers: Vec<Offer>,
    pub(crate) thumbnails: Vec<Thumbnail>,
    pub(crate) stretches: Vec<Stretch>,
    pub(crate) thumbnails_wanted: Vec<teranga_core::id::FileHash>,
    pub(crate) wanted: Vec<Want>,
    pub(crate) pull_bytes_max: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Offering,
    Looking,
    Fetching,
    Sending,
    Done,
}

/// A run under way.
#[derive(Debug)]
pub struct Lane {
    pace: Pace,
    summary: LaneSummary,
    failures_max: u32,
    allowance: Allowance,
    errand: Errand,
    stage: Stage,
    up: Up,
    down: Down,
    asked: Option<(LaneRequest, Millis)>,
}

impl Lane {
    /// Begins a run, which carries so many bytes at most and gives up after so many failures in a row.
    pub fn begin(errand: Errand, allowance: impl Into<Allowance>, failures_max: u32) -> Self {
        let stage = match errand {
            Errand::All => Stage::Offering,
            Errand::Fetch => Stage::Fetching,
        };
        let (pace, summary) = (Pace::default(), LaneSummary::default());
        let (up, down, allowance) = (Up::default(), Down::default(), allowance.into());
        Self { pace, summary, failures_max, allowance, errand, stage, up, down, asked: None }
    }

    /// What it did so far.
    pub fn summary(&self) -> &LaneSummary {
        &self.summary
    }

    /// How many bytes the next request may bring or want; none where the budget is used up.
    fn room(&self) -> Option<usize> {
        let batch = self.pace.batch().unwrap_or(limits::PACK_BYTES_MIN);
        let Some(budget) = self.allowance.bytes else { return Some(batch) };
        let left = budget.saturating_sub(self.summary.bytes_up + self.summary.bytes_down);
        let left = usize::try_from(left).unwrap_or(usize::MAX).saturating_sub(AROUND_BYTES);
        (left >= limits::CHUNK_BYTES).then(|| batch.min(left))
    }

    /// Counts what goes or came, where bytes cost something.
    fn spend(&self, connection: &Connection, bytes: usize, at: Millis) -> Result<()> {
        network::spend(connection, &self.allowance.over, bytes as u64, at)
    }

    fn ask(&mut self, replica: &mut Replica, at: Millis) -> std::result::Result<Option<Vec<u8>>, Failure> {
        let hub = replica.uplink()?.ok_or(Failure::NotEnrolled)?;
        let Some(load) = replica.database_mut().write(|connection| self.load(connection))? else {
            return Ok(None);
        };
        let (line, exchange) = (replica.line()?, hub.exchange + 1);
        let request = LaneRequest {
            version: replica.spoken().toward(hub.newest),
            hub: replica_id(&hub.key),
            replica: replica.id(),
            line,
            exchange,
            pull_bytes_max: load.pull_bytes_max,
            offers: load.offers,
            thumbnails: load.thumbnails,
            stretches: load.stretches,
            thumbnails_wanted: load.thumbnails_wanted,
            wanted: load.wanted,
        };
        let body = request.encode(replica.identity());
        let transaction = replica.database_mut().transaction()?;
        transaction.prepare_cached("UPDATE uplink SET exchange = exchange + 1")?.execute([])?;
        self.spend(&transaction, body.len(), at)?;
        transaction.commit()?;
        self.summary.round_trips += 1;
        self.summary.bytes_up += body.len() as u64;
        self.summary.file_bytes_up += request.file_bytes();
        self.summary.bytes_again += self.up.sending(&request);
        self.asked = Some((request, at));
        Ok(Some(body))
    }

    /// What comes next, stage after stage.
    fn load(&mut self, connection: &Connection) -> Result<Option<Load>> {
        loop {
            let Some(room) = self.room() else {
                self.summary.used_up |= self.stage != Stage::Done;
                return Ok(None);
            };
            let (load, next) = match self.stage {
                Stage::Offering => (self.up.offers(connection, room)?, Stage::Looking),
                Stage::Looking => (self.down.thumbnails(connection, room)?, Stage::Fetching),
                Stage::Fetching => {
                    let next = if self.errand == Errand::All { Stage::Sending } else { Stage::Done };
                    (self.down.files(connection, room)?, next)
                }
                Stage::Sending => (self.up.chunks(connection, room)?, Stage::Done),
                Stage::Done => return Ok(None),
            };
            if load.is_some() {
                return Ok(load);
            }
            self.stage = next;
            if next == Stage::Sending {
                self.up.begin_sending();
            }
        }
    }

    fn take(
        &mut self,
        replica: &mut Replica,
        bytes: &[u8],
        (request, at): &(LaneRequest, Millis),
        elapsed_ms: u64,
    ) -> std::result::Result<(), Failure> {
        self.summary.bytes_down += bytes.len() as u64;
        // Whatever it says, it is paid for.
        replica.database_mut().write(|connection| self.spend(connection, bytes.len(), *at))?;
        let hub = replica.uplink()?.ok_or(Failure::NotEnrolled)?;
        let answer = LaneAnswer::read(bytes, &hub.key, replica.spoken())?;
        let ours = (answer.replica, answer.line, answer.exchange)
            == (request.replica, request.line, request.exchange)
            && answer.states.len() == request.offers.len()
            && answer.files.len() == request.wanted.len()
            && answer.looked_for <= request.thumbnails_wanted.len();
        if !ours {
            return Err(TakeError::NotForUs.into());
        }
        let transaction = replica.database_mut().transaction()?;
        self.up.hear(&transaction, request, &answer, &mut self.summary)?;
        self.down.hear(&transaction, request, &answer, &mut self.summary)?;
        // Nobody has to ask what became of this one. Of an earlier one of another road it says nothing.
        transaction
            .prepare_cached("UPDATE uplink SET heard = ?1 WHERE heard = ?1 - 1")?
            .execute([integer(request.exchange)])?;
        transaction.commit()?;
        let down = answer.stretches.iter().map(|one| one.bytes.len() as u64).sum::<u64>();
        self.pace.succeeded(Measured { bytes: request.file_bytes() + down, elapsed_ms });
        Ok(())
    }

    fn failed(&mut self, failure: Failure, random: u64) -> Turn {
        self.summary.failures += 1;
        if failure.retry() == Retry::Never || self.pace.failures() + 1 >= self.failures_max {
            return Turn::Over(Err(failure));
        }
        Turn::Pause(self.pace.failed(random))
    }

    /// How it ends where nothing stopped it: with the first file that was passed over, if one was.
    fn outcome(&self) -> std::result::Result<(), Failure> {
        self.up.failure().or_else(|| self.down.failure()).map_or(Ok(()), |failure| Err(failure.into()))
    }
}

/// What stands around the chunks of a request and its answer, about.
const AROUND_BYTES: usize = 1024;

impl Talk for Lane {
    fn next(&mut self, replica: &mut Replica, now: Millis, random: u64) -> Turn {
        match self.ask(replica, now) {
            Ok(Some(body)) => Turn::Send(body),
            Ok(None) => Turn::Over(self.outcome()),
            Err(failure) => self.failed(failure, random),
        }
    }

    fn hear(&mut self, replica: &mut Replica, reply: Reply<'_>, now: Millis, random: u64) -> Turn {
        let Some(asked) = self.asked.take() else { return self.next(replica, now, random) };
        let elapsed_ms = u64::try_from(now.0 - asked.1.0).unwrap_or_default();
        let heard = match reply {
            Reply::Answer(bytes) => self.take(replica, bytes, &asked, elapsed_ms),
            Reply::Refused(problem) => Err(Failure::Refused { problem }),
            Reply::Speaks(_) => Err(Failure::Refused { problem: Problem::UpgradeNeeded }),
            // The session of answers goes to the new hub; files follow.
            Reply::Succeeded(_) => Err(Failure::Refused { problem: Problem::Succeeded }),
            Reply::Nothing(retry) => Err(Failure::Nothing(retry)),
        };
        match heard {
            Ok(()) => self.next(replica, now, random),
            Err(failure) => {
                self.up.unsure(&asked.0);
                self.failed(failure, random)
            }
        }
    }
}
