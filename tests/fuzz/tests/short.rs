//! A short fuzzing of every target, the same each time, after everything that once crashed.

use teranga_fuzz::{Corpus, Mutator, Target, attempt};

fn short(targets: &[Target]) {
    for target in targets.iter().copied() {
        let corpus = Corpus::of(target).unwrap_or_else(|error| panic!("{}: {error}", target.name()));
        assert!(!corpus.seeds.is_empty(), "{} has no corpus", target.name());
        for input in corpus.crashers.iter().chain(&corpus.seeds) {
            let crash = attempt(target, input);
            assert!(crash.is_none(), "{}: {crash:?}", target.name());
        }
        let mut mutator = Mutator::new(1);
        for _ in 0..target.inputs_short() {
            let input = mutator.input(&corpus.seeds, target.diet());
            if let Some(crash) = attempt(target, &input) {
                let input = String::from_utf8_lossy(&crash.input);
                panic!("{}: {}\n{input}", target.name(), crash.message);
            }
        }
    }
}

#[test]
fn nothing_that_people_bring_makes_a_reader_panic() {
    short(&[Target::Expr, Target::Xlsform, Target::Xform]);
}

#[test]
fn nothing_of_the_protocol_is_read_in_two_ways_or_over_its_limits() {
    short(&[Target::Message, Target::Pack, Target::Scan]);
}

#[test]
fn a_hub_that_is_told_junk_is_sound_and_goes_on() {
    short(&[Target::Hub]);
}

#[test]
fn a_device_that_is_told_junk_is_sound() {
    short(&[Target::Device]);
}

#[test]
fn whoever_opens_a_file_of_junk_is_sound() {
    short(&[Target::Parcel]);
}
