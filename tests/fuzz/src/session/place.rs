//! A replica on a disk in memory, opened as it stood at some moment; and what must hold of it whatever it was told.

#![expect(clippy::unwrap_used, reason = "a replica of this world that does not open is a defect of its own")]

use teranga_client::Device;
use teranga_client::invent::Seeded;
use teranga_office::Office;
use teranga_sim::{Disk, Image, Keys, VFS};
use teranga_store::ticks::LogCounts;
use teranga_store::{Profile, Replica, VirtualFile};

/// What runs over a replica.
pub(crate) trait Over {
    /// Begins to run.
    fn over(replica: Replica) -> Self;
    /// The replica.
    fn replica(&self) -> &Replica;
    /// The replica, to change it.
    fn replica_mut(&mut self) -> &mut Replica;
}

impl Over for Office {
    fn over(replica: Replica) -> Self {
        Self::open(replica).unwrap()
    }

    fn replica(&self) -> &Replica {
        self.replica()
    }

    fn replica_mut(&mut self) -> &mut Replica {
        self.replica_mut()
    }
}

impl Over for Device {
    fn over(replica: Replica) -> Self {
        Self::over(replica).unwrap()
    }

    fn replica(&self) -> &Replica {
        self.replica()
    }

    fn replica_mut(&mut self) -> &mut Replica {
        self.replica_mut()
    }
}

impl Over for Replica {
    fn over(replica: Replica) -> Self {
        replica
    }

    fn replica(&self) -> &Replica {
        self
    }

    fn replica_mut(&mut self) -> &mut Replica {
        self
    }
}

/// Something that runs over a replica, and its disk.
pub(crate) struct Place<T> {
    /// What runs; closed before its disk is gone.
    pub(crate) running: T,
    before: LogCounts,
    disk: Disk,
}

impl<T: Over> Place<T> {
    /// A new replica.
    pub(crate) fn new(profile: &Profile, seed: &mut Seeded) -> Self {
        let disk = Disk::default();
        let file = disk.database();
        let replica = Replica::create_virtual(VirtualFile { vfs: VFS, name: &file }, profile, seed).unwrap();
        Self::begin(replica, disk)
    }

    /// A replica as an image holds it. The same opening every time.
    pub(crate) fn open(image: &Image) -> Self {
        let disk = Disk::default();
        disk.put_back(image, Keys::OfTheBackup);
        Self::begin(reopened(&disk), disk)
    }

    fn begin(replica: Replica, disk: Disk) -> Self {
        let before = replica.log_counts().unwrap();
        Self { running: T::over(replica), before, disk }
    }

    /// Closes it; what its disk holds then.
    pub(crate) fn image(self) -> Image {
        drop(self.running);
        self.disk.image()
    }

    /// Whatever it was told: it verifies, what was applied still is, and it opens again.
    pub(crate) fn end_sound(self, may_lose: bool) {
        let mut flaws = Vec::new();
        self.running.replica().verify(|flaw| flaws.push(flaw)).unwrap();
        assert!(flaws.is_empty(), "{flaws:?}");
        let after = self.running.replica().log_counts().unwrap();
        assert!(may_lose || after.applied >= self.before.applied, "{:?} became {after:?}", self.before);
        drop(self.running);
        let again = T::over(reopened(&self.disk));
        assert!(again.replica().log_counts().unwrap().applied >= after.applied);
    }
}

fn reopened(disk: &Disk) -> Replica {
    let file = disk.database();
    Replica::open_virtual(VirtualFile { vfs: VFS, name: &file }, &mut Seeded(3)).unwrap()
}
