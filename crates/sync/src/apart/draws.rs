//! Draws as they stand in a pack: of an identity or a salt, instead of its random bytes, which draw of a seed it is. What is no
//! draw of a seed that is told, because another drew it, or an earlier build, is spelled out.

use std::collections::BTreeMap;

use teranga_core::id::Salt;

use crate::bytes::{DecodeError, Reader, Writer};
use crate::drawn::{Drawn, Seed};
use crate::limits;
use crate::named::{RANDOM_BYTES, identity_of, read_times, turned, unturned, write_times};

/// How many draws of one seed, the last ones, are looked for when a pack is written: a month of interviews.
const LOOKED_FOR_MAX: u64 = 1 << 16;
/// The bits of a draw's number below those that say which seed it is of.
const PLACE_BITS: u32 = 40;

/// Which draw something is: of which seed, and the how-manieth.
pub(super) type Place = u64;
/// Identities, and which draw each is.
pub(super) type Identities = (Vec<[u8; 16]>, Vec<Option<Place>>);

/// The draws that may stand in what is about to be written.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// By the bytes of a draw that an identity has: those from the seventh to the sixteenth.
    places: BTreeMap<[u8; RANDOM_BYTES], Place>,
    seeds: Vec<Seed>,
}

impl Known {
    pub(super) fn of(drawn: &[Drawn]) -> Self {
        let mut known = Self::default();
        for (of, drawn) in (0u64..).zip(drawn.iter().take(limits::PACK_SEEDS_MAX)) {
            for number in drawn.count.saturating_sub(LOOKED_FOR_MAX)..drawn.count {
                known.places.insert(random_of(&head(drawn.seed.draw(number))), of << PLACE_BITS | number);
            }
            known.seeds.push(drawn.seed);
        }
        known
    }

    /// Which draw an identity has its random bytes of.
    pub(super) fn identity(&self, identity: &[u8; 16]) -> Option<Place> {
        self.places.get(&random_of(identity)).copied()
    }

    fn salt(&self, salt: &Salt) -> Option<Place> {
        self.identity(&salt.0).filter(|place| drawn_at(&self.seeds, *place) == Some(salt.0))
    }

    /// Writes the seeds.
    pub(super) fn write(&self, writer: &mut Writer) {
        writer.count(self.seeds.len());
        for seed in &self.seeds {
            writer.raw(&seed.0);
        }
    }

    /// The seeds that are worth telling where these identities and salts stand in a pack: it costs less than it saves.
    pub(super) fn that_pay<'a>(
        &self,
        identities: impl Iterator<Item = &'a [u8; 16]>,
        salts: &[Salt],
    ) -> Self {
        let mut saved: BTreeMap<u64, usize> = BTreeMap::new();
        let identities = identities.filter_map(|identity| Some((self.identity(identity)?, RANDOM_BYTES)));
        let salts = salts.iter().filter_map(|salt| Some((self.salt(salt)?, salt.0.len())));
        for (place, bytes) in identities.chain(salts) {
            *saved.entry(place >> PLACE_BITS).or_default() += bytes - 1;
        }
        let seeds = (0u64..).zip(&self.seeds);
        let paying: BTreeMap<u64, (u64, Seed)> = seeds
            .filter(|(of, seed)| saved.get(of).is_some_and(|saved| *saved > seed.0.len()))
            .zip(0u64..)
            .map(|((of, seed), place)| (of, (place, *seed)))
            .collect();
        let number = (1 << PLACE_BITS) - 1;
        let places = self.places.iter().filter_map(|(random, place)| {
            let (of, _) = paying.get(&(place >> PLACE_BITS))?;
            Some((*random, of << PLACE_BITS | place & number))
        });
        Self { places: places.collect(), seeds: paying.values().map(|(_, seed)| *seed).collect() }
    }

    /// Writes identities: of which draws they are, their times, and the random bytes of those that are none.
    pub(super) fn write_identities(
        &self,
        writer: &mut Writer,
        identities: &[[u8; 16]],
    ) -> Vec<Option<Place>> {
        let places: Vec<Option<Place>> = identities.iter().map(|identity| self.identity(identity)).collect();
        write_places(writer, places.iter().copied());
        write_times(writer, identities.iter());
        write_spelled(writer, identities, &places);
        places
    }

    /// Writes of identities all but their times.
    pub(super) fn write_random(&self, writer: &mut Writer, identities: &[[u8; 16]]) {
        let places: Vec<Option<Place>> = identities.iter().map(|identity| self.identity(identity)).collect();
        write_places(writer, places.iter().copied());
        write_spelled(writer, identities, &places);
    }

    /// Writes the salts of records: most are the draw behind that of their record.
    pub(super) fn write_salts(&self, writer: &mut Writer, records: &[Option<Place>], salts: &[Salt]) {
        let places: Vec<Option<Place>> = salts.iter().map(|salt| self.salt(salt)).collect();
        for (place, record) in places.iter().zip(records) {
            writer.number(place.map_or(0, |place| 1 + turned(place.wrapping_sub(behind(*record)))));
        }
        for (salt, _) in salts.iter().zip(&places).filter(|(_, place)| place.is_none()) {
            writer.raw(salt.as_bytes());
        }
    }
}

