//! Guarantees that are broken on purpose, each in the world round the product and never in the product itself, to see that
//! an oracle notices. A test plays every one of them until it does.

mod answers;
mod lane;
mod machines;

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// Nothing.
    Nothing,
    /// Disks say that they have synced, and have not: what was saved is lost.
    LyingDisk,
    /// A bit of what a disk holds turns over.
    RottenDisk,
    /// A bit of a file turns over on a device's disk.
    RottenFile,
    /// What a disk gives back is no database any more.
    ForeignDisk,
    /// Devices report as saved what they have thrown away.
    ForgetfulDevice,
    /// Devices keep files of records that they may not hold.
    CollectingDevice,
    /// Headquarters keeps the files of what it erased.
    ArchivingHome,
    /// Devices do not confirm that they have destroyed what was erased.
    MuteDevice,
    /// Headquarters waits for nobody who was to destroy something.
    OverlookingHome,
    /// The keys of a hub go into its backups: what was erased is given back by an old one.
    KeptKeys,
    /// Devices take for safe what their hub alone holds: a tick lies.
    HastyTick,
    /// Hubs leave saves out of their answers: replicas lack what they may hold.
    SilentHub,
    /// Hubs leave corrections out of their answers: replicas diverge.
    StubbornHub,
    /// Hubs do not say what leaves: replicas keep what they may not hold.
    ClingingHub,
    /// Hubs do not say what was erased: it stays.
    SparingHub,
    /// Regional hubs are granted the whole country: they see what they may not.
    WideGrant,
    /// Hubs answer and always say that there is more: a session never ends.
    EndlessHub,
    /// Hubs break off in the middle of an answer, as what panics does.
    FallingHub,
    /// Hubs say with every answer what nobody needs: it costs more than it may.
    TalkativeHub,
    /// Regional hubs acknowledge what comes in files, and forget it: ticks lie.
    ForgetfulDesk,
    /// Hubs say that they took what was damaged on its way.
    CredulousDesk,
    /// Hubs say of whole files that they cannot be read.
    DeafDesk,
    /// Hubs prove that they hold a file, and throw it away.
    HollowHub,
    /// Hubs take back, every few answers, that they hold what they have acknowledged: what was reached is not kept.
    FickleHub,
    /// Hubs send, every few answers, whoever asks back to the beginning of the feed: what was read is to be read again.
    RewindingHub,
    /// Regional hubs score by numbers of their own: scores are not the same everywhere.
    WilfulHub,
    /// Hubs answer everybody with what they answered others too: somebody is shown what they may not hold.
    LeakyHub,
    /// Headquarters shows everybody a thumbnail of whatever it has: somebody is shown what they may not hold.
    ShowingHome,
    /// Hubs say of all that headquarters holds that its backup covers it: what left is let go too early.
    BoastfulHub,
    /// Hubs say of every file that headquarters' backup has it: what left is let go too early.
    RashHub,
    /// Hubs take nobody's word for what somebody else wrote: what only a colleague holds is lost.
    DismissiveHub,
    /// More waits at hubs than is said: floods of other parts, of which nobody is told.
    HoardingHub,
    /// Headquarters says of every file that it wants none: those of records that left stay where they are, too.
    AloofHub,
    /// Devices lose a change that stood in a document.
    LosingDevice,
    /// Devices forget what headquarters has: a tick falls.
    FadingDevice,
    /// Devices count their exchanges anew: a number is used twice.
    RecountingDevice,
    /// Hubs forget none of the lines in which something came.
    RememberingHub,
}

impl Sabotage {
    /// Everything that can be broken.
    pub const ALL: [Self; 37] = [
        Self::LyingDisk,
        Self::RottenDisk,
        Self::RottenFile,
        Self::ForeignDisk,
        Self::ForgetfulDevice,
        Self::CollectingDevice,
        Self::ArchivingHome,
        Self::MuteDevice,
        Self::OverlookingHome,
        Self::KeptKeys,
        Self::HastyTick,
        Self::SilentHub,
        Self::StubbornHub,
        Self::ClingingHub,
        Self::SparingHub,
        Self::WideGrant,
        Self::EndlessHub,
        Self::FallingHub,
        Self::TalkativeHub,
        Self::ForgetfulDesk,
        Self::CredulousDesk,
        Self::DeafDesk,
        Self::HollowHub,
        Self::FickleHub,
        Self::RewindingHub,
        Self::WilfulHub,
        Self::LeakyHub,
        Self::ShowingHome,
        Self::BoastfulHub,
        Self::RashHub,
        Self::DismissiveHub,
        Self::HoardingHub,
        Self::AloofHub,
        Self::LosingDevice,
        Self::FadingDevice,
        Self::RecountingDevice,
        Self::RememberingHub,
    ];
}
