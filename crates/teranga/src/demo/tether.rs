//! The tether between the demonstration and its hubs: a pipe that it holds and they read. Killed however hard, it lets
//! go of the pipe, and they end.

use tokio::sync::oneshot;

/// Ends when the standard input of a tied process closes; of one that is not tied, never.
pub(crate) async fn parted(tied: bool) {
    if !tied {
        return std::future::pending().await;
    }
    let (held, parted) = oneshot::channel::<()>();
    // A thread of its own: the runtime would wait for its own reader of standard input when the hub stops otherwise.
    std::thread::spawn(move || {
        drop(std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
        drop(held);
    });
    drop(parted.await);
}
