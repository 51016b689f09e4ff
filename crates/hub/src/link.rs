//! The native transport: one request, one answer, over HTTP or HTTPS. What goes wrong on the way is a value that says
//! whether to try again.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use teranga_core::problem::{Explain, Problem, Retry};
use teranga_sync::limits;

use crate::problem::ProblemBody;

/// How long one exchange may take: a pack of 256 KB at 30 kbit/s.
const TIMEOUT: Duration = Duration::from_mins(2);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// Why an exchange over the network failed.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The hub cannot be reached, or the link broke.
    #[error("the hub at {url} cannot be reached")]
    Unreachable {
        /// The address.
        url: String,
    },
    /// The address is none.
    #[error("{url} is not an address of a hub")]
    Address {
        /// The address.
        url: String,
    },
    /// The certificate file cannot be used.
    #[error("the certificate {path} cannot be used")]
    Certificate {
        /// The file.
        path: String,
    },
    /// The hub refused.
    #[error("the hub answers {}", problem.code())]
    Refused {
        /// The problem.
        problem: Problem,
        /// The exchange number above which to go on, where it was used before.
        last_exchange: Option<u64>,
    },
    /// Something answers that is not a hub, or a hub that fails.
    #[error("{url} answers with status {status}, which a hub does not")]
    Foreign {
        /// The address.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The answer is larger than any hub's.
    #[error("the answer of {url} exceeds its limit")]
    TooLarge {
        /// The address.
        url: String,
    },
}

impl Explain for LinkError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "hub-unreachable",
            Self::Address { .. } => "hub-address",
            Self::Certificate { .. } => "hub-certificate",
            Self::Refused { problem, .. } => problem.code(),
            Self::Foreign { .. } => "hub-foreign",
            Self::TooLarge { .. } => "hub-answer-too-large",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Unreachable { url } | Self::Address { url } | Self::TooLarge { url } => {
                vec![("url", url.clone())]
            }
            Self::Certificate { path } => vec![("path", path.clone())],
            Self::Refused { .. } => Vec::new(),
            Self::Foreign { url, status } => vec![("url", url.clone()), ("status", status.to_string())],
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Unreachable { .. } => Retry::Later,
            Self::Refused { problem, .. } => problem.retry(),
            Self::Foreign { status, .. } if *status >= 500 => Retry::Later,
            Self::Address { .. }
            | Self::Certificate { .. }
            | Self::Foreign { .. }
            | Self::TooLarge { .. } => Retry::Never,
        }
    }
}

/// A connection to one hub.
#[derive(Debug, Clone)]
pub struct Link {
    client: reqwest::Client,
    base: String,
}

impl Link {
    /// A link to the hub at `url`. With a certificate file only that authority is trusted, else nobody but loopback
    /// needs one: the messages themselves are signed by a pinned key.
    pub fn new(url: &str, certificate: Option<&Path>) -> Result<Self, LinkError> {
        let base = url.trim_end_matches('/').to_owned();
        if !base.starts_with("http://") && !base.starts_with("https://") {
            return Err(LinkError::Address { url: url.to_owned() });
        }
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .tls_certs_only(read_certificates(certificate)?);
        builder = builder.pool_max_idle_per_host(1);
        let client = builder.build().map_err(|_| LinkError::Address { url: url.to_owned() })?;
        Ok(Self { client, base })
    }

    /// Sends the bytes of a request and returns those of the answer.
    pub async fn exchange(&self, body: Vec<u8>) -> Result<Vec<u8>, LinkError> {
        let request = self
            .client
            .post(format!("{}/v1/sync", self.base))
            .header("content-type", "application/octet-stream")
            .body(body);
        self.send(request, limits::ANSWER_BYTES_MAX).await
    }

    /// Posts JSON and reads JSON, with a bearer token where one is needed.
    pub async fn post<Q: Serialize, A: DeserializeOwned>(
        &self,
        path: &str,
        token: Option<&str>,
        question: &Q,
    ) -> Result<A, LinkError> {
        let body = serde_json::to_vec(question).unwrap_or_default();
        let mut request = self
            .client
            .post(format!("{}{path}", self.base))
            .header("content-type", "application/json")
            .body(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = self.send(request, 256 * 1024 * 1024).await?;
        serde_json::from_slice(&answer)
            .map_err(|_| LinkError::Foreign { url: self.base.clone(), status: 200 })
    }

    /// Gets bytes with a bearer token.
    pub async fn get(&self, path: &str, token: &str) -> Result<Vec<u8>, LinkError> {
        self.send(self.client.get(format!("{}{path}", self.base)).bearer_auth(token), 256 * 1024 * 1024).await
    }

    async fn send(&self, request: reqwest::RequestBuilder, max: usize) -> Result<Vec<u8>, LinkError> {
        let unreachable = |_| LinkError::Unreachable { url: self.base.clone() };
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > max {
                return Err(LinkError::TooLarge { url: self.base.clone() });
            }
            body.extend_from_slice(&chunk);
        }
        if status.is_success() { Ok(body) } else { Err(self.refusal(status.as_u16(), &body)) }
    }

    fn refusal(&self, status: u16, body: &[u8]) -> LinkError {
        let foreign = LinkError::Foreign { url: self.base.clone(), status };
        let Ok(body) = serde_json::from_slice::<ProblemBody>(body) else { return foreign };
        Problem::from_code(&body.code)
            .map_or(foreign, |problem| LinkError::Refused { problem, last_exchange: body.last_exchange })
    }
}

fn read_certificates(path: Option<&Path>) -> Result<Vec<reqwest::Certificate>, LinkError> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let wrong = || LinkError::Certificate { path: path.display().to_string() };
    let pem = std::fs::read(path).map_err(|_| wrong())?;
    let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(|_| wrong())?;
    if certificates.is_empty() { Err(wrong()) } else { Ok(certificates) }
}
