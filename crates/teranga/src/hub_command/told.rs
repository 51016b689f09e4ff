//! What a hub answers, in words and tables. The JSON is the office's; nothing here decides anything.

use serde_json::Value as Json;
use teranga_core::grant::CASELOAD_WARN;
use teranga_core::text::Text;

use crate::badge;
use crate::field::table;
use crate::messages::Messages;
use crate::say::say;

/// A member that is text; empty where it is not.
pub(super) fn text<'a>(answer: &'a Json, key: &str) -> &'a str {
    answer.get(key).and_then(Json::as_str).unwrap_or_default()
}

/// Whose replica an answer speaks of, for a message.
pub(super) fn whom(answer: &Json) -> [(&str, &str); 2] {
    ["person", "replica"].map(|key| (key, text(answer, key)))
}

/// When the last backup was made. Without one at headquarters, what was to go from devices stays there.
fn backup(answer: &Json, messages: &Messages) {
    if let Some(at) = answer.get("backed_up").and_then(Json::as_str) {
        say!("{}", messages.with("status-backup", &[("at", at)]));
    } else if answer.get("region").is_some_and(Json::is_string) {
        say!("{}", messages.text("status-no-backup-region"));
    } else {
        say!("{}", messages.text("status-no-backup"));
    }
}

/// That nobody has a recovery share, or that the last backup is older than the newest one, which does not open it.
fn shares(answer: &Json, messages: &Messages) {
    if answer.get("recovery_shares").and_then(Json::as_u64) == Some(0) {
        say!("{}", messages.text("status-no-share"));
    } else if answer.get("backed_up").is_some_and(Json::is_string)
        && answer.get("shares_since_backup").and_then(Json::as_u64).unwrap_or_default() > 0
    {
        say!("{}", messages.text("status-share-after-backup"));
    }
}

/// How much of what the hub holds.
fn counts(answer: &Json, messages: &Messages) {
    let mut counts = table(messages, &["column-count", "column-n"]);
    for name in ["cases", "records", "voided", "conflicts"] {
        counts.add_row([messages.text(&format!("status-{name}")), shown(answer.get(name))]);
    }
    let changes =
        ["applied", "logged", "waiting", "quarantined", "withheld", "unsent", "unbrought", "witnessed"];
    for name in changes {
        let count = answer.get("changes").and_then(|changes| changes.get(name));
        counts.add_row([messages.text(&format!("status-changes-{name}")), shown(count)]);
    }
    for name in ["held", "elsewhere", "unsent"] {
        let count = answer.get("files").and_then(|files| files.get(name));
        counts.add_row([messages.text(&format!("status-files-{name}")), shown(count)]);
    }
    say!("{counts}");
}

/// What the hub holds, its parent, and who syncs with it.
pub(super) fn status(answer: &Json, messages: &Messages) {
    let national = || messages.text("headquarters");
    let region = answer.get("region").and_then(Json::as_str).map_or_else(national, str::to_owned);
    say!("{} · {region}", text(answer, "office"));
    counts(answer, messages);
    let last = |of: &Json| {
        of.get("last").and_then(Json::as_str).map_or_else(|| messages.text("never"), str::to_owned)
    };
    match answer.get("parent").filter(|parent| parent.is_object()) {
        Some(parent) => {
            let told = [("hub", text(parent, "name")), ("url", text(parent, "url")), ("last", &last(parent))];
            say!("{}", messages.with("status-hub", &told));
        }
        None => say!("{}", messages.text("status-no-parent")),
    }
    backup(answer, messages);
    shares(answer, messages);
    for log in array(answer.get("damaged_logs")).iter().filter_map(Json::as_str) {
        say!("{}", messages.with("verify-log", &[("file", log)]));
    }
    for refused in array(answer.get("refused")) {
        let (pack, person) = (shown(refused.get("pack")), text(refused, "person"));
        let told = [("pack", pack.as_str()), ("person", person), ("code", text(refused, "code"))];
        say!("{}", messages.with("status-refused", &told));
    }
    let headings = [
        "column-person",
        "column-office",
        "column-region",
        "column-scope",
        "column-holds",
        "column-last",
        "column-replica",
    ];
    let mut children = table(messages, &headings);
    for child in array(answer.get("children")) {
        let region = child.get("region").and_then(Json::as_str).map_or_else(national, str::to_owned);
        children.add_row([
            text(child, "person").to_owned(),
            text(child, "office").to_owned(),
            region,
            scope(child, messages),
            shown(child.get("holds")),
            last(child),
            text(child, "replica").to_owned(),
        ]);
    }
    say!("{children}");
    for child in array(answer.get("children")) {
        if child.get("crowded") == Some(&Json::Bool(true)) {
            crowded(child, messages);
        }
        // A line more than the first: it was elsewhere, a disk was put back, or somebody uses a copy of it.
        if child.get("lines").and_then(Json::as_u64).is_some_and(|lines| lines > 1) {
            let told = [("person", text(child, "person")), ("office", text(child, "office"))];
            say!("{}", messages.with("status-copied", &told));
        }
    }
}

