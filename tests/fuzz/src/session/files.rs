//! Files that are junk: as they lie on a stick, and with junk sealed in them for whoever opens them.

#![expect(
    clippy::unwrap_used,
    reason = "a key of this world that nothing can be sealed for must stop the run"
)]

use teranga_client::Device;
use teranga_client::bundle::{BundleError, Imported};
use teranga_client::invent::Seeded;
use teranga_office::bundle::BundleTaken;
use teranga_office::{Office, ReturnRows};
use teranga_store::uplink::TakeError;
use teranga_store::{Replica, StoreError};
use teranga_sync::bundle::Return;
use teranga_sync::feed::{self, Row};
use teranga_sync::identity::Identity;
use teranga_sync::limits;
use teranga_sync::parcel::{Parcel, ParcelKind, ParcelWriter};
use teranga_sync::version::Spoken;

use super::NOW;
use super::hostile::Hostile;
use super::hub::refused;
use super::making::{Somebody, world};
use super::place::Place;
use super::twist::Twist;
use crate::tape::{Message, NUMBERED, SIGNED, Tape};
use crate::wire::{explained, signed};

/// A file for the regional hub, as it lies on a stick.
pub(super) const BUNDLE_FILE: u8 = 0;
/// A file for the device.
pub(super) const RETURN_FILE: u8 = 1;
/// What the device seals for the regional hub.
pub(super) const BUNDLE: u8 = 2;
/// What the regional hub seals for the device.
pub(super) const RETURN: u8 = 3;
/// What the regional hub seals for headquarters.
pub(super) const BUNDLE_ABOVE: u8 = 4;
/// What headquarters seals for the regional hub.
pub(super) const RETURN_ABOVE: u8 = 5;

/// A device as a person opens it reads every form that ships: it takes this one of so many inputs.
const DEVICE_EVERY: usize = 16;

/// Whoever opens files.
#[derive(Default)]
struct Readers {
    /// The device as a person opens it.
    device: Option<Place<Device>>,
    /// Its replica.
    awa: Option<Place<Replica>>,
    region: Option<Place<Office>>,
    hq: Option<Place<Office>>,
    may_lose: bool,
}

/// Plays a tape of files.
pub(crate) fn parcel(input: &[u8]) {
    let world = world();
    let mut readers = Readers::default();
    let mut awa = Hostile::new(&world.awa, &world.region);
    let mut below = Hostile::new(&world.region, &world.hq);
    for message in &Tape::read(input).messages {
        match message.kind {
            BUNDLE_FILE => bring(readers.region(), &message.bytes),
            RETURN_FILE => {
                hear(readers.awa(), &message.bytes);
                if input.len().is_multiple_of(DEVICE_EVERY) {
                    import(readers.device(), &message.bytes);
                }
            }
            BUNDLE => {
                let office = readers.region();
                let bundle = awa.bundle(message, office.replica());
                bring(office, &sealed(ParcelKind::Bundle, &world.region, &world.awa, &bundle));
            }
            RETURN => {
                let back = readers.back(message, &world.region.identity, &world.awa.identity);
                hear(readers.awa(), &sealed(ParcelKind::Return, &world.awa, &world.region, &back));
            }
            BUNDLE_ABOVE => {
                let office = readers.hq();
                let bundle = below.bundle(message, office.replica());
                bring(office, &sealed(ParcelKind::Bundle, &world.hq, &world.region, &bundle));
            }
            _ => {
                let back = readers.back(message, &world.hq.identity, &world.region.identity);
                let file = sealed(ParcelKind::Return, &world.region, &world.hq, &back);
                if let Err(rejected) = readers.region().take_return(&file) {
                    refused(&rejected);
                }
            }
        }
    }
    let may_lose = readers.may_lose;
    readers.device.into_iter().for_each(|device| device.end_sound(may_lose));
    readers.awa.into_iter().for_each(|device| device.end_sound(may_lose));
    readers.region.into_iter().chain(readers.hq).for_each(|hub| hub.end_sound(may_lose));
}

impl Readers {
    fn device(&mut self) -> &mut Device {
        &mut self.device.get_or_insert_with(|| Place::open(&world().awa.image)).running
    }

    fn awa(&mut self) -> &mut Replica {
        &mut self.awa.get_or_insert_with(|| Place::open(&world().awa.image)).running
    }

