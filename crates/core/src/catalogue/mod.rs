//! The catalogue: everything that is published — forms, code lists, schemes, alerts, releases, classes — checked against
//! each other. What was published under a name and a version never changes.

mod check;
mod publish;
mod read_once;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::alert::{Alert, Watch};
use crate::class::{ClassId, Classes};
use crate::form::{ChoicesDocument, Form, FormErrors, FormRef, Lists};
use crate::list::CodeList;
use crate::problem::Explain;
use crate::release::Release;
use crate::score::Scheme;
use crate::versions::Lineage;

use read_once::read_once;

/// What kind of thing is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceKind {
    /// The sensitivity classes.
    Classes,
    /// A code list.
    List,
    /// A form.
    Form,
    /// A scoring scheme.
    Scheme,
    /// A red-flag alert.
    Alert,
    /// A release.
    Release,
}

impl ResourceKind {
    /// Every kind, in the order in which they can be published: what is referred to comes before.
    pub const ALL: [Self; 6] =
        [Self::Classes, Self::List, Self::Form, Self::Scheme, Self::Alert, Self::Release];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Classes => "classes",
            Self::List => "list",
            Self::Form => "form",
            Self::Scheme => "scheme",
            Self::Alert => "alert",
            Self::Release => "release",
        }
    }

    /// Reads a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Why a resource is not taken into the catalogue.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CatalogueError {
    /// Not the JSON that this kind has.
    #[error("not a {kind}: {detail}")]
    Shape {
        /// The kind.
        kind: &'static str,
        /// What the JSON reader says: names of members, lines and columns.
        detail: String,
    },
    /// A form with findings.
    #[error("the form has {} findings", .0.0.len())]
    Form(FormErrors),
    /// Something that it refers to is not there.
    #[error("{resource} refers to {missing}, which is not there")]
    Missing {
        /// What refers.
        resource: String,
        /// To what.
        missing: String,
    },
    /// A code whose days of validity are none, or end before they begin.
    #[error("{list}: the days of validity of {code} are not days, or end before they begin")]
    Validity {
        /// The list and its version.
        list: String,
        /// The code.
        code: String,
    },
}

impl Explain for CatalogueError {
    fn code(&self) -> &'static str {
        match self {
            Self::Shape { .. } => "resource-shape",
            Self::Form(_) => "form-findings",
            Self::Missing { .. } => "resource-missing",
            Self::Validity { .. } => "resource-validity",
        }
    }

    fn arguments(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Shape { kind, detail } => vec![("kind", (*kind).to_owned()), ("detail", detail.clone())],
            Self::Form(errors) => vec![("count", errors.0.len().to_string())],
            Self::Missing { resource, missing } => {
                vec![("resource", resource.clone()), ("missing", missing.clone())]
            }
            Self::Validity { list, code } => vec![("resource", list.clone()), ("code", code.clone())],
        }
    }
}

/// The name of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its identity over all versions.
    pub id: String,
    /// Its version.
    pub version: String,
}

/// Everything that is published.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    classes: Option<Classes>,
    forms: Vec<Arc<Form>>,
    lists: BTreeMap<String, Arc<CodeList>>,
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
                let list: Arc<CodeList> = read_once(json, |json| read(kind, json))?;
                let name = named(&list.list_id, &list.version);
                self.lists.insert(list.list_id.clone(), list);
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
    pub fn list(&self, id: &str) -> Option<&Arc<CodeList>> {
        self.lists.get(id)
    }

    /// The code lists that a form names, as its choices.
    pub fn lists_for(&self, form: &Form) -> Lists {
        let mut lists = Lists::new();
        for list in lists_needed(form).filter_map(|id| self.lists.get(id)) {
            lists.insert_codes(list);
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
