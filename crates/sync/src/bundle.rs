//! The two messages that travel in files: a *bundle* brings packs to the hub where no link does, and a *return* brings
//! back how far it holds them and what follows in its feed. They are signed like request and answer, and may arrive
//! twice, late, in any order or never: neither uses up an exchange number. A bundle has one all the same, which serves
//! for nothing else, and its return repeats it: from it the child knows whether it has heard from its hub since.

use teranga_core::id::{Line, PublicKey, ReplicaId};
use teranga_core::problem::{Explain as _, Problem};
use teranga_core::time::Millis;

use crate::bytes::DecodeError;
use crate::compress;
use crate::erase::Confirmation;
use crate::feed::Cursor;
use crate::identity::Identity;
use crate::limits;
use crate::manifest::Mark;
use crate::message::{
    self, Acknowledged, Asker, More, Push, ROWS_BLOCK, read_cursor, read_flag, read_line, write_cursor,
};
use crate::signed::{self, MessageError};
use crate::version::{Spoken, Version};

/// The kind of a bundle.
pub const BUNDLE: u8 = 3;
/// The kind of a return.
pub const RETURN: u8 = 4;

/// What a child sends its hub in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The version in which it is written, and will be answered.
    pub version: Version,
    /// The hub that this is meant for.
    pub hub: ReplicaId,
    /// The child.
    pub replica: ReplicaId,
    /// The line in which it numbers what follows.
    pub line: Line,
    /// The opening that made it.
    pub opening: Asker,
    /// The number that it took from those of the exchanges.
    pub exchange: u64,
    /// Where the child stands in the hub's feed.
    pub cursor: Cursor,
    /// Whether another message follows in the same file.
    pub continues: bool,
    /// What was destroyed at the child and below it since it last said so: the same in every message of a file.
    pub confirmations: Vec<Confirmation>,
    /// Packs, in the order of their numbers.
    pub pushes: Vec<Push>,
}

/// A pack that a hub did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedPush {
    /// Its outbox number.
    pub number: u64,
    /// Its mark.
    pub mark: Mark,
    /// Why.
    pub problem: Problem,
}

/// What a hub gives back for a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    /// The version in which it is written: that of the bundle.
    pub version: Version,
    /// The newest version that the hub speaks, by its number: the child may know it or not.
    pub newest: u8,
    /// The child that this is meant for.
    pub replica: ReplicaId,
    /// The line of the bundle.
    pub line: Line,
    /// The opening that made it.
    pub opening: Asker,
    /// Its number.
    pub exchange: u64,
    /// The hub holds every pack of this child's outbox up to here, durably.
    pub acknowledged: Acknowledged,
    /// Packs of this bundle that the hub refuses.
    pub refused: Vec<RefusedPush>,
    /// The hub's clock.
    pub hub_time: Millis,
    /// Where these rows begin.
    pub from: Cursor,
    /// Where the child stands in the feed once it holds them, if it stood where they begin; before that where the hub
    /// does not know the place.
    pub cursor: Cursor,
    /// Whether further rows follow.
    pub more: More,
    /// The rows, encoded as in [`crate::feed::encode`]. Nothing is left out of them that the child brought itself: a copy
    /// of it may have.
    pub rows: Vec<u8>,
}

impl Bundle {
    /// Encodes and signs.
    pub fn encode(&self, identity: &Identity) -> Vec<u8> {
        let mut writer = signed::head(BUNDLE, self.version);
        writer.raw(self.hub.as_bytes()).raw(self.replica.as_bytes());
        writer.number(self.line.number().into()).raw(&self.opening.0).number(self.exchange);
        write_cursor(&mut writer, &self.cursor);
        writer.byte(u8::from(self.continues));
        message::write_confirmations(&mut writer, &self.confirmations);
        message::write_pushes(&mut writer, &self.pushes);
        signed::sign(writer, identity)
    }

    /// Whose signature a bundle needs, read from its first bytes; nothing else of it is looked at.
    pub fn sender(bytes: &[u8]) -> Result<ReplicaId, MessageError> {
        let (signed, _) = signed::split(bytes, limits::REQUEST_BYTES_MAX)?;
        let (_, mut reader) = signed::open(signed, BUNDLE, Spoken::BUILD)?;
        reader.array::<16>()?;
        Ok(ReplicaId(reader.array()?))
    }

