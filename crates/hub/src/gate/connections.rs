//! Connections: how many are open at once, in all and of one address. A connection costs a file of the system and some
//! kilobytes whether anything comes over it or not, and it costs a stranger nothing to hold hundreds. So where there is
//! no room for another, the oldest on which no request is under way is given up for it: who says nothing keeps nobody
//! out, and whoever comes with a request is served before it is its turn to go.

use std::collections::HashMap;
use std::future::{Future as _, Ready, ready};
use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;

use axum_server::accept::Accept;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::steady::Steady;
use crate::credit::Pace;

/// The open connections of a hub.
#[derive(Debug)]
pub(crate) struct Connections {
    all_max: usize,
    per_address_max: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    opened: u64,
    by_peer: HashMap<SocketAddr, One>,
}

#[derive(Debug)]
struct One {
    /// Counts the connections, so that the oldest is found, and whose this is where a peer's port came again.
    number: u64,
    /// Requests under way on it.
    working: usize,
    /// Dropped, it gives the connection up.
    _keep: oneshot::Sender<()>,
}

/// A connection that was let in, for as long as it is open.
#[derive(Debug)]
pub(crate) struct Entered {
    connections: Arc<Connections>,
    peer: SocketAddr,
    number: u64,
    given_up: Option<oneshot::Receiver<()>>,
}

/// A request under way on a connection.
#[derive(Debug)]
pub(crate) struct Working {
    connections: Arc<Connections>,
    peer: SocketAddr,
    number: u64,
}

/// Whose share an address takes: of version 6 a whole network is one subscriber's, who has as many addresses as anybody
/// likes.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        address @ IpAddr::V4(_) => address,
    }
}

impl Connections {
    pub(crate) fn new(all_max: usize, per_address_max: usize) -> Self {
        Self { all_max, per_address_max, open: Mutex::default() }
    }

    /// Lets a connection in, if need be for another; `None` where requests are under way on all of them.
    pub(crate) fn enter(self: &Arc<Self>, peer: SocketAddr) -> Option<Entered> {
        let mut open = self.lock();
        let of = network(peer.ip());
        if open.count(of) >= self.per_address_max {
            open.give_up(of)?;
        } else if open.by_peer.len() >= self.all_max {
            let largest = open.largest()?;
            open.give_up(largest)?;
        }
        let (keep, given_up) = oneshot::channel();
        open.opened += 1;
        let number = open.opened;
        open.by_peer.insert(peer, One { number, working: 0, _keep: keep });
        Some(Entered { connections: Arc::clone(self), peer, number, given_up: Some(given_up) })
    }

    /// Marks that a request is under way on a connection.
    pub(crate) fn working(self: &Arc<Self>, peer: SocketAddr) -> Working {
        let mut open = self.lock();
        let number = open.by_peer.get_mut(&peer).map_or(0, |one| {
            one.working += 1;
            one.number
        });
        Working { connections: Arc::clone(self), peer, number }
    }

    /// How many are open.
    #[cfg(test)]
    fn open(&self) -> usize {
        self.lock().by_peer.len()
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn count(&self, of: IpAddr) -> usize {
        self.by_peer.keys().filter(|peer| network(peer.ip()) == of).count()
    }

    /// Who has most of them.
    fn largest(&self) -> Option<IpAddr> {
        let mut counts: HashMap<IpAddr, usize> = HashMap::new();
        for peer in self.by_peer.keys() {
            *counts.entry(network(peer.ip())).or_default() += 1;
        }
        counts.into_iter().max_by_key(|(_, count)| *count).map(|(of, _)| of)
    }

    /// Gives up the oldest of an address on which no request is under way.
    fn give_up(&mut self, of: IpAddr) -> Option<()> {
        let idle = self.by_peer.iter().filter(|(peer, one)| one.working == 0 && network(peer.ip()) == of);
        let (oldest, _) = idle.min_by_key(|(_, one)| one.number)?;
        let oldest = *oldest;
        self.by_peer.remove(&oldest);
        Some(())
    }
}

impl Entered {
    /// Whether the connection was given up for another.
    pub(crate) fn is_given_up(&mut self, cx: &mut Context<'_>) -> bool {
        if self.given_up.as_mut().is_some_and(|given_up| Pin::new(given_up).poll(cx).is_ready()) {
            self.given_up = None;
        }
        self.given_up.is_none()
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        if open.by_peer.get(&self.peer).is_some_and(|one| one.number == self.number) {
            open.by_peer.remove(&self.peer);
        }
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        if let Some(one) = open.by_peer.get_mut(&self.peer).filter(|one| one.number == self.number) {
            one.working = one.working.saturating_sub(1);
        }
    }
}

/// Lets connections in, before anything of TLS or HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    pub(crate) connections: Arc<Connections>,
    pub(crate) pace: Pace,
}

impl<S> Accept<TcpStream, S> for Gate {
    type Stream = Steady<TcpStream>;
    type Service = S;
    type Future = Ready<Result<(Self::Stream, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let full = || Error::new(ErrorKind::ConnectionRefused, "as many connections as may are open");
        let entered = stream.peer_addr().and_then(|peer| self.connections.enter(peer).ok_or_else(full));
        ready(entered.map(|entered| (Steady::new(stream, entered, self.pace), service)))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn peer(host: u8, port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, host], port))
    }

    fn is_given_up(entered: &mut Entered) -> bool {
        entered.is_given_up(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn who_says_nothing_keeps_nobody_out_of_its_own_address_or_of_another() {
        let connections = Arc::new(Connections::new(6, 4));
        let mut silent: Vec<_> = (1..=4).map(|port| connections.enter(peer(1, port)).unwrap()).collect();
        let _honest = connections.enter(peer(1, 100)).unwrap();
        assert!(is_given_up(&mut silent[0]), "the oldest of its address");
        assert!(!is_given_up(&mut silent[1]));
        let mut others: Vec<_> = (1..=2).map(|port| connections.enter(peer(2, port)).unwrap()).collect();
        assert_eq!(connections.open(), 6);
        let _third = connections.enter(peer(3, 1)).unwrap();
        assert!(is_given_up(&mut silent[1]), "of the address that has most");
        assert!(others.iter_mut().all(|other| !is_given_up(other)));
        drop(silent);
        assert_eq!(connections.open(), 4, "those that were given up are not counted down twice");
    }

    #[test]
    fn a_connection_with_a_request_under_way_is_not_given_up() {
        let connections = Arc::new(Connections::new(2, 2));
        let mut one = connections.enter(peer(1, 1)).unwrap();
        let mut two = connections.enter(peer(1, 2)).unwrap();
        let (first, second) = (connections.working(peer(1, 1)), connections.working(peer(1, 2)));
        assert!(connections.enter(peer(1, 3)).is_none());
        assert!(connections.enter(peer(2, 1)).is_none());
        drop(second);
        let _third = connections.enter(peer(2, 1)).unwrap();
        assert!(!is_given_up(&mut one) && is_given_up(&mut two));
        drop(first);
    }

    #[test]
    fn an_address_of_version_six_counts_as_its_network() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
