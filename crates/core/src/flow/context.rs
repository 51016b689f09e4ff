//! What a filling must be told about the world: the time, the language, who fills and on what, and which classes
//! are held here.

use std::collections::BTreeSet;

use crate::class::ClassId;
use crate::time::Millis;

/// Whether a record is filled for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Opening {
    /// A new record: defaults and the device's metadata are filled in.
    #[default]
    First,
    /// A record that was begun before: nothing is filled in by itself but what is computed, and what the form sets
    /// at every opening.
    Again,
    /// A record that is only looked at: nothing is filled in by itself but what is computed.
    Look,
}

/// The classes whose parts are held here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Held {
    /// All of them.
    #[default]
    All,
    /// These alone; everything of another class is hidden.
    Only(BTreeSet<ClassId>),
}

impl Held {
    /// Whether a class is held.
    pub fn holds(&self, class: &ClassId) -> bool {
        match self {
            Self::All => true,
            Self::Only(classes) => classes.contains(class),
        }
    }
}

/// What a filling must be told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FlowContext {
    /// The time at which the filling is opened.
    pub now: Millis,
    /// The time at which the interview was begun, however often it is opened again: its day decides which codes of a
    /// list are offered. Every code is where it is not told.
    pub begun: Option<Millis>,
    /// The language of labels and messages, as the form names it.
    pub language: String,
    /// Whether the record is new.
    pub opening: Opening,
    /// The classes held here.
    pub held: Held,
    /// The offset of the wall clock from UTC, in minutes; 0 in Senegal all year.
    pub offset_minutes: i32,
    /// What `random()` and `uuid()` are drawn from: the same seed gives the same filling.
    pub seed: [u8; 32],
    /// The device's identity, for `deviceid`.
    pub device_id: Option<String>,
    /// The user's name, for `username`.
    pub username: Option<String>,
    /// The device's telephone number, for `phonenumber`.
    pub phone_number: Option<String>,
    /// The user's e-mail address, for `email`.
    pub email: Option<String>,
}
