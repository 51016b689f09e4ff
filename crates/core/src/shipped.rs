//! What ships with the program: the files of `schemas/`, so that a new device can fill forms before it has met any
//! hub, and headquarters has something to publish.

use crate::catalogue::{Catalogue, CatalogueError, ResourceKind};

/// The regions of Senegal, as a code list.
pub(crate) const REGIONS: &str = include_str!("../../../schemas/lists/sn-regions.json");

/// Every shipped resource, in the order in which it is published.
pub const SHIPPED: &[(ResourceKind, &str)] = &[
    (ResourceKind::Classes, include_str!("../../../schemas/classes.json")),
    (ResourceKind::List, REGIONS),
    (ResourceKind::List, include_str!("../../../schemas/lists/sn-departments.json")),
    (ResourceKind::List, include_str!("../../../schemas/lists/countries.json")),
    (ResourceKind::Form, include_str!("../../../schemas/forms/profile.json")),
    (ResourceKind::Form, include_str!("../../../schemas/forms/consent.json")),
    (ResourceKind::Form, include_str!("../../../schemas/forms/rss.json")),
    (ResourceKind::Scheme, include_str!("../../../schemas/schemes/rss-equal.json")),
    (ResourceKind::Release, include_str!("../../../schemas/releases/age-band.json")),
    (ResourceKind::Release, include_str!("../../../schemas/releases/rss-scores.json")),
];

/// The catalogue of what ships.
pub fn catalogue() -> Result<Catalogue, CatalogueError> {
    let mut catalogue = Catalogue::default();
    for (kind, json) in SHIPPED {
        catalogue.add(*kind, json)?;
    }
    Ok(catalogue)
}
