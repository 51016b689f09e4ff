//! The relay of a regional hub with its parent: a session like a device's, on schedule, on demand, and at once after
//! a missed night.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use teranga_core::problem::Retry;
use teranga_office::{Refusal, admin};
use teranga_store::lane::{Errand, Lane};
use teranga_store::network::{Allowance, NetworkName};

use crate::schedule::{TimeOfDay, wait_ms};
use crate::state::HubState;
use crate::synchronise::{Patience, Session, carry_files, synchronise};
use crate::world::now;

/// After a relay that failed: fifteen minutes, so that a night is not lost to an hour without a link.
const RETRY: Duration = Duration::from_mins(15);

/// Relays once; one at a time.
pub(crate) async fn once(state: &Arc<HubState>) -> Result<Value, Refusal> {
    let parent = state.parent.lock().await;
    let link = parent.as_ref().ok_or_else(admin::no_parent)?;
    let talked = synchronise(state.as_ref(), link, Patience::FIELD, |summary| {
        tracing::info!(
            round_trips = summary.round_trips,
            up = summary.bytes_up,
            down = summary.bytes_down,
            "relay"
        );
    })
    .await;
    state.apply_the_rest();
    let Session { summary, refused } = talked?;
    let network =
        state.office(|office| Ok(office.replica().network(&NetworkName::default(), now())?)).await?;
    let allowance = Allowance::from(network.and_then(|network| network.left()));
    let lane = Lane::begin(Errand::All, allowance, Patience::FIELD.failures_max);
    let (files, carried) = carry_files(state.as_ref(), link, Patience::FIELD, lane, |files| {
        tracing::info!(
            round_trips = files.round_trips,
            up = files.bytes_up,
            down = files.bytes_down,
            "files"
        );
    })
    .await;
    let waiting = state
        .office(|office| {
            office.reload_catalogue()?;
            Ok(office.replica().files_waiting()?)
        })
        .await?;
    let wait_for_tomorrow = files.used_up && waiting.files + waiting.wanted > 0;
    if wait_for_tomorrow {
        tracing::info!(
            files = waiting.files,
            "the day's bytes for files are used up; the rest goes tomorrow"
        );
    }
    // One child's pack that is refused keeps no file of the region from going up.
    refused.and(carried)?;
    Ok(json!({
        "round_trips": summary.round_trips, "bytes_up": summary.bytes_up, "bytes_down": summary.bytes_down,
        "failures": summary.failures, "applied": summary.applied,
        "files_up": files.files_up, "files_down": files.files_down, "files_used_up": wait_for_tomorrow,
    }))
}

/// Relays every day at `at`, for as long as the hub runs.
pub(crate) async fn nightly(state: Arc<HubState>, at: TimeOfDay) {
    loop {
        let done = state.office(|office| Ok(office.replica().uplink()?.and_then(|uplink| uplink.done))).await;
        let wait = wait_ms(at, done.unwrap_or_default(), now());
        tokio::time::sleep(Duration::from_millis(wait)).await;
        // The answers may have gone up, and the files not yet: then it is tried again this night too.
        while let Err(error) = once(&state).await {
            tracing::warn!(code = error.code, "the nightly relay failed and will be tried again");
            tokio::time::sleep(RETRY).await;
            if error.retry == Retry::Never {
                break;
            }
        }
    }
}