/// That a device holds more than it is made for, and what to do.
fn crowded(child: &Json, messages: &Messages) {
    let (held, most) = (shown(child.get("holds")), CASELOAD_WARN.to_string());
    let told = [
        ("person", text(child, "person")),
        ("office", text(child, "office")),
        ("held", &held),
        ("most", &most),
        ("replica", text(child, "replica")),
    ];
    let has_own_cases = child.get("caseload") == Some(&Json::Bool(true));
    let which = if has_own_cases { "status-crowded" } else { "status-crowded-all" };
    say!("{}", messages.with(which, &told));
}

/// What a child may hold of its region.
fn scope(child: &Json, messages: &Messages) -> String {
    let holds = |name: &str| child.get(name) == Some(&Json::Bool(true));
    if holds("revoked") {
        return messages.text("scope-revoked");
    }
    let reach = messages.text(if holds("caseload") { "scope-caseload" } else { "scope-everything" });
    let classes: Vec<&str> = array(child.get("classes")).iter().filter_map(Json::as_str).collect();
    let scope = if classes.is_empty() { reach } else { format!("{reach} ({})", classes.join(", ")) };
    if holds("taken_over") { messages.with("scope-taken-over", &[("scope", &scope)]) } else { scope }
}

/// What is held aside, a row for each record, author and reason.
pub(super) fn held(answer: &Json, messages: &Messages) {
    let headings = [
        "column-record",
        "column-person",
        "column-office",
        "column-fate",
        "column-reason",
        "column-changes",
        "column-since",
    ];
    let mut rows = table(messages, &headings);
    for aside in array(Some(answer)) {
        rows.add_row([
            text(aside, "record").to_owned(),
            author(aside, "person", messages),
            text(aside, "office").to_owned(),
            messages.text(&format!("fate-{}", text(aside, "fate"))),
            badge::reason(text(aside, "reason"), messages),
            shown(aside.get("changes")),
            text(aside, "since").to_owned(),
        ]);
    }
    let none = array(Some(answer)).is_empty();
    let told = if none { messages.text("held-none") } else { rows.to_string() };
    say!("{told}");
}

/// What was erased here, and what follows elsewhere.
pub(super) fn erased(answer: &Json, messages: &Messages) {
    let count = array(answer.get("erased")).len().to_string();
    say!("{}", messages.with("erased", &[("count", &count)]));
}

/// Each erasure, with who has confirmed it and who has not.
pub(super) fn erasures(answer: &Json, messages: &Messages) {
    let headings = ["column-record", "column-when", "column-confirmed", "column-outstanding"];
    let mut rows = table(messages, &headings);
    let names = |erasure: &Json, list: &str| {
        let named = array(erasure.get(list)).iter().map(|replica| author(replica, "person", messages));
        named.collect::<Vec<_>>().join(", ")
    };
    for erasure in array(Some(answer)) {
        rows.add_row([
            text(erasure, "record").to_owned(),
            text(erasure, "at").to_owned(),
            names(erasure, "confirmed"),
            names(erasure, "outstanding"),
        ]);
    }
    let none = array(Some(answer)).is_empty();
    let told = if none { messages.text("erasures-none") } else { rows.to_string() };
    say!("{told}");
}

/// What trying again did.
pub(super) fn retried(answer: &Json, messages: &Messages) {
    let [applied, held] = ["applied", "held"].map(|name| shown(answer.get(name)));
    say!("{}", messages.with("retried", &[("applied", &applied), ("held", &held)]));
    if answer.get("refused_above").and_then(Json::as_u64).unwrap_or_default() > 0 {
        let [count, hub] = ["refused_above", "hub_above"].map(|name| shown(answer.get(name)));
        say!("{}", messages.with("retried-not-above", &[("count", &count), ("hub", &hub)]));
    }
}

