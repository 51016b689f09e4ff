//! What can happen in a world: what volunteers do, what befalls machines, what somebody hostile tries, what links are like.

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A volunteer does something.
    Act(Act),
    /// A device syncs with its hub, or a hub with headquarters.
    Sync(Weather),
    /// Somebody hostile with a stolen key does something.
    Hostile(Hostile),
    /// Something travels in a file.
    Stick(Stick),
    /// Something befalls a machine.
    Blow(Blow),
    /// Headquarters publishes a new version of a list.
    Publish,
    /// Headquarters erases a record: somebody took their consent back.
    Erase,
    /// An office decides that a device may hold other things: everything or a caseload, all classes or some.
    Regrant,
    /// A case is lent to another region and taken back, and something is attached to it there in between.
    Lend,
    /// Two who sync with the same hub do so at once, and go on working meanwhile.
    Meet,
    /// An office takes a device out of service, or in again.
    Revoke,
    /// A volunteer goes to work for another region for a while, or comes back from there.
    Move,
    /// Time passes: a day to a month.
    Wait,
}

/// What a volunteer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Opens a case.
    Case,
    /// Interviews somebody of a case.
    Interview,
    /// Corrects an answer.
    Correct,
    /// Attaches a file to an answer, or another one in its place.
    Attach,
    /// Asks for the files of a record.
    Want,
    /// Voids a record, or takes that back.
    Void,
    /// Settles an answer that holds two values.
    Settle,
    /// Puts somebody in charge of a case, beside those who are or instead of them; in another region sometimes.
    Assign,
    /// Relieves whoever is in charge of a case.
    Relieve,
}

/// What people do with sticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stick {
    /// A device or a regional hub puts a bundle on one, and what it has for colleagues.
    Export,
    /// One is taken to some machine.
    Deliver,
}

/// What somebody hostile does, who has the key of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hostile {
    /// Sends once more what somebody sent before.
    Replay,
    /// Works with the copy as its owner would, in a line of its own.
    Work,
    /// Sends such work with something changed in it.
    Junk,
    /// Sends more changes of a part than may wait, all of which wait for what nobody wrote.
    Flood,
    /// Sends what unpacks to more than anybody takes, or counts of what does not follow.
    Bomb,
    /// Asks in more lines than a hub remembers.
    Lines,
    /// Brings chunks that are not of their files.
    Files,
}

/// What befalls a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blow {
    /// The power fails at once.
    PowerCut,
    /// The power will fail at a write.
    PowerFailsSoon,
    /// The disk is nearly full, until it is cleared.
    DiskFills,
    /// There is room again.
    DiskCleared,
    /// Nobody reaches it any more, and it nobody, for a day to a month, of which a day goes by with each step.
    CutOff,
    /// The clock goes wrong, by up to three years.
    ClockJumps,
    /// A backup of the disk is made, and one of headquarters' in the same night.
    Backup,
    /// The last backup is put back, as long as there is one.
    Restore,
    /// The folder of a device is copied to another machine, and both are used from now on.
    Copy,
    /// The machine of a regional hub is copied, and both are used from now on, each by some devices.
    CopyHub,
    /// A regional hub is destroyed without a backup: another takes its place, and its devices enrol there.
    Destroy,
}

/// The state of a link during a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// Everything arrives.
    Fair,
    /// Some requests and some answers are lost, cut short, damaged, late or doubled.
    Rough,
    /// The same, and what is cut short arrives so.
    Torn,
    /// Requests arrive; no answer does.
    OneWay,
    /// Nothing arrives.
    Gone,
}
