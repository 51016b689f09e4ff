//! Publication: what a hub offers to everyone below it, checked against everything that is published already.

use teranga_core::catalogue::{Catalogue, ResourceKind};
use teranga_core::shipped::SHIPPED;
use teranga_store::{Replica, Result};
use teranga_sync::feed::ResourceRow;

/// The catalogue of what is published in a replica.
pub fn catalogue(replica: &Replica) -> Result<Catalogue> {
    let mut catalogue = Catalogue::default();
    replica.add_resources_to(&mut catalogue)?;
    Ok(catalogue)
}

/// Publishes what ships with the program. What is published already stays as it is.
pub fn publish_shipped(replica: &mut Replica) -> Result<()> {
    replica.publish_all(&shipped())
}

/// What ships with the program, as it is published.
pub fn shipped() -> Vec<ResourceRow> {
    let mut checked = Catalogue::default();
    let row = |(kind, json): &(ResourceKind, &str)| {
        let named = checked.add(*kind, json).ok()?;
        let (kind, json) = (kind.code().to_owned(), (*json).to_owned());
        Some(ResourceRow { kind, id: named.id, version: named.version, json })
    };
    SHIPPED.iter().filter_map(row).collect()
}
