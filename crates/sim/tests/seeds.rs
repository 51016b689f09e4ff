//! Some seeds in every test run; `cargo xtask sim` plays more. `TERANGA_SEEDS=A..B` plays others.

use teranga_sim::{Sabotage, Script, play_many, shrink};

/// Seeds of every run.
const SEEDS: std::ops::Range<u64> = 0..300;

#[test]
fn no_seed_loses_or_splits_anything() {
    let seeds = std::env::var("TERANGA_SEEDS").ok().map_or(SEEDS, |range| {
        let (from, to) = range.split_once("..").expect("TERANGA_SEEDS=A..B");
        from.parse().expect("a number")..to.parse().expect("a number")
    });
    let many = play_many(seeds, |_| {});
    if let Some((seed, outcome)) = many.failed.first() {
        let fault = outcome.fault.as_ref().expect("it failed");
        let (short, how) = shrink(&Script::new(*seed), fault, Sabotage::Nothing);
        panic!("{} seeds failed; seed {seed}: {fault}\nin short: {how}\n{short}", many.failed.len());
    }
    // A world in which nothing happens shows nothing.
    let (done, runs) = (many.done, usize::try_from(many.runs).expect("a range of seeds"));
    assert!(done.changes > 10 * runs && done.power_cuts > runs && done.broken_sessions > runs, "{done:?}");
    assert!(done.moves > runs / 20, "{done:?}");
    assert!(done.conflicts > runs / 20, "{done:?}");
}
