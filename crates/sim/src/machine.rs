//! A machine: a disk, a clock, and what runs on it. When the power fails during some work, everything in memory is gone
//! and the machine starts again from what its disk remembers.

use std::sync::OnceLock;

use teranga_client::Device;
use teranga_client::invent::Seeded;
use teranga_core::audience::Audience;
use teranga_core::id::ReplicaId;
use teranga_core::time::Millis;
use teranga_office::Office;
use teranga_store::{Profile, Replica, StoreError, VirtualFile, lay_out};
use teranga_sync::introduction::ReplicaKind;
use teranga_sync::version::Spoken;

use crate::disk::{Disk, Image, Keys, VFS};
use crate::doors::Door;
use crate::glance::LastSeen;

impl Post {
    /// Whether a hub stands there.
    pub(crate) fn is_hub(self) -> bool {
        match self {
            Self::Headquarters | Self::Region => true,
            Self::Device { .. } => false,
        }
    }
}

/// Where a machine stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Post {
    /// Headquarters.
    Headquarters,
    /// The hub of a region.
    Region,
    /// A device that syncs with the machine of this number.
    Device {
        /// Its hub.
        hub: usize,
    },
}

/// What runs on a machine.
#[derive(Debug)]
pub(crate) enum Running {
    Device(Box<Device>),
    Office(Box<Office>),
}

impl Running {
    pub(crate) fn replica(&self) -> &Replica {
        match self {
            Self::Device(device) => device.replica(),
            Self::Office(office) => office.replica(),
        }
    }

    pub(crate) fn replica_mut(&mut self) -> &mut Replica {
        match self {
            Self::Device(device) => device.replica_mut(),
            Self::Office(office) => office.replica_mut(),
        }
    }
}

/// A request and what was answered, as they went by.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) door: Door,
    pub(crate) request: Vec<u8>,
    pub(crate) answer: Vec<u8>,
}

/// What somebody on the way remembers.
const HEARD_MAX: usize = 12;

#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) name: String,
    pub(crate) post: Post,
    /// What it was made to hold, whatever its hub says of it later.
    pub(crate) made_for: Audience,
    /// How far its clock is wrong, in milliseconds.
    pub(crate) clock: i64,
    pub(crate) seed: Seeded,
    pub(crate) running: Option<Running>,
    /// Which versions of the protocol what runs here speaks.
    spoken: Spoken,
    /// At a hub: the last of what was asked and answered, as somebody on the way heard it.
    pub(crate) overheard: Vec<Heard>,
    /// What an answer took back of what had been reached, since somebody last looked.
    pub(crate) fell: Option<String>,
    /// At a hub: what an answer showed to somebody who may not hold it.
    pub(crate) showed: Option<(ReplicaId, String)>,
    /// What was seen of it after some step.
    pub(crate) last_seen: Option<LastSeen>,
    // After what runs: the database is closed before its disk is gone.
    pub(crate) disk: Disk,
}

impl Drop for Machine {
    /// A database writes its log to its place when it is closed: here for nobody.
    fn drop(&mut self) {
        self.disk.scrap();
    }
}

/// A disk with the tables of a replica and nothing in them: laid out once, for every machine there is.
fn laid_out() -> Result<&'static Image, StoreError> {
    static LAID_OUT: OnceLock<Image> = OnceLock::new();
    if let Some(image) = LAID_OUT.get() {
        return Ok(image);
    }
    let disk = Disk::default();
    lay_out(VirtualFile { vfs: VFS, name: &disk.database() })?;
    Ok(LAID_OUT.get_or_init(|| disk.image()))
}

impl Machine {
    /// A machine with a new replica.
    pub(crate) fn new(name: String, post: Post, profile: &Profile, seed: u64) -> Result<Self, StoreError> {
        let (disk, mut seed) = (Disk::default(), Seeded(seed));
        disk.put_back(laid_out()?, Keys::OfTheBackup);
        let file = disk.database();
        let replica = Replica::create_virtual(VirtualFile { vfs: VFS, name: &file }, profile, &mut seed)?;
        let made_for = profile.audience.clone();
        Ok(Self {
            name,
            post,
            made_for,
            clock: 0,
            seed,
            running: Some(Self::over(replica)?),
            spoken: Spoken::BUILD,
            overheard: Vec::new(),
            fell: None,
            showed: None,
            last_seen: None,
            disk,
        })
    }

