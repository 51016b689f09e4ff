//! The regions that a replica may belong to: the codes of the list that ships. A region with a slip in it would be an
//! office of its own, which no other office's grants reach, so it is refused where it is typed.

use crate::form::nearest;
use crate::list::CodeList;
use crate::problem::Explain;
use crate::shipped::REGIONS;

/// A text that is no region's code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no region {region}; the nearest are {}", near.join(", "))]
pub struct UnknownRegion {
    /// What was given.
    pub region: String,
    /// The code that was meant, as far as can be told; else every code.
    pub near: Vec<String>,
}

impl Explain for UnknownRegion {
    fn code(&self) -> &'static str {
        "region-unknown"
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        vec![("region", self.region.clone()), ("allowed", self.near.join(", "))]
    }
}

/// Whether this is the code of a region.
pub fn check(region: &str) -> Result<(), UnknownRegion> {
    let list: Option<CodeList> = serde_json::from_str(REGIONS).ok();
    let entries = list.as_ref().map(|list| list.entries.as_slice()).unwrap_or_default();
    let codes = || entries.iter().map(|entry| entry.code.as_str());
    if codes().any(|code| code == region) {
        return Ok(());
    }
    let meant = list.as_ref().and_then(|list| list.meant(region)).map(|entry| entry.code.as_str());
    let near = match meant.or_else(|| nearest(region, codes())) {
        Some(code) => vec![code.to_owned()],
        None => codes().map(str::to_owned).collect(),
    };
    Err(UnknownRegion { region: region.to_owned(), near })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_one_of_the_list_and_a_slip_is_told_the_code_that_was_meant() {
        assert_eq!(check("SN-KL"), Ok(()));
        for slip in ["sn-kl", "Kaolack", "kaolack"] {
            assert_eq!(check(slip).map_err(|error| error.near), Err(vec!["SN-KL".to_owned()]), "{slip}");
        }
        for wrong in ["", "Atlantis"] {
            assert_eq!(check(wrong).map_err(|error| error.near.len()), Err(14), "{wrong}");
        }
    }
}
