//! Seeded moments at which something is killed while it works. A moment lies within the time that the same work takes
//! undisturbed on this machine; one that came too late does not count, and another is drawn.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use teranga_client::invent::Seeded;

use crate::Hub;

/// Draws for each kill that is wanted; work that always ends before it is killed is a broken test.
const DRAWS_PER_KILL: usize = 20;

/// The moments of one test.
#[derive(Debug)]
pub struct Moments {
    seed: Seeded,
    within_micros: u64,
    wanted: usize,
    killed: usize,
    drawn: usize,
}

impl Moments {
    /// So many moments from a seed, or as many as `TERANGA_MOMENTS` says, within the time that this work takes.
    pub fn of(seed: u64, wanted: usize, work: impl Fn() -> Command) -> Self {
        let asked = std::env::var("TERANGA_MOMENTS").ok().and_then(|moments| moments.parse().ok());
        let micros = || {
            let begun = Instant::now();
            assert!(work().status().expect("the work starts").success(), "the work itself fails");
            u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX)
        };
        let within_micros = (0..3).map(|_| micros()).min().unwrap_or_default();
        Self { seed: Seeded(seed), within_micros, wanted: asked.unwrap_or(wanted), killed: 0, drawn: 0 }
    }

    /// The next moment, with its number; none once enough were killed in time.
    pub fn draw(&mut self) -> Option<(usize, u64)> {
        if self.killed >= self.wanted {
            println!("{} of {} moments came in time", self.killed, self.drawn);
            return None;
        }
        assert!(self.drawn < self.wanted * DRAWS_PER_KILL, "hardly any moment comes in time");
        self.drawn += 1;
        Some((self.drawn, self.seed.next_number() % self.within_micros))
    }

    /// Notes whether the last moment came in time.
    pub fn note(&mut self, in_time: bool) {
        self.killed += usize::from(in_time);
    }
}

/// Lets a process run for a while and kills it. Returns whether it was still at work.
pub fn kill_within(child: &mut Child, micros: u64) -> bool {
    let in_time = still_at_work_after(child, micros);
    drop(child.kill());
    drop(child.wait());
    in_time
}

/// Lets a process work with a hub for a while and kills the hub. Returns whether the process was still at work.
pub fn kill_hub_within(hub: &mut Hub, other: &mut Child, micros: u64) -> bool {
    let in_time = still_at_work_after(other, micros);
    hub.kill();
    in_time
}

fn still_at_work_after(child: &mut Child, micros: u64) -> bool {
    let until = Instant::now() + Duration::from_micros(micros);
    while Instant::now() < until {
        if child.try_wait().expect("a child can be asked").is_some() {
            return false;
        }
        std::thread::yield_now();
    }
    child.try_wait().expect("a child can be asked").is_none()
}
