//! The rules of a `range`: its ends, steps and ticks must fit each other, as ODK's own converter demands.

use crate::finding::Flaw;
use crate::parameters::{Parameters, value};

/// What a whole number of steps may miss by, for decimals that binary fractions only come near to.
const TOLERANCE: f64 = 1e-6;

/// Appearances under which ticks and the placeholder are shown.
const WITH_TICKS: [&str; 4] = ["vertical", "no-ticks", "vertical no-ticks", "no-ticks vertical"];

struct Range<'a> {
    parameters: &'a Parameters,
    start: f64,
    end: f64,
    step: f64,
    tick: Option<f64>,
}

/// What is wrong with the parameters of a range, whose labels of ticks are the codes of the list that it names.
pub(crate) fn check(parameters: &Parameters, appearance: Option<&str>, labels: Option<&[&str]>) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let mut number = |key: &str, otherwise: f64| {
        let Some(text) = value(parameters, key) else { return otherwise };
        text.parse::<f64>().ok().filter(|number| number.is_finite()).unwrap_or_else(|| {
            flaws.push(broken(key, "must be a number"));
            otherwise
        })
    };
    let (start, end, step) = (number("start", 1.0), number("end", 10.0), number("step", 1.0));
    let (tick, placeholder) = (number("tick_interval", f64::NAN), number("placeholder", f64::NAN));
    let given = |number: f64| (!number.is_nan()).then_some(number);
    let range = Range { parameters, start, end, step, tick: given(tick) };
    flaws.extend(range.steps());
    flaws.extend(given(placeholder).and_then(|placeholder| range.placeholder(placeholder)));
    flaws.extend(range.labels(appearance, labels));
    if appearance.is_some_and(|appearance| !WITH_TICKS.contains(&appearance.trim())) {
        let shown = ["tick_interval", "placeholder", "tick_labelset"];
        let vain = shown.into_iter().find(|key| value(parameters, key).is_some());
        flaws.extend(vain.map(|key| broken(key, "is only shown plainly, vertical or with no-ticks")));
    }
    flaws
}

fn broken(key: &str, rule: &'static str) -> Flaw {
    Flaw::ParameterRule { name: key.to_owned(), rule }
}

fn is_multiple(number: f64, of: f64) -> bool {
    let times = number / of;
    (times - times.round()).abs() < TOLERANCE
}

impl Range<'_> {
    fn holds(&self, number: f64) -> bool {
        (self.start.min(self.end)..=self.start.max(self.end)).contains(&number)
    }

    fn steps(&self) -> Option<Flaw> {
        if self.step == 0.0 {
            return Some(broken("step", "must not be 0"));
        }
        let tick = self.tick?;
        let rule = if tick == 0.0 {
            "must not be 0"
        } else if tick.abs() > (self.end - self.start).abs() {
            "must not be larger than the range"
        } else if !is_multiple(tick, self.step) {
            "must be a multiple of step"
        } else {
            return None;
        };
        Some(broken("tick_interval", rule))
    }

    fn placeholder(&self, placeholder: f64) -> Option<Flaw> {
        let rule = if !self.holds(placeholder) {
            "must lie between start and end"
        } else if !is_multiple(placeholder - self.start, self.step) {
            "must be a multiple of step"
        } else {
            return None;
        };
        Some(broken("placeholder", rule))
    }

    fn labels(&self, appearance: Option<&str>, labels: Option<&[&str]>) -> Option<Flaw> {
        value(self.parameters, "tick_labelset")?;
        let Some(labels) = labels else { return Some(broken("tick_labelset", "must be a list of choices")) };
        let numbers: Vec<f64> = labels.iter().filter_map(|code| code.parse().ok()).collect();
        let near = |left: f64, right: f64| (left - right).abs() < TOLERANCE;
        let interval = self.tick.unwrap_or(self.step);
        let no_ticks = appearance.is_some_and(|appearance| appearance.contains("no-ticks"));
        let rule = if numbers.len() < labels.len() {
            "must be a list of numbers"
        } else if !numbers.iter().all(|number| self.holds(*number)) {
            "must lie between start and end"
        } else if no_ticks && numbers.len() > 2 {
            "must have two choices when there are no ticks"
        } else if no_ticks
            && !numbers.iter().all(|number| near(*number, self.start) || near(*number, self.end))
        {
            "must be start and end when there are no ticks"
        } else if !no_ticks && !numbers.iter().all(|number| is_multiple(number - self.start, interval)) {
            "must be start plus a multiple of tick_interval"
        } else {
            return None;
        };
        Some(broken("tick_labelset", rule))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::split;

    fn flaws(text: &str, labels: Option<&[&str]>) -> Vec<Flaw> {
        check(&split(text).unwrap(), None, labels)
    }

    #[test]
    fn steps_ticks_and_labels_must_fit() {
        assert_eq!(flaws("start=-1 end=1 step=0.1 tick_interval=0.6", None), []);
        assert_eq!(flaws("start=7 end=3 step=2 placeholder=7", None), []);
        assert_eq!(flaws("step=0", None), [broken("step", "must not be 0")]);
        assert_eq!(flaws("start=one", None), [broken("start", "must be a number")]);
        assert_eq!(flaws("start=0 end=10 tick_interval=11", None).len(), 1);
        assert_eq!(flaws("start=-3 end=3 step=2 placeholder=0", None).len(), 1);
        assert_eq!(flaws("start=0 end=7 tick_interval=3 tick_labelset=c", Some(&["4"])).len(), 1);
        assert_eq!(flaws("start=0 end=7 tick_interval=3 tick_labelset=c", Some(&["0", "6"])), []);
        assert_eq!(flaws("tick_labelset=c", None).len(), 1);
    }
}
