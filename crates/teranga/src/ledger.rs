//! The ledger: outside the replica, what this program told its user — each save reported as done, and each tick
//! shown. Demonstrations and tests hold the replicas to it. Written only where `TERANGA_LEDGER` names a file.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;
use teranga_core::id::{ChangeHash, RecordId};
use teranga_store::save::SavedChange;
use teranga_store::ticks::Tick;

use crate::badge;

/// A ledger's file.
#[derive(Debug, Clone)]
pub(crate) struct Ledger(PathBuf);

impl Ledger {
    /// A ledger in this file.
    pub(crate) fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Notes the changes of a save that is about to be reported as done.
    pub(crate) fn saved(&self, record: RecordId, changes: &[SavedChange]) {
        for SavedChange { class, hash } in changes {
            self.write(&json!({ "saved": hash, "record": record, "class": class }));
        }
    }

    /// Notes a tick that is about to be shown, with the changes it stands for.
    pub(crate) fn ticked(&self, record: RecordId, tick: &Tick, changes: &[ChangeHash]) {
        for hash in changes {
            self.write(&json!({ "tick": badge::code(tick), "record": record, "change": hash }));
        }
    }

    /// What stands in it; a line that was cut off is left out.
    pub(crate) fn lines(&self) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(&self.0).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn write(&self, line: &serde_json::Value) {
        let opened = OpenOptions::new().create(true).append(true).open(&self.0);
        if opened.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes())).is_err() {
            tracing::warn!("the ledger cannot be written");
        }
    }
}

/// The ledger that the environment names, if it names one.
pub(crate) fn of_process() -> Option<Ledger> {
    std::env::var_os("TERANGA_LEDGER").map(|path| Ledger(path.into()))
}
