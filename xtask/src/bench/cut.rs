//! A link that is cut, again and again, under a push of many megabytes: what is sent twice. The same work goes over a
//! link that holds and over one that is cut once in each stretch, at a seeded place; on both the session is the one that
//! devices have, and its clock is that of the modelled link. After every other cut the program is killed as well, and
//! a new session begins.

use anyhow::{Result, ensure};
use serde_json::json;
use teranga_client::Device;
use teranga_client::invent::Seeded;
use teranga_core::problem::Retry;
use teranga_core::time::Millis;
use teranga_examples::NOW;
use teranga_office::Office;
use teranga_store::conversation::{Conversation, Reply, Turn};
use teranga_sync::message::Request;
use teranga_sync::version::Spoken;

use super::row::Outcome;
use super::work::Filled;
use super::world::{HEADERS_BYTES, link_seconds};

/// Records with a long note each; eight megabytes of the short ones of real forms would be 150,000.
const RECORDS: usize = 2_000;
const NOTE_BYTES: usize = 6_000;
const STRETCH_BYTES: usize = 1_000_000;
const PUSH_BYTES_MIN: u64 = 8_000_000;
/// Of a hundred bytes that are needed.
const AGAIN_PERCENT_MAX: f64 = 3.0;
/// Failures in a row after which a device gives up.
const FAILURES_MAX: u32 = 5;

pub(super) fn measure() -> Result<Outcome> {
    let Compared { needed, cut } = compare(RECORDS, STRETCH_BYTES)?;
    ensure!(needed.bytes_up > PUSH_BYTES_MIN, "the push is too small: {} B", needed.bytes_up);
    let again = cut.bytes_up.saturating_sub(needed.bytes_up);
    #[expect(clippy::cast_precision_loss, reason = "sizes are below 2^52")]
    let percent = (again as f64 / needed.bytes_up as f64 * 10_000.0).round() / 100.0;
    let measured = json!({
        "bytes_needed": needed.bytes_up,
        "bytes_sent": cut.bytes_up,
        "again_percent": percent,
        "cuts": cut.cuts,
        "packs_again": cut.packs_again,
        "packs_again_per_cut_max": cut.packs_again_per_cut_max,
    });
    Ok(Outcome::Measured(measured, cut.packs_again_per_cut_max <= 1 && percent <= AGAIN_PERCENT_MAX))
}

/// The same push over both links.
struct Compared {
    needed: Sent,
    cut: Sent,
}

fn compare(records: usize, stretch_bytes: usize) -> Result<Compared> {
    let needed = push(&mut Filled::with_notes(records, NOTE_BYTES)?, Weather::holds())?;
    let cut = push(&mut Filled::with_notes(records, NOTE_BYTES)?, Weather::cuts(stretch_bytes, Seeded(6)))?;
    Ok(Compared { needed, cut })
}

/// What went up over a link.
#[derive(Debug, Default)]
struct Sent {
    /// Of request bodies, those of torn ones as far as they came.
    bytes_up: u64,
    cuts: u64,
    /// Packs under a number that was sent before.
    packs_again: u64,
    /// Of those, between two cuts.
    packs_again_per_cut_max: u64,
    /// The largest request.
    request_bytes_max: u64,
}

/// Where a link is cut.
struct Weather {
    seed: Seeded,
    /// One cut in each stretch of so many bytes up; none on a link that holds.
    stretch: Option<usize>,
    /// How many bytes go up until the next cut, and how many of the stretch then remain.
    left: (u64, u64),
}

/// How far a request came.
enum Carried {
    /// The answer is there.
    Through,
    /// So many bytes of it went up, and the hub heard nothing.
    Torn(u64),
    /// The hub took it, and its answer was lost.
    Unheard,
}

impl Weather {
    fn holds() -> Self {
        Self { seed: Seeded(0), stretch: None, left: (u64::MAX, 0) }
    }

    fn cuts(stretch: usize, seed: Seeded) -> Self {
        let mut weather = Self { seed, stretch: Some(stretch), left: (0, 0) };
        weather.draw();
        weather
    }

