//! Bundles, returns and exchanges in every order that a seed draws, copies among them: at no moment is a tick shown that
//! is not true, and in the end everybody holds everything once.

use teranga_client::bundle::BundleError;
use teranga_core::id::RecordId;

use crate::world::World;

/// A file that somebody has in a pocket.
struct Pocket {
    device: usize,
    file: Vec<u8>,
}

struct Play {
    world: World,
    records: Vec<RecordId>,
    out: Vec<Pocket>,
    back: Vec<Pocket>,
    saves: usize,
}

const STEPS: usize = 40;
const COPIES_MAX: usize = 2;

impl Play {
    fn new(seed: u64) -> Self {
        let world = World::new(seed, &["awa", "moussa"]);
        Self { world, records: Vec::new(), out: Vec::new(), back: Vec::new(), saves: 0 }
    }

    fn device(&mut self) -> usize {
        let count = self.world.devices.len();
        self.world.seed.below(count)
    }

    fn step(&mut self) {
        let device = self.device();
        match self.world.seed.below(16) {
            0..3 => self.save(device),
            3..7 => {
                let file = self.world.export(device);
                self.out.push(Pocket { device, file });
            }
            7..10 => self.bring(),
            10..13 => self.hear(),
            13 => self.world.online(device),
            14 => {
                let lost = self.world.seed.next();
                self.world.online_when(device, |message| message >= 16 || lost >> message & 1 == 0);
            }
            _ if self.world.devices.len() < 2 + COPIES_MAX => {
                self.world.copy(device);
            }
            _ => self.world.reopen(device, |_| ()),
        }
    }

    fn save(&mut self, device: usize) {
        self.saves += 1;
        let value = format!("value {}", self.saves);
        let held: Vec<RecordId> = self
            .records
            .iter()
            .copied()
            .filter(|record| self.world.devices[device].replica().record(*record).unwrap().is_some())
            .collect();
        if held.is_empty() || self.world.seed.below(2) == 0 {
            self.records.push(self.world.open(device, &[("E01", &value)]));
        } else {
            let record = held[self.world.seed.below(held.len())];
            self.world.edit(device, record, &[("E02", &value)]);
        }
    }

    /// Brings some file to the hub: whole, or cut, or with a bit wrong; and leaves it where it was, to be brought again.
    fn bring(&mut self) {
        if self.out.is_empty() {
            return;
        }
        let at = self.world.seed.below(self.out.len());
        let (device, mut file) = (self.out[at].device, self.out[at].file.clone());
        match self.world.seed.below(6) {
            0 => file.truncate(self.world.seed.below(file.len())),
            1 => {
                let bit = self.world.seed.below(file.len() * 8);
                file[bit / 8] ^= 1 << (bit % 8);
            }
            _ => {}
        }
        if let (_, Some(file)) = self.world.bring(&file) {
            self.back.push(Pocket { device, file });
        }
    }

    /// Takes some return, at the device that asked for it or at another one.
    fn hear(&mut self) {
        if self.back.is_empty() {
            return;
        }
        let at = self.world.seed.below(self.back.len());
        let pocket = &self.back[at];
        let device = if self.world.seed.below(8) == 0 {
            self.world.seed.below(self.world.devices.len())
        } else {
            pocket.device
        };
        match self.world.devices[device].import(&pocket.file) {
            Ok(_) | Err(BundleError::OfACopy | BundleError::OtherRecipient { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// Everybody goes on, over links or with files alone, until nothing is left.
    fn end(&mut self, by_link: bool) {
        for _ in 0..6 {
            for device in 0..self.world.devices.len() {
                if by_link {
                    self.world.online(device);
                } else {
                    self.world.round(device);
                }
                self.world.ticks_are_true();
            }
        }
        self.world.all_are_equal();
        let held = self.world.hub.replica().records().unwrap().len();
        assert_eq!(held, self.records.len(), "a record was lost");
    }
}

#[test]
fn whatever_the_order_nothing_is_lost_and_no_tick_is_false() {
    let seeds = std::env::var("TERANGA_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(12);
    for seed in 1..=seeds {
        let mut play = Play::new(seed);
        for _ in 0..STEPS {
            play.step();
            play.world.ticks_are_true();
        }
        play.end(seed % 2 == 0);
    }
}
