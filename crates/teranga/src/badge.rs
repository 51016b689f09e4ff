//! Where records lie and how they stand, as people read it.

use teranga_core::record::{Review, State};
use teranga_store::ticks::Tick;

use crate::messages::Messages;

/// The stable code of a tick.
pub(crate) fn code(tick: &Tick) -> &'static str {
    match tick {
        Tick::Here => "here",
        Tick::AtRegion => "at-region",
        Tick::Safe => "safe",
        Tick::Held(_) => "held",
    }
}

/// A tick in the user's language, with the reason of what is held.
pub(crate) fn words(tick: &Tick, messages: &Messages) -> String {
    let text = messages.text(&format!("tick-{}", code(tick)));
    match tick {
        Tick::Here | Tick::AtRegion | Tick::Safe => text,
        Tick::Held(verdicts) => {
            let reasons: Vec<String> =
                verdicts.iter().map(|verdict| reason(&verdict.reason, messages)).collect();
            format!("{text}: {}", reasons.join(", "))
        }
    }
}

/// Whether a record counts, or, where its office has reviewed it, what came of that; by their stable codes.
pub(crate) fn state(state: &str, review: &str, messages: &Messages) -> String {
    if state == State::Voided.code() || review == Review::Unreviewed.code() {
        messages.text(&format!("state-{state}"))
    } else {
        messages.text(&format!("review-{review}"))
    }
}

/// Why something is held, in the user's language; a reason of a newer version as it is.
pub(crate) fn reason(code: &str, messages: &Messages) -> String {
    let key = format!("verdict-{code}");
    if messages.has(&key) { messages.text(&key) } else { code.to_owned() }
}
