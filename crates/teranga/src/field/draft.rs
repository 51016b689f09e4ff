//! Which draft is meant: the one that is named by the end of its identity, or the only one there is. Never the first of
//! several, because what is dropped does not come back.

use teranga_client::Device;
use teranga_core::id::RecordId;

use crate::failure::{Failure, Outcome};

/// The draft that `text` names; without a text the only one.
pub(super) fn find(device: &Device, text: Option<&str>) -> Outcome<RecordId> {
    let drafts = device.replica().drafts()?;
    let wanted = text.unwrap_or_default().trim().to_uppercase();
    let mut found = drafts.iter().filter(|draft| draft.record.to_string().ends_with(&wanted));
    match (found.next(), found.next()) {
        (Some(draft), None) => Ok(draft.record),
        (None, _) if wanted.is_empty() => Err(Failure::new("draft-none", Vec::new())),
        (None, _) => Err(Failure::new("draft-absent", vec![("record", wanted)])),
        (Some(_), Some(_)) => Err(Failure::new("draft-several", vec![("count", drafts.len().to_string())])),
    }
}
