//! Which state of the code plays: what fails is played again at the same one, and a run goes on at no other.

use std::process::Command;

/// The commit at which this is, by its short name, with `-dirty` behind it where files that it has are not as it has them.
pub fn commit() -> String {
    let Some(name) = git(&["rev-parse", "--short", "HEAD"]) else { return "unknown".to_owned() };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]);
    if changed.is_some_and(|changed| changed.is_empty()) { name } else { format!("{name}-dirty") }
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
