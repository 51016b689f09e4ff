//! A short fuzzing of every target, the same each time, after everything that once crashed.

use teranga_fuzz::{Corpus, Mutator, Target, attempt};

/// Inputs for each target: seconds of work.
const INPUTS: usize = 3_000;

#[test]
fn nothing_that_people_bring_makes_a_reader_panic() {
    for target in Target::ALL {
        let corpus = Corpus::of(target).unwrap();
        assert!(!corpus.seeds.is_empty(), "{} has no corpus", target.name());
        for input in corpus.crashers.iter().chain(&corpus.seeds) {
            let crash = attempt(target, input);
            assert!(crash.is_none(), "{}: {crash:?}", target.name());
        }
        let mut mutator = Mutator::new(1);
        for _ in 0..INPUTS {
            let input = mutator.input(&corpus.seeds, target.words());
            if let Some(crash) = attempt(target, &input) {
                let input = String::from_utf8_lossy(&crash.input);
                panic!("{}: {}\n{input}", target.name(), crash.message);
            }
        }
    }
}
