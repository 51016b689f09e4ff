//! The native transport: one request, one answer, over HTTP or HTTPS. What goes wrong on the way is a value that says
//! whether to try again.

mod error;

use std::path::Path;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use serde::Serialize;
use serde::de::DeserializeOwned;
use teranga_core::problem::Problem;
use teranga_office::admin::Command;
use teranga_sync::limits;
use teranga_sync::succession::Succession;
use tokio::time::{Instant, timeout};

use crate::credit::{Credit, Pace};
use crate::problem::ProblemBody;
use crate::trust;
pub use error::{DoorError, LinkError};

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

/// What came back, whatever it is.
struct Received {
    status: u16,
    /// Its content type.
    kind: String,
    /// How long whoever answers asks to be left alone.
    after_ms: u64,
    body: Vec<u8>,
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
            // A hub sends nobody elsewhere; a portal does.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_millis(limits::CONNECT_MS_MAX))
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
        let max = limits::ENROLLED_BYTES_MAX;
        let answer = self.send(self.posting(path, token, question), Content::Json, max).await?;
        self.read(&answer)
    }

    /// Asks the office at a running hub's local door.
    pub async fn ask<A: DeserializeOwned>(&self, secret: &str, command: &Command) -> Result<A, DoorError> {
        let request = self.posting("/v1/admin", Some(secret), command);
        let received = self.receive(request, limits::PULLED_PAGE_BYTES_MAX).await?;
        if let (400.., Ok(refusal)) = (received.status, serde_json::from_slice(&received.body)) {
            return Err(DoorError::Refused(refusal));
        }
        Ok(self.read(&self.accept(received, Content::Json)?)?)
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
        self.send(request, Content::Json, limits::PULLED_PAGE_BYTES_MAX).await
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
        let received = self.receive(request, max).await?;
        self.accept(received, expected)
    }

    /// Receives whatever answers.
    async fn receive(&self, request: reqwest::RequestBuilder, max: usize) -> Result<Received, LinkError> {
        let mut patience = Patience::new(&self.base);
        let mut response = patience.wait(request.send()).await?;
        let status = response.status().as_u16();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let kind = header(CONTENT_TYPE).unwrap_or_default().to_owned();
        let after_ms = after_ms(header(RETRY_AFTER));
        let mut body = Vec::new();
        while let Some(chunk) = patience.wait(response.chunk()).await? {
            patience.credit.moved(chunk.len());
            if body.len() + chunk.len() > max {
                return Err(LinkError::TooLarge { url: self.base.clone() });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Received { status, kind, after_ms, body })
    }

    /// The body of an answer that a hub gives. What calls itself something else, or sends us elsewhere, is no hub.
    fn accept(&self, received: Received, expected: Content) -> Result<Vec<u8>, LinkError> {
        match received.status {
            200..=299 if received.kind.starts_with(expected.name()) => Ok(received.body),
            200..=399 => Err(LinkError::Portal { url: self.base.clone() }),
            _ => Err(refusal(&self.base, &received)),
        }
    }
}

/// How long a hub is waited for: until it says something, and on as long as what it says comes. A row may be larger than what a
/// slow link carries in any fixed time, and nothing behind it would ever come.
struct Patience<'a> {
    url: &'a str,
    credit: Credit,
}

impl<'a> Patience<'a> {
    fn new(url: &'a str) -> Self {
        let stall = Duration::from_millis(limits::EXCHANGE_MS_MAX);
        Self { url, credit: Credit::new(Pace { stall, ..Pace::default() }) }
    }

    async fn wait<T>(
        &mut self,
        coming: impl Future<Output = Result<T, reqwest::Error>>,
    ) -> Result<T, LinkError> {
        let begun = Instant::now();
        let came = timeout(self.credit.left(), coming).await;
        self.credit.waited(begun.elapsed());
        let came = came.map_err(|_| LinkError::Unreachable { url: self.url.to_owned() })?;
        came.map_err(|error| trust::failure(self.url, &error))
    }
}

/// What a status that is no answer means.
fn refusal(url: &str, received: &Received) -> LinkError {
    let foreign = LinkError::Foreign { url: url.to_owned(), status: received.status };
    let Ok(body) = serde_json::from_slice::<ProblemBody>(&received.body) else { return foreign };
    let word = body.succession.and_then(|word| Succession::from_bytes(&word.0).ok());
    let problem = Problem::from_code(&body.code).or_else(|| Problem::of_status(received.status));
    match (problem, word, body.versions) {
        (Some(Problem::Succeeded), Some(word), _) => LinkError::Succeeded { word: Box::new(word) },
        (Some(Problem::UpgradeNeeded), _, Some(versions)) => LinkError::Speaks { versions },
        (Some(Problem::Busy), ..) => LinkError::Busy { after_ms: received.after_ms },
        (Some(problem), ..) => LinkError::Refused { problem },
        (None, ..) => foreign,
    }
}

