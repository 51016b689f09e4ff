//! A link: what becomes of the bytes of one exchange on the way there and back.

use teranga_client::invent::Seeded;

use crate::what::Weather;

/// What arrives of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// They do.
    Whole(Vec<u8>),
    /// They do, twice.
    Twice(Vec<u8>),
    /// Something else does: damaged where no checksum saw it.
    Damaged(Vec<u8>),
    /// Something else does: what the same machine asked, or was answered, before. Which, a number says.
    Earlier(Vec<u8>, usize),
    /// Nothing does, or only the beginning, which no transport hands on.
    Nothing,
}

/// The link of one session.
#[derive(Debug)]
pub(crate) struct Link {
    weather: Weather,
    seed: Seeded,
}

impl Link {
    pub(crate) fn new(weather: Weather, seed: u64) -> Self {
        Self { weather, seed: Seeded(seed) }
    }

    /// How many bytes of files its owner lets one sync carry; none for no bound.
    pub(crate) fn budget(&mut self) -> Option<u64> {
        match self.weather {
            Weather::Fair => None,
            Weather::Rough | Weather::Torn | Weather::OneWay | Weather::Gone => {
                Some(12_000 + self.seed.below(30_000) as u64)
            }
        }
    }

    /// The way up.
    pub(crate) fn up(&mut self, bytes: Vec<u8>) -> Arrival {
        match self.weather {
            Weather::Fair | Weather::OneWay => Arrival::Whole(bytes),
            Weather::Rough | Weather::Torn => self.rough(bytes),
            Weather::Gone => Arrival::Nothing,
        }
    }

    /// The way down.
    pub(crate) fn down(&mut self, bytes: Vec<u8>) -> Arrival {
        match self.weather {
            Weather::Fair => Arrival::Whole(bytes),
            Weather::OneWay | Weather::Gone => Arrival::Nothing,
            Weather::Rough | Weather::Torn => self.rough(bytes),
        }
    }

    /// How long an exchange takes, in milliseconds.
    pub(crate) fn time(&mut self, bytes: usize) -> i64 {
        let slow = match self.weather {
            Weather::Fair => 1,
            Weather::Rough | Weather::Torn | Weather::OneWay | Weather::Gone => 1 + self.seed.below(20),
        };
        i64::try_from(600 + bytes * slow * 8 / 100).unwrap_or(i64::MAX / 2)
    }

    fn rough(&mut self, mut bytes: Vec<u8>) -> Arrival {
        match self.seed.below(20) {
            0..=12 => Arrival::Whole(bytes),
            13 => Arrival::Twice(bytes),
            14 => {
                let at = self.seed.below(bytes.len());
                let bit = self.seed.below(8);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << bit;
                }
                Arrival::Damaged(bytes)
            }
            15 => Arrival::Earlier(bytes, self.seed.below(1_000)),
            16 | 17 if self.weather == Weather::Torn => {
                bytes.truncate(self.seed.below(bytes.len()));
                Arrival::Damaged(bytes)
            }
            _ => Arrival::Nothing,
        }
    }
}
