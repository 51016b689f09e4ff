//! What a hub publishes: beside all that a catalogue asks of what it holds, a form must be one that may follow its
//! published versions, and nothing in it may read a stricter class than it is shown in.

use crate::class::ClassId;
use crate::form::{Form, FormErrors, check_flow, with_joined_classes};
use crate::list::CodeList;
use crate::versions::check_successor;

use super::{Catalogue, CatalogueError, Named, ResourceKind, read};

impl Catalogue {
    /// The text under which a resource is published: a form with the class of every calculation that it leaves open.
    pub fn settled(&self, kind: ResourceKind, json: String) -> Result<String, CatalogueError> {
        let (ResourceKind::Form, Some(classes)) = (kind, &self.classes) else { return Ok(json) };
        let form = Form::read(&json).map_err(CatalogueError::Form)?;
        let settled = with_joined_classes(&form, classes);
        if settled == *form.document() {
            return Ok(json);
        }
        serde_json::to_string(&settled)
            .map_err(|error| CatalogueError::Shape { kind: kind.code(), detail: error.to_string() })
    }

    /// Takes in what is to be published: beside all that [`Catalogue::add`] asks, a form must be one that may follow
    /// its published versions, and nothing in it may read a stricter class than it is shown in; and the days of
    /// validity of a list's codes must be days, in order.
    pub fn publish(&mut self, kind: ResourceKind, json: &str) -> Result<Named, CatalogueError> {
        if kind == ResourceKind::Form {
            let form = Form::read(json).map_err(CatalogueError::Form)?;
            let mut findings = check_successor(&self.versions_of(form.form_id()), &form);
            if self.classes.is_some() {
                let flows = |from: &str, to: &str| self.flows_to(&ClassId::new(from), &ClassId::new(to));
                findings.extend(check_flow(&form, flows));
            }
            if !findings.is_empty() {
                return Err(CatalogueError::Form(FormErrors(findings)));
            }
        }
        if kind == ResourceKind::List {
            let list: CodeList = read(kind, json)?;
            if let Some(entry) = list.misdated() {
                let named = format!("{}@{}", list.list_id, list.version);
                return Err(CatalogueError::Validity { list: named, code: entry.code.clone() });
            }
        }
        self.add(kind, json)
    }
}