    fn region(&mut self) -> &mut Office {
        &mut self.region.get_or_insert_with(|| Place::open(&world().region.image)).running
    }

    fn hq(&mut self) -> &mut Office {
        &mut self.hq.get_or_insert_with(|| Place::open(&world().hq.image)).running
    }

    /// The message of a return, as far right as it is asked for.
    fn back(&mut self, message: &Message, hub: &Identity, child: &Identity) -> Vec<u8> {
        if !message.takes(SIGNED) {
            return message.bytes.clone();
        }
        let bytes = signed(&message.bytes, hub);
        let Ok(mut back) = Return::read(&bytes, &hub.public_key(), Spoken::BUILD) else { return bytes };
        let mut rows = feed::decode(&back.rows, back.version).unwrap_or_default();
        if let Some(mut twist) = Twist::of(message) {
            twist.rows(&mut rows);
            back.rows = feed::encode(&rows, back.version);
        }
        let goes =
            |row: &Row| matches!(row, Row::Erase(_) | Row::Leave { .. } | Row::Verdict(_) | Row::Replica(_));
        self.may_lose |= rows.iter().any(goes);
        if message.takes(NUMBERED) {
            back.replica = child.replica();
        }
        back.encode(hub)
    }
}

/// A file of one message.
fn sealed(kind: ParcelKind, to: &Somebody, from: &Somebody, message: &[u8]) -> Vec<u8> {
    let mut file = ParcelWriter::new(kind, &to.identity.public_key(), from.identity.replica());
    file.add(message, &mut Seeded(9)).unwrap();
    file.finish()
}

/// Brings the messages of a file to a hub, and the file as it is.
fn bring(office: &mut Office, file: &[u8]) {
    let letters = Parcel::read(file)
        .map(|parcel| parcel.sealed.iter().map(|sealed| parcel.head.letter(sealed)).collect::<Vec<_>>());
    for letter in letters.unwrap_or_default().iter().map(Vec::as_slice).chain([file]) {
        match office.take_bundle(letter, ReturnRows::File, &mut Seeded(4), NOW) {
            Ok(taken) => comes_back(&taken),
            Err(rejected) => refused(&rejected),
        }
        if let Err(rejected) = office.take_return(letter) {
            refused(&rejected);
        }
        while office.apply_some(1).unwrap().is_left() {}
    }
}

/// What comes back for a bundle is a file that its child reads.
fn comes_back(taken: &BundleTaken) {
    taken.refused.iter().for_each(|refused| explained(&refused.problem));
    assert!(taken.back.len() <= limits::PARCEL_BYTES_MAX && taken.refused.len() <= limits::REFUSED_MAX);
    let parcel = Parcel::read(&taken.back).unwrap();
    assert!(parcel.head.kind == ParcelKind::Return && !parcel.cut && !parcel.sealed.is_empty());
}

/// A replica takes what is sealed for it, and carries what is for its hub.
fn hear(replica: &mut Replica, file: &[u8]) {
    let Ok(parcel) = Parcel::read(file) else { return };
    if parcel.head.kind == ParcelKind::Bundle {
        replica.carry(parcel.head.from, &parcel.sealed).unwrap();
        return;
    }
    let key = world().region.identity.public_key();
    for sealed in parcel.sealed {
        let Ok(message) = parcel.head.open(replica.identity(), sealed) else { continue };
        match Return::read(&message, &key, Spoken::BUILD).map(|back| replica.take_return(&back)) {
            Ok(Err(TakeError::Store(error))) => panic!("the replica failed: {error:?}"),
            Ok(Err(TakeError::Rows(error))) => explained(&error),
            Err(error) => explained(&error.problem()),
            Ok(Ok(_) | Err(TakeError::NotForUs | TakeError::NotTheHome | TakeError::SomebodyElse)) => {}
        }
    }
}

/// A device takes a file, or says why not; it does not fail over it.
fn import(device: &mut Device, file: &[u8]) {
    match device.import(file) {
        Ok(Imported::Return(_) | Imported::Carried { .. }) => {}
        Err(BundleError::Store(error)) => assert!(matches!(error, StoreError::DiskFull), "{error:?}"),
        Err(error) => explained(&error),
    }
}
