//! The two messages of the lane in which files travel, after the answers that mention them. A request says which files the
//! child has, brings some of their chunks and some thumbnails, and wants others; the answer says what the hub holds of
//! each, so that whoever sends goes on at the next chunk after any cut, on any hub. Both are signed like the messages of
//! an exchange, and their numbers are those of the child's exchanges: each serves once.

use teranga_core::id::{FileHash, Line, PublicKey, ReplicaId};

use crate::bytes::{DecodeError, Reader, Writer};
use crate::holding::{Challenge, Proof};
use crate::identity::Identity;
use crate::limits;
use crate::message::{Ends, read_line};
use crate::runs::Runs;
use crate::signed::{MessageError, head, open, sign, signed_by, split};
use crate::thumbnail::Thumbnail;
use crate::version::{Spoken, Version};

const REQUEST: u8 = 5;
const ANSWER: u8 = 6;
/// In an offer: it only asks, for a replica below whose identity follows.
const ON_BEHALF: u8 = 2;

/// A file that the child has, or of which it has a thumbnail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// The file.
    pub file: FileHash,
    /// Its length; 0 where only its thumbnail is here.
    pub bytes: usize,
    /// Whether its thumbnail is here.
    pub thumbnail: bool,
    /// The replica below that has the file, where this one only asks about it for that one and knows nothing of it.
    pub on_behalf_of: Option<ReplicaId>,
}

/// Chunks of one file that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// The file, by its place among the offers of a request or the files of an answer.
    pub of: usize,
    /// The first chunk.
    pub first: u32,
    /// Their bytes.
    pub bytes: Vec<u8>,
}

/// A file that the child wants whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// The file.
    pub file: FileHash,
    /// What it holds of it.
    pub held: Runs,
}

/// What a child asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneRequest {
    /// The version in which it is written, and will be answered.
    pub version: Version,
    /// The hub that this is meant for.
    pub hub: ReplicaId,
    /// The child.
    pub replica: ReplicaId,
    /// The line in which it numbers its exchanges.
    pub line: Line,
    /// The number of this one.
    pub exchange: u64,
    /// How many bytes of thumbnails and of chunks it wants at most.
    pub pull_bytes_max: usize,
    /// What it has.
    pub offers: Vec<Offer>,
    /// Thumbnails.
    pub thumbnails: Vec<Thumbnail>,
    /// Chunks.
    pub stretches: Vec<Stretch>,
    /// The images of which it wants thumbnails.
    pub thumbnails_wanted: Vec<FileHash>,
    /// The files that it wants.
    pub wanted: Vec<Want>,
}

/// What a hub holds of a file that was offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// No answer that the child may hold mentions it here.
    Unknown,
    /// All of it, and it is what its address says.
    Whole(Proof),
    /// These chunks; the others are wanted.
    Some(Runs),
    /// It was here to its last chunk and was not what its address says: nothing of it is kept.
    Dropped,
    /// There is no room for what this child brings.
    NoRoom,
}

/// What a hub says of an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// What it holds.
    pub held: Held,
    /// Whether the home's last verified backup has the file, so that whoever may hold it no more may let it go.
    pub covered: bool,
    /// Whether it wants the thumbnail.
    pub thumbnail_wanted: bool,
}

/// What a hub answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneAnswer {
    /// The version in which it is written: that of the request.
    pub version: Version,
    /// The child that this is meant for.
    pub replica: ReplicaId,
    /// The line of the exchange.
    pub line: Line,
    /// The exchange that this answers.
    pub exchange: u64,
    /// What it says of each offer.
    pub states: Vec<State>,
    /// How many of the thumbnails that were wanted it has looked for: no more had room.
    pub looked_for: usize,
    /// Those that it holds.
    pub thumbnails: Vec<Thumbnail>,
    /// The length of each file that was wanted; `None` where it is not here, or not for this child.
    pub files: Vec<Option<usize>>,
    /// Chunks of them.
    pub stretches: Vec<Stretch>,
}

impl Offer {
    /// A question about a file for whoever below has it.
    pub const fn question(file: FileHash, on_behalf_of: ReplicaId) -> Self {
        Self { file, bytes: 0, thumbnail: false, on_behalf_of: Some(on_behalf_of) }
    }

