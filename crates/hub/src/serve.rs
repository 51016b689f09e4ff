//! Running a hub: the replica, the listening address and what it may be without TLS, the local door, and the timer.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use teranga_core::problem::{Explain, Retry};
use teranga_office::Office;
use teranga_store::network::{Cost, NetworkName};
use teranga_store::{Replica, StoreError};
use teranga_sync::limits;
use tokio::net::TcpSocket;

use crate::at_work::AtWork;
use crate::gate::{Bounds, Gate};
use crate::link::{Link, LinkError};
use crate::relay;
use crate::routes;
use crate::schedule::TimeOfDay;
use crate::state::{Exposure, HubState};
use crate::stop::stopped;
use crate::tls::{self, TlsError};
use crate::world::SystemEntropy;

/// The file in the hub's folder that says where its local door is, readable by its owner alone.
pub const DOOR: &str = "hub.door";

/// How often a hub without TLS says so in its log.
const REMINDER: Duration = Duration::from_hours(1);

/// How to run a hub.
#[derive(Debug, Clone)]
pub struct HubOptions {
    /// The folder of its replica.
    pub data: PathBuf,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Certificate and key, as PEM files.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Listen on a network without TLS all the same.
    pub insecure_lan: bool,
    /// When to relay, where there is a parent.
    pub sync_at: TimeOfDay,
    /// The authority of the parent's certificate.
    pub parent_certificate: Option<PathBuf>,
    /// What the network to the parent costs.
    pub parent_network: Cost,
}

/// Why a hub does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The replica.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The parent's address or certificate.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// Off loopback without TLS.
    #[error("{0} is not loopback, and there is no TLS")]
    NeedsTls(IpAddr),
    /// The certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {kind}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        kind: std::io::ErrorKind,
    },
    /// The system has no thread to give.
    #[error("no thread can be started: {0}")]
    Thread(std::io::ErrorKind),
}

impl Explain for ServeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Link(error) => error.code(),
            Self::NeedsTls(_) => "hub-needs-tls",
            Self::Tls(error) => error.code(),
            Self::Listen { .. } => "hub-cannot-listen",
            Self::Thread(_) => "hub-no-thread",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Store(error) => error.arguments(),
            Self::Link(error) => error.arguments(),
            Self::NeedsTls(address) => vec![("address", address.to_string())],
            Self::Tls(error) => error.arguments(),
            Self::Listen { address, kind } => {
                vec![("address", address.to_string()), ("detail", kind.to_string())]
            }
            Self::Thread(kind) => vec![("detail", kind.to_string())],
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Store(error) => error.retry(),
            Self::Link(error) => error.retry(),
            Self::NeedsTls(_) | Self::Tls(_) | Self::Listen { .. } => Retry::Never,
            Self::Thread(_) => Retry::Later,
        }
    }
}

/// Whether a hub may run like this: what can be known before its replica is made or touched.
pub fn check(options: &HubOptions) -> Result<(), ServeError> {
    exposure(options)?;
    if let Some((certificate, key)) = &options.tls {
        tls::load(certificate, key)?;
    }
    Ok(())
}

/// Serves until the process is told to stop. `ready` is told the address once the hub answers there.
pub async fn serve(options: HubOptions, ready: impl FnOnce(SocketAddr)) -> Result<(), ServeError> {
    serve_within(options, Bounds::default(), ready).await
}

/// Serves within other bounds than those of the limits.
pub async fn serve_within(
    options: HubOptions,
    bounds: Bounds,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), ServeError> {
    let exposure = exposure(&options)?;
    let tls = options.tls.as_ref().map(|(certificate, key)| tls::load(certificate, key)).transpose()?;
    let mut replica = Replica::open(&options.data, &mut SystemEntropy)?;
    replica.set_network(&NetworkName::default(), options.parent_network)?;
    let uplink = replica.uplink()?;
    let certificate = options.parent_certificate.as_deref();
    let parent = uplink.as_ref().map(|uplink| Link::new(&uplink.url, certificate)).transpose()?;
    let secret = teranga_sync::code::new_token(&mut SystemEntropy);
    let listener = listen(options.listen).map_err(|error| listening(&options, &error))?;
    let address = listener.local_addr().map_err(|error| listening(&options, &error))?;
    write_door(&options, address, &secret)?;
    let has_parent = parent.is_some();
    let office = AtWork::start(Office::open(replica)?).map_err(|error| ServeError::Thread(error.kind()))?;
    let state = Arc::new(HubState::new(office, secret, exposure, parent, &bounds)?);
    if exposure == Exposure::InsecureLan {
        tokio::spawn(remind());
    }
    state.apply_the_rest();
    if has_parent {
        tokio::spawn(relay::nightly(Arc::clone(&state), options.sync_at));
    }
    let handle = Handle::new();
    tokio::spawn(stop_on_signal(handle.clone()));
    let gate = Gate { connections: Arc::clone(&state.gate.connections), pace: bounds.pace };
    let service = routes::router(state).into_make_service_with_connect_info::<SocketAddr>();
    // HTTP/1 alone: a connection is one request at a time, and its headers are waited for by hyper's clock.
    let mut server = Server::from_listener(listener).http1_only().handle(handle);
    server.http_builder().http1().header_read_timeout(bounds.headers).max_buf_size(limits::HEADERS_BYTES_MAX);
    ready(address);
    let served = if let Some(tls) = tls {
        let tls = RustlsAcceptor::new(RustlsConfig::from_config(tls)).handshake_timeout(bounds.handshake);
        server.acceptor(tls.acceptor(gate)).serve(service).await
    } else {
        server.acceptor(gate).serve(service).await
    };
    served.map_err(|error| listening(&options, &error))
}

/// Listens at an address. Its connections have a small buffer each, in the system's memory too.
fn listen(address: SocketAddr) -> std::io::Result<tokio::net::TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // As the standard library does: a hub that was stopped listens there again at once.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(limits::SEND_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(limits::CONNECTIONS_WAITING_MAX)
}

/// Whoever reads the log on any day must find in it that answers travel in the clear.
async fn remind() {
    loop {
        tracing::warn!("this hub listens on a network without TLS: answers travel in the clear");
        tokio::time::sleep(REMINDER).await;
    }
}

fn exposure(options: &HubOptions) -> Result<Exposure, ServeError> {
    if options.tls.is_some() || options.listen.ip().is_loopback() {
        return Ok(Exposure::Protected);
    }
    if options.insecure_lan {
        Ok(Exposure::InsecureLan)
    } else {
        Err(ServeError::NeedsTls(options.listen.ip()))
    }
}

fn listening(options: &HubOptions, error: &std::io::Error) -> ServeError {
    ServeError::Listen { address: options.listen, kind: error.kind() }
}

/// Where a running hub's local door is, and its secret.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Door {
    /// The address.
    pub url: String,
    /// The secret.
    pub secret: String,
}

fn write_door(options: &HubOptions, address: SocketAddr, secret: &str) -> Result<(), ServeError> {
    let scheme = if options.tls.is_some() { "https" } else { "http" };
    let door = Door { url: format!("{scheme}://{address}"), secret: secret.to_owned() };
    let path = options.data.join(DOOR);
    let written = private_file(&path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, serde_json::to_string(&door)?.as_bytes()));
    written.map_err(|error| StoreError::Folder { path, kind: error.kind() }.into())
}

fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

async fn stop_on_signal(handle: Handle<SocketAddr>) {
    stopped().await;
    handle.graceful_shutdown(Some(Duration::from_secs(5)));
}
