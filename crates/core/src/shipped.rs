//! What ships with the program: the files of `schemas/`, so that a new device can fill forms before it has met any
//! hub, and headquarters has something to publish.

use std::sync::OnceLock;

use crate::catalogue::{Catalogue, CatalogueError, ResourceKind};

/// The regions of Senegal, as a code list.
pub(crate) const REGIONS: &str = include_str!("../../../schemas/lists/sn-regions.json");

/// Every shipped resource, in the order in which it is published.
pub const SHIPPED: &[(ResourceKind, &str)] = &[
    (ResourceKind::Classes, include_str!("../../../schemas/classes.json")),
    (ResourceKind::List, REGIONS),
    (ResourceKind::List, include_str!("../../../schemas/lists/sn-departments.json")),
    (ResourceKind::List, include_str!("../../../schemas/lists/countries.json")),
    (ResourceKind::List, include_str!("../../../schemas/lists/activity-types.json")),
    (ResourceKind::List, include_str!("../../../schemas/lists/agencies.json")),
    (ResourceKind::List, include_str!("../../../schemas/lists/alert-contacts.json")),
    (ResourceKind::List, include_str!("../../../schemas/lists/assistance-items.json")),
    (ResourceKind::List, include_str!("../../../schemas/lists/business-sectors.json")),
    (ResourceKind::List, include_str!("../../../schemas/lists/closure-reasons.json")),
    (ResourceKind::List, include_str!("../../../schemas/lists/complaint-categories.json")),
    (ResourceKind::List, include_str!("../../../schemas/lists/currencies.json")),
    (ResourceKind::List, include_str!("../../../schemas/lists/document-types.json")),
    (ResourceKind::List, include_str!("../../../schemas/lists/education-levels.json")),
    (ResourceKind::List, include_str!("../../../schemas/lists/languages.json")),
    (ResourceKind::List, include_str!("../../../schemas/lists/referral-statuses.json")),
    (ResourceKind::List, include_str!("../../../schemas/lists/relations.json")),
    (ResourceKind::List, include_str!("../../../schemas/lists/return-types.json")),
    (ResourceKind::List, include_str!("../../../schemas/lists/service-types.json")),
    (ResourceKind::List, include_str!("../../../schemas/lists/vulnerability-levels.json")),
    (ResourceKind::List, include_str!("../../../schemas/lists/vulnerability-types.json")),
    (ResourceKind::Form, include_str!("../../../schemas/forms/profile.json")),
    (ResourceKind::Form, include_str!("../../../schemas/forms/consent.json")),
    (ResourceKind::Form, include_str!("../../../schemas/forms/rss.json")),
    (ResourceKind::Form, include_str!("../../../schemas/forms/arrival.json")),
    (ResourceKind::Form, include_str!("../../../schemas/forms/protection.json")),
    (ResourceKind::Form, include_str!("../../../schemas/forms/health.json")),
    (ResourceKind::Form, include_str!("../../../schemas/forms/counselling.json")),
    (ResourceKind::Form, include_str!("../../../schemas/forms/plan.json")),
    (ResourceKind::Form, include_str!("../../../schemas/forms/assistance.json")),
    (ResourceKind::Form, include_str!("../../../schemas/forms/sessions.json")),
    (ResourceKind::Form, include_str!("../../../schemas/forms/enterprise.json")),
    (ResourceKind::Form, include_str!("../../../schemas/forms/satisfaction.json")),
    (ResourceKind::Form, include_str!("../../../schemas/forms/referral.json")),
    (ResourceKind::Form, include_str!("../../../schemas/forms/community.json")),
    (ResourceKind::Form, include_str!("../../../schemas/forms/service.json")),
    (ResourceKind::Form, include_str!("../../../schemas/forms/review.json")),
    (ResourceKind::Form, include_str!("../../../schemas/forms/complaint.json")),
    (ResourceKind::Scheme, include_str!("../../../schemas/schemes/rss-equal.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/arrival-child-alone.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/arrival-danger.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/arrival-emergency.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/arrival-unfit.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/complaint-abuse.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/complaint-danger.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/complaint-misconduct.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/counselling-rejection.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/health-cannot-cope.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/health-distress.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/health-emergency.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/health-hallucinations.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/health-harm-others.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/health-medicine-ends.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/health-self-harm.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/health-suicide.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/profile-debt-pressure.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/protection-child.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/protection-level.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/protection-sexual-violence.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/protection-trafficking.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/protection-unsafe-tonight.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/review-closing-at-risk.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/rss-distress.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/rss-support-wanted.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/rss-unsafe.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/satisfaction-asked.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/sessions-red-flag.json")),
    (ResourceKind::Alert, include_str!("../../../schemas/alerts/sessions-violence.json")),
    (ResourceKind::Release, include_str!("../../../schemas/releases/age-band.json")),
    (ResourceKind::Release, include_str!("../../../schemas/releases/arrival-alert.json")),
    (ResourceKind::Release, include_str!("../../../schemas/releases/counselling-alert.json")),
    (ResourceKind::Release, include_str!("../../../schemas/releases/health-alert.json")),
    (ResourceKind::Release, include_str!("../../../schemas/releases/health-referral-needed.json")),
    (ResourceKind::Release, include_str!("../../../schemas/releases/profile-alert.json")),
    (ResourceKind::Release, include_str!("../../../schemas/releases/profile-disability.json")),
    (ResourceKind::Release, include_str!("../../../schemas/releases/protection-alert.json")),
    (ResourceKind::Release, include_str!("../../../schemas/releases/protection-level.json")),
    (ResourceKind::Release, include_str!("../../../schemas/releases/protection-referral-needed.json")),
    (ResourceKind::Release, include_str!("../../../schemas/releases/review-level.json")),
    (ResourceKind::Release, include_str!("../../../schemas/releases/rss-alert.json")),
    (ResourceKind::Release, include_str!("../../../schemas/releases/rss-referral-needed.json")),
    (ResourceKind::Release, include_str!("../../../schemas/releases/rss-scores.json")),
    (ResourceKind::Release, include_str!("../../../schemas/releases/sessions-alert.json")),
    (ResourceKind::Release, include_str!("../../../schemas/releases/sessions-followed.json")),
];

/// The catalogue of what ships: the same in the whole process, so it is read and checked once.
pub fn catalogue() -> Result<Catalogue, CatalogueError> {
    static SOUND: OnceLock<Catalogue> = OnceLock::new();
    if let Some(catalogue) = SOUND.get() {
        return Ok(catalogue.clone());
    }
    let mut catalogue = Catalogue::default();
    for (kind, json) in SHIPPED {
        catalogue.add(*kind, json)?;
    }
    Ok(SOUND.get_or_init(|| catalogue).clone())
}
