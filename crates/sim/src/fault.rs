//! What must not happen, as the oracles say it.

/// What must not happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A change that was reported as saved is not where it must be.
    #[error("lost: {1} of {0} is not at {2}")]
    Lost(String, String, String),
    /// Two replicas that hold the same part show different things.
    #[error("diverged: {0} of {1} and of {2}")]
    Diverged(String, String, String),
    /// Of the same answers two hubs tell different scores.
    #[error("unequal: what is derived of {0} at {1} and at {2}")]
    Unequal(String, String, String),
    /// A hub's answer shows somebody what they may not hold.
    #[error("seen: {0} shows {1} {2}")]
    Seen(String, String, String),
    /// A replica holds what it may not.
    #[error("scope: {0} holds {1}")]
    Scope(String, String),
    /// A replica does not hold what it may.
    #[error("missing: {0} does not hold {1}")]
    Missing(String, String),
    /// Something of an erased record is left.
    #[error("unerased: {0} at {1}")]
    Unerased(String, String),
    /// A tick says more than is true.
    #[error("tick: {0} shows {1} for {2}")]
    Tick(String, &'static str, String),
    /// Something that was reached is taken back.
    #[error("retreat: of {0} {1}")]
    Retreat(String, String),
    /// A change, a pack, a part or a published text is not what it was.
    #[error("unsound: {1} of {0}")]
    Unsound(String, String),
    /// A session does not end, or does not get through though nothing hinders it.
    #[error("stuck: {0}: {1}")]
    Stuck(String, String),
    /// With nothing new a session costs more than it may.
    #[error("dear: {0} needs {1} exchanges and {2} bytes for nothing new")]
    Dear(String, u64, u64),
    /// A hub keeps more of what waits, or of somebody's lines, than it may.
    #[error("hoard: {0} keeps {1}")]
    Hoard(String, String),
    /// A change was let go that no backup of headquarters covers.
    #[error("uncovered: {0} let go of {1}, which is in no backup of headquarters")]
    Uncovered(String, String),
    /// A file is said to be at the hub and never was there.
    #[error("file tick: {0} says that {1} is at its hub")]
    FileTick(String, String),
    /// A file was taken that is not as its maker sealed it.
    #[error("fooled: {0} takes what was damaged")]
    Fooled(String),
    /// A machine does not start again.
    #[error("broken: {0}: {1}")]
    Broken(String, String),
}
