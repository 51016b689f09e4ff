//! A deterministic world round the real office and the real client: devices, regional hubs and headquarters on disks that
//! forget, over links that break, with clocks that are wrong. A seed makes a script; a script plays the same every time,
//! and oracles say what must hold while it plays and when the dust has settled.

mod acts;
mod attach;
mod backups;
mod builds;
mod calm;
mod commit;
mod courier;
mod disk;
mod doors;
mod enrolling;
mod erasure_oracles;
mod fault;
mod file_oracles;
mod forgery;
mod glance;
mod granting;
mod holdings;
mod hostile;
mod ledger;
mod lending;
mod link;
mod loss;
mod machine;
mod many;
mod meeting;
mod oracles;
mod partition;
mod play;
mod reached;
mod revoking;
mod sabotage;
mod scope_oracles;
mod score_oracles;
mod script;
mod seen;
mod session;
mod shrink;
mod silence;
mod staged;
mod sticks;
mod tick_oracles;
mod what;
mod world;

pub use commit::commit;
pub use disk::{Disk, Image, Keys, VFS};
pub use fault::Fault;
pub use many::{Many, play_many};
pub use play::{Done, Outcome, play};
pub use sabotage::Sabotage;
pub use script::{Audit, Builds, CROWDS_FROM, LENDS_FROM, REGRANTS_FROM, Script, Step};
pub use session::Talked;
pub use shrink::shrink;
pub use staged::{Place, Staged};
pub use what::{Act, Blow, Hostile, Stick, Weather, What};