    /// Reads a bundle that this key signed, in a version that is spoken here. The signature is checked first.
    pub fn read(bytes: &[u8], key: &PublicKey, spoken: Spoken) -> Result<Self, MessageError> {
        let signed = signed::signed_by(bytes, limits::REQUEST_BYTES_MAX, key, spoken)?;
        let (version, mut reader) = signed::open(signed, BUNDLE, spoken)?;
        let hub = ReplicaId(reader.array()?);
        let replica = ReplicaId(reader.array()?);
        let line = read_line(&mut reader)?;
        let opening = Asker(reader.array()?);
        let exchange = reader.number_up_to("exchange", limits::EXCHANGE_MAX)?;
        let cursor = read_cursor(&mut reader)?;
        let continues = read_flag(&mut reader, "continues")?;
        let confirmations = message::read_confirmations(&mut reader)?;
        let pushes = message::read_pushes(&mut reader, version)?;
        reader.finish()?;
        Ok(Self { version, hub, replica, line, opening, exchange, cursor, continues, confirmations, pushes })
    }
}

impl Return {
    /// Encodes and signs.
    pub fn encode(&self, identity: &Identity) -> Vec<u8> {
        let mut writer = signed::head(RETURN, self.version);
        writer.byte(self.newest).raw(self.replica.as_bytes()).number(self.line.number().into());
        writer
            .raw(&self.opening.0)
            .number(self.exchange)
            .number(self.acknowledged.number)
            .raw(&self.acknowledged.mark.0);
        writer.count(self.refused.len());
        for refused in &self.refused {
            writer.number(refused.number).raw(&refused.mark.0).text(refused.problem.code());
        }
        writer.number(u64::try_from(self.hub_time.0).unwrap_or_default());
        write_cursor(&mut writer, &self.from);
        write_cursor(&mut writer, &self.cursor);
        writer.byte(u8::from(self.more == More::Rows));
        compress::write(&mut writer, &self.rows);
        signed::sign(writer, identity)
    }

    /// Reads a return that this key signed, in a version that is spoken here.
    pub fn read(bytes: &[u8], key: &PublicKey, spoken: Spoken) -> Result<Self, MessageError> {
        let signed = signed::signed_by(bytes, limits::ANSWER_BYTES_MAX, key, spoken)?;
        let (version, mut reader) = signed::open(signed, RETURN, spoken)?;
        let newest = reader.byte()?;
        let replica = ReplicaId(reader.array()?);
        let line = read_line(&mut reader)?;
        let opening = Asker(reader.array()?);
        let exchange = reader.number_up_to("exchange", limits::EXCHANGE_MAX)?;
        let acknowledged =
            Acknowledged { number: reader.number("acknowledged")?, mark: Mark(reader.array()?) };
        let refused = (0..reader.count("refused", limits::REFUSED_MAX)?)
            .map(|_| {
                let (number, mark) = (reader.number("number")?, Mark(reader.array()?));
                // A reason that is not known here is no less a refusal.
                let problem = Problem::from_code(reader.text("reason", limits::NAME_BYTES_MAX)?);
                Ok(RefusedPush { number, mark, problem: problem.unwrap_or(Problem::Forbidden) })
            })
            .collect::<Result<_, DecodeError>>()?;
        let hub_time = Millis(i64::try_from(reader.number("hub time")?).unwrap_or(i64::MAX));
        let from = read_cursor(&mut reader)?;
        let cursor = read_cursor(&mut reader)?;
        let more = if read_flag(&mut reader, "more")? { More::Rows } else { More::Nothing };
        let rows = compress::read(&mut reader, "rows", ROWS_BLOCK)?;
        reader.finish()?;
        Ok(Self {
            version,
            newest,
            replica,
            line,
            opening,
            exchange,
            acknowledged,
            refused,
            hub_time,
            from,
            cursor,
            more,
            rows,
        })
    }
}
