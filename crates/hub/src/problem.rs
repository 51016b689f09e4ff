//! Problems over HTTP: `application/problem+json` (RFC 9457) with the stable code of the one table. What the hub's
//! log knows stays in its log, under the request's identity.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use teranga_core::problem::{Explain, Problem};
use teranga_office::{Beside, Refusal, Rejected};
use teranga_sync::hex::Hex;
use teranga_sync::limits;

use crate::gate;

/// The body of a refusal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProblemBody {
    /// `urn:teranga:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The stable code.
    pub code: String,
    /// The HTTP status.
    pub status: u16,
    /// The versions of the protocol that are spoken here, where another was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<[u8; 2]>,
    /// The home's word that this hub has the place of the one that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succession: Option<Hex>,
}

/// A refusal on its way out.
#[derive(Debug)]
pub struct HttpProblem(pub Rejected);

impl From<Rejected> for HttpProblem {
    fn from(rejected: Rejected) -> Self {
        Self(rejected)
    }
}

impl IntoResponse for HttpProblem {
    fn into_response(self) -> Response {
        let Rejected { problem, detail, beside } = self.0;
        gate::tell(problem.code(), &detail);
        let (versions, succession) = match beside {
            Beside::Nothing => (None, None),
            Beside::Versions(versions) => (Some(versions), None),
            Beside::Succession(word) => (None, Some(Hex(word.to_bytes()))),
        };
        let body = ProblemBody {
            kind: format!("urn:teranga:problem:{}", problem.code()),
            code: problem.code().to_owned(),
            status: problem.status(),
            versions,
            succession,
        };
        let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, serde_json::to_string(&body).unwrap_or_default()).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if problem == Problem::Busy {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(limits::BUSY_SECONDS));
        }
        response
    }
}

/// A refusal at the local door, told whole: who asks there stands at the hub itself.
#[derive(Debug)]
pub struct DoorProblem {
    status: StatusCode,
    refusal: Refusal,
}

impl From<Refusal> for DoorProblem {
    fn from(refusal: Refusal) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, refusal }
    }
}

impl From<Rejected> for DoorProblem {
    fn from(rejected: Rejected) -> Self {
        let status = StatusCode::from_u16(rejected.problem.status());
        Self { status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), refusal: rejected.into() }
    }
}

impl IntoResponse for DoorProblem {
    fn into_response(self) -> Response {
        gate::tell(&self.refusal.code, "at the local door");
        let problem = [(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))];
        (self.status, problem, serde_json::to_string(&self.refusal).unwrap_or_default()).into_response()
    }
}
