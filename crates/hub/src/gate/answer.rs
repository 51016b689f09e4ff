//! An answer on its way out. It is given to the connection in pieces and keeps its request's slot until the last of them,
//! so that those who read slowly do not fill the memory with answers.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};

use super::slots::Slot;

/// What a connection takes at a time, in bytes.
const PIECE_BYTES: usize = 64 * 1024;

/// The answer to a request, of this content type.
pub(crate) fn answer(kind: &'static str, bytes: Vec<u8>, slot: Slot) -> Response {
    let mut response = Response::new(Body::new(Answer { left: bytes.into(), _slot: slot.answered() }));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

#[derive(Debug)]
struct Answer {
    left: Bytes,
    _slot: Slot,
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let count = self.left.len().min(PIECE_BYTES);
        let piece = self.left.split_to(count);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64)
    }
}
