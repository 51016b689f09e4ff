//! Who has nothing to say: whose last session said nothing, and who has spoken since. A child that said nothing to a hub which
//! has heard nothing since would say nothing again.

/// When each machine spoke last, and when its own last session said nothing; both count sessions.
pub(crate) struct Silences {
    sessions: usize,
    spoke: Vec<usize>,
    was_silent: Vec<usize>,
}

impl Silences {
    /// Of so many machines, of which nobody was asked yet.
    pub(crate) fn of(machines: usize) -> Self {
        Self { sessions: 0, spoke: vec![0; machines], was_silent: vec![0; machines] }
    }

    /// Whether another session of a child with its hub would be its last one again, which said nothing.
    pub(crate) fn lasts(&self, child: usize, hub: usize) -> bool {
        let at = |times: &[usize], machine: usize| times.get(machine).copied().unwrap_or_default();
        let silent = at(&self.was_silent, child);
        silent > at(&self.spoke, child) && silent > at(&self.spoke, hub)
    }

    /// A session of a child with its hub in which something was said.
    pub(crate) fn spoken(&mut self, child: usize, hub: usize) {
        self.sessions += 1;
        for machine in [child, hub] {
            set(&mut self.spoke, machine, self.sessions);
        }
    }

    /// One in which nothing was.
    pub(crate) fn silent(&mut self, child: usize) {
        self.sessions += 1;
        set(&mut self.was_silent, child, self.sessions);
    }
}

fn set(times: &mut [usize], machine: usize, to: usize) {
    if let Some(time) = times.get_mut(machine) {
        *time = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_lasts_until_the_child_or_its_hub_speaks_with_anybody() {
        // A home, a hub, two devices of it.
        let mut silences = Silences::of(4);
        assert!(!silences.lasts(3, 1), "who was never asked");
        silences.silent(3);
        assert!(silences.lasts(3, 1));
        silences.spoken(2, 1);
        assert!(!silences.lasts(3, 1), "a colleague told the hub something");
        silences.silent(3);
        silences.silent(2);
        assert!(silences.lasts(3, 1) && silences.lasts(2, 1));
        silences.spoken(1, 0);
        assert!(!silences.lasts(3, 1) && !silences.lasts(2, 1), "the hub heard something above");
    }
}
