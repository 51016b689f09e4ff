//! What an exchange leaves logged is applied after it, by one who goes on until nothing is left, however many exchanges leave
//! something meanwhile: each of more than one would stand before whoever asks next.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether somebody is at it, and whether there is more since they began.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    is_worked_on: AtomicBool,
    is_more: AtomicBool,
}

impl Rest {
    /// Something may be left: whether whoever asks is to begin with it, because nobody is at it.
    pub(crate) fn begins(&self) -> bool {
        // First: who is at it looks for that after they have said that they are not any more.
        self.is_more.store(true, Ordering::SeqCst);
        !self.is_worked_on.swap(true, Ordering::SeqCst)
    }

    /// What is left from now on is more.
    pub(crate) fn looks(&self) {
        self.is_more.store(false, Ordering::SeqCst);
    }

    /// Whoever is at it has found nothing left: whether they are to look once more.
    pub(crate) fn goes_on(&self) -> bool {
        self.is_worked_on.store(false, Ordering::SeqCst);
        self.is_more.load(Ordering::SeqCst) && !self.is_worked_on.swap(true, Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_at_it_and_what_is_left_meanwhile_is_not_forgotten() {
        let rest = Rest::default();
        assert!(rest.begins());
        rest.looks();
        assert!(!rest.begins(), "somebody is at it");
        assert!(rest.goes_on(), "there is more");
        rest.looks();
        assert!(!rest.goes_on());
        assert!(rest.begins(), "nobody is at it any more");
    }
}
