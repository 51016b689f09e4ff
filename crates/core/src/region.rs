//! The regions that a replica may belong to: the codes of the list that ships. A region with a slip in it would be an
//! office of its own, which no other office's grants reach, so it is refused where it is typed.

use crate::form::nearest;
use crate::list::{CodeList, Entry};
use crate::problem::Explain;
use crate::shipped::REGIONS;

/// A text that is no region's code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no region {region}; the codes are {}", near.join(", "))]
pub struct UnknownRegion {
    /// What was given.
    pub region: String,
    /// The code that was meant, as far as can be told, with its name; else every code.
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
    if entries.iter().any(|entry| entry.code == region) {
        return Ok(());
    }
    let by_code = || entries.iter().find(|entry| entry.code.eq_ignore_ascii_case(region.trim()));
    let by_name = || list.as_ref().and_then(|list| list.meant(region));
    let near = nearest(region, entries.iter().map(name));
    let by_slip = || entries.iter().find(|entry| Some(name(entry)) == near);
    let near = match by_code().or_else(by_name).or_else(by_slip) {
        Some(entry) => vec![told(entry)],
        None => entries.iter().map(told).collect(),
    };
    Err(UnknownRegion { region: region.to_owned(), near })
}

/// The regions' names are the same in every language.
fn name(entry: &Entry) -> &str {
    entry.label.get("fr", "fr")
}

fn told(entry: &Entry) -> String {
    format!("{} ({})", entry.code, name(entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_one_of_the_list_and_a_slip_is_told_the_code_that_was_meant() {
        assert_eq!(check("SN-KL"), Ok(()));
        for slip in ["sn-kl", "Kaolack", "kaolak"] {
            assert_eq!(
                check(slip).map_err(|error| error.near),
                Err(vec!["SN-KL (Kaolack)".to_owned()]),
                "{slip}"
            );
        }
        for wrong in ["", "SN-K", "Atlantis"] {
            assert_eq!(check(wrong).map_err(|error| error.near.len()), Err(14), "{wrong}");
        }
    }
}
