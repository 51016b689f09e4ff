//! Admission: the pure decision on one pack that arrived. The store loads the facts, this decides, the store
//! executes. What takes long, hashes, signature and changes, needs no facts, and is looked at before. Nothing here calls
//! Automerge: a change is read by the bounded scanner only.

use std::collections::BTreeSet;

use teranga_core::id::{Batch, Line, ManifestHash};
use teranga_core::problem::Problem;

use crate::manifest::Mark;
use crate::pack::Pack;
use crate::scan::{ChangeLimits, scan};

/// What the store knows of the origin's chain in the line of the arriving pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chain {
    /// The last batch held here; the line's beginning when there is none.
    pub last: Batch,
    /// The hash of its manifest; zeros when there is none.
    pub last_hash: Option<ManifestHash>,
    /// The hash of the manifest that is held under the arriving pack's number, if one is.
    pub held: Option<ManifestHash>,
    /// Where the hub above is known to hold another chain than the one that came here.
    pub fork: Option<Batch>,
    /// How far the home holds this line, though not all of it may be held here: a hub that was put back has forgotten.
    pub home: Option<(Batch, Mark)>,
    /// Whether all that the arriving pack brings came down from the hub above, as of the same batch.
    pub came_down: bool,
}

impl Chain {
    /// Whether the home may hold something else under the number of a pack that is not held here. It was sent before this
    /// hub was put back, by this origin or by somebody else with its key; whoever took it would call it safe at once.
    fn may_be_another_at_home(&self, batch: Batch, hash: &ManifestHash) -> bool {
        match self.home {
            Some((last, mark)) if last == batch => mark != Mark::of(hash),
            Some((last, _)) if last > batch => !self.came_down,
            Some(_) | None => false,
        }
    }
}

/// What to do with a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// Log it. Its manifest's hash is the next `previous`.
    Accept(ManifestHash),
    /// It is here already: acknowledge it again, and take no more of it than bodies that were withheld before.
    Duplicate,
    /// Packs before it are missing here: take nothing, and the acknowledgement tells the sender where to go on.
    Gap,
    /// It must not be taken.
    Refuse(Problem),
}

/// A pack, and what can be said of it whatever is known of its origin.
#[derive(Debug, Clone)]
pub struct Examined {
    pack: Pack,
    hash: ManifestHash,
    is_signed: bool,
    /// Whether it is one that can be put together again on the way up.
    shape: Result<(), Problem>,
    bodies: Result<(), Problem>,
}

impl Examined {
    /// Examines a pack whose bytes were decoded.
    pub fn of(pack: Pack) -> Self {
        let hash = pack.hash();
        let is_signed = pack.manifest.verify(&hash);
        // Of what nobody signed no more is read.
        let (shape, bodies) =
            if is_signed { (check_shape(&pack), check_bodies(&pack)) } else { (Ok(()), Ok(())) };
        Self { pack, hash, is_signed, shape, bodies }
    }

    /// The pack, whether it may be taken or not.
    pub fn pack(&self) -> &Pack {
        &self.pack
    }
}

/// Decides on a pack.
pub fn admit(examined: &Examined, chain: &Chain) -> Admission {
    let Examined { pack, hash, is_signed, shape, bodies } = examined;
    if !is_signed {
        return Admission::Refuse(Problem::Unauthorised);
    }
    let batch = pack.manifest.batch;
    if chain.fork.is_some_and(|fork| batch >= fork) {
        return Admission::Refuse(Problem::BrokenChain);
    }
    if batch <= chain.last {
        return match chain.held {
            // The manifest does not say which bodies came with it: those that come now were never read here.
            Some(held) if held == *hash => bodies.map_or_else(Admission::Refuse, |()| Admission::Duplicate),
            _ => Admission::Refuse(Problem::BrokenChain),
        };
    }
    if batch != chain.last.next() {
        return Admission::Gap;
    }
    // The first pack of a later line names the one that its origin cut before, which need not have come this far.
    let begins_a_line = chain.last_hash.is_none() && batch.line() != Line::FIRST;
    if !begins_a_line && pack.manifest.previous != chain.last_hash.unwrap_or(ManifestHash([0; 32])) {
        return Admission::Refuse(Problem::BrokenChain);
    }
    if chain.may_be_another_at_home(batch, hash) {
        return Admission::Refuse(Problem::BrokenChain);
    }
    shape.and(*bodies).map_or_else(Admission::Refuse, |()| Admission::Accept(*hash))
}

/// No witness speaks for itself, no save is empty, and nothing is named twice.
fn check_shape(pack: &Pack) -> Result<(), Problem> {
    let speaks_for_itself =
        pack.manifest.by.author.as_ref().is_some_and(|author| author.key == pack.manifest.origin);
    if speaks_for_itself || pack.saves.iter().any(Vec::is_empty) || names_a_change_twice(pack) {
        return Err(Problem::Malformed);
    }
    Ok(())
}

/// A pack is put together again from its changes on the way up; each has one place in it. Of a save without any nothing would
/// be left to put together.
fn names_a_change_twice(pack: &Pack) -> bool {
    let mut named = BTreeSet::new();
    !pack.saves.iter().flatten().all(|entry| named.insert((entry.record, &entry.class, entry.hash)))
}

/// Every body is a change that one of the openings made which the manifest names.
fn check_bodies(pack: &Pack) -> Result<(), Problem> {
    let actors = pack.manifest.actors();
    for body in pack.saves.iter().flatten().filter_map(|entry| entry.body.as_ref()) {
        let scanned = scan(body, &ChangeLimits::PROTOCOL).map_err(|_| Problem::Malformed)?;
        if !actors.contains(&scanned.actor) {
            return Err(Problem::Forbidden);
        }
    }
    Ok(())
}
