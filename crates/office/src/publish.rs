//! Publication: what a hub offers to everyone below it, checked against everything that is published already.

use teranga_core::catalogue::Catalogue;
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
    let mut checked = Catalogue::default();
    for (kind, json) in SHIPPED {
        let Ok(named) = checked.add(*kind, json) else { continue };
        let row = ResourceRow {
            kind: kind.code().to_owned(),
            id: named.id,
            version: named.version,
            json: (*json).to_owned(),
        };
        replica.publish(&row)?;
    }
    Ok(())
}
