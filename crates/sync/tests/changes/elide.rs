//! What is left out of a change on the wire comes back to the byte.

use proptest::prelude::*;
use teranga_core::id::ChangeHash;
use teranga_sync::elide::{rebuild, without_dep, without_frame};
use teranga_sync::scan::{ChangeLimits, scan};

use crate::pool::pool;

#[test]
fn every_change_is_rebuilt_to_the_byte() {
    let mut shortened = 0;
    for made in pool() {
        let scanned = scan(&made.change, &ChangeLimits::PROTOCOL).unwrap();
        let body = without_frame(&made.change);
        assert!(body.len() + 10 <= made.change.len());
        assert_eq!(rebuild(body, None), (made.change.clone(), scanned.hash));
        match scanned.deps.as_slice() {
            [dep] => {
                let short = without_dep(&made.change, *dep).unwrap();
                assert_eq!(short.len() + 33, body.len());
                assert_eq!(rebuild(short, Some(*dep)), (made.change.clone(), scanned.hash));
                shortened += 1;
                let (_, other) = rebuild(short, Some(ChangeHash([0; 32])));
                assert_ne!(other, scanned.hash, "another dependency is another change");
            }
            several => {
                assert!(several.len() > 1, "only a part's first change builds on nothing");
                assert!(several.iter().all(|dep| without_dep(&made.change, *dep).is_none()));
            }
        }
        assert_eq!(without_dep(&made.change, scanned.hash), None, "the receiver could not name this one");
    }
    assert!(shortened > 100);
}

proptest! {
    #[test]
    fn junk_is_neither_shortened_nor_mistaken(junk in prop::collection::vec(any::<u8>(), 0..200)) {
        let dep = ChangeHash([7; 32]);
        prop_assert!(without_frame(&junk).len() <= junk.len());
        prop_assert_eq!(without_dep(&junk, dep), None);
        for dep in [None, Some(dep)] {
            let (chunk, hash) = rebuild(&junk, dep);
            if let Ok(scanned) = scan(&chunk, &ChangeLimits::PROTOCOL) {
                prop_assert_eq!(scanned.hash, hash);
            }
            let body = without_frame(&chunk);
            prop_assert!(body.ends_with(&junk));
        }
    }
}