/// Every answer that holds two values: a row for each value, with who wrote it.
pub(super) fn conflicts(answer: &Json, messages: &Messages) {
    let headings =
        ["column-record", "column-question", "column-value", "column-person", "column-office", "column-when"];
    let mut rows = table(messages, &headings);
    let mut found = false;
    for record in array(Some(answer)) {
        for conflict in array(record.get("parts")).iter().flat_map(|part| array(part.get("conflicts"))) {
            for value in array(conflict.get("values")) {
                found = true;
                rows.add_row([
                    text(record, "record").to_owned(),
                    question(conflict, messages),
                    labelled(value, messages),
                    author(value, "person", messages),
                    text(value, "office").to_owned(),
                    text(value, "at").to_owned(),
                ]);
            }
        }
    }
    if found { say!("{rows}") } else { say!("{}", messages.text("conflicts-none")) }
}

/// One record: its envelope, each answer that is held, and the answers that hold two values.
pub(super) fn record(answer: &Json, messages: &Messages) {
    say!("{}  {}", text(answer, "record"), shown(answer.get("form")));
    let (case, wave) = (shown(answer.get("case")), shown(answer.get("wave")));
    let state = badge::state(text(answer, "state"), text(answer, "review"), messages);
    say!("{}", messages.with("show-envelope", &[("case", &case), ("wave", &wave), ("state", &state)]));
    let mut rows = table(messages, &["column-class", "column-question", "column-answer"]);
    let mut in_conflict = false;
    for part in array(answer.get("parts")) {
        in_conflict |= !array(part.get("conflicts")).is_empty();
        for (key, value) in part.get("values").and_then(Json::as_object).into_iter().flatten() {
            if key.starts_with('_') {
                continue;
            }
            let label = part.get("labels").and_then(|labels| label(labels.get(key)?, messages));
            let label = label.unwrap_or_else(|| key.clone());
            rows.add_row([text(part, "class").to_owned(), label, plain(value, messages)]);
        }
    }
    say!("{rows}");
    if in_conflict {
        conflicts(&Json::Array(vec![answer.clone()]), messages);
    }
}

/// What a relay did.
pub(super) fn relay(answer: &Json, messages: &Messages) {
    let [trips, up, down, applied] =
        ["round_trips", "bytes_up", "bytes_down", "applied"].map(|name| shown(answer.get(name)));
    let told = [("trips", trips.as_str()), ("up", &up), ("down", &down), ("applied", &applied)];
    say!("{}", messages.with("sync-summary", &told));
    if answer.get("files_used_up") == Some(&Json::Bool(true)) {
        say!("{}", messages.text("relay-files-used-up"));
    }
}

/// What became of a publication.
pub(super) fn published(answer: &Json, messages: &Messages) {
    let resource = format!("{}@{}", text(answer, "id"), text(answer, "version"));
    let key = if text(answer, "published") == "known" { "published-known" } else { "published-new" };
    say!("{}", messages.with(key, &[("resource", &resource)]));
}

fn array(json: Option<&Json>) -> &[Json] {
    json.and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn shown(json: Option<&Json>) -> String {
    match json {
        None | Some(Json::Null) => "-".to_owned(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A label in the user's language.
fn label(json: &Json, messages: &Messages) -> Option<String> {
    let label: Text = serde_json::from_value(json.clone()).ok()?;
    Some(label.get(messages.language().code(), "fr").to_owned()).filter(|label| !label.is_empty())
}

/// The question of a conflict, with the option where only one is meant.
fn question(conflict: &Json, messages: &Messages) -> String {
    let member = |name: &str| conflict.get(name).and_then(|json| label(json, messages));
    let question = member("label").unwrap_or_else(|| text(conflict, "key").to_owned());
    member("option").map_or(question.clone(), |option| format!("{question} · {option}"))
}

/// A value with the labels of its codes, where it has codes.
fn labelled(value: &Json, messages: &Messages) -> String {
    let labels: Vec<String> =
        array(value.get("labels")).iter().filter_map(|json| label(json, messages)).collect();
    let plain = plain(value.get("value").unwrap_or(&Json::Null), messages);
    if labels.is_empty() { plain } else { format!("{} ({plain})", labels.join(", ")) }
}

fn plain(value: &Json, messages: &Messages) -> String {
    match value {
        Json::Null => messages.text("state-cleared"),
        Json::Object(_) => messages.text(&format!("state-{}", text(value, "no_answer").replace('_', "-"))),
        other => shown(Some(other)),
    }
}

fn author(value: &Json, name: &str, messages: &Messages) -> String {
    value.get(name).and_then(Json::as_str).map_or_else(|| messages.text("unknown"), str::to_owned)
}
