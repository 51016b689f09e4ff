//! Versions of the protocol, each named, dated and explained, and which of them an end speaks. A child writes in the newest
//! that it and its hub both speak, and is answered in the same one. Below the first release they may still change.

/// The first bytes of everything that travels.
pub const MAGIC: [u8; 4] = *b"TRGA";

/// A version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 0, 2026-11-24. Packs with manifests up, feed rows down, one signed request and one signed answer an exchange.
    PacksAndFeed,
    /// 1, 2026-11-27. What changes spell again and again, the identities of items, events and cases, stands once before
    /// them; identities stand as the differences of their times.
    NamedOnce,
    /// 2, 2026-11-27. In packs the answers of all records to one question stand together, apart from the changes that gave
    /// them; a replica says of what it drew itself only the how-manieth draw it is. Rows are as in version 1.
    ByColumn,
}

/// The oldest version that this build speaks.
pub const MIN: Version = Version::PacksAndFeed;
/// The newest version that this build speaks.
pub const MAX: Version = Version::ByColumn;

impl Version {
    const EVERY: [Self; 3] = [Self::PacksAndFeed, Self::NamedOnce, Self::ByColumn];

    /// As it stands on the wire.
    pub const fn number(self) -> u8 {
        match self {
            Self::PacksAndFeed => 0,
            Self::NamedOnce => 1,
            Self::ByColumn => 2,
        }
    }

    /// The version of this number; `None` where this build knows none.
    pub fn numbered(number: u8) -> Option<Self> {
        Self::EVERY.into_iter().find(|version| version.number() == number)
    }
}

/// The versions that a build speaks: the oldest, the newest, and all between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoken {
    /// The oldest.
    pub oldest: Version,
    /// The newest.
    pub newest: Version,
}

impl Spoken {
    /// What this build speaks.
    pub const BUILD: Self = Self { oldest: MIN, newest: MAX };

    /// Oldest and newest by their numbers, as they are told to the other end. What that one says of itself may be beyond
    /// anything that is known here.
    pub const fn numbers(self) -> [u8; 2] {
        [self.oldest.number(), self.newest.number()]
    }

    /// The version of this number, if it is spoken.
    pub fn version(self, number: u8) -> Option<Version> {
        Version::numbered(number).filter(|version| (self.oldest..=self.newest).contains(version))
    }

    /// The newest version that both ends speak, of which the other says its oldest and its newest.
    pub fn common(self, [oldest, newest]: [u8; 2]) -> Option<Version> {
        self.version(self.newest.number().min(newest)).filter(|version| version.number() >= oldest)
    }

    /// In which version to write to an end whose newest is known: the newest of both. Where nothing is known of it, in
    /// the oldest.
    pub fn toward(self, newest: Option<u8>) -> Version {
        let theirs = newest.map_or(self.oldest, |number| Version::numbered(number).unwrap_or(self.newest));
        theirs.clamp(self.oldest, self.newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Spoken = Spoken { oldest: Version::PacksAndFeed, newest: Version::PacksAndFeed };

    #[test]
    fn two_ends_speak_the_newest_that_both_know() {
        let ours = Spoken::BUILD;
        assert_eq!(ours.common(ours.numbers()), Some(MAX));
        assert_eq!(ours.common([0, 0]), Some(Version::PacksAndFeed), "an older one");
        assert_eq!(ours.common([1, 1]), Some(Version::NamedOnce), "one between");
        assert_eq!(ours.common([2, 7]), Some(MAX), "a newer one, which has left the oldest");
        assert_eq!(ours.common([3, 7]), None, "too new");
        assert_eq!(OLD.common([1, 1]), None);
        assert_eq!(ours.version(3), None);
        assert_eq!(OLD.version(1), None);
    }

    #[test]
    fn of_whom_nothing_is_known_is_written_to_in_the_oldest() {
        assert_eq!(Spoken::BUILD.toward(None), MIN);
        assert_eq!(Spoken::BUILD.toward(Some(0)), Version::PacksAndFeed);
        assert_eq!(Spoken::BUILD.toward(Some(9)), MAX, "who knows more knows this too, or says so");
        assert_eq!(OLD.toward(Some(1)), Version::PacksAndFeed);
    }
}
