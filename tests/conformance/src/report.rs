//! What a run of one corpus showed.

use serde_json::{Map, Value as Json, json};

/// What a run of one corpus showed.
#[derive(Debug, Clone, Default)]
pub struct FileReport {
    /// The file.
    pub file: String,
    /// Cases that hold.
    pub passed: usize,
    /// Cases that assert nothing that this engine can be asked.
    pub skipped: usize,
    /// Cases that do not hold.
    pub failures: Vec<Failure>,
}

/// One case that does not hold.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The case.
    pub id: String,
    /// What was expected and what came.
    pub why: String,
}

/// What became of one case.
pub(crate) enum Verdict {
    /// It holds.
    Passed,
    /// It asserts nothing that this engine can be asked.
    Skipped,
    /// It does not hold, and why.
    Failed(String),
}

impl FileReport {
    pub(crate) fn of<'a>(cases: &'a [Json], judge: impl Fn(&'a Json) -> Verdict) -> Self {
        let mut report = Self::default();
        for case in cases {
            match judge(case) {
                Verdict::Passed => report.passed += 1,
                Verdict::Skipped => report.skipped += 1,
                Verdict::Failed(why) => {
                    let id = case["id"].as_str().unwrap_or("?").to_owned();
                    report.failures.push(Failure { id, why });
                }
            }
        }
        report
    }

    pub(crate) fn named(self, file: &str) -> Self {
        Self { file: file.to_owned(), ..self }
    }

    /// The share of the judged cases that hold, in percent.
    #[expect(clippy::cast_precision_loss, reason = "thousands of cases at most")]
    pub fn percent(&self) -> f64 {
        let judged = self.passed + self.failures.len();
        if judged == 0 { 100.0 } else { self.passed as f64 * 100.0 / judged as f64 }
    }
}

/// Every report, as the last line of `--json`.
pub fn to_json(reports: &[FileReport]) -> Json {
    let mut files = Map::new();
    for report in reports {
        let failures: Vec<&str> = report.failures.iter().map(|failure| failure.id.as_str()).collect();
        let counts = json!({
            "passed": report.passed, "failed": failures.len(), "skipped": report.skipped, "failures": failures,
        });
        files.insert(report.file.clone(), counts);
    }
    json!({ "files": files })
}
