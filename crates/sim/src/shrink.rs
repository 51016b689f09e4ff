//! Shrinking: a failing script without the steps that it does not need. Whole stretches are left out first, then shorter
//! ones, as long as the script still fails in the same way.

use crate::fault::Fault;
use crate::play::play;
use crate::sabotage::Sabotage;
use crate::script::Script;

/// The shortest script found that fails as this one does, and how.
pub fn shrink(script: &Script, fault: &Fault, sabotage: Sabotage) -> (Script, Fault) {
    let (mut best, mut how) = (script.clone(), fault.clone());
    let mut stretch = best.steps.len().div_ceil(2);
    while stretch > 0 {
        let mut at = 0;
        let mut left_out = false;
        while at < best.steps.len() {
            let kept = best.steps.iter().enumerate();
            let steps =
                kept.filter(|(number, _)| !(at..at + stretch).contains(number)).map(|(_, step)| *step);
            let shorter = Script { steps: steps.collect(), ..best.clone() };
            match play(&shorter, sabotage).fault {
                Some(found) if is_same(&found, &how) => {
                    (best, how, left_out) = (shorter, found, true);
                }
                _ => at += stretch,
            }
        }
        if !left_out || stretch > best.steps.len() {
            stretch /= 2;
        }
    }
    (best, how)
}

fn is_same(one: &Fault, other: &Fault) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}
