//! What goes up: files and thumbnails that wait, a window of them at a time, the newest records' first. What the hub says
//! of each decides what is sent of it.

use rusqlite::Connection;
use teranga_core::id::FileHash;
use teranga_sync::attachment::{Held, LaneAnswer, LaneRequest, Offer, State, Stretch};
use teranga_sync::limits;
use teranga_sync::runs::{Runs, chunks_of};

use super::{FileFailure, LaneSummary, Load};
use crate::attachments;
use crate::chunks;
use crate::covered;
use crate::error::Result;
use crate::file_queue::{self, Sendable};
use crate::passing;
use crate::thumbnails;

/// What is known of the hub's holding.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Known {
    /// Nothing, or nothing any more since something on its way was lost.
    Nothing,
    /// It holds these chunks and wants the others.
    Some(Runs),
    /// Nothing more is to be done in this run.
    Settled,
}

/// A file on its way.
#[derive(Debug)]
struct Going {
    what: Sendable,
    known: Known,
    thumbnail_wanted: bool,
    /// The chunk after the last one that was sent.
    sent_to: u32,
    /// How often it came to nothing: it was not what it is, or the hub took nothing of it.
    in_vain: u8,
}

impl Going {
    fn offer(&self) -> Offer {
        let Sendable { place, bytes, thumbnail } = self.what;
        Offer { file: place.file, bytes, thumbnail, on_behalf_of: None }
    }
}

/// How often one file is tried in a run.
const TRIES: u8 = 2;
/// A file in an offer, about.
const OFFER_BYTES: usize = 40;
/// A question for somebody below, about.
const QUESTION_BYTES: usize = 56;

/// What goes up in one run.
#[derive(Debug, Default)]
pub(super) struct Up {
    window: Vec<Going>,
    windows: usize,
    begun: bool,
    failure: Option<FileFailure>,
}

impl Up {
    pub(super) fn failure(&self) -> Option<FileFailure> {
        self.failure
    }

    /// Goes through the files once more, now for the files themselves. What one window held is still known.
    pub(super) fn begin_sending(&mut self) {
        if self.windows > 1 {
            self.window.clear();
            self.windows = 0;
        }
    }

    /// The next window; whether there is one.
    fn slide(&mut self, connection: &Connection) -> Result<bool> {
        let after = self.window.last().map(|going| going.what.place);
        let mut next = file_queue::sendable(connection, after, limits::OFFERS_MAX)?;
        if next.is_empty() {
            next = passing::sendable(connection, after, limits::OFFERS_MAX)?;
        }
        if next.is_empty() {
            return Ok(false);
        }
        let going =
            |what| Going { what, known: Known::Nothing, thumbnail_wanted: false, sent_to: 0, in_vain: 0 };
        self.window = next.into_iter().map(going).collect();
        self.windows += 1;
        Ok(true)
    }

    /// Asks what the hub holds of everything that waits, and sends the thumbnails that it wants.
    pub(super) fn offers(&mut self, connection: &Connection, room: usize) -> Result<Option<Load>> {
        if !std::mem::replace(&mut self.begun, true) {
            passing::grow_old(connection)?;
        }
        let offers = passing::questions(connection, (room / QUESTION_BYTES).clamp(1, limits::OFFERS_MAX))?;
        if !offers.is_empty() {
            return Ok(Some(Load { offers, ..Load::default() }));
        }
        loop {
            if let Some(load) = self.question(room) {
                return Ok(Some(load));
            }
            if let Some(load) = self.thumbnails(connection, room)? {
                return Ok(Some(load));
            }
            if !self.slide(connection)? {
                return Ok(None);
            }
        }
    }

    /// The files of the window of whose holding nothing is known.
    fn question(&self, room: usize) -> Option<Load> {
        let unknown = self.window.iter().filter(|going| going.known == Known::Nothing);
        let offers: Vec<Offer> = unknown.map(Going::offer).take((room / OFFER_BYTES).max(1)).collect();
        (!offers.is_empty()).then(|| Load { offers, ..Load::default() })
    }

