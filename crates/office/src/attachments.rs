//! The hub's half of the lane of files, and files for pulls: check who asks, take and give what they may hold.

use teranga_core::id::FileHash;
use teranga_core::problem::Problem;
use teranga_core::time::Millis;
use teranga_sync::attachment::LaneRequest;
use teranga_sync::limits;

use crate::exchange::Rejected;
use crate::office::Office;

/// The chunks of one answer to a pull.
const CHUNKS_PULLED: u32 = 128;
const _: () = assert!(CHUNKS_PULLED as usize * limits::CHUNK_BYTES == limits::PULLED_FILE_BYTES_MAX);

impl Office {
    /// Answers one request of the lane.
    pub fn files(&mut self, body: &[u8], now: Millis) -> Result<Vec<u8>, Rejected> {
        let ends = LaneRequest::ends(body)?;
        self.check_place(ends.hub)?;
        let child = self.sender(ends.child)?.check_standing()?;
        let request = LaneRequest::read(body, &child.key, self.replica().spoken())?;
        self.check_meant(request.hub)?;
        if !self.replica_mut().begin_lane(&request, now)? {
            return Err(Rejected::new(Problem::Replayed, "the exchange number was used before"));
        }
        let misfit = || Rejected::new(Problem::Malformed, "chunks are not of their file's length");
        let answer = self.replica_mut().answer_lane(&child, &request)?.ok_or_else(misfit)?;
        Ok(answer.encode(self.replica().identity()))
    }

    /// Bytes of a file from one of its chunks on, for a token that may read a part that mentions it: fewer than
    /// [`limits::PULLED_FILE_BYTES_MAX`] at its end, none where it has not arrived.
    pub fn pulled_file(&self, token: &str, file: &FileHash, chunk: u32) -> Result<Vec<u8>, Rejected> {
        let unknown = || Rejected::new(Problem::Unauthorised, "the pull token is not known");
        let grant = self.replica().pull_grant(token)?.ok_or_else(unknown)?;
        if !self.replica().may_read_file(&grant.classes, file)? {
            return Err(Rejected::new(
                Problem::Forbidden,
                "the pull token may not read what mentions this file",
            ));
        }
        Ok(self.replica().file_from(file, chunk, CHUNKS_PULLED)?.unwrap_or_default())
    }
}
