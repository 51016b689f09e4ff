//! The hub's half of the lane of files: takes thumbnails and chunks, says what it holds of each file that is offered, and
//! gives of what is wanted. It gives a file only where a part that the child may hold mentions it, and takes it also where
//! the child was in charge of that part once or wrote of it: what it attached then is not lost with the case. What nothing
//! here mentions it takes for the hub above, if that one wants it.

use std::collections::BTreeSet;

use rusqlite::Connection;
use teranga_core::grant::may_introduce;
use teranga_core::id::{FileHash, ReplicaId};
use teranga_sync::attachment::{Held, LaneAnswer, LaneRequest, Offer, State, Stretch, Want};
use teranga_sync::identity::replica_id;
use teranga_sync::introduction::{Introduction, ReplicaKind};
use teranga_sync::limits;
use teranga_sync::runs::Runs;
use teranga_sync::thumbnail::Thumbnail;

use crate::arriving;
use crate::chunks::{self, FileRow, Finish};
use crate::columns::unsigned;
use crate::covered;
use crate::error::Result;
use crate::mentions::{may_bring_file, may_bring_through, may_hold_file};
use crate::passing;
use crate::register;
use crate::replica::Replica;
use crate::thumbnails;

impl Replica {
    /// Answers a request of the lane; `None` where it brings chunks that are not of their files' lengths.
    pub fn answer_lane(&mut self, child: &Introduction, request: &LaneRequest) -> Result<Option<LaneAnswer>> {
        let transaction = self.database_mut().transaction()?;
        let mut hub = Hub { connection: &transaction, child, request, dropped: BTreeSet::new() };
        hub.take_thumbnails()?;
        if !hub.take_stretches()? {
            return Ok(None);
        }
        let states = request.offers.iter().map(|offer| hub.state(offer)).collect::<Result<_>>()?;
        let mut room = request.pull_bytes_max.min(limits::LANE_FILE_BYTES_MAX);
        let (looked_for, thumbnails) = hub.give_thumbnails(&mut room)?;
        let (files, stretches) = hub.give_files(room)?;
        transaction.commit()?;
        let LaneRequest { replica, line, exchange, .. } = *request;
        let version = request.version;
        Ok(Some(LaneAnswer {
            version,
            replica,
            line,
            exchange,
            states,
            looked_for,
            thumbnails,
            files,
            stretches,
        }))
    }
}

struct Hub<'a> {
    connection: &'a Connection,
    child: &'a Introduction,
    request: &'a LaneRequest,
    /// Files whose last chunk came and that were not what their addresses say.
    dropped: BTreeSet<FileHash>,
}

