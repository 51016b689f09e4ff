//! Some seeds in every test run; `cargo xtask sim` plays more. `TERANGA_SEEDS=A..B` plays others.

use teranga_sim::{Done, Sabotage, Script, play, shrink};

/// Seeds of every run.
const SEEDS: std::ops::Range<u64> = 0..300;

#[test]
fn no_seed_loses_or_splits_anything() {
    let seeds = std::env::var("TERANGA_SEEDS").ok().map_or(SEEDS, |range| {
        let (from, to) = range.split_once("..").expect("TERANGA_SEEDS=A..B");
        from.parse().expect("a number")..to.parse().expect("a number")
    });
    let mut total = Done::default();
    for seed in seeds {
        let script = Script::new(seed);
        let outcome = play(&script, Sabotage::Nothing);
        if let Some(fault) = outcome.fault {
            let (short, how) = shrink(&script, &fault, Sabotage::Nothing);
            panic!("seed {seed}: {fault}\nin short: {how}\n{short}");
        }
        total += outcome.done;
    }
    // A world in which nothing happens shows nothing.
    assert!(total.changes > 1_000 && total.power_cuts > 100 && total.broken_sessions > 100, "{total:?}");
    assert!(total.conflicts > 10, "{total:?}");
}
