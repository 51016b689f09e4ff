//! The native transport: one request, one answer, over HTTP or HTTPS. What goes wrong on the way is a value that says
//! whether to try again.

mod error;

use std::path::Path;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use serde::Serialize;
use serde::de::DeserializeOwned;
use teranga_core::problem::Problem;
use teranga_office::admin::Command;
use teranga_sync::limits;
use teranga_sync::succession::Succession;

use crate::problem::ProblemBody;
use crate::trust;
pub use error::{DoorError, LinkError};

/// How long one exchange may take: a pack of 256 KB at 30 kbit/s.
const TIMEOUT: Duration = Duration::from_mins(2);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// What an answer must call itself.
#[derive(Debug, Clone, Copy)]
enum Content {
    Bytes,
    Json,
}

impl Content {
    const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "application/octet-stream",
            Self::Json => "application/json",
        }
    }
}

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Road {
    /// Answers, and everything that is published.
    Answers,
    /// Files.
    Files,
}

impl Road {
    const fn path(self) -> &'static str {
        match self {
            Self::Answers => "/v1/sync",
            Self::Files => "/v1/attachments",
        }
    }
}

/// The largest JSON that is read: a page of a pull.
const JSON_BYTES_MAX: usize = 256 * 1024 * 1024;

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
            // A hub sends nobody elsewhere; a portal does.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .tls_certs_only(read_certificates(certificate)?);
        builder = builder.pool_max_idle_per_host(1);
        let client = builder.build().map_err(|_| LinkError::Address { url: url.to_owned() })?;
        Ok(Self { client, base })
    }

    /// Sends the bytes of a request and returns those of the answer.
    pub async fn exchange(&self, road: Road, body: Vec<u8>) -> Result<Vec<u8>, LinkError> {
        self.send(self.posting_bytes(road.path(), body), Content::Bytes, limits::ANSWER_BYTES_MAX).await
    }

    /// Hands over a message of somebody else's bundle and returns what goes back to them.
    pub async fn hand_over(&self, letter: Vec<u8>) -> Result<Vec<u8>, LinkError> {
        self.send(self.posting_bytes("/v1/bundle", letter), Content::Bytes, limits::SEALED_BYTES_MAX + 1024)
            .await
    }

    fn posting_bytes(&self, path: &str, body: Vec<u8>) -> reqwest::RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.base));
        request.header("content-type", Content::Bytes.name()).body(body)
    }

    /// Posts JSON and reads JSON, with a bearer token where one is needed.
    pub async fn post<Q: Serialize, A: DeserializeOwned>(
        &self,
        path: &str,
        token: Option<&str>,
        question: &Q,
    ) -> Result<A, LinkError> {
        let answer = self.send(self.posting(path, token, question), Content::Json, JSON_BYTES_MAX).await?;
        self.read(&answer)
    }

    /// Asks the office at a running hub's local door.
    pub async fn ask<A: DeserializeOwned>(&self, secret: &str, command: &Command) -> Result<A, DoorError> {
        let request = self.posting("/v1/admin", Some(secret), command);
        let (status, kind, body) = self.receive(request, JSON_BYTES_MAX).await?;
        if let (400.., Ok(refusal)) = (status, serde_json::from_slice(&body)) {
            return Err(DoorError::Refused(refusal));
        }
        Ok(self.read(&self.accept(status, &kind, body, Content::Json)?)?)
    }

    fn posting<Q: Serialize>(
        &self,
        path: &str,
        token: Option<&str>,
        question: &Q,
    ) -> reqwest::RequestBuilder {
        let body = serde_json::to_vec(question).unwrap_or_default();
        let url = format!("{}{path}", self.base);
        let request = self.client.post(url).header("content-type", Content::Json.name()).body(body);
        match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    fn read<A: DeserializeOwned>(&self, answer: &[u8]) -> Result<A, LinkError> {
        serde_json::from_slice(answer).map_err(|_| LinkError::Portal { url: self.base.clone() })
    }

    /// Gets bytes with a bearer token.
    pub async fn get(&self, path: &str, token: &str) -> Result<Vec<u8>, LinkError> {
        let request = self.client.get(format!("{}{path}", self.base)).bearer_auth(token);
        self.send(request, Content::Json, JSON_BYTES_MAX).await
    }

    /// Gets bytes of a file with a bearer token.
    pub async fn get_piece(&self, path: &str, token: &str) -> Result<Vec<u8>, LinkError> {
        let request = self.client.get(format!("{}{path}", self.base)).bearer_auth(token);
        self.send(request, Content::Bytes, limits::PULLED_FILE_BYTES_MAX).await
    }

    async fn send(
        &self,
        request: reqwest::RequestBuilder,
        expected: Content,
        max: usize,
    ) -> Result<Vec<u8>, LinkError> {
        let (status, kind, body) = self.receive(request, max).await?;
        self.accept(status, &kind, body, expected)
    }

    /// The status, the content type and the body of whatever answers.
    async fn receive(
        &self,
        request: reqwest::RequestBuilder,
        max: usize,
    ) -> Result<(u16, String, Vec<u8>), LinkError> {
        let failed = |error: reqwest::Error| trust::failure(&self.base, &error);
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().to_owned();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > max {
                return Err(LinkError::TooLarge { url: self.base.clone() });
            }
            body.extend_from_slice(&chunk);
        }
        Ok((status, kind, body))
    }

    /// The body of an answer that a hub gives. What calls itself something else, or sends us elsewhere, is no hub.
    fn accept(
        &self,
        status: u16,
        kind: &str,
        body: Vec<u8>,
        expected: Content,
    ) -> Result<Vec<u8>, LinkError> {
        match status {
            200..=299 if kind.starts_with(expected.name()) => Ok(body),
            200..=399 => Err(LinkError::Portal { url: self.base.clone() }),
            _ => Err(refusal(&self.base, status, &body)),
        }
    }
}

/// What a status that is no answer means.
fn refusal(url: &str, status: u16, body: &[u8]) -> LinkError {
    let foreign = LinkError::Foreign { url: url.to_owned(), status };
    let Ok(body) = serde_json::from_slice::<ProblemBody>(body) else { return foreign };
    let word = body.succession.and_then(|word| Succession::from_bytes(&word.0).ok());
    match (Problem::from_code(&body.code), word, body.versions) {
        (Some(Problem::Succeeded), Some(word), _) => LinkError::Succeeded { word: Box::new(word) },
        (Some(Problem::UpgradeNeeded), _, Some(versions)) => LinkError::Speaks { versions },
        (Some(problem), ..) => LinkError::Refused { problem },
        (None, ..) => foreign,
    }
}

fn read_certificates(path: Option<&Path>) -> Result<Vec<reqwest::Certificate>, LinkError> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let wrong = || LinkError::Certificate { path: path.display().to_string() };
    let pem = std::fs::read(path).map_err(|_| wrong())?;
    let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(|_| wrong())?;
    if certificates.is_empty() { Err(wrong()) } else { Ok(certificates) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_that_speaks_other_versions_is_told_from_one_that_only_refuses() {
        let said = |body: &str| refusal("http://127.0.0.1:1", 426, body.as_bytes());
        let with = r#"{"type":"","code":"upgrade-needed","status":426,"versions":[1,3]}"#;
        assert!(matches!(said(with), LinkError::Speaks { versions: [1, 3] }));
        let without = r#"{"type":"","code":"upgrade-needed","status":426}"#;
        assert!(matches!(said(without), LinkError::Refused { problem: Problem::UpgradeNeeded }));
    }
}
