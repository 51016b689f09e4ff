//! The examples run, and stay short. A test run has built them beside this test.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

use std::path::PathBuf;
use std::process::Command;

const EXAMPLES: [&str; 3] = ["two_devices", "conflict", "pull"];

fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    profile.join("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION)
}

#[test]
fn every_example_runs_and_stays_under_60_lines() {
    for name in EXAMPLES {
        let path = format!("{}/examples/{name}.rs", env!("CARGO_MANIFEST_DIR"));
        let lines = std::fs::read_to_string(path).unwrap().lines().count();
        assert!(lines < 60, "{name}: {lines} lines");
        let output = Command::new(built(name)).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(!output.stdout.is_empty());
    }
}
