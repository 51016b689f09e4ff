//! The routes: each takes bytes apart, calls one thing of the office, and maps its error. Nothing is open but the sign
//! of life, which says nothing about anybody.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;
use teranga_core::id::FileHash;
use teranga_core::problem::Problem;
use teranga_office::admin::Command;
use teranga_office::consolidate::Since;
use teranga_office::{Office, Rejected, ReturnRows};
use teranga_sync::enrol::EnrolRequest;
use teranga_sync::limits;

use crate::problem::{DoorProblem, HttpProblem};
use crate::relay;
use crate::state::{Exposure, HubState};
use crate::world::{SystemEntropy, now};

/// The largest thing asked at the local door: a message of a file, in hexadecimal digits.
const DOOR_BYTES_MAX: usize = 2 * (limits::SEALED_BYTES_MAX + 1024);

type Shared = State<Arc<HubState>>;

pub(crate) fn router(state: Arc<HubState>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/v1/sync", post(sync))
        .route("/v1/bundle", post(bundle).layer(DefaultBodyLimit::max(limits::LETTER_BYTES_MAX)))
        .route("/v1/attachments", post(files))
        .route("/v1/enrol", post(enrol))
        .route("/v1/pull", get(pull))
        .route("/v1/pull/file", get(pull_file))
        .route("/v1/admin", post(admin).layer(DefaultBodyLimit::max(DOOR_BYTES_MAX)))
        .layer(DefaultBodyLimit::max(limits::REQUEST_BYTES_MAX))
        .with_state(state)
}

async fn sync(State(state): Shared, body: Bytes) -> Result<Response, HttpProblem> {
    let exchanged = state.office(move |office| office.exchange(&body, now())).await?;
    let applied = exchanged.applied;
    tracing::info!(applied = applied.changes, quarantined = applied.quarantined, "exchange");
    if applied.left {
        state.apply_the_rest();
    }
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], exchanged.answer).into_response())
}

/// A message of a bundle that another child carried. Who made it stands under its seal.
async fn bundle(State(state): Shared, body: Bytes) -> Result<Response, HttpProblem> {
    let take =
        move |office: &mut Office| office.take_bundle(&body, ReturnRows::Letter, &mut SystemEntropy, now());
    let taken = state.office(take).await?;
    tracing::info!(logged = taken.logged, known = taken.known, refused = taken.refused.len(), "bundle");
    if taken.applied.left {
        state.apply_the_rest();
    }
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], taken.back).into_response())
}

async fn files(State(state): Shared, body: Bytes) -> Result<Response, HttpProblem> {
    let answer = state.office(move |office| office.files(&body, now())).await?;
    tracing::info!(bytes = answer.len(), "files");
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], answer).into_response())
}

async fn enrol(State(state): Shared, body: Bytes) -> Result<Response, HttpProblem> {
    let request: EnrolRequest = from_json(&body)?;
    let answer = state.office(move |office| office.enrol(&request, now())).await?;
    tracing::info!("a replica was enrolled");
    Ok(Json(answer).into_response())
}

async fn pull(
    State(state): Shared,
    headers: HeaderMap,
    query: Query<Since>,
) -> Result<Response, HttpProblem> {
    let token = bearer(&headers)?.to_owned();
    let since = query.0;
    let page = state.office(move |office| office.pull(&token, since)).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], page).into_response())
}

/// A piece of a file.
#[derive(Deserialize)]
struct Piece {
    file: FileHash,
    chunk: u32,
}

async fn pull_file(
    State(state): Shared,
    headers: HeaderMap,
    query: Query<Piece>,
) -> Result<Response, HttpProblem> {
    let token = bearer(&headers)?.to_owned();
    let Piece { file, chunk } = query.0;
    let bytes = state.office(move |office| office.pulled_file(&token, &file, chunk)).await?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

async fn admin(State(state): Shared, headers: HeaderMap, body: Bytes) -> Result<Json<Value>, DoorProblem> {
    let given = bearer(&headers)?.as_bytes();
    if !bool::from(given.ct_eq(state.admin_secret.as_bytes())) {
        return Err(Rejected::new(Problem::Unauthorised, "the local door's secret is wrong").into());
    }
    let command: Command = from_json(&body)?;
    if matches!(command, Command::Relay) {
        return Ok(Json(relay::once(&state).await?));
    }
    let is_status = matches!(command, Command::Status);
    let asked = state.office(move |office| Ok(office.admin(command, &mut SystemEntropy, now()))).await?;
    let mut answer = asked?;
    if let (true, Some(object)) = (is_status, answer.as_object_mut()) {
        object.insert("insecure_lan".into(), json!(state.exposure == Exposure::InsecureLan));
    }
    Ok(Json(answer))
}

fn bearer(headers: &HeaderMap) -> Result<&str, Rejected> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(|| Rejected::new(Problem::Unauthorised, "no bearer token"))
}

fn from_json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Rejected> {
    serde_json::from_slice(body).map_err(|error| {
        Rejected::new(Problem::Malformed, format!("line {}, column {}", error.line(), error.column()))
    })
}
