//! What changes spell again and again: the identities of repeat items, events and cases, 26 characters in every key. From
//! version 1 on each stands once before the changes of a pack or of a block of rows, and a change says only where it is
//! spelled. What is put together again is the same to the byte, or its hash would not be the one that was signed.

use std::collections::BTreeMap;

use teranga_core::id::ItemId;

use crate::bytes::{DecodeError, Reader, Writer};
use crate::limits;

/// A spelled identity: 26 characters of Crockford's base 32.
pub(crate) const CHARS: usize = 26;
/// The random bytes of an identity, behind six of its time.
pub(crate) const RANDOM_BYTES: usize = 10;
pub(crate) const TIME_BITS: u32 = 48;

/// The identities of what is being written, in the order in which they are first spelled.
#[derive(Debug, Default)]
pub struct Names {
    numbers: BTreeMap<[u8; 16], usize>,
    order: Vec<[u8; 16]>,
}

impl Names {
    /// Writes a body without its identities: where each is spelled, and which it is, counted back from the next new one.
    pub fn write_body(&mut self, writer: &mut Writer, body: &[u8]) {
        let spelled = spelled(body);
        writer.count(spelled.len());
        let mut rest = Writer::new();
        let mut from = 0;
        for (at, name) in spelled {
            let before = body.get(from..at).unwrap_or_default();
            writer.count(before.len()).count(self.back(name));
            rest.raw(before);
            from = at + CHARS;
        }
        rest.raw(body.get(from..).unwrap_or_default());
        writer.run(rest.as_slice());
    }

    /// Those that were named, in the order in which they first were.
    pub(crate) fn in_order(&self) -> &[[u8; 16]] {
        &self.order
    }

    /// Writes them all.
    pub fn write(&self, writer: &mut Writer) {
        writer.count(self.order.len());
        write_identities(writer, self.order.iter());
    }

    /// Which one it is, counted back from the next new one; 0 names that one.
    pub(crate) fn back(&mut self, name: [u8; 16]) -> usize {
        let next = self.order.len();
        let number = *self.numbers.entry(name).or_insert(next);
        if number == next {
            self.order.push(name);
        }
        next - number
    }
}

/// The identities of what is being read.
#[derive(Debug)]
pub struct NamesReader {
    names: Vec<[u8; 16]>,
    /// How many were spelled so far.
    spelled: usize,
    /// How many bytes of bodies may still come of this.
    left: usize,
}

impl NamesReader {
    /// Reads them. All bodies together are `bytes_max` at most: a few bytes must not become many.
    pub fn read(reader: &mut Reader<'_>, bytes_max: usize) -> Result<Self, DecodeError> {
        let count = reader.count("names", limits::PACK_NAMES_MAX)?;
        Ok(Self { names: read_identities(reader, count)?, spelled: 0, left: bytes_max })
    }

    /// Reads a body.
    pub fn read_body(&mut self, reader: &mut Reader<'_>) -> Result<Vec<u8>, DecodeError> {
        let places = (0..reader.count("places", limits::CHANGE_BYTES_MAX / CHARS)?)
            .map(|_| Ok((reader.count("place", limits::CHANGE_BYTES_MAX)?, self.name(reader)?)))
            .collect::<Result<Vec<_>, DecodeError>>()?;
        let mut rest = Reader::new(reader.run("change", limits::CHANGE_BYTES_MAX)?);
        let length = rest.rest().len() + places.len() * CHARS;
        if length > limits::CHANGE_BYTES_MAX.min(self.left) {
            return Err(DecodeError::OverLimit { field: "change" });
        }
        self.left -= length;
        let mut body = Writer::new();
        for (before, name) in places {
            body.raw(rest.take(before)?).raw(ItemId(name).to_string().as_bytes());
        }
        body.raw(rest.rest());
        Ok(body.finish())
    }

    fn name(&mut self, reader: &mut Reader<'_>) -> Result<[u8; 16], DecodeError> {
        let back = reader.count("name", limits::PACK_NAMES_MAX)?;
        let number = self.spelled.checked_sub(back).ok_or(DecodeError::Invalid { field: "name" })?;
        let name = self.names.get(number).ok_or(DecodeError::Invalid { field: "name" })?;
        self.spelled += usize::from(back == 0);
        Ok(*name)
    }
}

/// Writes identities: first their times, each as what it is beyond the one before; then what is random in them.
pub fn write_identities<'a>(writer: &mut Writer, identities: impl Iterator<Item = &'a [u8; 16]> + Clone) {
    write_times(writer, identities.clone());
    for identity in identities {
        writer.raw(identity.last_chunk::<RANDOM_BYTES>().unwrap_or(&[0; RANDOM_BYTES]));
    }
}

/// Reads what [`write_identities`] wrote.
pub fn read_identities(reader: &mut Reader<'_>, count: usize) -> Result<Vec<[u8; 16]>, DecodeError> {
    let times = read_times(reader, count)?;
    times.into_iter().map(|time| Ok(identity_of(time, reader.array()?))).collect()
}

/// Writes the times of identities, each as what it is beyond the one before.
pub(crate) fn write_times<'a>(writer: &mut Writer, identities: impl Iterator<Item = &'a [u8; 16]>) {
    let mut before = 0;
    for identity in identities {
        let time = time(identity);
        writer.number(turned(time.wrapping_sub(before)));
        before = time;
    }
}

