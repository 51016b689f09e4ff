//! How many bytes of files may go and come, as people write it: of one sync, and of a day on a network that counts them.

use std::str::FromStr;

use teranga_store::network::Cost;

/// A bound on the bytes of files of one sync: a number of them, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget(pub(crate) u64);

impl FromStr for Budget {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = if text == "none" { Some(0) } else { bytes(text) };
        bytes.map(Self).ok_or("expected bytes, such as 500k or 2M, or none")
    }
}

/// What carries chunks of a file beside the offers of hundreds that wait: of less a day nothing would ever go.
const A_DAY_MIN: u64 = 100_000;

/// What a network costs: `unmetered`, `metered`, or `metered=20M`, which is what it may cost a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NetworkCost(pub(crate) Cost);

impl FromStr for NetworkCost {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let cost = match text {
            "unmetered" => Some(Cost::Unmetered),
            "metered" => Some(Cost::default()),
            other => other
                .strip_prefix("metered=")
                .and_then(bytes)
                .filter(|bytes| *bytes >= A_DAY_MIN)
                .map(|bytes_a_day| Cost::Metered { bytes_a_day }),
        };
        cost.map(Self)
            .ok_or("expected unmetered, metered, or bytes a day, 100k at least, such as metered=20M")
    }
}

/// A number of bytes, of thousands or of millions of them.
fn bytes(text: &str) -> Option<u64> {
    let (digits, unit) = match text.trim_end_matches(['k', 'K', 'M']) {
        digits if digits.len() == text.len() => (digits, 1),
        digits if text.ends_with('M') => (digits, 1_000_000),
        digits => (digits, 1_000),
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_given_as_people_write_them() {
        for (text, bytes) in [("none", 0), ("0", 0), ("1500", 1_500), ("500k", 500_000), ("2M", 2_000_000)] {
            assert_eq!(text.parse(), Ok(Budget(bytes)), "{text}");
        }
        for wrong in ["", "M", "-1", "2G", "all", "99999999999999999999M"] {
            assert!(wrong.parse::<Budget>().is_err(), "{wrong}");
            assert!(format!("metered={wrong}").parse::<NetworkCost>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_network_costs_nothing_or_so_much_a_day() {
        let costs = [
            ("unmetered", Cost::Unmetered),
            ("metered", Cost::default()),
            ("metered=20M", Cost::Metered { bytes_a_day: 20_000_000 }),
            ("metered=100k", Cost::Metered { bytes_a_day: 100_000 }),
        ];
        for (text, cost) in costs {
            assert_eq!(text.parse(), Ok(NetworkCost(cost)), "{text}");
        }
        for wrong in ["", "free", "unmetered=2M", "metered:2M", "metered=none", "metered=99k"] {
            assert!(wrong.parse::<NetworkCost>().is_err(), "{wrong}");
        }
    }
}
