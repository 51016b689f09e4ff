//! How much room a part has for a change. What it holds is bounded, and whoever has a volunteer's telephone could fill it: then
//! its office must still be able to write that the record is void, or in whose hands it is. And what was decided elsewhere
//! is not decided again by how much lies here: two replicas would hold different things for ever.

use teranga_core::audience::{Audience, Reach};
use teranga_core::limits::{PART_BYTES_MAX, PART_CHANGES_MAX, PART_KEYS_MAX};

/// Whose the room is that a change needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// What somebody writes who holds a caseload: the limits as they stand.
    Field,
    /// What somebody writes who holds everything of their place, as an office does: a quarter more, which no caseload's device can fill.
    Office,
    /// What the hub above has let in, or was in the part before: the room of the hubs above, and beside it what is here and may yet
    /// be refused there.
    Decided,
}

impl Room {
    /// The room for what a replica of this audience writes.
    pub const fn of_author(audience: &Audience) -> Self {
        match audience.reach {
            Reach::Everything => Self::Office,
            Reach::Caseload(_) => Self::Field,
        }
    }

    /// The most changes of a part.
    pub const fn changes_max(self) -> usize {
        self.of(PART_CHANGES_MAX)
    }

    /// The largest part, in bytes of its snapshot.
    pub const fn bytes_max(self) -> usize {
        self.of(PART_BYTES_MAX)
    }

    /// The most keys of a part.
    pub const fn keys_max(self) -> usize {
        self.of(PART_KEYS_MAX)
    }

    const fn of(self, limit: usize) -> usize {
        let quarters = match self {
            Self::Field => 4,
            Self::Office => 5,
            Self::Decided => 16,
        };
        limit / 4 * quarters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_office_has_more_room_than_a_caseload_and_what_was_decided_has_that_of_both() {
        assert_eq!(Room::Field.changes_max(), PART_CHANGES_MAX);
        assert_eq!((Room::Field.bytes_max(), Room::Field.keys_max()), (PART_BYTES_MAX, PART_KEYS_MAX));
        for max in [Room::changes_max, Room::bytes_max, Room::keys_max] {
            assert!(max(Room::Office) > max(Room::Field));
            // Two hubs above may each hold what their offices may fill, and here lies as much.
            assert!(max(Room::Decided) >= 3 * max(Room::Office));
        }
    }
}