/// Reads what [`write_times`] wrote.
pub(crate) fn read_times(reader: &mut Reader<'_>, count: usize) -> Result<Vec<u64>, DecodeError> {
    let mut before = 0u64;
    (0..count)
        .map(|_| {
            before = before.wrapping_add(unturned(reader.number("time")?));
            if before >> TIME_BITS == 0 { Ok(before) } else { Err(DecodeError::Invalid { field: "time" }) }
        })
        .collect()
}

/// The identity of this time, with these random bytes.
pub(crate) fn identity_of(time: u64, random: [u8; RANDOM_BYTES]) -> [u8; 16] {
    let low = random.iter().fold(0u128, |low, byte| low << 8 | u128::from(*byte));
    (u128::from(time) << (RANDOM_BYTES * 8) | low).to_be_bytes()
}

/// The time of an identity, in ms since 1970.
pub(crate) fn time(identity: &[u8; 16]) -> u64 {
    identity.iter().take(16 - RANDOM_BYTES).fold(0, |time, byte| time << 8 | u64::from(*byte))
}

/// A difference with its sign in the last bit, so that small ones are short either way.
pub(crate) fn turned(difference: u64) -> u64 {
    (difference << 1) ^ (0u64.wrapping_sub(difference >> 63))
}

pub(crate) fn unturned(number: u64) -> u64 {
    (number >> 1) ^ 0u64.wrapping_sub(number & 1)
}

/// Where identities are spelled, from the front.
pub(crate) fn spelled(body: &[u8]) -> Vec<(usize, [u8; 16])> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(text) = body.get(at..at + CHARS) {
        match identity(text) {
            Ok(name) => {
                found.push((at, name));
                at += CHARS;
            }
            Err(skip) => at += skip,
        }
    }
    found
}

/// The identity that is spelled here; else how far on the next one may begin.
fn identity(text: &[u8]) -> Result<[u8; 16], usize> {
    // From the end: what cannot be part of one rules out all that contain it.
    if let Some(last) = text.iter().rposition(|byte| !is_symbol(*byte)) {
        return Err(last + 1);
    }
    let parsed = std::str::from_utf8(text).ok().and_then(|text| text.parse::<ItemId>().ok());
    parsed.map(|item| item.0).ok_or(1)
}

const fn is_symbol(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'A'..=b'H' | b'J' | b'K' | b'M' | b'N' | b'P'..=b'T' | b'V'..=b'Z')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(bodies: &[&[u8]]) -> (usize, Result<Vec<Vec<u8>>, DecodeError>) {
        let (mut names, mut written, mut whole) = (Names::default(), Writer::new(), Writer::new());
        for body in bodies {
            names.write_body(&mut written, body);
        }
        names.write(&mut whole);
        let bytes = whole.raw(written.as_slice()).as_slice().to_vec();
        let mut reader = Reader::new(&bytes);
        let read = NamesReader::read(&mut reader, 1_000).and_then(|mut names| {
            bodies.iter().map(|_| names.read_body(&mut reader)).collect::<Result<Vec<_>, _>>()
        });
        (bytes.len(), read)
    }

    #[test]
    fn a_body_comes_back_to_the_byte_whatever_stands_in_it() {
        let one = ItemId([0x12; 16]).to_string();
        let other = ItemId([0xfe; 16]).to_string();
        let bodies = [
            format!("members/{one}/name members/{one}/age members/{other}/name"),
            format!("{one}{other}{one}"),
            format!("0{one}0"),
            "no identity".to_owned(),
            String::new(),
            "ZZZZZZZZZZZZZZZZZZZZZZZZZZ8ZZZZZZZZZZZZZZZZZZZZZZZZZ".to_owned(),
            one.to_lowercase(),
            other.replace('Z', "I"),
        ];
        let bodies: Vec<&[u8]> = bodies.iter().map(String::as_bytes).collect();
        let (length, read) = there_and_back(&bodies);
        assert_eq!(read.unwrap(), bodies);
        assert!(length < bodies.iter().map(|body| body.len()).sum::<usize>() - CHARS);
    }

    #[test]
    fn times_before_and_after_each_other_come_back() {
        let identities = [[0; 16], [0xff; 16], [1; 16], [0; 16]];
        let mut writer = Writer::new();
        write_identities(&mut writer, identities.iter());
        assert_eq!(read_identities(&mut Reader::new(writer.as_slice()), 4).unwrap(), identities);
    }

    #[test]
    fn few_bytes_do_not_become_many() {
        let one = ItemId([0x12; 16]).to_string();
        let long = one.repeat(30);
        let (_, read) = there_and_back(&[long.as_bytes(), long.as_bytes()]);
        assert_eq!(read, Err(DecodeError::OverLimit { field: "change" }));
    }

    #[test]
    fn a_name_that_is_not_there_is_refused() {
        let mut writer = Writer::new();
        writer.count(0).count(1).count(0).count(0).run(b"");
        let mut reader = Reader::new(writer.as_slice());
        let read = NamesReader::read(&mut reader, 100).and_then(|mut names| names.read_body(&mut reader));
        assert_eq!(read, Err(DecodeError::Invalid { field: "name" }));
    }
}
