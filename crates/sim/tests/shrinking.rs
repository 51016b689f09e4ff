//! What somebody is told with whom a seed fails: it fails for them too, in the same way, and every step that they are shown is
//! needed for that.

use std::mem::discriminant;

use teranga_sim::{CROWDS_FROM, Fault, LENDS_FROM, REGRANTS_FROM, Sabotage, Script, play, shrink};

#[test]
fn a_seed_plays_the_same_each_time() {
    for seed in [3, 4, REGRANTS_FROM + 1, LENDS_FROM + 2, CROWDS_FROM + 5] {
        let script = Script::new(seed);
        assert_eq!(script, Script::new(seed));
        assert_eq!(play(&script, Sabotage::Nothing), play(&script, Sabotage::Nothing), "seed {seed}");
    }
}

#[test]
fn what_fails_is_made_short_until_no_step_can_be_left_out() {
    let sabotage = Sabotage::HastyTick;
    let fails = |script: &Script| play(script, sabotage).fault;
    let (script, fault) = (0..)
        .map(Script::new)
        .find_map(|script| fails(&script).map(|fault| (script, fault)))
        .expect("a planted bug is noticed");
    let (short, how) = shrink(&script, &fault, sabotage);
    let is_same = |fault: Fault| discriminant(&fault) == discriminant(&how);
    assert!(discriminant(&how) == discriminant(&fault) && fails(&short).is_some_and(is_same));
    assert!(short.steps.len() * 4 < script.steps.len(), "{short}");
    for left_out in 0..short.steps.len() {
        let mut shorter = short.clone();
        shorter.steps.remove(left_out);
        assert!(!fails(&shorter).is_some_and(is_same), "step {left_out} is not needed:\n{short}");
    }
}
