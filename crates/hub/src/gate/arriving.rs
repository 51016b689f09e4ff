//! A body that arrives: as far as it is needed, never more than may come, and only while it gets forward. What is refused
//! is answered at once, before the rest of it came.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::Request;
use teranga_core::problem::Problem;
use teranga_office::Rejected;
use teranga_sync::limits;
use tokio::time::{Instant, timeout};

use crate::credit::{Credit, Pace};

/// A body of which some may have come.
#[derive(Debug)]
pub(crate) struct Arriving {
    body: Body,
    /// Grows with what comes: a length that is only said takes no memory.
    bytes: Vec<u8>,
    max: usize,
    credit: Credit,
    ended: bool,
}

impl Arriving {
    pub(crate) fn new(request: Request, max: usize, pace: Pace) -> Self {
        Self { body: request.into_body(), bytes: Vec::new(), max, credit: Credit::new(pace), ended: false }
    }

    /// What came so far.
    pub(crate) fn so_far(&self) -> &[u8] {
        &self.bytes
    }

    /// All that came.
    pub(crate) fn into_body(self) -> Bytes {
        self.bytes.into()
    }

    /// Refuses a body that says itself that it is longer than may come.
    pub(crate) fn check_length(&self) -> Result<(), Rejected> {
        if self.body.size_hint().lower() > self.max as u64 { Err(too_large()) } else { Ok(()) }
    }

    /// Reads until so many bytes are there, or the end.
    pub(crate) async fn until(&mut self, count: usize) -> Result<(), Rejected> {
        while self.bytes.len() < count
            && let Some(piece) = self.piece().await?
        {
            if self.bytes.len() + piece.len() > self.max {
                return Err(too_large());
            }
            self.bytes.extend_from_slice(&piece);
        }
        Ok(())
    }

    /// Reads to the end.
    pub(crate) async fn until_its_end(&mut self) -> Result<(), Rejected> {
        self.until(usize::MAX).await
    }

    /// The refusal of what arrives here. Some of what is still on its way is taken and dropped beside it: a connection that
    /// is closed upon bytes that nobody read is reset, and the answer is lost with it.
    pub(crate) fn refuse(self, rejected: Rejected) -> Rejected {
        if !self.ended {
            tokio::spawn(self.drop_the_rest());
        }
        rejected
    }

    async fn drop_the_rest(mut self) {
        self.bytes = Vec::new();
        let mut dropped = 0;
        while dropped < limits::REFUSED_BYTES_MAX
            && let Ok(Some(piece)) = self.piece().await
        {
            dropped += piece.len();
        }
    }

    /// The next bytes; `None` at the end.
    async fn piece(&mut self) -> Result<Option<Bytes>, Rejected> {
        while !self.ended {
            let since = Instant::now();
            let body = &mut self.body;
            let frame = timeout(self.credit.left(), poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx))).await;
            let Ok(frame) = frame else {
                self.ended = true;
                return Err(Rejected::new(Problem::Busy, "the body does not get forward"));
            };
            self.credit.waited(since.elapsed());
            match frame {
                None => self.ended = true,
                Some(Err(_)) => {
                    self.ended = true;
                    return Err(Rejected::new(Problem::Malformed, "the body broke off"));
                }
                Some(Ok(frame)) => {
                    if let Ok(piece) = frame.into_data() {
                        self.credit.moved(piece.len());
                        return Ok(Some(piece));
                    }
                }
            }
        }
        Ok(None)
    }
}

fn too_large() -> Rejected {
    Rejected::new(Problem::TooLarge, "the body exceeds its limit")
}
