//! Panics that are expected and caught. Their messages may carry bytes of answers, and a thousand of them would bury
//! a log; so the panic hook passes over them on the thread that expects them, and over no other.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static EXPECTING: Cell<bool> = const { Cell::new(false) };
}

/// A panic that was caught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Panicked;

/// Installs, once for the process, a panic hook before the one that stands.
pub(crate) fn install_hook() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let next = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !EXPECTING.get() {
                next(info);
            }
        }));
    });
}

/// Runs what may panic. What it was changing when it did must be dropped with it.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    let before = EXPECTING.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    EXPECTING.set(before);
    outcome.map_err(|_| Panicked)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A build that aborts on panic would make the guard worthless, and every hub a victim of one crafted change.
    #[test]
    fn this_build_unwinds() {
        const { assert!(cfg!(panic = "unwind")) };
        install_hook();
        assert_eq!(catch(|| -> u8 { panic!("expected") }), Err(Panicked));
        assert_eq!(catch(|| 7), Ok(7));
    }

    #[test]
    fn expecting_ends_with_the_work_and_nests() {
        install_hook();
        let inner = catch(|| {
            let inner = catch(|| -> u8 { panic!("expected") });
            (inner, EXPECTING.get())
        });
        assert_eq!(inner, Ok((Err(Panicked), true)));
        assert!(!EXPECTING.get());
    }
}
