//! The catalogue: everything that is published — forms, code lists, schemes, alerts, releases, classes — checked against
//! each other. What was published under a name and a version never changes.

mod check;
mod error;
mod kind;
mod publish;
mod read_once;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::alert::{Alert, Watch};
use crate::class::{ClassId, Classes};
use crate::form::{Choice, ChoicesDocument, Form, FormRef, Lists, codes_as_choices};
use crate::list::CodeList;
use crate::release::Release;
use crate::score::Scheme;
use crate::versions::Lineage;

use read_once::read_once;

pub use error::CatalogueError;
pub use kind::ResourceKind;

/// The name of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its identity over all versions.
    pub id: String,
    /// Its version.
    pub version: String,
}

/// A code list, and the choices that it is in forms: made once, for every interview that draws from it.
#[derive(Debug)]
struct PublishedList {
    list: CodeList,
    choices: Arc<[Choice]>,
}

impl PublishedList {
    fn read(json: &str) -> Result<Self, CatalogueError> {
        let list = read(ResourceKind::List, json)?;
        Ok(Self { choices: codes_as_choices(&list), list })
    }
}

/// Everything that is published.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    classes: Option<Classes>,
    forms: Vec<Arc<Form>>,
    lists: BTreeMap<String, Arc<PublishedList>>,
    schemes: Vec<Arc<Scheme>>,
    alerts: Vec<Arc<Alert>>,
    releases: Vec<Arc<Release>>,
}

impl Catalogue {
    /// Takes in what is published, where all that it refers to is there. The order of publication decides what is
    /// latest.
    pub fn add(&mut self, kind: ResourceKind, json: &str) -> Result<Named, CatalogueError> {
        let named = |id: &str, version: &str| Named { id: id.to_owned(), version: version.to_owned() };
        match kind {
            ResourceKind::Classes => {
                let classes: Classes = read(kind, json)?;
                let name = named("classes", &classes.version);
                self.classes = Some(classes);
                Ok(name)
            }
            ResourceKind::List => {
                let published = read_once(json, PublishedList::read)?;
                let name = named(&published.list.list_id, &published.list.version);
                self.lists.insert(name.id.clone(), published);
                Ok(name)
            }
            ResourceKind::Form => {
                let form = read_once(json, Form::read).map_err(CatalogueError::Form)?;
                self.check_form(&form)?;
                let name = named(form.form_id(), form.version());
                // Published again, it is the latest again.
                self.forms.retain(|held| !Arc::ptr_eq(held, &form));
                self.forms.push(form);
                Ok(name)
            }
            ResourceKind::Scheme => {
                let scheme: Arc<Scheme> = read_once(json, |json| read(kind, json))?;
                self.check_scheme(&scheme)?;
                let name = named(&scheme.scheme_id, &scheme.version);
                self.schemes.push(scheme);
                Ok(name)
            }
            ResourceKind::Alert => {
                let alert: Arc<Alert> = read_once(json, |json| read(kind, json))?;
                self.check_alert(&alert)?;
                let name = named(&alert.alert_id, &alert.version);
                self.alerts.push(alert);
                Ok(name)
            }
            ResourceKind::Release => {
                let release: Arc<Release> = read_once(json, |json| read(kind, json))?;
                self.check_release(&release)?;
                let name = named(&release.release_id, &release.version);
                self.releases.push(release);
                Ok(name)
            }
        }
    }

    /// The classes, once they are published.
    pub fn classes(&self) -> Option<&Classes> {
        self.classes.as_ref()
    }

    /// The forms that can be filled, each at its latest version.
    pub fn forms(&self) -> Vec<&Arc<Form>> {
        let latest =
            |form: &&Arc<Form>| self.latest_form(form.form_id()).is_some_and(|last| Arc::ptr_eq(last, form));
        self.forms.iter().filter(latest).collect()
    }

    /// Every version of every form, in the order in which they were published.
    pub fn every_form(&self) -> impl Iterator<Item = &Arc<Form>> {
        self.forms.iter()
    }

    /// The version of a form that was published last.
    pub fn latest_form(&self, form_id: &str) -> Option<&Arc<Form>> {
        self.forms.iter().rev().find(|form| form.form_id() == form_id)
    }

    /// One version of a form.
    pub fn form(&self, reference: &FormRef) -> Option<&Arc<Form>> {
        self.forms.iter().find(|form| form.reference() == *reference)
    }