    fn draw(&mut self) {
        let Some(stretch) = self.stretch else { return };
        let place = self.seed.below(stretch);
        self.left = (self.left.1 + place as u64, (stretch - place) as u64);
    }

    fn carry(&mut self, bytes: u64) -> Carried {
        if bytes <= self.left.0 {
            self.left.0 -= bytes;
            return Carried::Through;
        }
        let torn = self.left.0;
        self.draw();
        // One cut in four comes a little later, while the answer is on its way.
        if self.seed.below(4) == 0 { Carried::Unheard } else { Carried::Torn(torn) }
    }
}

/// Sessions until nothing is left.
fn push(filled: &mut Filled, mut weather: Weather) -> Result<Sent> {
    let (device, hub) = filled.ends();
    let (mut sent, mut clock) = (Sent::default(), NOW);
    let (mut last_pack, mut again_since_cut) = (0, 0);
    let mut talk = Conversation::begin(device.replica_mut(), FAILURES_MAX)?;
    let mut turn = talk.next(device.replica_mut(), clock, weather.seed.next_number());
    loop {
        turn = match turn {
            Turn::Over(ended) => {
                ended?;
                return Ok(sent);
            }
            Turn::Pause(ms) => {
                clock = later(clock, ms)?;
                talk.next(device.replica_mut(), clock, weather.seed.next_number())
            }
            Turn::Send(body) => {
                for number in packs(device, &body)? {
                    again_since_cut += u64::from(number <= last_pack);
                    sent.packs_again += u64::from(number <= last_pack);
                    last_pack = number.max(last_pack);
                }
                sent.packs_again_per_cut_max = sent.packs_again_per_cut_max.max(again_since_cut);
                sent.request_bytes_max = sent.request_bytes_max.max(body.len() as u64);
                let carried = weather.carry(body.len() as u64);
                let answer = exchange(&carried, hub, &body, clock)?;
                let up = if let Carried::Torn(bytes) = carried { bytes } else { body.len() as u64 };
                sent.bytes_up += up;
                clock = later(clock, on_the_link(up + answer.as_ref().map_or(0, Vec::len) as u64))?;
                if answer.is_none() {
                    sent.cuts += 1;
                    again_since_cut = 0;
                    if sent.cuts % 2 == 0 {
                        talk = Conversation::begin(device.replica_mut(), FAILURES_MAX)?;
                    }
                }
                let reply = answer.as_deref().map_or(Reply::Nothing(Retry::Later), Reply::Answer);
                talk.hear(device.replica_mut(), reply, clock, weather.seed.next_number())
            }
        };
    }
}

/// What the hub says, where it hears and is heard.
fn exchange(carried: &Carried, hub: &mut Office, body: &[u8], now: Millis) -> Result<Option<Vec<u8>>> {
    Ok(match carried {
        Carried::Through => Some(hub.exchange(body, now)?.answer),
        Carried::Torn(_) => None,
        Carried::Unheard => {
            hub.exchange(body, now)?;
            None
        }
    })
}

/// The numbers of the packs in a request.
fn packs(device: &Device, body: &[u8]) -> Result<Vec<u64>> {
    let request = Request::read(body, &device.replica().public_key(), Spoken::BUILD)?;
    Ok(request.pushes.iter().map(|push| push.number).collect())
}

fn later(clock: Millis, ms: u64) -> Result<Millis> {
    Ok(Millis(clock.0 + i64::try_from(ms)?))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds of one exchange")]
fn on_the_link(bytes: u64) -> u64 {
    (link_seconds(1, bytes + HEADERS_BYTES) * 1_000.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_costs_at_most_one_pack_again() {
        let Compared { needed, cut } = compare(120, 40_000).unwrap();
        assert_eq!((needed.cuts, needed.packs_again), (0, 0));
        assert!(cut.cuts > 4, "the link hardly cut: {cut:?}");
        assert!(cut.packs_again > 0 && cut.packs_again_per_cut_max <= 1, "{cut:?}");
        let again = cut.bytes_up - needed.bytes_up;
        assert!(again <= cut.cuts * cut.request_bytes_max, "{again} B again: {cut:?}");
    }
}
