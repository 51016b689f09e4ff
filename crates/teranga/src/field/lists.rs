//! Lists: records with their ticks, drafts, forms.

use comfy_table::{Table, presets};
use teranga_client::Device;
use teranga_core::grant::CASELOAD_WARN;
use teranga_core::id::ChangeHash;
use teranga_core::time::Millis;

use super::files;
use crate::badge;
use crate::failure::Outcome;
use crate::ledger;
use crate::messages::Messages;
use crate::say::say;

/// A table as this program draws them.
pub(crate) fn table(messages: &Messages, headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(headings.iter().map(|heading| messages.text(heading)));
    table
}

/// Every record and every draft.
pub(super) fn list(device: &Device, messages: &Messages) -> Outcome {
    let mut table = table(
        messages,
        &["column-record", "column-form", "column-title", "column-wave", "column-state", "column-where"],
    );
    for listed in device.list()? {
        let changes: Vec<ChangeHash> = device.replica().applied_changes(listed.row.record)?;
        if let Some(ledger) = ledger::of_process() {
            ledger.ticked(listed.row.record, &listed.tick, &changes);
        }
        let conflict = if listed.conflicts > 0 {
            messages.with("conflicts-some", &[("count", &listed.conflicts.to_string())])
        } else {
            String::new()
        };
        let gone = if listed.gone { messages.text("charge-gone") } else { String::new() };
        table.add_row([
            listed.row.record.to_string(),
            listed.row.form.clone().unwrap_or_default(),
            listed.title,
            listed.row.wave.clone().unwrap_or_default(),
            badge::state(listed.row.state.code(), listed.row.review.code(), messages),
            [badge::words(&listed.tick, messages), conflict, gone].join(" ").trim_end().to_owned(),
        ]);
    }
    for draft in device.replica().drafts()? {
        table.add_row([
            draft.record.to_string(),
            draft.form,
            String::new(),
            draft.wave.unwrap_or_default(),
            messages.text("state-draft"),
            messages.text("tick-here"),
        ]);
    }
    say!("{table}");
    Ok(())
}

/// Where everything lies, and when this device last met its hub.
pub(super) fn status(device: &Device, messages: &Messages) -> Outcome {
    list(device, messages)?;
    if let Some(held) = device.caseload_warning()? {
        let most = CASELOAD_WARN.to_string();
        say!("{}", messages.with("caseload-large", &[("held", &held.to_string()), ("most", &most)]));
    }
    for log in device.replica().damaged_logs() {
        say!("{}", messages.with("verify-log", &[("file", &log.display().to_string())]));
    }
    let held = device.replica().records_held()?.len();
    if held > 0 {
        say!("{}", messages.with("status-held", &[("count", &held.to_string())]));
    }
    let counts = device.replica().log_counts()?;
    say!("{}", messages.with("status-unsent", &[("count", &counts.unsent.to_string())]));
    let carried = device.replica().carried_count()?;
    if carried > 0 {
        say!("{}", messages.with("status-carried", &[("count", &carried.to_string())]));
    }
    let people = device.returns_for()?;
    if !people.is_empty() {
        say!("{}", messages.with("status-carried-back", &[("people", &people.join(", "))]));
    }
    files::waiting(device.replica(), messages)?;
    match device.replica().uplink()? {
        None => say!("{}", messages.text("status-not-enrolled")),
        Some(uplink) => {
            let last = uplink.last.map_or_else(|| messages.text("never"), Millis::to_rfc3339);
            say!(
                "{}",
                messages.with("status-hub", &[("hub", &uplink.name), ("url", &uplink.url), ("last", &last)])
            );
            if uplink.url.starts_with("http://") && !is_loopback(&uplink.url) {
                say!("{}", messages.text("hub-insecure"));
            }
        }
    }
    Ok(())
}

fn is_loopback(url: &str) -> bool {
    ["127.", "localhost", "[::1]"].iter().any(|host| url.trim_start_matches("http://").starts_with(host))
}

/// The forms that can be filled.
pub(super) fn forms(device: &Device, messages: &Messages) {
    let mut table = table(messages, &["column-form", "column-title"]);
    for form in device.catalogue().forms() {
        let title = form.title().get(messages.language().code(), form.default_language()).to_owned();
        table.add_row([form.reference().to_string(), title]);
    }
    say!("{table}");
}
