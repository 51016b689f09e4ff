//! The refusals of the protocol, frozen: each, as a hub says it over HTTP, equals `schemas/vectors/refusals.json`, and is heard by a
//! child as what it is. `TERANGA_WRITE_VECTORS=1` writes them anew, which is a change of the protocol.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper that cannot go on must stop the test"
)]

use std::path::PathBuf;

use axum::Router;
use axum::body::to_bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::post;
use serde_json::{Value as Json, json};
use teranga_core::problem::{Explain as _, Problem};
use teranga_hub::link::{Link, LinkError, Road};
use teranga_hub::problem::HttpProblem;
use teranga_office::{Beside, Rejected};
use teranga_sync::hex::Hex;
use teranga_sync::identity::Identity;
use teranga_sync::succession::Succession;
use tokio::net::TcpListener;

/// The word by which the hub of the protocol's vectors has the place of another.
fn succession() -> Succession {
    let [home, old, new] = [3, 4, 2].map(|secret| Identity::from_secret([secret; 32]));
    Succession::sign(&home, old.replica(), new.public_key())
}

fn rejected(problem: Problem) -> Rejected {
    let beside = match problem {
        Problem::UpgradeNeeded => Beside::Versions([0, 2]),
        Problem::Succeeded => Beside::Succession(Box::new(succession())),
        _ => Beside::Nothing,
    };
    Rejected { beside, ..Rejected::new(problem, "what only the hub's log says") }
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas/vectors/refusals.json")
}

/// A refusal as it goes over HTTP.
async fn said(problem: Problem) -> Json {
    let response = HttpProblem(rejected(problem)).into_response();
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (kind, after) = (header(header::CONTENT_TYPE), header(header::RETRY_AFTER));
    let body = to_bytes(response.into_body(), 64 * 1024).await.unwrap();
    let mut said = json!({
        "status": status, "content_type": kind, "body": String::from_utf8(body.to_vec()).unwrap(),
    });
    said["members"] = serde_json::from_str(said["body"].as_str().unwrap()).unwrap();
    if let Some(after) = after {
        said["retry_after"] = json!(after);
    }
    said
}

fn frozen() -> Vec<Json> {
    serde_json::from_str(&std::fs::read_to_string(path()).unwrap()).unwrap()
}

#[tokio::test]
async fn every_refusal_is_said_as_it_was_frozen_and_heard_as_what_it_is() {
    let mut now = Vec::new();
    for problem in Problem::ALL {
        now.push(said(problem).await);
    }
    if std::env::var_os("TERANGA_WRITE_VECTORS").is_some() {
        std::fs::write(path(), serde_json::to_string_pretty(&now).unwrap() + "\n").unwrap();
    }
    let frozen = frozen();
    assert_eq!(frozen, now);
    drop(rustls::crypto::ring::default_provider().install_default());
    for (frozen, problem) in frozen.iter().zip(Problem::ALL) {
        heard_as(frozen, problem).await;
    }
}

/// What a child hears where a hub answers so.
async fn heard(frozen: &Json) -> LinkError {
    let status = StatusCode::from_u16(u16::try_from(frozen["status"].as_u64().unwrap()).unwrap()).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, frozen["content_type"].as_str().unwrap().parse().unwrap());
    if let Some(after) = frozen["retry_after"].as_str() {
        headers.insert(header::RETRY_AFTER, after.parse().unwrap());
    }
    let body = frozen["body"].as_str().unwrap().to_owned();
    let routes = Router::new().route("/v1/sync", post(async move || (status, headers, body)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let hub = tokio::spawn(async move { axum::serve(listener, routes).await });
    let heard = Link::new(&url, None).unwrap().exchange(Road::Answers, Vec::new()).await;
    hub.abort();
    heard.unwrap_err()
}

async fn heard_as(frozen: &Json, problem: Problem) {
    assert_eq!(frozen["members"]["code"], problem.code());
    let heard = heard(frozen).await;
    match (problem, &heard) {
        (Problem::UpgradeNeeded, LinkError::Speaks { versions }) => {
            assert_eq!(frozen["members"]["versions"], json!(versions));
        }
        (Problem::Succeeded, LinkError::Succeeded { word }) => {
            assert_eq!(frozen["members"]["succession"], json!(Hex(word.to_bytes())));
            assert!(word.verify(&Identity::from_secret([3; 32]).public_key()));
        }
        (Problem::UpgradeNeeded | Problem::Succeeded, other) => panic!("{problem:?} is heard as {other}"),
        // Its words are of another machine than the child's own.
        (Problem::DiskFull, _) => assert_eq!(heard.code(), "hub-disk-full"),
        _ => assert_eq!((heard.code(), heard.retry()), (problem.code(), problem.retry())),
    }
}
