//! Red flags: each alert is raised by the answers that call for it, and by nothing before.

use std::collections::BTreeMap;

use teranga_core::alert::{Alert, raised};
use teranga_core::catalogue::{Catalogue, CatalogueError, ResourceKind};
use teranga_core::shipped::SHIPPED;

use super::support::{catalogue, filled, golden, json, opened};

fn alerts() -> BTreeMap<String, Alert> {
    let shipped = SHIPPED.iter().filter(|(kind, _)| *kind == ResourceKind::Alert);
    let read = shipped.map(|(_, json)| serde_json::from_str::<Alert>(json).unwrap());
    read.map(|alert| (alert.alert_id.clone(), alert)).collect()
}

#[test]
fn each_alert_is_raised_by_its_answers_and_by_no_empty_form() {
    let catalogue = catalogue();
    let cases = json(&golden("alerts.json"));
    let alerts = alerts();
    for (id, alert) in &alerts {
        let empty = opened(&catalogue, &alert.form);
        assert!(raised(&empty, &catalogue.watches(empty.form())).is_empty(), "{}", alert.form);
        let answers = cases.get(id).unwrap_or_else(|| panic!("no answers raise {id}"));
        let filling = filled(&catalogue, &alert.form, answers);
        let watches = catalogue.watches(filling.form());
        assert!(raised(&filling, &watches).iter().any(|raised| raised.alert_id == *id), "{id}");
    }
    assert_eq!(cases.as_object().unwrap().len(), alerts.len());
}

#[test]
fn contacts_are_for_a_deployment_to_fill_in() {
    let catalogue = catalogue();
    for alert in alerts().values() {
        let contacts = catalogue.list(&alert.contacts).unwrap();
        for code in &alert.tell {
            assert_eq!(contacts.entry(code).unwrap().properties["phone"], "", "{code}");
        }
    }
}

#[test]
fn an_alert_that_refers_to_nothing_is_not_taken() {
    let (_, shipped) = SHIPPED.iter().find(|(_, json)| json.contains("\"arrival-danger\"")).unwrap();
    let refused = |from: &str, to: &str| {
        let mut catalogue: Catalogue = catalogue();
        catalogue.add(ResourceKind::Alert, &shipped.replace(from, to)).unwrap_err()
    };
    for (from, to, named) in [
        ("\"form\": \"arrival\"", "\"form\": \"departure\"", "departure"),
        ("\"to\": \"protected\"", "\"to\": \"secret\"", "secret"),
        ("\"tell\": [\"protection_lead\"]", "\"tell\": [\"nobody\"]", "nobody"),
        ("\"contacts\": \"alert-contacts\"", "\"contacts\": \"friends\"", "friends"),
    ] {
        let error = refused(from, to);
        assert!(matches!(&error, CatalogueError::Missing { missing, .. } if missing == named), "{error}");
    }
    assert!(matches!(refused("${feels_in_danger}", "${feels_in_dangr}"), CatalogueError::Form(_)));
}
