//! A connection whose other end has to take what it is sent, and that can be given up for another. hyper waits for ever
//! for somebody who reads nothing; what an answer holds in memory is held as long.

use std::future::Future as _;
use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::connections::Entered;
use crate::credit::{Credit, Pace};

/// A connection that was let in.
#[derive(Debug)]
pub(crate) struct Steady<S> {
    stream: S,
    entered: Entered,
    credit: Credit,
    /// Since when the other end takes nothing, and until when it may.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl<S: AsyncWrite + Unpin> Steady<S> {
    pub(crate) fn new(stream: S, entered: Entered, pace: Pace) -> Self {
        Self { stream, entered, credit: Credit::new(pace), waiting: None }
    }

    fn given_up(&mut self, cx: &mut Context<'_>) -> Result<()> {
        if self.entered.is_given_up(cx) {
            return Err(Error::new(ErrorKind::ConnectionAborted, "given up for another connection"));
        }
        Ok(())
    }

    /// What a write came to, if the other end may still be waited for.
    fn written(&mut self, cx: &mut Context<'_>, written: Poll<Result<usize>>) -> Poll<Result<usize>> {
        if written.is_pending() {
            let left = self.credit.left();
            let (_, until) =
                self.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(tokio::time::sleep(left))));
            return until.as_mut().poll(cx).map(|()| Err(Error::new(ErrorKind::TimedOut, "nothing is read")));
        }
        if let Some((since, _)) = self.waiting.take() {
            self.credit.waited(since.elapsed());
        }
        if let Poll::Ready(Ok(count)) = written {
            self.credit.moved(count);
        }
        written
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Steady<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        self.given_up(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Steady<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        self.given_up(cx)?;
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.written(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.given_up(cx)?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::super::connections::Connections;
    use super::*;

    fn peer(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    /// A second without a byte at most, and a hundred bytes a second.
    const PACE: Pace = Pace { bytes_per_second: 100, stall: Duration::from_secs(1) };

    #[tokio::test(start_paused = true)]
    async fn whoever_reads_nothing_is_let_go_and_whoever_reads_slowly_is_not() {
        let connections = Arc::new(Connections::new(9, 9));
        let (near, mut far) = duplex(16);
        let mut steady = Steady::new(near, connections.enter(peer(1)).unwrap(), PACE);
        let reader = tokio::spawn(async move {
            let mut arrived = 0;
            while let Ok(count) = far.read(&mut [0; 64]).await
                && count > 0
            {
                arrived += count;
                tokio::time::sleep(Duration::from_millis(150)).await;
            }
            arrived
        });
        steady.write_all(&[7; 1_000]).await.unwrap();
        drop(steady);
        assert_eq!(reader.await.unwrap(), 1_000);

        let (near, _far) = duplex(16);
        let mut steady = Steady::new(near, connections.enter(peer(2)).unwrap(), PACE);
        let error = steady.write_all(&[7; 1_000]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn what_trickles_is_let_go_though_it_never_stalls() {
        let connections = Arc::new(Connections::new(9, 9));
        let (near, mut far) = duplex(16);
        let mut steady = Steady::new(near, connections.enter(peer(1)).unwrap(), PACE);
        tokio::spawn(async move {
            while far.read(&mut [0; 1]).await.is_ok_and(|count| count > 0) {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        });
        let error = steady.write_all(&[7; 1_000]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_connection_that_is_given_up_ends_for_whoever_waits_on_it() {
        let connections = Arc::new(Connections::new(1, 1));
        let (near, _far) = duplex(16);
        let mut steady = Steady::new(near, connections.enter(peer(1)).unwrap(), PACE);
        let waiting = tokio::spawn(async move { steady.read(&mut [0; 1]).await.unwrap_err().kind() });
        let _other = connections.enter(peer(2)).unwrap();
        assert_eq!(waiting.await.unwrap(), ErrorKind::ConnectionAborted);
    }
}
