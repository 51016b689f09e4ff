//! What the protocol reads, without a replica: messages, packs, changes. Nothing makes it panic, what it reads it writes
//! and reads again as the same, nothing that it reads exceeds the limits, and what it refuses it refuses with a code that
//! people have words for.

mod change;
mod message;
mod pack;
pub(crate) mod seeds;

pub(crate) use change::change;
pub(crate) use message::message;
pub(crate) use pack::{pack, pack_again};

use std::fmt::Debug;

use teranga_core::problem::Explain;
use teranga_sync::feed::{self, Row};
use teranga_sync::identity::Identity;
use teranga_sync::limits;
use teranga_sync::version::Version;

/// What is written in any of them is read.
pub(crate) const VERSIONS: [Version; 3] = [Version::PacksAndFeed, Version::NamedOnce, Version::ByColumn];

/// The words for every code, in the one table.
const WORDS: &str = include_str!("../../../../crates/teranga/locales/en.ftl");

/// A refusal has a code that people have words for.
pub(crate) fn explained(refusal: &(impl Explain + ?Sized)) {
    let key = format!("problem-{} =", refusal.code());
    assert!(WORDS.lines().any(|line| line.starts_with(&key)), "nobody has words for {}", refusal.code());
}

/// What was read is written and read again as the same.
pub(crate) fn stable<T: PartialEq + Debug, E: Debug>(
    what: &T,
    write: impl Fn(&T) -> Vec<u8>,
    read: impl Fn(&[u8]) -> Result<T, E>,
) {
    let written = write(what);
    match read(&written) {
        Ok(again) => {
            assert!(again == *what, "{what:?} is read again as {again:?}");
            assert!(write(&again) == written, "{what:?} is written in two ways");
        }
        Err(error) => panic!("{what:?} is not read again: {error:?}"),
    }
}

/// The rows of an answer.
pub(crate) fn rows(bytes: &[u8], version: Version) {
    assert!(bytes.len() <= limits::ROWS_RAW_BYTES_MAX);
    match feed::decode(bytes, version) {
        Ok(rows) => {
            assert!(rows.len() <= limits::ROWS_MAX);
            let entries =
                rows.iter().map(|row| if let Row::Save { save, .. } = row { save.len() } else { 0 });
            assert!(entries.sum::<usize>() <= limits::ROWS_ENTRIES_MAX);
            stable(&rows, |rows| feed::encode(rows, version), |bytes| feed::decode(bytes, version));
        }
        Err(error) => explained(&error),
    }
}

/// Bytes with this replica's signature behind them.
pub(crate) fn signed(bytes: &[u8], identity: &Identity) -> Vec<u8> {
    [bytes, &identity.sign(bytes)].concat()
}

/// The secrets of the vectors: a device and its hub.
pub(crate) fn device() -> Identity {
    Identity::from_secret([1; 32])
}

/// The hub of [`device`].
pub(crate) fn hub() -> Identity {
    Identity::from_secret([2; 32])
}
