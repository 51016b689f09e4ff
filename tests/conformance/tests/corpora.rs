//! The recorded cases must hold as they did before; where they are absent this says so and passes.

use teranga_conformance::{default_folder, run};

/// The least share of each corpus that holds, in percent; may only rise.
const FLOORS: &[(&str, f64)] = &[
    ("xpath.jsonl", 100.0),
    ("xpath-javarosa.jsonl", 99.3),
    ("scenario.jsonl", 97.4),
    ("xlsform.jsonl", 97.0),
];

#[test]
fn what_held_before_holds() {
    let folder = default_folder();
    if !folder.exists() {
        println!("skipped: the recorded cases are not here");
        return;
    }
    let reports = run(&folder).unwrap();
    for (file, floor) in FLOORS {
        let report = reports.iter().find(|report| report.file == *file).unwrap();
        for failure in &report.failures {
            println!("{file} {}: {}", failure.id, failure.why);
        }
        assert!(report.percent() >= *floor, "{file}: {} %, {floor} % held before", report.percent());
    }
}