    fn thumbnails(&mut self, connection: &Connection, room: usize) -> Result<Option<Load>> {
        let mut load = Load::default();
        let mut bytes = 0;
        for going in self.window.iter_mut().filter(|going| going.thumbnail_wanted) {
            let Some(thumbnail) = thumbnails::find(connection, &going.what.place.file)? else {
                going.thumbnail_wanted = false;
                continue;
            };
            bytes += thumbnail.size();
            let full = bytes > room || load.thumbnails.len() == limits::THUMBNAILS_MAX;
            if full && !load.thumbnails.is_empty() {
                break;
            }
            load.offers.push(going.offer());
            load.thumbnails.push(thumbnail);
        }
        Ok((!load.thumbnails.is_empty()).then_some(load))
    }

    /// Chunks that the hub lacks, in the order of the files.
    pub(super) fn chunks(&mut self, connection: &Connection, room: usize) -> Result<Option<Load>> {
        loop {
            if let Some(load) = self.question(room) {
                return Ok(Some(load));
            }
            let load = self.batch(connection, room)?;
            if !load.stretches.is_empty() {
                return Ok(Some(load));
            }
            if !self.slide(connection)? {
                return Ok(None);
            }
        }
    }

    fn batch(&mut self, connection: &Connection, mut room: usize) -> Result<Load> {
        let mut load = Load::default();
        for going in &mut self.window {
            let Known::Some(held) = &going.known else { continue };
            let file = chunks::find(connection, &going.what.place.file)?.filter(|file| file.held);
            let missing = held.missing(chunks_of(going.what.bytes));
            let mut damaged = file.is_none();
            let of = load.offers.len();
            for (first, end) in missing {
                let fits = u32::try_from(room / limits::CHUNK_BYTES).unwrap_or(u32::MAX);
                let last = end.min(first.saturating_add(fits));
                if last == first || load.stretches.len() == limits::STRETCHES_MAX {
                    break;
                }
                let bytes = file.map(|file| chunks::read(connection, &file, first, last)).transpose()?;
                let bytes = bytes.unwrap_or_default();
                if bytes.is_empty() {
                    damaged = true;
                    break;
                }
                room = room.saturating_sub(bytes.len());
                load.stretches.push(Stretch { of, first, bytes });
            }
            if load.stretches.iter().any(|stretch| stretch.of == of) {
                load.offers.push(going.offer());
            } else if damaged {
                going.known = Known::Settled;
                self.failure.get_or_insert(FileFailure::Damaged);
            }
            if room < limits::CHUNK_BYTES || load.stretches.len() == limits::STRETCHES_MAX {
                break;
            }
        }
        Ok(load)
    }

    /// Notes that a request is sent. Returns how many bytes of it were sent before.
    pub(super) fn sending(&mut self, request: &LaneRequest) -> u64 {
        let mut again = 0;
        for stretch in &request.stretches {
            let file = request.offers.get(stretch.of).map(|offer| offer.file);
            let Some(going) = file.and_then(|file| self.going(&file)) else { continue };
            let end = stretch.first + chunks_of(stretch.bytes.len());
            let twice = going.sent_to.min(end).saturating_sub(stretch.first) as usize * limits::CHUNK_BYTES;
            again += twice.min(stretch.bytes.len()) as u64;
            going.sent_to = going.sent_to.max(end);
        }
        again
    }

    /// A request was lost: of the files that it spoke of nothing is known any more.
    pub(super) fn unsure(&mut self, request: &LaneRequest) {
        for offer in &request.offers {
            if let Some(going) = self.going(&offer.file)
                && going.known != Known::Settled
            {
                going.known = Known::Nothing;
            }
        }
    }

    fn going(&mut self, file: &FileHash) -> Option<&mut Going> {
        self.window.iter_mut().find(|going| going.what.place.file == *file)
    }