    fn write(&self, writer: &mut Writer) {
        writer.raw(self.file.as_bytes()).count(self.bytes);
        match self.on_behalf_of {
            None => writer.byte(u8::from(self.thumbnail)),
            Some(replica) => writer.byte(ON_BEHALF).raw(replica.as_bytes()),
        };
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let file = FileHash(reader.array()?);
        let bytes = reader.count("file", limits::ATTACHMENT_BYTES_MAX)?;
        match (reader.byte()?, bytes) {
            (here @ 0..=1, _) => Ok(Self { file, bytes, thumbnail: here == 1, on_behalf_of: None }),
            (ON_BEHALF, 0) => Ok(Self::question(file, ReplicaId(reader.array()?))),
            _ => Err(DecodeError::Invalid { field: "offer" }),
        }
    }
}

impl LaneRequest {
    /// The exchange, as proofs name it.
    pub fn challenge(&self) -> Challenge {
        Challenge { child: self.replica, line: self.line, exchange: self.exchange }
    }

    /// How many bytes of files it brings.
    pub fn file_bytes(&self) -> u64 {
        self.stretches.iter().map(|stretch| stretch.bytes.len() as u64).sum()
    }

    /// Encodes and signs.
    pub fn encode(&self, identity: &Identity) -> Vec<u8> {
        let mut writer = head(REQUEST, self.version);
        writer.raw(self.hub.as_bytes()).raw(self.replica.as_bytes());
        writer.number(self.line.number().into()).number(self.exchange).count(self.pull_bytes_max);
        writer.count(self.offers.len());
        for offer in &self.offers {
            offer.write(&mut writer);
        }
        write_thumbnails(&mut writer, &self.thumbnails);
        write_stretches(&mut writer, &self.stretches);
        writer.count(self.thumbnails_wanted.len());
        for image in &self.thumbnails_wanted {
            writer.raw(image.as_bytes());
        }
        writer.count(self.wanted.len());
        for want in &self.wanted {
            writer.raw(want.file.as_bytes());
            want.held.write(&mut writer);
        }
        sign(writer, identity)
    }

    /// For which hub a request is and whose signature it needs, read from its first bytes; nothing else of it is looked at.
    pub fn ends(bytes: &[u8]) -> Result<Ends, MessageError> {
        let (signed, _) = split(bytes, limits::LANE_BYTES_MAX)?;
        let (_, mut reader) = open(signed, REQUEST, Spoken::BUILD)?;
        Ok(Ends::read(&mut reader)?)
    }

    /// Reads a request that this key signed, in a version that is spoken here.
    pub fn read(bytes: &[u8], key: &PublicKey, spoken: Spoken) -> Result<Self, MessageError> {
        let signed = signed_by(bytes, limits::LANE_BYTES_MAX, key, spoken)?;
        let (version, mut reader) = open(signed, REQUEST, spoken)?;
        let hub = ReplicaId(reader.array()?);
        let replica = ReplicaId(reader.array()?);
        let line = read_line(&mut reader)?;
        let exchange = reader.number_up_to("exchange", limits::EXCHANGE_MAX)?;
        let pull_bytes_max = reader.count("pull", limits::LANE_FILE_BYTES_MAX)?;
        let offers = many(&mut reader, "offers", limits::OFFERS_MAX, Offer::read)?;
        let thumbnails = read_thumbnails(&mut reader)?;
        let stretches = read_stretches(&mut reader, offers.len())?;
        let thumbnails_wanted = many(&mut reader, "thumbnails wanted", limits::OFFERS_MAX, |reader| {
            Ok(FileHash(reader.array()?))
        })?;
        let wanted = many(&mut reader, "wanted", limits::FILES_WANTED_MAX, |reader| {
            Ok(Want { file: FileHash(reader.array()?), held: Runs::read(reader)? })
        })?;
        reader.finish()?;
        Ok(Self {
            version,
            hub,
            replica,
            line,
            exchange,
            pull_bytes_max,
            offers,
            thumbnails,
            stretches,
            thumbnails_wanted,
            wanted,
        })
    }
}

impl LaneAnswer {
    /// Encodes and signs.
    pub fn encode(&self, identity: &Identity) -> Vec<u8> {
        let mut writer = head(ANSWER, self.version);
        writer.raw(self.replica.as_bytes()).number(self.line.number().into()).number(self.exchange);
        writer.count(self.states.len());
        for state in &self.states {
            state.write(&mut writer);
        }
        writer.count(self.looked_for);
        write_thumbnails(&mut writer, &self.thumbnails);
        writer.count(self.files.len());
        for file in &self.files {
            writer.count(file.unwrap_or_default());
        }
        write_stretches(&mut writer, &self.stretches);
        sign(writer, identity)
    }

