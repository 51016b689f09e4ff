//! Files between a device and its hub, and between devices: what a person takes to the hub on a stick, what came back,
//! and the bundles of colleagues that this device takes along, because it meets the hub sooner.

use teranga_core::id::{Entropy, ReplicaId};
use teranga_core::problem::{Explain, Retry};
use teranga_core::time::Millis;
use teranga_store::StoreError;
use teranga_store::bundle::Bundled;
use teranga_store::courier::Carry;
use teranga_store::erase::Destroyed;
use teranga_store::uplink::{TakeError, Uplink};
use teranga_sync::bundle::Return;
use teranga_sync::identity::replica_id;
use teranga_sync::limits;
use teranga_sync::message::More;
use teranga_sync::parcel::{HEAD_BYTES, Parcel, ParcelError, ParcelKind};

use crate::device::Device;
use crate::error::ClientError;

/// Why a file was not made or not taken. Nothing was half done.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The replica.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What came is not for the catalogue.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The file.
    #[error(transparent)]
    Parcel(#[from] ParcelError),
    /// This device is enrolled nowhere.
    #[error("this device is not enrolled at a hub")]
    NotEnrolled,
    /// The file is for somebody else.
    #[error("the file is for {recipient}")]
    OtherRecipient {
        /// For whom, by name where it is known.
        recipient: String,
    },
    /// The file is this device's own bundle, for its hub.
    #[error("the file is this device's own bundle")]
    Own,
    /// The file answers somebody else who has this replica's key.
    #[error("the file is for a copy of this device")]
    OfACopy,
    /// There is no room to carry more for others.
    #[error("no room to carry more")]
    Full,
    /// Nothing came back for this person.
    #[error("nothing came back for {who}")]
    NothingFor {
        /// Who was asked for.
        who: String,
        /// For whom something did.
        known: String,
    },
}

impl Explain for BundleError {
    fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Client(error) => error.code(),
            Self::Parcel(error) => error.code(),
            Self::NotEnrolled => "not-enrolled",
            Self::OtherRecipient { .. } => "bundle-other-recipient",
            Self::Own => "bundle-own",
            Self::OfACopy => "bundle-of-a-copy",
            Self::Full => "bundle-no-room",
            Self::NothingFor { known, .. } if known.is_empty() => "bundle-nothing-back",
            Self::NothingFor { .. } => "bundle-nothing-for",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Store(error) => error.arguments(),
            Self::Client(error) => error.arguments(),
            Self::Parcel(error) => error.arguments(),
            Self::OtherRecipient { recipient } => vec![("recipient", recipient.clone())],
            Self::NothingFor { who, known } => vec![("who", who.clone()), ("known", known.clone())],
            Self::NotEnrolled | Self::Own | Self::OfACopy | Self::Full => Vec::new(),
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Store(error) => error.retry(),
            Self::Client(error) => error.retry(),
            _ => Retry::Never,
        }
    }
}

/// What a file brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// What the hub gave back for a bundle of this device.
    Return(Heard),
    /// A colleague's bundle, which is carried to the hub.
    Carried {
        /// From whom, by name where it is known.
        from: String,
        /// Whether the file breaks off; what stands before is carried.
        cut: bool,
    },
}

/// What a return said and brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// Whether the hub is known to hold more than before.
    pub moved: bool,
    /// Packs that the hub refused.
    pub refused: usize,
    /// Changes that were applied.
    pub applied: usize,
    /// Whether the hub has more for this device.
    pub more: More,
    /// Whether a line was begun.
    pub began_a_line: bool,
    /// What was erased on this device.
    pub destroyed: Destroyed,
    /// Records that stand though the hub passed on a word to destroy them: it is not the home's.
    pub foreign_words: usize,
    /// Messages of the file that could not be read.
    pub unreadable: usize,
    /// Whether the file breaks off; what stands before was taken.
    pub cut: bool,
}

impl Device {
    /// A bundle of everything that the hub has not acknowledged.
    pub fn bundle(&mut self, entropy: &mut dyn Entropy, now: Millis) -> Result<Bundled, BundleError> {
        self.replica_mut().bundle(entropy, now)?.ok_or(BundleError::NotEnrolled)
    }

