//! The floors of the house, checked: a crate imports only from floors below its own, and what a floor must not use it
//! does not depend on.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Crate, floor, and the external crates that it must never depend on directly.
const FLOORS: &[(&str, u8, &[&str])] = &[
    ("teranga-expr", 0, &["serde_json", "rusqlite", "tokio", "axum", "reqwest", "automerge", "getrandom"]),
    ("teranga-core", 1, &["rusqlite", "tokio", "axum", "reqwest", "automerge", "getrandom"]),
    ("teranga-xforms", 1, &["rusqlite", "tokio", "axum", "reqwest", "automerge", "getrandom"]),
    ("teranga-document", 2, &["rusqlite", "tokio", "axum", "reqwest", "getrandom"]),
    ("teranga-sync", 2, &["automerge", "rusqlite", "tokio", "axum", "reqwest", "getrandom"]),
    ("teranga-store", 3, &["tokio", "axum", "reqwest", "getrandom"]),
    ("teranga-client", 4, &["rusqlite", "tokio", "axum", "reqwest", "getrandom"]),
    ("teranga-office", 4, &["rusqlite", "tokio", "axum", "reqwest", "getrandom"]),
    ("teranga-hub", 5, &["rusqlite"]),
    ("teranga-sim", 5, &["tokio", "axum", "reqwest", "getrandom"]),
    ("teranga", 6, &["rusqlite"]),
];

/// Crates that may import a neighbour on their own floor: `xforms` writes `core`'s forms.
const NEIGHBOURS: &[(&str, &str)] = &[("teranga-xforms", "teranga-core")];

pub(crate) fn check() -> Result<()> {
    let output = Command::new("cargo")
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .context("cargo metadata does not start")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")?;
    let floors: BTreeMap<&str, u8> = FLOORS.iter().map(|(name, floor, _)| (*name, *floor)).collect();
    let mut wrong = Vec::new();
    for package in array(&metadata, "packages") {
        let name = text(package, "name");
        let in_house = text(package, "manifest_path").contains("/crates/");
        let Some((_, floor, banned)) = FLOORS.iter().find(|(known, ..)| *known == name) else {
            if in_house {
                wrong.push(format!("{name} has no floor: add it to xtask/src/floors.rs and ARCHITECTURE.md"));
            }
            continue;
        };
        for dependency in array(package, "dependencies") {
            if dependency.get("kind").is_some_and(Value::is_string) {
                continue; // tests and build scripts may look anywhere
            }
            let used = text(dependency, "name");
            let above = floors.get(used).is_some_and(|below| below >= floor);
            if above && !NEIGHBOURS.contains(&(name, used)) {
                wrong.push(format!("{name} (floor {floor}) imports {used}, which is not below it"));
            }
            if banned.contains(&used) {
                wrong.push(format!("{name} must not use {used}"));
            }
        }
    }
    if wrong.is_empty() {
        println!("floors: {} crates, each imports only from below", FLOORS.len());
        Ok(())
    } else {
        bail!("{}", wrong.join("\n"))
    }
}

fn array<'a>(of: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    of.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of.get(name).and_then(Value::as_str).unwrap_or_default()
}
