//! Whether a save was its author's to write, on the facts that are held here: `core::grant` decides, this asks it of what
//! stood before the save and of what the save makes of it.

use rusqlite::Connection;
use teranga_core::audience::{Audience, Reach};
use teranga_core::class::ClassId;
use teranga_core::grant::{MayWrite, is_cleared, may_write};
use teranga_core::id::{Batch, RecordId, ReplicaId};
use teranga_core::record::Envelope;
use teranga_sync::introduction::{Introduction, ReplicaKind};

use crate::behind::{self, Reading};
use crate::custody::{self, Facts};
use crate::error::Result;
use crate::membership;
use crate::packs;
use crate::register;

/// What the one place that decides says of a save.
pub(crate) enum Granted {
    Yes,
    /// Its author was in charge of the record once.
    Late,
    No,
    /// The envelope of this record has not arrived, or not all of it: nobody can say yet.
    EnvelopeUnknown(RecordId),
}

/// What whoever brings a save is to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It wrote it.
    Author,
    /// It had it from a hub that has lost it.
    Witness,
}

/// A save to be judged.
pub(crate) struct Case<'a> {
    pub(crate) record: RecordId,
    /// Whose pack brought it.
    pub(crate) of: ReplicaId,
    /// Whether that is its author.
    pub(crate) standing: Standing,
    /// The number of that pack.
    pub(crate) batch: Batch,
    /// The parts that it writes.
    pub(crate) classes: Vec<&'a ClassId>,
    /// What it makes of the record's envelope, where it writes that.
    pub(crate) claimed: Option<Envelope>,
}

/// Whether the author of a save may hold, and so write, what it wrote; of a testimony, whether its witness might have: nobody
/// can do more in another's name than in their own.
pub(crate) fn judge(connection: &Connection, case: &Case<'_>) -> Result<Granted> {
    let bringer = bringer(connection, (case.of, case.batch))?;
    let Some(author) = audience(connection, case, bringer.as_ref())? else { return Ok(Granted::No) };
    let held = custody::facts(connection, case.record)?;
    let claimed = case.claimed.as_ref().map(Facts::of);
    if held.is_none() && (claimed.is_none() || left_before(connection, case.record)?) {
        return Ok(Granted::EnvelopeUnknown(case.record));
    }
    // Both: nobody gives themselves what they have not. That a save gives its own record away does not make it late.
    let mut granted = Granted::Yes;
    let claimed = claimed.filter(|claimed| held.as_ref() != Some(claimed));
    for facts in held.iter().chain(&claimed) {
        let custody = custody::here_under(connection, case.record, facts)?;
        for class in &case.classes {
            match may_write(&author, &custody, class) {
                MayWrite::Yes => {}
                MayWrite::Late if held.is_some() && claimed.as_ref() == Some(facts) => {}
                MayWrite::Late => granted = Granted::Late,
                MayWrite::No => {
                    match refused(connection, case.record, (facts, is_cleared(&author, class)))? {
                        Granted::Late => granted = Granted::Late,
                        decided @ (Granted::Yes | Granted::No | Granted::EnvelopeUnknown(_)) => {
                            return Ok(decided);
                        }
                    }
                }
            }
        }
    }
    Ok(granted)
}

/// Whether the replica whose pack this is was revoked here before what it brings could be taken.
pub(crate) fn is_of_a_revoked(connection: &Connection, (of, batch): (ReplicaId, Batch)) -> Result<bool> {
    if !register::is_revoked(connection, of)? {
        return Ok(false);
    }
    // Whom this hub revoked, and another has enrolled since, is that one's to refuse.
    let bringer = bringer(connection, (of, batch))?;
    Ok(bringer.is_none_or(|bringer| bringer.kind != ReplicaKind::Hub))
}

/// Who brought somebody else's pack: a hub, or a colleague who carried it.
fn bringer(connection: &Connection, (of, batch): (ReplicaId, Batch)) -> Result<Option<Introduction>> {
    let via = packs::via(connection, of, batch)?.filter(|via| *via != of);
    Ok(via.map(|via| register::introduction(connection, via)).transpose()?.flatten())
}

/// As whom an author is judged. Whose caseload it is and what they are cleared for is for the hub to say that enrolled
/// them; further up only the place counts, and that is the place of the hub which brought the pack: its author may work
/// elsewhere by now, though this hub enrolled them once. What a witness brings may have come to it before the record was in its
/// caseload: of it too the place counts, and what it is cleared for.
fn audience(
    connection: &Connection,
    case: &Case<'_>,
    bringer: Option<&Introduction>,
) -> Result<Option<Audience>> {
    let Some(author) = register::introduction(connection, case.of)? else { return Ok(None) };
    let elsewhere =
        |by: &Introduction| by.kind == ReplicaKind::Hub && by.audience.place != author.audience.place;
    if !bringer.is_some_and(elsewhere) && register::was_enrolled_here(connection, case.of)? {
        return Ok(Some(match case.standing {
            Standing::Author => author.audience,
            Standing::Witness => Audience { reach: Reach::Everything, ..author.audience },
        }));
    }
    let place = &bringer.unwrap_or(&author).audience.place;
    Ok(Some(Audience::of_place(place.clone())))
}

/// An assessment is its author's by its case too, which may not have arrived, or have left before this hub came: then an author
/// who is cleared for it is believed; and a hub that is behind does not know who is in charge today.
fn refused(
    connection: &Connection,
    record: RecordId,
    (facts, is_cleared): (&Facts, bool),
) -> Result<Granted> {
    let behind = behind::reading(connection)? != Reading::CaughtUp;
    Ok(match facts.case {
        Some(case) if behind => Granted::EnvelopeUnknown(case),
        Some(case) if is_unknown(connection, case)? => match left_before(connection, case)? {
            true if is_cleared => Granted::Late,
            true => Granted::No,
            false => Granted::EnvelopeUnknown(case),
        },
        None if behind => Granted::EnvelopeUnknown(record),
        Some(_) | None => Granted::No,
    })
}

/// Whether nobody here can say who is, or was, in charge of a case.
fn is_unknown(connection: &Connection, case: RecordId) -> Result<bool> {
    Ok(custody::facts(connection, case)?.is_none() && custody::left(connection, case)?.is_none())
}

/// Whether a record whose envelope was never taken here has left, or is about to.
fn left_before(connection: &Connection, record: RecordId) -> Result<bool> {
    Ok(custody::is_leaving(connection, record)? || membership::left_before(connection, record)?)
}
