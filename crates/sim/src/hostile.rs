//! Somebody with a stolen key: the copy of a device's disk, opened by people who wish the office ill. Whatever is signed
//! with that key comes through the hub's door, and what stands in it they may choose. What honest people were promised
//! must hold all the same, and the hub must keep no more of it than its limits say.

use std::collections::BTreeSet;

use teranga_client::invent::Seeded;
use teranga_core::id::{Batch, ChangeHash, Line, ManifestHash, OpeningNonce, ReplicaId};
use teranga_core::time::Millis;
use teranga_store::{Replica, StoreError};
use teranga_sync::identity::Identity;
use teranga_sync::limits::{LINES_MAX, WAITING_PER_PART_MAX};
use teranga_sync::manifest::{Authorship, Manifest};
use teranga_sync::message::{Acknowledged, Asker, Push, Request};
use teranga_sync::pack::{Pack, Save, list};
use teranga_sync::session::Session;
use teranga_sync::version::Spoken;

use crate::acts;
use crate::disk::{Image, Keys};
use crate::doors::{Door, Hub, ask};
use crate::forgery;
use crate::glance;
use crate::ledger::FilePromise;
use crate::machine::{Heard, Machine, Post, Running};
use crate::sabotage::Sabotage;
use crate::what::{Act, Hostile};
use crate::world::World;

/// Whoever has a stolen key.
#[derive(Debug)]
pub(crate) struct Thief {
    /// The disk as it was stolen.
    stolen: Image,
    /// The copy; no oracle asks what it holds.
    pub(crate) machine: Machine,
    /// What the copy held then.
    held: BTreeSet<ChangeHash>,
    /// Whose key it is.
    pub(crate) key: ReplicaId,
    /// A line of the thief's own, so that its packs are not taken for the owner's.
    line: Line,
    exchange: u64,
    /// The copy's last opening.
    opening: Asker,
    /// The openings that its next pack names.
    openings: Vec<OpeningNonce>,
    /// The last pack that the hub took in this line.
    chain: Option<(Batch, ManifestHash)>,
    /// What was sent last: it is the chain's end where the hub took it.
    sent: Option<(u64, Batch, ManifestHash)>,
    /// Whether the part that is flooded was flooded already: one a world, so that what waits can be counted.
    flooded: bool,
}

/// Keys that are stolen in one world.
const THIEVES_MAX: usize = 1;

/// Somebody hostile does something; the key is stolen where none was.
pub(crate) fn act(
    world: &mut World,
    what: Hostile,
    which: usize,
    seed: &mut Seeded,
) -> Result<(), StoreError> {
    if world.thieves.len() < THIEVES_MAX {
        steal(world, which, seed)?;
    }
    let (now, sabotage) = (world.now, world.sabotage);
    let Some(Post::Device { hub }) = world.thieves.first().map(|thief| thief.machine.post) else {
        return Ok(());
    };
    if world.is_cut_off(hub) {
        return Ok(());
    }
    let Some(thief) = world.thieves.first_mut() else { return Ok(()) };
    let Some(machine) = world.machines.get_mut(hub) else { return Ok(()) };
    let at_hub = machine.replica().map(glance::held).transpose()?.unwrap_or_default();
    if !thief.held.is_subset(&at_hub) {
        // The hub was put back or is another one: what its owner has to send once more the thief could bring first.
        return Ok(());
    }
    // The hub may stand on another key by now; the thief knows of it what the copy does.
    let bodies = match what {
        Hostile::Replay => replayed(machine, seed),
        Hostile::Work | Hostile::Junk | Hostile::Flood => {
            let mut bodies = Vec::new();
            for saves in thief.saves(what, machine, (now, sabotage), seed)? {
                bodies.extend(thief.request(saves, machine, seed)?);
            }
            bodies
        }
        Hostile::Lines => thief.lines(machine, seed),
        Hostile::Bomb => thief.bomb(machine, seed)?,
        Hostile::Files => thief.files(machine, &world.ledger.files, seed),
    };
    let door = if what == Hostile::Files { Door::Files } else { Door::Sync };
    let mut hub = Hub { machine, sabotage };
    for (door, body) in bodies.into_iter().map(|(other, body)| (other.unwrap_or(door), body)) {
        ask(&mut hub, door, &body, now)?;
    }
    Ok(())
}

/// Bytes for a door, or for the one that is spoken at.
pub(crate) type Sent = (Option<Door>, Vec<u8>);

