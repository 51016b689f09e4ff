//! Whether all that a resource refers to is published.

use crate::alert::Alert;
use crate::form::{Form, FormErrors};
use crate::release::{Release, Rule};
use crate::score::Scheme;

use super::{Catalogue, CatalogueError, lists_needed};

impl Catalogue {
    pub(super) fn check_form(&self, form: &Form) -> Result<(), CatalogueError> {
        let missing =
            |missing: String| CatalogueError::Missing { resource: form.reference().to_string(), missing };
        for list in lists_needed(form) {
            if !self.lists.contains_key(list) {
                return Err(missing(list.to_owned()));
            }
        }
        let Some(classes) = &self.classes else { return Ok(()) };
        match form.questions().map(|question| &question.class).find(|class| !classes.contains(class)) {
            Some(class) => Err(missing(class.as_str().to_owned())),
            None => Ok(()),
        }
    }

    pub(super) fn check_scheme(&self, scheme: &Scheme) -> Result<(), CatalogueError> {
        let missing = |missing: &str| CatalogueError::Missing {
            resource: scheme.reference(),
            missing: missing.to_owned(),
        };
        let form = self.latest_form(&scheme.form).ok_or_else(|| missing(&scheme.form))?;
        for item in &scheme.items {
            form.question(&item.question).ok_or_else(|| missing(&item.question))?;
            if !scheme.dimensions.iter().any(|dimension| dimension.name == item.dimension) {
                return Err(missing(&item.dimension));
            }
        }
        Ok(())
    }

    pub(super) fn check_alert(&self, alert: &Alert) -> Result<(), CatalogueError> {
        let missing = |missing: &str| CatalogueError::Missing {
            resource: alert.reference(),
            missing: missing.to_owned(),
        };
        let form = self.latest_form(&alert.form).ok_or_else(|| missing(&alert.form))?;
        let contacts = self.list(&alert.contacts).ok_or_else(|| missing(&alert.contacts))?;
        if let Some(unknown) = alert.tell.iter().find(|code| contacts.entry(code).is_none()) {
            return Err(missing(unknown));
        }
        if !self.classes.as_ref().is_none_or(|classes| classes.contains(&alert.to)) {
            return Err(missing(alert.to.as_str()));
        }
        alert.watch(form).map(|_| ()).map_err(CatalogueError::Form)
    }

    pub(super) fn check_release(&self, release: &Release) -> Result<(), CatalogueError> {
        let missing = |missing: &str| CatalogueError::Missing {
            resource: release.reference(),
            missing: missing.to_owned(),
        };
        let form = self.latest_form(&release.form).ok_or_else(|| missing(&release.form))?;
        if !self.classes.as_ref().is_none_or(|classes| classes.contains(&release.to)) {
            return Err(missing(release.to.as_str()));
        }
        match &release.rule {
            Rule::Scores { scheme } => self.scheme(scheme).map(|_| ()).ok_or_else(|| missing(scheme)),
            Rule::AgeBand { birth, at, .. } => [birth, at]
                .into_iter()
                .find(|question| form.question(question).is_none())
                .map_or(Ok(()), |question| Err(missing(question))),
            Rule::Code { question } => form.question(question).map(|_| ()).ok_or_else(|| missing(question)),
            Rule::Flag { when } => {
                let condition = form.condition(&release.release_id, when);
                condition.map(|_| ()).map_err(|findings| CatalogueError::Form(FormErrors(findings)))
            }
            Rule::Alerts {} => Ok(()),
        }
    }
}
