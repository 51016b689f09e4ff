//! How far a run has come, in a file: whoever is stopped goes on from there, and pays only for what was not finished.

use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use teranga_sim::{Done, Many};

/// Seeds of a part. What was played of one that was not finished is played again.
const PART: u64 = 500;

/// A run over a range of seeds, of which those before `next` are finished.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Course {
    pub(super) seeds: Range<u64>,
    /// The code that plays. Of two states that are both changed since the same commit this knows no difference.
    pub(super) commit: String,
    pub(super) next: u64,
    pub(super) done: Done,
    pub(super) failed: Vec<u64>,
    pub(super) spent: Spent,
}

/// What was spent, in all of a run's parts.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Spent {
    pub(super) seconds: f64,
    /// Nothing where the processor's time is not told.
    pub(super) cpu_s: Option<f64>,
}

impl Course {
    pub(super) fn new(seeds: Range<u64>, commit: String) -> Self {
        let (next, done, failed, spent) = (seeds.start, Done::default(), Vec::new(), Spent::default());
        Self { seeds, commit, next, done, failed, spent }
    }

    /// The run goes on from what stands in a file, where there is one. Seeds of two states of the code are not one run.
    pub(super) fn resume(self, file: &Path) -> Result<Self> {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(self),
            Err(error) => return Err(error).context(file.display().to_string()),
        };
        let kept: Self = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
        if (&kept.seeds, &kept.commit) != (&self.seeds, &self.commit) {
            let name = |run: &Self| format!("seeds {:?} at commit {}", run.seeds, run.commit);
            bail!("{} is of {}, and not of {}", file.display(), name(&kept), name(&self));
        }
        Ok(kept)
    }

    /// Keeps it in a file, which is whole at any time.
    pub(super) fn keep(&self, file: &Path) -> Result<()> {
        let mut beside = file.as_os_str().to_owned();
        beside.push(".new");
        fs::write(&beside, serde_json::to_vec(self)?).with_context(|| file.display().to_string())?;
        fs::rename(&beside, file).with_context(|| file.display().to_string())
    }

    /// The seeds to play next.
    pub(super) fn part(&self) -> Option<Range<u64>> {
        let part = self.next..self.seeds.end.min(self.next.saturating_add(PART));
        (!part.is_empty()).then_some(part)
    }

    /// A part is finished.
    pub(super) fn add(&mut self, part: &Many, spent: Spent) {
        self.next += part.runs;
        self.done += part.done;
        self.failed.extend(part.failed.iter().map(|(seed, _)| seed));
        self.spent = spent;
    }

    /// How many seeds are finished.
    pub(super) fn runs(&self) -> u64 {
        self.next - self.seeds.start
    }

    /// The processor's time that a seed took, in seconds.
    pub(super) fn cpu_s_each(&self) -> Option<f64> {
        let (cpu_s, runs) = self.spent.cpu_s.zip(u32::try_from(self.runs()).ok())?;
        Some(cpu_s / f64::from(runs))
    }
}

impl std::ops::Add for Spent {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let cpu_s = match (self.cpu_s, other.cpu_s) {
            (Some(one), Some(another)) => Some(one + another),
            (one, another) => one.or(another),
        };
        Self { seconds: self.seconds + other.seconds, cpu_s }
    }
}

#[cfg(test)]
mod tests {
    use teranga_sim::{Outcome, Script};

    use super::*;

    fn part(runs: u64, failed: &[u64]) -> Many {
        let outcome = Outcome { fault: None, done: Done { changes: 1, ..Done::default() } };
        let failed = failed.iter().map(|seed| (Script::new(*seed).seed, outcome.clone())).collect();
        Many { runs, done: outcome.done, failed }
    }

    #[test]
    fn a_run_that_was_stopped_goes_on_where_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("run.json");
        let new = || Course::new(10..900, "abc".to_owned());
        let mut course = new().resume(&file).unwrap();
        assert_eq!((course.clone(), course.part()), (new(), Some(10..510)));
        let spent = Spent { seconds: 2.0, cpu_s: Some(3.5) };
        course.add(&part(500, &[17, 400]), spent);
        course.keep(&file).unwrap();
        let mut resumed = new().resume(&file).unwrap();
        assert_eq!(resumed, course);
        assert_eq!((resumed.part(), resumed.runs()), (Some(510..900), 500));
        resumed.add(&part(390, &[511]), resumed.spent + spent);
        resumed.keep(&file).unwrap();
        let over = new().resume(&file).unwrap();
        assert_eq!((over.part(), over.runs(), over.done.changes), (None, 890, 2));
        assert_eq!((over.failed, over.spent), (vec![17, 400, 511], Spent { seconds: 4.0, cpu_s: Some(7.0) }));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn another_run_does_not_go_on_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("run.json");
        Course::new(0..9, "abc".to_owned()).keep(&file).unwrap();
        for (seeds, commit) in [(0..8, "abc"), (0..9, "abc-dirty")] {
            let error = Course::new(seeds.clone(), commit.to_owned()).resume(&file).unwrap_err().to_string();
            assert!(error.contains("seeds 0..9 at commit abc,"), "{error}");
            assert!(error.contains(&format!("seeds {seeds:?} at commit {commit}")), "{error}");
        }
        fs::write(&file, "{").unwrap();
        assert!(Course::new(0..9, "abc".to_owned()).resume(&file).is_err(), "half a file");
    }
}