    fn over(replica: Replica) -> Result<Running, StoreError> {
        Ok(match replica.profile().kind {
            // The forms that ship are read without fault, or no test of the product passes.
            ReplicaKind::Device => Running::Device(Box::new(
                Device::over(replica)
                    .map_err(|_| StoreError::Inconsistent { table: "resource", column: "json" })?,
            )),
            ReplicaKind::Hub => Running::Office(Box::new(Office::open(replica)?)),
        })
    }

    /// Another build runs here from now on, which speaks these versions.
    pub(crate) fn run(&mut self, spoken: Spoken) {
        self.spoken = spoken;
        if let Some(running) = &mut self.running {
            running.replica_mut().speak(spoken);
        }
    }

    pub(crate) fn replica(&self) -> Option<&Replica> {
        self.running.as_ref().map(Running::replica)
    }

    /// Somebody on the way hears what is asked and answered.
    pub(crate) fn hear(&mut self, heard: Heard) {
        self.overheard.push(heard);
        if self.overheard.len() > HEARD_MAX {
            self.overheard.remove(0);
        }
    }

    pub(crate) fn now(&self, world: Millis) -> Millis {
        Millis(world.0 + self.clock)
    }

    /// Does some work; nothing comes of it where the power failed meanwhile, and the machine has started again.
    pub(crate) fn work<T>(
        &mut self,
        work: impl FnOnce(&mut Running, &mut Seeded) -> T,
    ) -> Result<Option<T>, StoreError> {
        let Some(running) = &mut self.running else { return Ok(None) };
        let done = work(running, &mut self.seed);
        if self.disk.is_dead() {
            drop(done);
            self.cut_power()?;
            return Ok(None);
        }
        Ok(Some(done))
    }

    /// Cuts the power and starts again, perhaps with the next failure already on its way.
    pub(crate) fn cut_power(&mut self) -> Result<(), StoreError> {
        self.running = None;
        loop {
            self.disk.power_cut(&mut self.seed);
            if self.seed.below(4) == 0 {
                self.disk.fail_in(self.seed.below(12) as u64);
            }
            match self.start() {
                Err(_) if self.disk.is_dead() => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    self.disk.heal();
                    return Ok(());
                }
            }
        }
    }

    /// Another machine with a copy of this one's disk, as it stands.
    pub(crate) fn copied(&mut self) -> Result<Self, StoreError> {
        let image = self.snapshot();
        let mut copy = Self {
            name: format!("copie de {}", self.name),
            post: self.post,
            made_for: self.made_for.clone(),
            clock: self.clock,
            seed: Seeded(self.seed.next_number()),
            running: None,
            spoken: self.spoken,
            overheard: Vec::new(),
            fell: None,
            showed: None,
            last_seen: None,
            disk: Disk::default(),
        };
        copy.restart_from(&image, Keys::OfTheBackup)?;
        Ok(copy)
    }

    /// Stops in good order, and starts again from an image of some disk.
    pub(crate) fn restart_from(&mut self, image: &Image, keys: Keys) -> Result<(), StoreError> {
        self.disk.heal();
        self.running = None;
        self.disk.put_back(image, keys);
        self.start()
    }

    /// The disk as it stands while the replica is open: with a log beside the database.
    pub(crate) fn snapshot(&self) -> Image {
        self.disk.heal();
        self.disk.image()
    }

    /// The disk as it stands while the replica is closed.
    pub(crate) fn image(&mut self) -> Result<Image, StoreError> {
        self.disk.heal();
        self.running = None;
        let image = self.disk.image();
        self.start()?;
        Ok(image)
    }

    /// Stops in good order, and starts again as an office over the same replica: what is derived from answers is derived there.
    pub(crate) fn start_as_office(&mut self) -> Result<(), StoreError> {
        self.disk.heal();
        self.running = None;
        let replica = self.opened()?;
        self.running = Some(Running::Office(Box::new(Office::open(replica)?)));
        Ok(())
    }

    fn opened(&mut self) -> Result<Replica, StoreError> {
        let file = self.disk.database();
        let mut replica = Replica::open_virtual(VirtualFile { vfs: VFS, name: &file }, &mut self.seed)?;
        replica.speak(self.spoken);
        Ok(replica)
    }

    pub(crate) fn start(&mut self) -> Result<(), StoreError> {
        let replica = self.opened()?;
        self.running = Some(Self::over(replica)?);
        Ok(())
    }
}
