//! The two messages of an exchange: a request that pushes packs and says where the child stands in the feed, and an
//! answer that acknowledges and brings rows. Both are signed over everything before the signature, name both ends
//! and carry the exchange's number, so that neither can be replayed or passed to somebody else.

use teranga_core::id::{FeedPosition, Line, ManifestHash, OpeningNonce, PublicKey, ReplicaId};
use teranga_core::time::Millis;

use crate::bytes::{DecodeError, Reader, Writer};
use crate::compress::{self, BlockLimits};
use crate::drawn::Drawn;
use crate::erase::Confirmation;
use crate::feed::Cursor;
use crate::identity::Identity;
use crate::introduction::{Introduction, read_introduction, write_introduction};
use crate::judgement::Judgement;
use crate::limits;
use crate::manifest::Mark;
use crate::pack::Pack;
use crate::signed::{MessageError, head, open, sign, signed_by, split};
use crate::version::{Spoken, Version};

const REQUEST: u8 = 1;
const ANSWER: u8 = 2;

pub(crate) const ROWS_BLOCK: BlockLimits =
    BlockLimits { stored_max: limits::ROWS_RAW_BYTES_MAX, raw_max: limits::ROWS_RAW_BYTES_MAX };

/// One pack on its way up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The pack's number in the sender's outbox, from 1 and without gaps.
    pub number: u64,
    /// Who wrote the pack, where a relay passes on another's.
    pub introduction: Option<Introduction>,
    /// The version in which its bytes are written: that of the message in which it stands.
    pub version: Version,
    /// The pack's bytes, not compressed.
    pub bytes: Vec<u8>,
}

impl Push {
    /// A pack as it stands in messages of a version.
    pub fn of(number: u64, introduction: Option<Introduction>, pack: &Pack, version: Version) -> Self {
        Self { number, introduction, version, bytes: pack.encode(version) }
    }

    /// A pack of one's own as it stands in messages to one's own hub, which may know what was drawn.
    pub fn drawn(number: u64, pack: &Pack, version: Version, drawn: &[Drawn]) -> Self {
        Self { number, introduction: None, version, bytes: pack.encode_drawn(version, drawn) }
    }

    /// The pack.
    pub fn pack(&self) -> Result<Pack, DecodeError> {
        Pack::decode(&self.bytes, self.version)
    }
}

/// An opening as exchanges name it: the first bytes of its nonce. Zeros stand for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asker(pub [u8; 8]);

impl Asker {
    /// The opening of this nonce.
    pub fn of(nonce: OpeningNonce) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = nonce.0;
        Self([a, b, c, d, e, f, g, h])
    }

    /// Reads the bytes of one; `None` where there are not eight.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

/// The two ends of a request, as its first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ends {
    /// The hub that it is meant for.
    pub hub: ReplicaId,
    /// The child that says it sent it.
    pub child: ReplicaId,
}

impl Ends {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { hub: ReplicaId(reader.array()?), child: ReplicaId(reader.array()?) })
    }
}

/// What a child asks of its hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The version in which it is written, and will be answered.
    pub version: Version,
    /// The hub that this is meant for.
    pub hub: ReplicaId,
    /// The child.
    pub replica: ReplicaId,
    /// The line in which it numbers what follows.
    pub line: Line,
    /// The opening that asks.
    pub opening: Asker,
    /// Counts the exchanges of this child with this hub in this line; each is used once.
    pub exchange: u64,
    /// Where the child stands in the hub's feed.
    pub cursor: Cursor,
    /// How many bytes of rows the child wants at most, before compression.
    pub pull_bytes_max: usize,
    /// Whom the child, a hub, has enrolled since it last said so.
    pub introductions: Vec<Introduction>,
    /// What was destroyed at the child and below it since it last said so.
    pub confirmations: Vec<Confirmation>,
    /// What the child, a hub, made of changes by those whom it enrolled, since it last said so.
    pub judgements: Vec<Judgement>,
    /// Packs, in the order of their numbers.
    pub pushes: Vec<Push>,
}

/// What more a child should do after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum More {
    /// The feed has no further rows for this child.
    Nothing,
    /// There are further rows.
    Rows,
}

/// How far a hub holds a child's outbox. The number alone would lie to a child that was restored from a backup and
/// numbers other packs, so it goes with the pack it ends at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Acknowledged {
    /// The number of the last pack held; 0 when there is none.
    pub number: u64,
    /// That pack's mark; zeros when there is none.
    pub mark: Mark,
}