fn steal(world: &mut World, which: usize, seed: &mut Seeded) -> Result<(), StoreError> {
    let devices: Vec<usize> = world.devices().collect();
    let Some(number) = devices.get(which % devices.len().max(1)).copied() else { return Ok(()) };
    let Some(machine) = world.machines.get_mut(number) else { return Ok(()) };
    // Whoever has work that was never sent can bring it first, in pieces or with another salt, and its owner's is then
    // refused as forbidden for good: a known limit. What the hub has already nobody can take in another way.
    if machine.replica().map(Replica::log_counts).transpose()?.is_none_or(|counts| counts.unsent > 0) {
        return Ok(());
    }
    let machine = machine.copied()?;
    let stolen = machine.snapshot();
    let Some(key) = machine.replica().map(Replica::id) else { return Ok(()) };
    let held = machine.replica().map(glance::held).transpose()?.unwrap_or_default();
    let line = Line::draw(seed);
    world.thieves.push(Thief {
        stolen,
        machine,
        held,
        key,
        line,
        exchange: 0,
        opening: Asker::default(),
        openings: Vec::new(),
        chain: None,
        sent: None,
        flooded: false,
    });
    Ok(())
}

/// What somebody on the way heard, sent once more.
fn replayed(hub: &Machine, seed: &mut Seeded) -> Vec<Sent> {
    let heard = hub.overheard.get(seed.below(hub.overheard.len()));
    heard.map(|heard| (Some(heard.door), heard.request.clone())).into_iter().collect()
}

/// The pack in a request that somebody heard.
fn pack_of(hub: &Machine, heard: &Heard) -> Option<Pack> {
    let sender = Request::ends(&heard.request).ok()?.child;
    let child = hub.replica()?.child(sender).ok()??;
    let request = Request::read(&heard.request, &child.key, Spoken::BUILD).ok()?;
    request.pushes.first()?.pack().ok()
}

impl Thief {
    fn identity(&self) -> Option<Identity> {
        self.machine.replica().map(|replica| replica.identity().clone())
    }

    /// The packs' saves that this deed sends, as many as it needs.
    fn saves(
        &mut self,
        what: Hostile,
        hub: &Machine,
        (now, sabotage): (Millis, Sabotage),
        seed: &mut Seeded,
    ) -> Result<Vec<Vec<Save>>, StoreError> {
        // Another opening each time, which has heard nothing since the key was stolen.
        self.machine.restart_from(&self.stolen, Keys::OfTheBackup)?;
        let corrects = what != Hostile::Flood && seed.below(2) == 0;
        let act = if corrects { Act::Correct } else { Act::Interview };
        self.machine.work(|running, _| match running {
            Running::Device(device) => acts::act(device, act, &[], now, seed).is_ok(),
            Running::Office(_) => false,
        })?;
        let own = self.pack(now)?;
        let heard = hub.overheard.iter().filter_map(|heard| pack_of(hub, heard));
        // Its own work, or what somebody else wrote.
        let mut packs: Vec<Pack> = own.into_iter().collect();
        if what == Hostile::Junk && seed.below(4) == 0 {
            // What the hub has forgotten since its owner has to send once more, and that the thief could bring first.
            let at_hub = hub.replica().map(glance::held).transpose()?.unwrap_or_default();
            packs.extend(
                heard.filter(|pack| pack.saves.iter().flatten().all(|entry| at_hub.contains(&entry.hash))),
            );
        }
        let Some(pack) = packs.pop() else { return Ok(Vec::new()) };
        self.openings = pack.manifest.by.openings;
        Ok(match what {
            Hostile::Work => vec![pack.saves],
            Hostile::Flood if self.flooded => Vec::new(),
            Hostile::Flood => {
                self.flooded = true;
                // What may wait, and then more of the same part, which is refused.
                let parts = if sabotage == Sabotage::HoardingHub { [0, 1, 2] } else { [0, 0, 0] };
                let flood = |part| forgery::flood(&pack.saves, (part, WAITING_PER_PART_MAX), seed);
                parts.map(flood).into()
            }
            _ => vec![forgery::twist(pack.saves, seed)],
        })
    }

