//! What comes down: the thumbnails of images that this replica's records mention, and the files that somebody here, or
//! below, asked for. What does not arrive as its address says is dropped and asked for once more.

use std::collections::BTreeMap;

use rusqlite::Connection;
use teranga_core::id::FileHash;
use teranga_sync::attachment::{LaneAnswer, LaneRequest, Stretch, Want};
use teranga_sync::limits;
use teranga_sync::runs::Runs;

use super::{FileFailure, LaneSummary, Load};
use crate::attachments;
use crate::chunks::{self, Finish};
use crate::error::Result;
use crate::file_queue::{self, Place};
use crate::thumbnails;

/// Thumbnails that one run looks for in vain: those of the newest records are found, and the others are not asked for
/// over and over at 32 bytes each.
const IN_VAIN_MAX: usize = limits::OFFERS_MAX;
/// How often a file may arrive as something else in one run.
const TRIES: u8 = 2;

/// What comes down in one run.
#[derive(Debug, Default)]
pub(super) struct Down {
    looking: Vec<Place>,
    after: Option<Place>,
    in_vain: usize,
    /// The files that are wanted, and how often each arrived as something else; read when they are first asked for.
    fetching: Option<BTreeMap<FileHash, u8>>,
    failure: Option<FileFailure>,
}

impl Down {
    pub(super) fn failure(&self) -> Option<FileFailure> {
        self.failure
    }

    /// Looks for thumbnails.
    pub(super) fn thumbnails(&mut self, connection: &Connection, room: usize) -> Result<Option<Load>> {
        if self.looking.is_empty() && self.in_vain < IN_VAIN_MAX {
            self.looking = file_queue::thumbnails_missing(connection, self.after, limits::THUMBNAILS_MAX)?;
            self.after = self.looking.last().copied().or(self.after);
        }
        let thumbnails_wanted: Vec<FileHash> = self.looking.iter().map(|place| place.file).collect();
        let load = Load { thumbnails_wanted, pull_bytes_max: room, ..Load::default() };
        Ok((!load.thumbnails_wanted.is_empty()).then_some(load))
    }

    /// Asks for files.
    pub(super) fn files(&mut self, connection: &Connection, room: usize) -> Result<Option<Load>> {
        let wanted = file_queue::wanted(connection)?;
        let fetching = self.fetching.get_or_insert_with(|| wanted.keys().map(|file| (*file, 0)).collect());
        let mut load = Load { pull_bytes_max: room, ..Load::default() };
        for file in fetching.keys().take(limits::FILES_WANTED_MAX) {
            let row = chunks::find(connection, file)?;
            let held = row.map(|row| chunks::held(connection, &row)).transpose()?;
            load.wanted.push(Want { file: *file, held: held.unwrap_or_else(Runs::none) });
        }
        Ok((!load.wanted.is_empty()).then_some(load))
    }

    /// Takes what was given.
    pub(super) fn hear(
        &mut self,
        connection: &Connection,
        request: &LaneRequest,
        answer: &LaneAnswer,
        summary: &mut LaneSummary,
    ) -> Result<()> {
        let mut given = 0;
        for thumbnail in &answer.thumbnails {
            if request.thumbnails_wanted.contains(&thumbnail.image) && thumbnail.verify() {
                thumbnails::keep(connection, thumbnail, true)?;
                given += 1;
            }
        }
        summary.thumbnails_down += given as u64;
        // An answer that looked for nothing ends the search, or it would go on for ever.
        let looked_for = if answer.looked_for == 0 { self.looking.len() } else { answer.looked_for };
        if !request.thumbnails_wanted.is_empty() {
            self.in_vain += looked_for.saturating_sub(given);
            self.looking.drain(..looked_for.min(self.looking.len()));
        }
        for (of, (want, bytes)) in request.wanted.iter().zip(&answer.files).enumerate() {
            if let Some(bytes) = bytes {
                let given: Vec<&Stretch> =
                    answer.stretches.iter().filter(|stretch| stretch.of == of).collect();
                summary.files_down += u64::from(self.take_file(connection, want, *bytes, &given)?);
            } else {
                self.done_with(&want.file);
            }
        }
        // Files that are there and of which nothing is given: as good as not there.
        if answer.stretches.is_empty() {
            request.wanted.iter().for_each(|want| self.done_with(&want.file));
        }
        Ok(())
    }

    /// Takes what was given of one file; whether it is whole now.
    fn take_file(
        &mut self,
        connection: &Connection,
        want: &Want,
        bytes: usize,
        given: &[&Stretch],
    ) -> Result<bool> {
        let row = chunks::begin(connection, &want.file, bytes)?;
        let mut fits = true;
        for stretch in given {
            fits &= chunks::put(connection, &row, stretch.first, &stretch.bytes)?;
        }
        match chunks::finish(connection, &want.file, &row)? {
            Finish::Whole => {
                // Whoever gave it holds it.
                attachments::at_hub(connection, &want.file)?;
                self.done_with(&want.file);
                return Ok(true);
            }
            Finish::NotYet if fits => {}
            Finish::NotYet | Finish::Dropped => self.spoilt(&want.file),
        }
        Ok(false)
    }

    /// A file arrived as something else: it is asked for once more, and then passed over.
    fn spoilt(&mut self, file: &FileHash) {
        let tries = self.fetching.as_mut().and_then(|fetching| fetching.get_mut(file));
        let Some(tries) = tries else { return };
        *tries += 1;
        if *tries >= TRIES {
            self.failure.get_or_insert(FileFailure::Spoilt);
            self.done_with(file);
        }
    }

    fn done_with(&mut self, file: &FileHash) {
        if let Some(fetching) = &mut self.fetching {
            fetching.remove(file);
        }
    }
}