    /// Reads an answer that this key signed, in a version that is spoken here.
    pub fn read(bytes: &[u8], key: &PublicKey, spoken: Spoken) -> Result<Self, MessageError> {
        let signed = signed_by(bytes, limits::LANE_BYTES_MAX, key, spoken)?;
        let (version, mut reader) = open(signed, ANSWER, spoken)?;
        let replica = ReplicaId(reader.array()?);
        let line = read_line(&mut reader)?;
        let exchange = reader.number("exchange")?;
        let states = many(&mut reader, "states", limits::OFFERS_MAX, State::read)?;
        let looked_for = reader.count("looked for", limits::OFFERS_MAX)?;
        let thumbnails = read_thumbnails(&mut reader)?;
        let files = many(&mut reader, "files", limits::FILES_WANTED_MAX, |reader| {
            let bytes = reader.count("file", limits::ATTACHMENT_BYTES_MAX)?;
            Ok((bytes > 0).then_some(bytes))
        })?;
        let stretches = read_stretches(&mut reader, files.len())?;
        reader.finish()?;
        Ok(Self { version, replica, line, exchange, states, looked_for, thumbnails, files, stretches })
    }
}

impl State {
    fn write(&self, writer: &mut Writer) {
        let code = match &self.held {
            Held::Unknown => 0,
            Held::Whole(_) => 1,
            Held::Some(_) => 2,
            Held::Dropped => 3,
            Held::NoRoom => 4,
        };
        writer.byte(code);
        match &self.held {
            Held::Whole(proof) => {
                writer.raw(&proof.0);
            }
            Held::Some(runs) => runs.write(writer),
            Held::Unknown | Held::Dropped | Held::NoRoom => {}
        }
        writer.byte(u8::from(self.thumbnail_wanted) | u8::from(self.covered) << 1);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let held = match reader.byte()? {
            0 => Held::Unknown,
            1 => Held::Whole(Proof(reader.array()?)),
            2 => Held::Some(Runs::read(reader)?),
            3 => Held::Dropped,
            4 => Held::NoRoom,
            _ => return Err(DecodeError::Invalid { field: "state" }),
        };
        match reader.byte()? {
            flags @ 0..=3 => Ok(Self { held, covered: flags & 2 != 0, thumbnail_wanted: flags & 1 != 0 }),
            _ => Err(DecodeError::Invalid { field: "flags of a state" }),
        }
    }
}

fn write_thumbnails(writer: &mut Writer, thumbnails: &[Thumbnail]) {
    writer.count(thumbnails.len());
    for thumbnail in thumbnails {
        thumbnail.write(writer);
    }
}

fn read_thumbnails(reader: &mut Reader<'_>) -> Result<Vec<Thumbnail>, DecodeError> {
    many(reader, "thumbnails", limits::THUMBNAILS_MAX, Thumbnail::read)
}

fn write_stretches(writer: &mut Writer, stretches: &[Stretch]) {
    writer.count(stretches.len());
    for stretch in stretches {
        writer.count(stretch.of).number(stretch.first.into()).run(&stretch.bytes);
    }
}

fn read_stretches(reader: &mut Reader<'_>, files: usize) -> Result<Vec<Stretch>, DecodeError> {
    // Of all of them together.
    let mut left = limits::LANE_FILE_BYTES_MAX;
    many(reader, "stretches", limits::STRETCHES_MAX, |reader| {
        let of = reader.count("file", limits::OFFERS_MAX)?;
        let first = reader.number_up_to("chunk", u64::from(u32::MAX))?;
        let bytes = reader.run("chunks", left)?.to_vec();
        left -= bytes.len();
        if of >= files || bytes.is_empty() {
            return Err(DecodeError::Invalid { field: "stretch" });
        }
        Ok(Stretch { of, first: u32::try_from(first).unwrap_or(u32::MAX), bytes })
    })
}

fn many<'a, T>(
    reader: &mut Reader<'a>,
    field: &'static str,
    max: usize,
    mut read: impl FnMut(&mut Reader<'a>) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    (0..reader.count(field, max)?).map(|_| read(reader)).collect()
}