/// Seeds that were read, and what is drawn of them.
#[derive(Debug)]
pub(super) struct Told {
    seeds: Vec<Seed>,
}

impl Told {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = reader.count("seeds", limits::PACK_SEEDS_MAX)?;
        Ok(Self { seeds: (0..count).map(|_| reader.array().map(Seed)).collect::<Result<_, _>>()? })
    }

    /// Reads what [`Known::write_identities`] wrote.
    pub(super) fn read_identities(
        &self,
        reader: &mut Reader<'_>,
        count: usize,
    ) -> Result<Identities, DecodeError> {
        let places = read_places(reader, count)?;
        let times = read_times(reader, count)?;
        let identities = times
            .into_iter()
            .zip(self.read_spelled(reader, &places)?)
            .map(|(time, random)| identity_of(time, random))
            .collect();
        Ok((identities, places))
    }

    /// Reads what [`Known::write_random`] wrote.
    pub(super) fn read_random(
        &self,
        reader: &mut Reader<'_>,
        count: usize,
    ) -> Result<Vec<[u8; RANDOM_BYTES]>, DecodeError> {
        let places = read_places(reader, count)?;
        self.read_spelled(reader, &places)
    }

    fn read_spelled(
        &self,
        reader: &mut Reader<'_>,
        places: &[Option<Place>],
    ) -> Result<Vec<[u8; RANDOM_BYTES]>, DecodeError> {
        let of = |place: &Option<Place>| match place {
            None => reader.array(),
            Some(place) => self.draw(*place).map(|draw| random_of(&draw)),
        };
        places.iter().map(of).collect()
    }

    /// Reads what [`Known::write_salts`] wrote.
    pub(super) fn read_salts(
        &self,
        reader: &mut Reader<'_>,
        records: &[Option<Place>],
    ) -> Result<Vec<Salt>, DecodeError> {
        let places = records
            .iter()
            .map(|record| read_place(reader, behind(*record)))
            .collect::<Result<Vec<_>, DecodeError>>()?;
        places
            .into_iter()
            .map(|place| match place {
                None => reader.array().map(Salt),
                Some(place) => self.draw(place).map(Salt),
            })
            .collect()
    }

    fn draw(&self, place: Place) -> Result<[u8; 16], DecodeError> {
        drawn_at(&self.seeds, place).ok_or(DecodeError::Invalid { field: "draw" })
    }
}

/// Where the salt of a record is looked for first.
fn behind(record: Option<Place>) -> Place {
    record.map_or(0, |place| place.wrapping_add(1))
}

fn drawn_at(seeds: &[Seed], place: Place) -> Option<[u8; 16]> {
    let seed = seeds.get(usize::try_from(place >> PLACE_BITS).ok()?)?;
    Some(head(seed.draw(place & ((1 << PLACE_BITS) - 1))))
}

/// Writes draws, each as what it is beyond the one that was to be expected; 0 stands for none.
fn write_places(writer: &mut Writer, places: impl Iterator<Item = Option<Place>>) {
    let mut expected = 0;
    for place in places {
        writer.number(place.map_or(0, |place| 1 + turned(place.wrapping_sub(expected))));
        expected = place.map_or(expected, |place| place.wrapping_add(1));
    }
}

