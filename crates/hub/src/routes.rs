//! The routes: each takes bytes apart, calls one thing of the office, and maps its error. Nothing is open but the sign
//! of life, which says nothing about anybody.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;
use teranga_core::id::FileHash;
use teranga_core::problem::Problem;
use teranga_office::admin::Command;
use teranga_office::consolidate::Since;
use teranga_office::{Exchanged, Heard, Office, Rejected, ReturnRows};
use teranga_sync::attachment::LaneRequest;
use teranga_sync::enrol::EnrolRequest;
use teranga_sync::limits;
use teranga_sync::message::{self, Ends};
use teranga_sync::parcel::Parcel;
use teranga_sync::signed::MessageError;

use crate::gate::{self, LetIn, Signed, answer};
use crate::problem::{DoorProblem, HttpProblem};
use crate::relay;
use crate::state::{Exposure, HubState};
use crate::world::{SystemEntropy, now};

type Shared = State<Arc<HubState>>;
type From = ConnectInfo<SocketAddr>;

const BYTES: &str = "application/octet-stream";
const JSON: &str = "application/json";

pub(crate) fn router(state: Arc<HubState>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/v1/sync", post(sync))
        .route("/v1/bundle", post(bundle))
        .route("/v1/attachments", post(files))
        .route("/v1/enrol", post(enrol))
        .route("/v1/pull", get(pull))
        .route("/v1/pull/file", get(pull_file))
        .route("/v1/admin", post(admin))
        .with_state(state)
}

async fn sync(State(state): Shared, from: From, request: Request) -> Result<Response, HttpProblem> {
    let ends = |head: &[u8]| Ok(message::Request::ends(head)?);
    let let_in = gate::signed(&state, from.0, request, limits::REQUEST_BYTES_MAX, ends).await?;
    let Signed { body, key, slot } = let_in;
    let spoken = state.spoken;
    let ready = move || Heard::read(&body, &key, spoken);
    let leaves = |(exchanged, _): &(Exchanged, _)| exchanged.applied.is_left();
    let exchange = move |office: &mut Office, heard: Result<Heard, MessageError>| {
        Ok((office.exchange_heard(heard?, now())?, slot))
    };
    let (exchanged, slot) = state.office_and_rest(ready, leaves, exchange).await?;
    let applied = exchanged.applied;
    tracing::info!(applied = applied.changes, quarantined = applied.quarantined, "exchange");
    Ok(answer(BYTES, exchanged.answer, slot))
}

/// A message of a bundle that another child carried. Who made it stands under its seal.
async fn bundle(State(state): Shared, from: From, request: Request) -> Result<Response, HttpProblem> {
    let ends = |head: &[u8]| {
        let head = Parcel::read(head)?.head;
        Ok(Ends { hub: head.to, child: head.from })
    };
    let LetIn { body, slot } = gate::sealed(&state, from.0, request, ends).await?;
    let take = move |office: &mut Office, ()| {
        let taken = office.take_bundle(&body, ReturnRows::Letter, &mut SystemEntropy, now())?;
        Ok((taken, slot))
    };
    let (taken, slot) = state.office_and_rest(|| (), |_| true, take).await?;
    tracing::info!(logged = taken.logged, known = taken.known, refused = taken.refused.len(), "bundle");
    Ok(answer(BYTES, taken.back, slot))
}

async fn files(State(state): Shared, from: From, request: Request) -> Result<Response, HttpProblem> {
    let ends = |head: &[u8]| Ok(LaneRequest::ends(head)?);
    let let_in = gate::signed(&state, from.0, request, limits::LANE_BYTES_MAX, ends).await?;
    let Signed { body, slot, .. } = let_in;
    let (bytes, slot) = state.office(move |office| Ok((office.files(&body, now())?, slot))).await?;
    tracing::info!(bytes = bytes.len(), "files");
    Ok(answer(BYTES, bytes, slot))
}

async fn enrol(State(state): Shared, from: From, request: Request) -> Result<Response, HttpProblem> {
    let LetIn { body, slot } = state.gate.open(from.0, request, limits::ENROLMENT_BYTES_MAX).await?;
    let request: EnrolRequest = from_json(&body)?;
    let (enrolled, slot) = state.office(move |office| Ok((office.enrol(&request, now())?, slot))).await?;
    tracing::info!("a replica was enrolled");
    Ok(answer(JSON, to_json(&enrolled)?, slot))
}

async fn pull(
    State(state): Shared,
    from: From,
    headers: HeaderMap,
    query: Query<Since>,
) -> Result<Response, HttpProblem> {
    let token = bearer(&headers)?.to_owned();
    let (since, slot) = (query.0, state.gate.other(from.0)?);
    let (page, slot) = state.office(move |office| Ok((office.pull(&token, since)?, slot))).await?;
    Ok(answer(JSON, page, slot))
}

/// A piece of a file.
#[derive(Deserialize)]
struct Piece {
    file: FileHash,
    chunk: u32,
}

async fn pull_file(
    State(state): Shared,
    from: From,
    headers: HeaderMap,
    query: Query<Piece>,
) -> Result<Response, HttpProblem> {
    let token = bearer(&headers)?.to_owned();
    let slot = state.gate.other(from.0)?;
    let Piece { file, chunk } = query.0;
    let read = move |office: &mut Office| Ok((office.pulled_file(&token, &file, chunk)?, slot));
    let (bytes, slot) = state.office(read).await?;
    Ok(answer(BYTES, bytes, slot))
}

async fn admin(
    State(state): Shared,
    from: From,
    headers: HeaderMap,
    request: Request,
) -> Result<Json<Value>, DoorProblem> {
    let given = bearer(&headers)?.as_bytes();
    if !bool::from(given.ct_eq(state.admin_secret.as_bytes())) {
        return Err(Rejected::new(Problem::Unauthorised, "the local door's secret is wrong").into());
    }
    let LetIn { body, slot } = state.gate.local(from.0, request, limits::LOCAL_BYTES_MAX).await?;
    let command: Command = from_json(&body)?;
    if matches!(command, Command::Relay) {
        return Ok(Json(relay::once(&state).await?));
    }
    let is_status = matches!(command, Command::Status);
    let ask = move |office: &mut Office, ()| {
        let _slot = slot;
        Ok(office.admin(command, &mut SystemEntropy, now()))
    };
    let mut answer = state.office_and_rest(|| (), |_| true, ask).await??;
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

fn to_json(value: &impl Serialize) -> Result<Vec<u8>, Rejected> {
    serde_json::to_vec(value).map_err(|error| Rejected::new(Problem::Internal, error.to_string()))
}