impl Acknowledged {
    /// The acknowledgement that ends at this pack.
    pub fn at(number: u64, hash: &ManifestHash) -> Self {
        Self { number, mark: Mark::of(hash) }
    }
}

/// What a hub answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The version in which it is written: that of the request.
    pub version: Version,
    /// The newest version that the hub speaks, by its number: the child may know it or not.
    pub newest: u8,
    /// The child that this is meant for.
    pub replica: ReplicaId,
    /// The line of the exchange.
    pub line: Line,
    /// The last other opening that asked in this line before this one began to. A child that does not know it for one of its own has a copy
    /// somewhere, or was restored, and takes nothing of this answer: it asks again in a line of its own.
    pub before: Asker,
    /// The exchange that this answers.
    pub exchange: u64,
    /// The hub holds every pack of this child's outbox up to here, durably.
    pub acknowledged: Acknowledged,
    /// The hub's clock.
    pub hub_time: Millis,
    /// Where the child stands in the feed once it holds these rows; before the position that it named where the hub does
    /// not know that one: the child goes on from an earlier one that it remembers, or from the start.
    pub cursor: Cursor,
    /// Whether to ask again for rows.
    pub more: More,
    /// The rows, encoded as in [`feed::encode`].
    pub rows: Vec<u8>,
}

impl Request {
    /// Encodes and signs.
    pub fn encode(&self, identity: &Identity) -> Vec<u8> {
        let mut writer = head(REQUEST, self.version);
        writer.raw(self.hub.as_bytes()).raw(self.replica.as_bytes());
        writer.number(self.line.number().into()).raw(&self.opening.0).number(self.exchange);
        write_cursor(&mut writer, &self.cursor);
        writer.count(self.pull_bytes_max).count(self.introductions.len());
        for introduction in &self.introductions {
            write_introduction(&mut writer, introduction);
        }
        write_confirmations(&mut writer, &self.confirmations);
        writer.count(self.judgements.len());
        for judgement in &self.judgements {
            judgement.write(&mut writer);
        }
        write_pushes(&mut writer, &self.pushes);
        sign(writer, identity)
    }

    /// For which hub a request is and whose signature it needs, read from its first bytes; nothing else of it is looked at.
    pub fn ends(bytes: &[u8]) -> Result<Ends, MessageError> {
        let (signed, _) = split(bytes, limits::REQUEST_BYTES_MAX)?;
        let (_, mut reader) = open(signed, REQUEST, Spoken::BUILD)?;
        Ok(Ends::read(&mut reader)?)
    }

    /// Reads a request that this key signed, in a version that is spoken here. The signature is checked first: what a
    /// stranger sends is never decompressed.
    pub fn read(bytes: &[u8], key: &PublicKey, spoken: Spoken) -> Result<Self, MessageError> {
        let signed = signed_by(bytes, limits::REQUEST_BYTES_MAX, key, spoken)?;
        let (version, mut reader) = open(signed, REQUEST, spoken)?;
        let hub = ReplicaId(reader.array()?);
        let replica = ReplicaId(reader.array()?);
        let line = read_line(&mut reader)?;
        let opening = Asker(reader.array()?);
        let exchange = reader.number_up_to("exchange", limits::EXCHANGE_MAX)?;
        let cursor = read_cursor(&mut reader)?;
        let pull_bytes_max = reader.count("pull", limits::ROWS_RAW_BYTES_MAX)?;
        let introductions = (0..reader.count("introductions", limits::INTRODUCTIONS_MAX)?)
            .map(|_| read_introduction(&mut reader))
            .collect::<Result<_, _>>()?;
        let confirmations = read_confirmations(&mut reader)?;
        let judgements = (0..reader.count("judgements", limits::JUDGEMENTS_MAX)?)
            .map(|_| Judgement::read(&mut reader))
            .collect::<Result<_, _>>()?;
        let pushes = read_pushes(&mut reader, version)?;
        reader.finish()?;
        Ok(Self {
            version,
            hub,
            replica,
            line,
            opening,
            exchange,
            cursor,
            pull_bytes_max,
            introductions,
            confirmations,
            judgements,
            pushes,
        })
    }
}

impl Answer {
    /// Encodes and signs.
    pub fn encode(&self, identity: &Identity) -> Vec<u8> {
        let mut writer = head(ANSWER, self.version);
        writer.byte(self.newest).raw(self.replica.as_bytes()).number(self.line.number().into());
        writer.raw(&self.before.0).number(self.exchange);
        writer.number(self.acknowledged.number).raw(&self.acknowledged.mark.0);
        writer.number(u64::try_from(self.hub_time.0).unwrap_or_default());
        write_cursor(&mut writer, &self.cursor);
        writer.byte(u8::from(self.more == More::Rows));
        compress::write(&mut writer, &self.rows);
        sign(writer, identity)
    }