    /// The versions of a form, in the order in which they were published.
    fn versions_of(&self, form_id: &str) -> Vec<&Arc<Form>> {
        self.forms.iter().filter(|form| form.form_id() == form_id).collect()
    }

    /// A version with those that were published before it: how it reads what was answered under them.
    pub fn lineage(&self, form: &Form) -> Lineage {
        let versions = self.versions_of(form.form_id());
        let own = versions.iter().position(|version| version.version() == form.version());
        let until = own.map_or(versions.len(), |own| own + 1);
        Lineage::new(versions.into_iter().take(until).cloned().collect())
    }

    /// A code list.
    pub fn list(&self, id: &str) -> Option<&CodeList> {
        self.lists.get(id).map(|published| &published.list)
    }

    /// The code lists that a form names, as its choices.
    pub fn lists_for(&self, form: &Form) -> Lists {
        let mut lists = Lists::new();
        for (id, published) in lists_needed(form).filter_map(|id| self.lists.get_key_value(id)) {
            lists.share(id, Arc::clone(&published.choices));
        }
        lists
    }

    /// The version of a scheme that was published last.
    pub fn scheme(&self, id: &str) -> Option<&Arc<Scheme>> {
        self.schemes.iter().rev().find(|scheme| scheme.scheme_id == id)
    }

    /// The scheme that scores a form.
    pub fn scheme_for(&self, form_id: &str) -> Option<&Arc<Scheme>> {
        self.schemes.iter().rev().find(|scheme| scheme.form == form_id)
    }

    /// The alerts of a form, each at its latest version and compiled for this version of the form. An alert that asks
    /// for what this version does not have is left out: it was written for another.
    pub fn watches(&self, form: &Form) -> Vec<Watch<'_>> {
        let mut latest: BTreeMap<&str, &Alert> = BTreeMap::new();
        for alert in self.alerts.iter().filter(|alert| alert.form == form.form_id()) {
            latest.insert(&alert.alert_id, alert);
        }
        latest.into_values().filter_map(|alert| alert.watch(form).ok()).collect()
    }

    /// The releases of a form, each at its latest version.
    pub fn releases_for(&self, form_id: &str) -> Vec<&Arc<Release>> {
        let mut latest: BTreeMap<&str, &Arc<Release>> = BTreeMap::new();
        for release in self.releases.iter().filter(|release| release.form == form_id) {
            latest.insert(&release.release_id, release);
        }
        latest.into_values().collect()
    }

    /// What may flow from one class into another; before classes are published every class is its own.
    pub fn flows_to(&self, from: &ClassId, to: &ClassId) -> bool {
        self.classes.as_ref().map_or(from == to, |classes| classes.flows_to(from, to))
    }
}

fn lists_needed(form: &Form) -> impl Iterator<Item = &str> {
    form.document().choices.values().filter_map(|choices| match choices {
        ChoicesDocument::FromList { from_list } => Some(from_list.as_str()),
        ChoicesDocument::Inline(_) | ChoicesDocument::Table { .. } => None,
    })
}

fn read<T: serde::de::DeserializeOwned>(kind: ResourceKind, json: &str) -> Result<T, CatalogueError> {
    serde_json::from_str(json)
        .map_err(|error| CatalogueError::Shape { kind: kind.code(), detail: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    #[test]
    fn what_ships_agrees_with_itself() {
        let catalogue = shipped::catalogue().unwrap_or_else(|error| panic!("{error}: {error:?}"));
        assert_eq!(catalogue.forms().len(), 17);
        let profile = catalogue.latest_form("profile").unwrap();
        assert_eq!(catalogue.lists_for(profile).iter().count(), 8);
        assert!(catalogue.scheme_for("rss").is_some());
        assert_eq!(catalogue.releases_for("profile").len(), 3);
        let rss = catalogue.latest_form("rss").unwrap();
        assert_eq!(catalogue.watches(rss).len(), 3);
    }

    #[test]
    fn a_scheme_that_names_a_question_that_is_not_there_is_refused() {
        let mut catalogue = shipped::catalogue().unwrap();
        let (_, scheme) = shipped::SHIPPED.iter().find(|(kind, _)| *kind == ResourceKind::Scheme).unwrap();
        let broken = scheme.replace("\"E01\"", "\"E99\"");
        let error = catalogue.add(ResourceKind::Scheme, &broken).unwrap_err();
        assert!(matches!(error, CatalogueError::Missing { missing, .. } if missing == "E99"));
    }
}
