//! The examples run, and stay short.

use std::process::Command;

const EXAMPLES: [&str; 3] = ["two_devices", "conflict", "pull"];

#[test]
fn every_example_runs_and_two_devices_stay_under_60_lines() {
    for name in EXAMPLES {
        let path = format!("{}/examples/{name}.rs", env!("CARGO_MANIFEST_DIR"));
        let lines = std::fs::read_to_string(path).unwrap().lines().count();
        assert!(lines < 60, "{name}: {lines} lines");
        let output = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--package", "teranga-examples", "--example", name])
            .output()
            .unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(!output.stdout.is_empty());
    }
}