    /// What the copy would send of its work.
    fn pack(&mut self, now: Millis) -> Result<Option<Pack>, StoreError> {
        let Some(running) = self.machine.running.as_mut() else { return Ok(None) };
        let plan = Session::new().plan();
        let request = running.replica_mut().next_request(&plan, now)?;
        let Some(request) = request else { return Ok(None) };
        self.opening = request.opening;
        let push = request.pushes.into_iter().next();
        Ok(push.and_then(|push| push.pack().ok()))
    }

    /// A request with these saves in a pack of the thief's line, signed as it should be.
    fn request(
        &mut self,
        saves: Vec<Save>,
        hub: &Machine,
        seed: &mut Seeded,
    ) -> Result<Vec<Sent>, StoreError> {
        let (Some(identity), Some(replica)) = (self.identity(), hub.replica()) else { return Ok(Vec::new()) };
        let held = replica.received(self.key, self.line)?;
        if let Some((number, batch, hash)) = self.sent.take() {
            self.chain = Some((batch, hash)).filter(|_| held == Acknowledged::at(number, &hash));
            if self.chain.is_none() {
                // Whoever numbers other packs the same, once a hub was put back or destroyed, forks the chain that the home
                // holds, and whoever does so on purpose never cuts them anew: what the region took stays there. A known limit.
                (self.line, self.exchange) = (Line::draw(seed), 0);
            }
        }
        let received = if self.chain.is_some() { held.number } else { 0 };
        let (batch, previous) =
            self.chain.map_or((self.line.beginning().next(), ManifestHash([0; 32])), |(batch, hash)| {
                (batch.next(), hash)
            });
        let listed: Vec<_> = saves.iter().map(|save| list(save)).collect();
        let listed = listed.iter().map(Vec::as_slice);
        let by = Authorship::own(self.openings.clone());
        let manifest = Manifest::sign(&identity, batch, previous, by, listed);
        let pack = Pack { manifest, saves };
        self.sent = Some((received + 1, batch, pack.hash()));
        let push = Push::of(received + 1, None, &pack, replica.spoken().newest);
        Ok(self.ask(replica, vec![push], seed).into_iter().collect())
    }

    /// Questions in lines that nobody asked in before.
    fn lines(&mut self, hub: &Machine, seed: &mut Seeded) -> Vec<Sent> {
        let Some(replica) = hub.replica() else { return Vec::new() };
        let (line, exchange) = (self.line, self.exchange);
        let mut bodies = Vec::new();
        for _ in 0..LINES_MAX + 2 {
            self.line = Line::draw(seed);
            bodies.extend(self.ask(replica, Vec::new(), seed));
        }
        (self.line, self.exchange) = (line, exchange);
        bodies
    }

    /// A request of the thief's line.
    fn ask(&mut self, hub: &Replica, pushes: Vec<Push>, seed: &mut Seeded) -> Option<Sent> {
        let identity = self.identity()?;
        self.exchange += 1 + seed.below(3) as u64;
        let request = Request {
            version: hub.spoken().newest,
            hub: hub.id(),
            replica: self.key,
            line: self.line,
            opening: self.opening,
            exchange: self.exchange,
            cursor: forgery::cursor(seed),
            pull_bytes_max: seed.below(20_000),
            introductions: Vec::new(),
            confirmations: Vec::new(),
            judgements: Vec::new(),
            pushes,
        };
        Some((None, request.encode(&identity)))
    }

    /// What grows when it is unpacked, and counts of what is not there.
    fn bomb(&mut self, hub: &Machine, seed: &mut Seeded) -> Result<Vec<Sent>, StoreError> {
        let Some(replica) = hub.replica() else { return Ok(Vec::new()) };
        let number = replica.received(self.key, self.line)?.number + 1;
        let push =
            Push { number, introduction: None, version: replica.spoken().newest, bytes: forgery::bomb(seed) };
        Ok(self.ask(replica, vec![push], seed).into_iter().collect())
    }

    /// Chunks that are not of the files that others attached.
    fn files(&mut self, hub: &Machine, files: &[FilePromise], seed: &mut Seeded) -> Vec<Sent> {
        let (Some(identity), Some(replica)) = (self.identity(), hub.replica()) else { return Vec::new() };
        let Some(file) = files.get(seed.below(files.len())) else { return Vec::new() };
        self.exchange += 1;
        let mut request = forgery::wrong_chunks(&file.photo, seed);
        (request.hub, request.replica) = (replica.id(), self.key);
        request.version = replica.spoken().newest;
        (request.line, request.exchange) = (self.line, self.exchange);
        vec![(None, request.encode(&identity))]
    }
}