/// Writes the random bytes of identities that are no draws.
fn write_spelled(writer: &mut Writer, identities: &[[u8; 16]], places: &[Option<Place>]) {
    for (identity, _) in identities.iter().zip(places).filter(|(_, place)| place.is_none()) {
        writer.raw(&random_of(identity));
    }
}

fn read_places(reader: &mut Reader<'_>, count: usize) -> Result<Vec<Option<Place>>, DecodeError> {
    let mut expected = 0;
    (0..count)
        .map(|_| {
            let place = read_place(reader, expected)?;
            expected = place.map_or(expected, |place| place.wrapping_add(1));
            Ok(place)
        })
        .collect()
}

fn read_place(reader: &mut Reader<'_>, expected: Place) -> Result<Option<Place>, DecodeError> {
    let beyond = reader.number("draw")?.checked_sub(1);
    Ok(beyond.map(|beyond| expected.wrapping_add(unturned(beyond))))
}

fn head(draw: [u8; 32]) -> [u8; 16] {
    let [head @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = draw;
    head
}

fn random_of(identity: &[u8; 16]) -> [u8; RANDOM_BYTES] {
    let [_, _, _, _, _, _, random @ ..] = *identity;
    random
}

#[cfg(test)]
mod tests {
    use teranga_core::id::{Entropy, RecordId};
    use teranga_core::time::Millis;

    use super::*;
    use crate::drawn::Drawing;
    use crate::drawn::tests::Elsewhere;

    /// Records with their salts, each drawn from one of these.
    fn records(sources: &mut [&mut dyn Entropy], count: usize) -> (Vec<[u8; 16]>, Vec<Salt>) {
        let (mut records, mut salts) = (Vec::new(), Vec::new());
        for (number, time) in (0..count).zip(1_000..) {
            let at = number % sources.len();
            let source = &mut *sources[at];
            records.push(RecordId::generate(Millis(time), source).0);
            let mut salt = Salt([0; 16]);
            source.fill(&mut salt.0);
            salts.push(salt);
        }
        (records, salts)
    }

    fn there_and_back(drawn: &[Drawn], records: &[[u8; 16]], salts: &[Salt]) -> usize {
        let known = Known::of(drawn).that_pay(records.iter(), salts);
        let mut writer = Writer::new();
        known.write(&mut writer);
        let places = known.write_identities(&mut writer, records);
        known.write_salts(&mut writer, &places, salts);
        let mut reader = Reader::new(writer.as_slice());
        let told = Told::read(&mut reader).unwrap();
        let (read, places) = told.read_identities(&mut reader, records.len()).unwrap();
        assert_eq!(read, records);
        assert_eq!(told.read_salts(&mut reader, &places).unwrap(), salts);
        reader.finish().unwrap();
        writer.len()
    }

    #[test]
    fn what_was_drawn_takes_a_few_bytes_and_what_was_not_comes_back_too() {
        let mut one = Drawing::begin(&mut Elsewhere(1));
        let mut other = Drawing::begin(&mut Elsewhere(2));
        let mut elsewhere = Elsewhere(3);
        let (of_one, salts_of_one) = records(&mut [&mut one], 100);
        let drawn = [one.drawn(), other.drawn()];
        assert!(there_and_back(&drawn, &of_one, &salts_of_one) < 32 + 100 * 5);
        assert!(there_and_back(&[], &of_one, &salts_of_one) > 100 * 26, "who does not know the seed");
        let (mixed, salts) = records(&mut [&mut one, &mut elsewhere, &mut other], 30);
        let drawn = [one.drawn(), other.drawn()];
        assert!(there_and_back(&drawn, &mixed, &salts) < there_and_back(&[], &mixed, &salts));
        let (one_record, its_salt) = records(&mut [&mut other], 1);
        let length = there_and_back(&[other.drawn()], &one_record, &its_salt);
        assert_eq!(
            length,
            there_and_back(&[], &one_record, &its_salt),
            "a seed that saves less than it costs"
        );
    }

    #[test]
    fn a_draw_of_a_seed_that_was_not_told_is_refused() {
        let mut writer = Writer::new();
        writer.count(0).number(1).number(0);
        let mut reader = Reader::new(writer.as_slice());
        let told = Told::read(&mut reader).unwrap();
        let read = told.read_identities(&mut reader, 1);
        assert_eq!(read, Err(DecodeError::Invalid { field: "draw" }));
    }
}