impl Hub<'_> {
    fn child(&self) -> ReplicaId {
        replica_id(&self.child.key)
    }

    fn granted(&self, file: &FileHash) -> Result<bool> {
        may_hold_file(self.connection, &self.child.audience, file)
    }

    fn may_bring(&self, file: &FileHash) -> Result<bool> {
        may_bring_file(self.connection, self.child, file)
    }

    /// Whether what the child brings of a file is taken: for this hub, or for the one above.
    fn is_taken(&self, file: &FileHash) -> Result<bool> {
        Ok(self.may_bring(file)? || passing::is_wanted(self.connection, file, self.child())?)
    }

    /// Keeps thumbnails that somebody who is known here signed.
    fn take_thumbnails(&self) -> Result<()> {
        for thumbnail in &self.request.thumbnails {
            let known = register::introduction(self.connection, replica_id(&thumbnail.maker))?.is_some();
            if known && thumbnail.verify() && self.is_taken(&thumbnail.image)? {
                thumbnails::keep(self.connection, thumbnail, false)?;
            }
        }
        Ok(())
    }

    /// Keeps the chunks; those of files that are not for this child are passed over. Whether all were of their files'
    /// lengths.
    fn take_stretches(&mut self) -> Result<bool> {
        for (at, offer) in self.request.offers.iter().enumerate() {
            let mut stretches = self.request.stretches.iter().filter(|stretch| stretch.of == at).peekable();
            if stretches.peek().is_none() || !self.is_taken(&offer.file)? {
                continue;
            }
            let is_here = chunks::find(self.connection, &offer.file)?.is_some_and(|file| file.held);
            if is_here || !self.has_room(offer)? {
                continue;
            }
            let file = arriving::begin(self.connection, (&offer.file, self.child()), offer.bytes)?;
            for stretch in stretches {
                if !chunks::put(self.connection, &file, stretch.first, &stretch.bytes)? {
                    return Ok(false);
                }
            }
            if arriving::finish(self.connection, &offer.file, &file)? == Finish::Dropped {
                self.dropped.insert(offer.file);
            }
        }
        Ok(true)
    }

    /// Whether what this child brought leaves room for a file that it offers.
    fn has_room(&self, offer: &Offer) -> Result<bool> {
        let brought: i64 = self
            .connection
            .prepare_cached("SELECT coalesce(sum(bytes), 0) FROM attachment WHERE via = ?1")?
            .query_row([self.child().as_bytes()], |row| row.get(0))?;
        let beside = arriving::beside(self.connection, &offer.file, self.child())?;
        let after = unsigned(brought).saturating_add(beside).saturating_add(offer.bytes as u64);
        Ok(self.child.kind == ReplicaKind::Hub || after <= limits::ATTACHED_PER_DEVICE_BYTES_MAX)
    }

    fn state(&self, offer: &Offer) -> Result<State> {
        let covered = covered::is_covered(self.connection, &offer.file)?;
        if let Some(below) = offer.on_behalf_of {
            return Ok(State { held: self.wanted_from(offer, below)?, covered, thumbnail_wanted: false });
        }
        if !self.may_bring(&offer.file)? {
            if offer.bytes > 0 {
                self.ask_above(&offer.file, self.child())?;
            }
            if !passing::is_wanted(self.connection, &offer.file, self.child())? {
                return Ok(State { held: Held::Unknown, covered, thumbnail_wanted: false });
            }
        }
        let thumbnail_wanted = offer.thumbnail && !thumbnails::is_held(self.connection, &offer.file)?;
        let held = if self.dropped.contains(&offer.file) {
            Held::Dropped
        } else if offer.bytes == 0 {
            Held::Some(Runs::none())
        } else {
            match chunks::find(self.connection, &offer.file)? {
                Some(file) if file.held => self.prove(offer, &file)?,
                // Nothing is begun, and nothing of another length dropped, before a chunk comes.
                Some(_) | None if self.has_room(offer)? => {
                    Held::Some(self.arrived(offer, Some(offer.bytes))?)
                }
                Some(_) | None => Held::NoRoom,
            }
        };
        if !covered && matches!(held, Held::Whole(_)) && !self.brings(offer) {
            covered::ask(self.connection, &offer.file)?;
        }
        Ok(State { held, covered, thumbnail_wanted })
    }

    /// What a hub is told that asks about a file for whoever below has it: whether it is wanted from there. Where nothing is
    /// known of it here either, the hub above is asked.
    fn wanted_from(&self, offer: &Offer, below: ReplicaId) -> Result<Held> {
        let introduction = register::introduction(self.connection, below)?
            .filter(|below| may_introduce(&self.child.audience, &below.audience))
            .filter(|_| self.child.kind == ReplicaKind::Hub);
        let Some(introduction) = introduction else { return Ok(Held::Unknown) };
        if !may_bring_through(self.connection, self.child, &introduction, &offer.file)? {
            self.ask_above(&offer.file, below)?;
            if !passing::is_wanted(self.connection, &offer.file, below)? {
                return Ok(Held::Unknown);
            }
        }
        match chunks::find(self.connection, &offer.file)? {
            Some(file) if file.held => self.prove(offer, &file),
            Some(_) | None => Ok(Held::Some(self.arrived(offer, None)?)),
        }
    }

    /// Which chunks this child has brought of a file that it offers, under this length or any.
    fn arrived(&self, offer: &Offer, bytes: Option<usize>) -> Result<Runs> {
        let brought = arriving::find(self.connection, &offer.file, self.child())?;
        let brought = brought.filter(|brought| bytes.is_none_or(|bytes| bytes == brought.bytes));
        brought.map_or_else(|| Ok(Runs::none()), |brought| chunks::held(self.connection, &brought))
    }

    /// Asks the hub above about a file, unless it has said already that the home's backup has it.
    fn ask_above(&self, file: &FileHash, replica: ReplicaId) -> Result<()> {
        if covered::is_covered(self.connection, file)? {
            return passing::told(self.connection, file, replica);
        }
        passing::ask(self.connection, file, replica, self.child())
    }

    /// Whether this request brings something of a file, and does not only ask.
    fn brings(&self, offer: &Offer) -> bool {
        let of = self.request.offers.iter().position(|other| other.file == offer.file);
        self.request.stretches.iter().any(|stretch| Some(stretch.of) == of)
    }

    /// Proves that a file is held. Where the chunk that is asked for has gone missing there is nothing to prove with,
    /// and it is to come again.
    fn prove(&self, offer: &Offer, file: &FileRow) -> Result<Held> {
        let challenge = self.request.challenge();
        let asked = challenge.chunk(&offer.file, file.chunks());
        let chunk = chunks::read(self.connection, file, asked, asked + 1)?;
        if chunk.is_empty() {
            self.connection
                .prepare_cached("UPDATE attachment SET held = 0 WHERE row = ?1")?
                .execute([file.row])?;
            return Ok(Held::Some(self.arrived(offer, None)?));
        }
        Ok(Held::Whole(challenge.proof(&offer.file, &chunk)))
    }

    /// Thumbnails that were wanted, as many as there is room for, and how many were looked for.
    fn give_thumbnails(&self, room: &mut usize) -> Result<(usize, Vec<Thumbnail>)> {
        let mut given: Vec<Thumbnail> = Vec::new();
        for (at, image) in self.request.thumbnails_wanted.iter().enumerate() {
            if given.len() == limits::THUMBNAILS_MAX {
                return Ok((at, given));
            }
            let Some(thumbnail) = thumbnails::find(self.connection, image)? else { continue };
            if !self.granted(image)? {
                continue;
            }
            // The first is given however little was wanted, or nothing would ever move.
            if thumbnail.size() > *room && !given.is_empty() {
                return Ok((at, given));
            }
            *room = room.saturating_sub(thumbnail.size());
            given.push(thumbnail);
        }
        Ok((self.request.thumbnails_wanted.len(), given))
    }

    /// The lengths of the files that were wanted, and of their chunks what there is room for. What is not here is asked
    /// for further up.
    fn give_files(&self, mut room: usize) -> Result<(Vec<Option<usize>>, Vec<Stretch>)> {
        let mut files = Vec::new();
        let mut stretches = Vec::new();
        for (of, want) in self.request.wanted.iter().enumerate() {
            let granted = self.granted(&want.file)?;
            let file = chunks::find(self.connection, &want.file)?.filter(|file| granted && file.held);
            files.push(file.map(|file| file.bytes));
            match file {
                Some(file) => stretches.extend(self.give_chunks(of, want, &file, &mut room)?),
                None if granted => {
                    self.connection
                        .prepare_cached("INSERT INTO wanted (hash) VALUES (?1) ON CONFLICT DO NOTHING")?
                        .execute([want.file.as_bytes()])?;
                }
                None => {}
            }
        }
        stretches.truncate(limits::STRETCHES_MAX);
        Ok((files, stretches))
    }

    /// Chunks of a file that are wanted, as far as there is room.
    fn give_chunks(&self, of: usize, want: &Want, file: &FileRow, room: &mut usize) -> Result<Vec<Stretch>> {
        let mut given = Vec::new();
        for (first, end) in want.held.missing(file.chunks()) {
            let fits = u32::try_from(*room / limits::CHUNK_BYTES).unwrap_or(u32::MAX);
            let last = end.min(first.saturating_add(fits));
            let bytes = chunks::read(self.connection, file, first, last)?;
            if bytes.is_empty() {
                break;
            }
            *room = room.saturating_sub(bytes.len());
            given.push(Stretch { of, first, bytes });
        }
        Ok(given)
    }
}