    /// Takes what the hub says of what was offered.
    pub(super) fn hear(
        &mut self,
        connection: &Connection,
        request: &LaneRequest,
        answer: &LaneAnswer,
        summary: &mut LaneSummary,
    ) -> Result<()> {
        for (at, (offer, state)) in request.offers.iter().zip(&answer.states).enumerate() {
            if let Some(below) = offer.on_behalf_of {
                summary.wanted += u64::from(passing::answered(connection, &offer.file, below, state)?);
                summary.covered += u64::from(state.covered);
                continue;
            }
            let brought = request.stretches.iter().any(|stretch| stretch.of == at);
            let showed = request.thumbnails.iter().any(|thumbnail| thumbnail.image == offer.file);
            let Some(going) = self.going(&offer.file) else { continue };
            if offer.thumbnail && state.held != Held::Unknown && !state.thumbnail_wanted {
                attachments::thumbnail_at_hub(connection, &offer.file)?;
                summary.thumbnails_up += u64::from(showed);
            }
            // One that was shown and not taken is not shown again in this run.
            going.thumbnail_wanted = state.thumbnail_wanted && !showed;
            if state.covered {
                summary.covered += u64::from(covered::note(connection, &offer.file)?);
            }
            let heard = going.hear(connection, request, state, brought)?;
            passing::heard(connection, &offer.file, state)?;
            match heard {
                Heard::Whole => summary.files_up += 1,
                Heard::Failed(failure) => {
                    self.failure.get_or_insert(failure);
                }
                Heard::Nothing => {}
            }
        }
        Ok(())
    }
}

/// What an answer says of one file.
enum Heard {
    Whole,
    Failed(FileFailure),
    Nothing,
}

impl Going {
    fn hear(
        &mut self,
        connection: &Connection,
        request: &LaneRequest,
        state: &State,
        brought: bool,
    ) -> Result<Heard> {
        let before = std::mem::replace(&mut self.known, Known::Settled);
        let file = self.what.place.file;
        if self.what.bytes == 0 {
            return Ok(Heard::Nothing);
        }
        match &state.held {
            Held::Unknown => Ok(Heard::Nothing),
            Held::NoRoom => Ok(Heard::Failed(FileFailure::NoRoom)),
            Held::Whole(proof) => {
                let Some(row) = chunks::find(connection, &file)? else { return Ok(Heard::Nothing) };
                let asked = request.challenge().chunk(&file, row.chunks());
                let chunk = chunks::read(connection, &row, asked, asked + 1)?;
                if request.challenge().proof(&file, &chunk) != *proof {
                    return Ok(Heard::Failed(FileFailure::Unproven));
                }
                // It may have been known before, and only asked for again because it is to go.
                let is_news = attachments::at_hub(connection, &file)?;
                Ok(if is_news { Heard::Whole } else { Heard::Nothing })
            }
            Held::Some(runs) => {
                let moved = matches!(&before, Known::Some(held) if runs.count() > held.count());
                self.in_vain += u8::from(brought && !moved);
                // A hub that takes chunks and never has them, or has all and is never done, is not fed for ever.
                let done = runs.missing(chunks_of(self.what.bytes)).is_empty();
                if self.in_vain >= TRIES || done {
                    return Ok(Heard::Failed(FileFailure::Unproven));
                }
                self.known = Known::Some(runs.clone());
                Ok(Heard::Nothing)
            }
            Held::Dropped => self.dropped(connection, &file),
        }
    }

    /// The hub had every chunk, and they were something else: ours are wrong, or those that somebody else brought.
    fn dropped(&mut self, connection: &Connection, file: &FileHash) -> Result<Heard> {
        let row = chunks::find(connection, file)?;
        let sound = row.map(|row| chunks::is_sound(connection, file, &row)).transpose()?;
        if sound != Some(true) {
            return Ok(Heard::Failed(FileFailure::Damaged));
        }
        self.in_vain += 1;
        if self.in_vain >= TRIES {
            return Ok(Heard::Failed(FileFailure::Spoilt));
        }
        self.known = Known::Some(Runs::none());
        Ok(Heard::Nothing)
    }
}
