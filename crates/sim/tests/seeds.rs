//! Some seeds in every test run; `cargo xtask sim` plays more. `TERANGA_SEEDS=A..B` plays others.

#![expect(clippy::expect_used, reason = "a helper that cannot go on must stop the test")]

use std::ops::Range;

use teranga_sim::{
    CROWDS_FROM, Fault, LENDS_FROM, Many, REGRANTS_FROM, Sabotage, Script, commit, play, play_many, shrink,
};

/// Seeds of every run.
const SEEDS: Range<u64> = 0..300;
/// Seeds behind those that failed once, each with something of its own that was mended since, in scripts that were longer.
const FAILED_ONCE: [u64; 17] = [
    678, 680, 2_549, 2_977, 3_036, 4_006, 4_052, 4_409, 5_101, 5_138, 6_292, 6_504, 7_268, 7_455, 8_396,
    8_864, 10_452,
];
/// The same of worlds in which devices are granted other things than before, counted from their first.
const REGRANTS_FAILED_ONCE: [u64; 27] = [
    27, 105, 136, 178, 254, 274, 285, 302, 354, 441, 462, 512, 544, 580, 648, 650, 658, 710, 755, 801, 887,
    903, 946, 989, 995, 1_024, 1_235,
];
/// Seeds of every run of worlds in which devices are granted other things than before.
const REGRANTS: Range<u64> = REGRANTS_FROM..REGRANTS_FROM + 60;

/// The same of worlds in which regions lend each other cases.
const LOANS_FAILED_ONCE: [u64; 18] =
    [91, 102, 110, 143, 147, 153, 194, 216, 217, 242, 262, 273, 281, 306, 331, 426, 476, 2_015];
/// Seeds of every run of worlds in which regions lend each other cases.
const LOANS: Range<u64> = LENDS_FROM..LENDS_FROM + 60;

/// The same of worlds in which sessions meet, devices are revoked and hubs are copied.
const CROWDS_FAILED_ONCE: [u64; 12] = [12, 19, 57, 91, 104, 141, 288, 300, 513, 530, 669, 708];
/// Seeds of every run of worlds in which sessions meet, devices are revoked and hubs are copied.
const CROWDS: Range<u64> = CROWDS_FROM..CROWDS_FROM + 60;

/// Plays seeds of which none may fail.
fn none_fails(seeds: Range<u64>) -> Many {
    let many = play_many(seeds, |_, _, _| {});
    if let Some((seed, outcome)) = many.failed.first() {
        let fault = outcome.fault.as_ref().expect("it failed");
        panic!("{} seeds failed; {}", many.failed.len(), in_short(&Script::new(*seed), fault));
    }
    many
}

/// How a script failed, with as few steps as it needs.
fn in_short(script: &Script, fault: &Fault) -> String {
    let (short, how) = shrink(script, fault, Sabotage::Nothing);
    format!("seed {} at commit {}: {fault}\nin short: {how}\n{short}", script.seed, commit())
}

#[test]
fn no_seed_loses_or_splits_anything() {
    let seeds = std::env::var("TERANGA_SEEDS").ok().map_or(SEEDS, |range| {
        let (from, to) = range.split_once("..").expect("TERANGA_SEEDS=A..B");
        from.parse().expect("a number")..to.parse().expect("a number")
    });
    let many = none_fails(seeds);
    // A world in which nothing happens shows nothing.
    let (done, runs) = (many.done, usize::try_from(many.runs).expect("a range of seeds"));
    assert!(done.changes > 10 * runs && done.power_cuts > runs && done.broken_sessions > runs, "{done:?}");
    assert!(done.moves > runs / 20, "{done:?}");
    assert!(done.conflicts > runs / 20, "{done:?}");
}

#[test]
fn what_failed_once_does_not_again() {
    let regrants = REGRANTS_FAILED_ONCE.map(|seed| REGRANTS_FROM + seed);
    let loans = LOANS_FAILED_ONCE.map(|seed| LENDS_FROM + seed);
    let crowds = CROWDS_FAILED_ONCE.map(|seed| CROWDS_FROM + seed);
    for seed in regrants.into_iter().chain(loans).chain(crowds) {
        none_fails(seed..seed + 1);
    }
    for seed in FAILED_ONCE {
        let script = Script::longer(seed);
        if let Some(fault) = play(&script, Sabotage::Nothing).fault {
            panic!("longer, {}", in_short(&script, &fault));
        }
    }
}

#[test]
fn nobody_holds_in_the_end_what_was_taken_from_them() {
    none_fails(REGRANTS);
}

#[test]
fn nothing_is_lost_or_kept_that_one_region_lent_another() {
    none_fails(LOANS);
}

#[test]
fn nothing_is_lost_where_sessions_meet_devices_are_revoked_and_hubs_are_copied() {
    none_fails(CROWDS);
}