    /// Takes a file, whatever it brings.
    pub fn import(&mut self, file: &[u8]) -> Result<Imported, BundleError> {
        let uplink = self.replica().uplink()?.ok_or(BundleError::NotEnrolled)?;
        let parcel = Parcel::read(file)?;
        let own = self.replica().id();
        match parcel.head.kind {
            ParcelKind::Return if parcel.head.to == own => self.hear(&parcel, &uplink).map(Imported::Return),
            ParcelKind::Bundle if parcel.head.from == own => Err(BundleError::Own),
            ParcelKind::Bundle if parcel.head.to == replica_id(&uplink.key) => self.take_along(&parcel),
            ParcelKind::Return | ParcelKind::Bundle => {
                Err(BundleError::OtherRecipient { recipient: self.name_of(parcel.head.to)? })
            }
        }
    }

    fn hear(&mut self, parcel: &Parcel<'_>, uplink: &Uplink) -> Result<Heard, BundleError> {
        let mut heard = Heard {
            moved: false,
            refused: 0,
            applied: 0,
            more: More::Nothing,
            began_a_line: false,
            destroyed: Destroyed::default(),
            foreign_words: 0,
            unreadable: 0,
            cut: parcel.cut,
        };
        let spoken = self.replica().spoken();
        for sealed in &parcel.sealed {
            let opened = parcel.head.open(self.replica().identity(), sealed).ok();
            let back = opened.and_then(|message| Return::read(&message, &uplink.key, spoken).ok());
            let taken = back.map(|back| self.replica_mut().take_return(&back)).transpose();
            let taken = match taken {
                Ok(Some(taken)) => taken,
                Err(TakeError::Store(error)) => return Err(error.into()),
                Err(TakeError::SomebodyElse) => return Err(BundleError::OfACopy),
                Ok(None) | Err(TakeError::NotForUs | TakeError::NotTheHome | TakeError::Rows(_)) => {
                    heard.unreadable += 1;
                    continue;
                }
            };
            heard.moved |= taken.moved;
            heard.refused = heard.refused.max(taken.refused);
            heard.applied += taken.applied.changes;
            heard.more = taken.more;
            heard.began_a_line |= taken.began_a_line;
            heard.destroyed += taken.destroyed;
            heard.foreign_words += taken.foreign_words;
        }
        if heard.unreadable == parcel.sealed.len() {
            return Err(ParcelError::Damaged.into());
        }
        self.replica_mut().apply_the_rest()?;
        self.reload_catalogue()?;
        Ok(heard)
    }

    fn take_along(&mut self, parcel: &Parcel<'_>) -> Result<Imported, BundleError> {
        // A message that is larger than the hub's door would only be carried back and forth.
        let too_large =
            parcel.sealed.iter().any(|sealed| sealed.len() > limits::LETTER_BYTES_MAX - HEAD_BYTES);
        if parcel.sealed.is_empty() || too_large {
            return Err(ParcelError::Damaged.into());
        }
        match self.replica_mut().carry(parcel.head.from, &parcel.sealed)? {
            Carry::Taken => Ok(Imported::Carried { from: self.name_of(parcel.head.from)?, cut: parcel.cut }),
            Carry::Full => Err(BundleError::Full),
        }
    }

    /// What the hub gave back for a colleague's bundle: by the person's name, or the identity of the device.
    pub fn return_of(&self, who: &str) -> Result<Vec<u8>, BundleError> {
        for child in self.replica().carried_back_for()? {
            let name = self.name_of(child)?;
            if (name.to_lowercase() == who.trim().to_lowercase() || child.to_string() == who.trim())
                && let Some(back) = self.replica().carried_back(child)?
            {
                return Ok(back.file);
            }
        }
        Err(BundleError::NothingFor { who: who.to_owned(), known: self.returns_for()?.join(", ") })
    }

    /// The colleagues for whose bundles the hub gave something back.
    pub fn returns_for(&self) -> Result<Vec<String>, StoreError> {
        self.replica().carried_back_for()?.into_iter().map(|child| self.name_of(child)).collect()
    }

    /// A replica by its person's name where that is known here.
    fn name_of(&self, replica: ReplicaId) -> Result<String, StoreError> {
        let known = self.replica().introduction(replica)?;
        Ok(known.map_or_else(|| replica.to_string(), |known| known.person))
    }
}
