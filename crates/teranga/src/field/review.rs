//! Reviewing records at an office: approving, giving back, and telling who did.

use clap::Subcommand;
use teranga_client::Device;
use teranga_core::id::RecordId;
use teranga_core::record::EventKind;
use teranga_hub::world::SystemEntropy;
use teranga_store::register::Author;

use super::{acts, find};
use crate::failure::{Failure, Outcome};
use crate::messages::Messages;
use crate::say::say;

#[derive(Debug, Subcommand)]
pub(super) enum ReviewAct {
    Approve {
        record: String,
    },
    Return {
        record: String,
        #[arg(long)]
        reason: String,
    },
}

pub(super) fn run(device: &mut Device, act: ReviewAct, messages: &Messages) -> Outcome {
    let setting = |entropy| super::setting(messages.language().code(), entropy);
    let (record, changes) = match act {
        ReviewAct::Approve { record } => {
            let record = find(device, &record)?;
            (record, device.approve(record, setting(&mut SystemEntropy))?)
        }
        ReviewAct::Return { record, reason } => {
            if reason.trim().is_empty() {
                return Err(Failure::new("reason-empty", Vec::new()));
            }
            let record = find(device, &record)?;
            (record, device.give_back(record, &reason, setting(&mut SystemEntropy))?)
        }
    };
    acts::report(record, &changes, messages);
    tell(device, record, messages)
}

/// A person and their office. A device that was never enrolled belongs to none, and an office of one bears its person's name.
fn named(author: Author) -> String {
    let mut names = vec![author.person, author.office];
    names.retain(|name| !name.is_empty());
    names.dedup();
    names.join(", ")
}

/// Says who reviewed a record, and what they want.
pub(super) fn tell(device: &Device, record: RecordId, messages: &Messages) -> Outcome {
    for (event, author) in device.replica().standing_reviews(record)? {
        let author = author.map(named);
        let (author, at) = (author.unwrap_or_else(|| messages.text("unknown")), event.at.to_rfc3339());
        let mut told = vec![("author", author.as_str()), ("at", at.as_str())];
        match &event.kind {
            EventKind::Approved(_) => say!("{}", messages.with("reviewed-approved", &told)),
            EventKind::Returned { reason, .. } => {
                told.push(("reason", reason));
                say!("{}", messages.with("reviewed-returned", &told));
            }
            EventKind::Submitted
            | EventKind::Moved { .. }
            | EventKind::Voided { .. }
            | EventKind::Restored { .. }
            | EventKind::Assigned { .. }
            | EventKind::Relieved { .. } => {}
        }
    }
    Ok(())
}
