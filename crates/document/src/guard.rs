//! The guard: everything foreign is applied on a copy, behind `catch_unwind`, and the result must load again with the
//! same heads before it replaces anything. Crafted changes make Automerge panic, or store a document that will never
//! load again; here they cost their sender a verdict and nobody else anything.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use automerge::{Automerge, Change};

use crate::part::Part;
use crate::view::View;

/// The most keys that one part may hold: fifty times the longest form of the field.
pub const KEYS_MAX: usize = 50_000;
/// The largest part, as its snapshot: five thousand saves of one form.
pub const SNAPSHOT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Why a change does not become part of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.code())]
pub enum Reason {
    /// Automerge panicked on it.
    Panicked,
    /// Automerge refused it.
    Refused,
    /// A change that it builds on is not there.
    MissingDependency,
    /// The document with it does not load again.
    DoesNotReload,
    /// The document with it loads as another one.
    HeadsDiffer,
    /// The document with it cannot be read.
    Unreadable,
    /// The document with it exceeds a limit.
    TooLarge,
}

impl Reason {
    /// The stable code, as it is told to the author.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Panicked => "guard-panicked",
            Self::Refused => "guard-refused",
            Self::MissingDependency => "guard-missing-dependency",
            Self::DoesNotReload => "guard-does-not-reload",
            Self::HeadsDiffer => "guard-heads-differ",
            Self::Unreadable => "guard-unreadable",
            Self::TooLarge => "guard-too-large",
        }
    }
}

/// A part with one more change, checked.
#[derive(Debug, Clone)]
pub struct Guarded {
    /// The part, as it loads from the snapshot.
    pub part: Part,
    /// Its snapshot.
    pub snapshot: Vec<u8>,
    /// Its view.
    pub view: View,
}

thread_local! {
    static GUARDING: Cell<bool> = const { Cell::new(false) };
}

/// The guard. Making one installs, once for the process, a panic hook that keeps guarded panics out of the log: their
/// messages may carry bytes of answers.
#[derive(Debug)]
pub struct Guard {
    _made_here: (),
}

impl Default for Guard {
    fn default() -> Self {
        Self::new()
    }
}

impl Guard {
    /// A guard.
    pub fn new() -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let next = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                if !GUARDING.get() {
                    next(info);
                }
            }));
        });
        Self { _made_here: () }
    }

    /// The part with this change, or why not. The part itself is not touched.
    pub fn apply(&self, base: &Part, change: &[u8]) -> Result<Guarded, Reason> {
        GUARDING.set(true);
        let outcome = catch_unwind(AssertUnwindSafe(|| apply(base, change)));
        GUARDING.set(false);
        outcome.unwrap_or(Err(Reason::Panicked))
    }
}

fn apply(base: &Part, change: &[u8]) -> Result<Guarded, Reason> {
    let change = Change::from_bytes(change.to_vec()).map_err(|_| Reason::Refused)?;
    let hash = change.hash();
    let mut doc = base.doc.clone();
    doc.apply_changes([change]).map_err(|_| Reason::Refused)?;
    let heads = doc.get_heads();
    if doc.get_change_meta_by_hash(&hash).is_none() {
        return Err(Reason::MissingDependency);
    }
    let snapshot = doc.save_nocompress();
    if snapshot.len() > SNAPSHOT_BYTES_MAX {
        return Err(Reason::TooLarge);
    }
    let reloaded = Automerge::load(&snapshot).map_err(|_| Reason::DoesNotReload)?;
    if reloaded.get_heads() != heads {
        return Err(Reason::HeadsDiffer);
    }
    let part = Part { doc: reloaded };
    let view = part.view().map_err(|_| Reason::Unreadable)?;
    if view.values.len() > KEYS_MAX {
        return Err(Reason::TooLarge);
    }
    Ok(Guarded { part, snapshot, view })
}