/// How long a `Retry-After` in seconds asks to wait. Nobody signed it: it makes nobody wait longer than a failure does.
fn after_ms(header: Option<&str>) -> u64 {
    let seconds: u64 = header.and_then(|seconds| seconds.trim().parse().ok()).unwrap_or_default();
    seconds.saturating_mul(1_000).min(limits::BACKOFF_MS_MAX)
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
    use teranga_core::problem::{Explain as _, Retry};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    fn received(status: u16, body: &str) -> Received {
        Received { status, kind: String::new(), after_ms: after_ms(Some("5")), body: body.into() }
    }

    #[tokio::test]
    async fn a_hub_that_stops_in_the_middle_is_given_up() {
        drop(rustls::crypto::ring::default_provider().install_default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let link = Link::new(&format!("http://{}", listener.local_addr().unwrap()), None).unwrap();
        let hub = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_exact(&mut [0; 16]).await.unwrap();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 8";
            stream.write_all(format!("{head}\r\n\r\nhalf").as_bytes()).await.unwrap();
            // It says nothing more, and keeps the connection, while the clock goes on by itself.
            tokio::time::pause();
            tokio::time::sleep(Duration::from_millis(2 * limits::EXCHANGE_MS_MAX)).await;
        };
        let (came, ()) = tokio::join!(link.exchange(Road::Answers, vec![1]), hub);
        let lost = came.unwrap_err();
        assert_eq!((lost.code(), lost.retry()), ("hub-unreachable", Retry::Later));
    }

    #[test]
    fn a_hub_is_waited_for_as_long_as_its_answer_comes() {
        let mut patience = Patience::new("http://127.0.0.1:1");
        // Three megabytes over the slowest link: half an hour.
        for _ in 0..1_500 {
            patience.credit.waited(Duration::from_secs(1));
            patience.credit.moved(2_000);
        }
        assert_eq!(patience.credit.left(), Duration::from_millis(limits::EXCHANGE_MS_MAX));
        patience.credit.waited(Duration::from_secs(119));
        assert!(!patience.credit.left().is_zero());
        patience.credit.waited(Duration::from_secs(1));
        assert!(patience.credit.left().is_zero());
    }

    #[test]
    fn a_busy_hub_says_how_long_to_wait_and_nobody_makes_a_device_wait_for_ever() {
        let busy = r#"{"type":"","code":"busy","status":503}"#;
        let said = refusal("http://127.0.0.1:1", &received(503, busy));
        assert!(matches!(said, LinkError::Busy { after_ms: 5_000 }));
        assert_eq!((said.code(), said.retry()), ("busy", Retry::Later));
        assert_eq!(after_ms(Some("99999999999999999999")), 0, "no number of seconds");
        assert_eq!(after_ms(Some("18446744073709551615")), limits::BACKOFF_MS_MAX);
        assert_eq!(after_ms(Some("Wed, 21 Oct 2026 07:28:00 GMT")), 0);
        assert_eq!(after_ms(None), 0);
    }

    #[test]
    fn a_code_of_a_later_version_is_treated_by_its_status() {
        let said = |status, body: &str| refusal("http://127.0.0.1:1", &received(status, body));
        let unknown = r#"{"type":"","code":"from-a-later-version","status":403}"#;
        for (status, problem) in [
            (400, Problem::Malformed),
            (401, Problem::Unauthorised),
            (403, Problem::Forbidden),
            (409, Problem::TooManyWaiting),
            (410, Problem::Erased),
            (413, Problem::TooLarge),
            (418, Problem::Malformed),
            (500, Problem::Internal),
            (507, Problem::DiskFull),
        ] {
            let said = said(status, unknown);
            assert!(
                matches!(said, LinkError::Refused { problem: as_known } if as_known == problem),
                "{status}"
            );
        }
        assert!(matches!(said(429, unknown), LinkError::Busy { after_ms: 5_000 }));
        assert!(matches!(said(403, "<html>"), LinkError::Foreign { .. }), "what has no code is no hub's");
    }

    #[test]
    fn a_hub_that_speaks_other_versions_is_told_from_one_that_only_refuses() {
        let said = |body: &str| refusal("http://127.0.0.1:1", &received(426, body));
        let with = r#"{"type":"","code":"upgrade-needed","status":426,"versions":[1,3]}"#;
        assert!(matches!(said(with), LinkError::Speaks { versions: [1, 3] }));
        let without = r#"{"type":"","code":"upgrade-needed","status":426}"#;
        assert!(matches!(said(without), LinkError::Refused { problem: Problem::UpgradeNeeded }));
    }
}