    /// Reads an answer that this key signed, in a version that is spoken here.
    pub fn read(bytes: &[u8], key: &PublicKey, spoken: Spoken) -> Result<Self, MessageError> {
        let signed = signed_by(bytes, limits::ANSWER_BYTES_MAX, key, spoken)?;
        let (version, mut reader) = open(signed, ANSWER, spoken)?;
        let newest = reader.byte()?;
        let replica = ReplicaId(reader.array()?);
        let line = read_line(&mut reader)?;
        let before = Asker(reader.array()?);
        let exchange = reader.number("exchange")?;
        let acknowledged =
            Acknowledged { number: reader.number("acknowledged")?, mark: Mark(reader.array()?) };
        let hub_time = Millis(i64::try_from(reader.number("hub time")?).unwrap_or(i64::MAX));
        let cursor = read_cursor(&mut reader)?;
        let more = if read_flag(&mut reader, "more")? { More::Rows } else { More::Nothing };
        let rows = compress::read(&mut reader, "rows", ROWS_BLOCK)?;
        reader.finish()?;
        Ok(Self {
            version,
            newest,
            replica,
            line,
            before,
            exchange,
            acknowledged,
            hub_time,
            cursor,
            more,
            rows,
        })
    }
}

pub(crate) fn write_confirmations(writer: &mut Writer, confirmations: &[Confirmation]) {
    writer.count(confirmations.len());
    for confirmation in confirmations {
        confirmation.write(writer);
    }
}

pub(crate) fn read_confirmations(reader: &mut Reader<'_>) -> Result<Vec<Confirmation>, DecodeError> {
    (0..reader.count("confirmations", limits::CONFIRMATIONS_MAX)?)
        .map(|_| Confirmation::read(reader))
        .collect()
}

pub(crate) fn write_pushes(writer: &mut Writer, pushes: &[Push]) {
    writer.count(pushes.len());
    for push in pushes {
        writer.number(push.number).byte(u8::from(push.introduction.is_some()));
        if let Some(introduction) = &push.introduction {
            write_introduction(writer, introduction);
        }
        compress::write(writer, &push.bytes);
    }
}

pub(crate) fn read_pushes(reader: &mut Reader<'_>, version: Version) -> Result<Vec<Push>, DecodeError> {
    let mut raw_left = limits::REQUEST_RAW_BYTES_MAX;
    (0..reader.count("pushes", limits::PUSHES_MAX)?)
        .map(|_| read_push(reader, version, &mut raw_left))
        .collect()
}

fn read_push(reader: &mut Reader<'_>, version: Version, raw_left: &mut usize) -> Result<Push, DecodeError> {
    let number = reader.number("number")?;
    let introduction = match reader.byte()? {
        0 => None,
        1 => Some(read_introduction(reader)?),
        _ => return Err(DecodeError::Invalid { field: "introduction" }),
    };
    let raw_max = limits::PACK_RAW_BYTES_MAX.min(*raw_left);
    let bytes =
        compress::read(reader, "pack", BlockLimits { stored_max: limits::PACK_WIRE_BYTES_MAX, raw_max })?;
    *raw_left -= bytes.len();
    Ok(Push { number, introduction, version, bytes })
}

pub(crate) fn read_line(reader: &mut Reader<'_>) -> Result<Line, DecodeError> {
    let number = reader.number_up_to("line", Line::MAX.into())?;
    u32::try_from(number).ok().and_then(Line::numbered).ok_or(DecodeError::Invalid { field: "line" })
}

/// A byte that is 0 or 1.
pub(crate) fn read_flag(reader: &mut Reader<'_>, field: &'static str) -> Result<bool, DecodeError> {
    match reader.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(DecodeError::Invalid { field }),
    }
}

pub(crate) fn write_cursor(writer: &mut Writer, cursor: &Cursor) {
    writer.number(cursor.position.0).raw(&cursor.running).number(cursor.within);
}

pub(crate) fn read_cursor(reader: &mut Reader<'_>) -> Result<Cursor, DecodeError> {
    Ok(Cursor {
        position: FeedPosition(reader.number("position")?),
        running: reader.array()?,
        within: reader.number("within")?,
    })
}
