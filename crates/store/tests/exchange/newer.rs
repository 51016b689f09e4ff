//! Databases of a later build, as after an update that was taken back: neither that of a replica nor a hub's keys are opened, or
//! written to, and the message says what to do.

use teranga_store::{FILE, Replica, StoreError};

use crate::dump;
use crate::world::*;

#[test]
fn what_a_newer_build_wrote_is_refused_and_stays_as_it_is() {
    for name in [FILE, "keys.sqlite"] {
        let World { dir, region, mut seed, .. } = world(110);
        let folder = region.folder().to_owned();
        drop(region);
        let path = folder.join(name);
        let version = |number: u32| dump::open(&path).pragma_update(None, "user_version", number).unwrap();
        let known: u32 = dump::open(&path).query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        version(99);
        let before = std::fs::read(&path).unwrap();
        let refused = Replica::open(&folder, &mut seed).unwrap_err();
        assert!(
            matches!(&refused, StoreError::Newer { path: at, found: 99, .. } if *at == path),
            "{refused:?}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), before, "{name}");
        // Once the newer build is back, everything is.
        version(known);
        let region = Replica::open(&folder, &mut seed).unwrap();
        assert_eq!(flaws(&region), [""; 0]);
        drop(dir);
    }
}
