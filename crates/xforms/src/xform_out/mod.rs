//! A form as ODK XForm XML, for ODK Collect, Enketo, Web Forms and KoboToolbox: what XLSForm's own converter would make
//! of the workbook, from our document. (ODK XForms specification, getodk.github.io/xforms-spec.)

mod actions;
mod binds;
mod body;
mod columns;
mod element;
mod entities;
mod growth;
mod instance;
mod itemset;
mod kinds;
mod lists;
mod reference;
mod scan;
mod settings;
mod source;
mod tables;
mod texts;
mod tree;

use teranga_core::form::{Form, Lists};

use crate::export_error::ExportError;

use element::Element;
use source::Source;

/// The version of the specification that forms are written to.
const XFORMS_VERSION: &str = "1.0.0";
const NAMESPACES: [(&str, &str); 7] = [
    ("xmlns", "http://www.w3.org/2002/xforms"),
    ("xmlns:h", "http://www.w3.org/1999/xhtml"),
    ("xmlns:ev", "http://www.w3.org/2001/xml-events"),
    ("xmlns:xsd", "http://www.w3.org/2001/XMLSchema"),
    ("xmlns:jr", "http://openrosa.org/javarosa"),
    ("xmlns:orx", "http://openrosa.org/xforms"),
    ("xmlns:odk", "http://www.opendatakit.org/xforms"),
];
const ENTITIES_NAMESPACE: (&str, &str) = ("xmlns:entities", "http://www.opendatakit.org/xforms/entities");

/// Writes a form as XForm XML. The code lists of the catalogue that it draws from are handed in and written out.
pub fn export_xform(form: &Form, lists: &Lists) -> Result<String, ExportError> {
    let source = Source::new(form.document(), lists)?;
    let title = form.title().get(form.default_language(), form.default_language());
    let title = if title.is_empty() { form.form_id() } else { title };
    let head = Element::new("h:head").holding(Element::text("h:title", title)).holding(source.model());
    let mut html = Element::new("h:html");
    for (name, address) in NAMESPACES.into_iter().chain(source.names_entities().then_some(ENTITIES_NAMESPACE))
    {
        html.set(name, address);
    }
    for (prefix, address) in settings::namespaces(form.document()) {
        let name = format!("xmlns:{prefix}");
        if !NAMESPACES.iter().any(|(known, _)| *known == name) {
            html.set(name, address);
        }
    }
    Ok(html.holding(head).holding(source.body()).document())
}

/// Checks that every entity of a form has a section to be kept in.
pub(crate) fn check_entities(form: &Form) -> Result<(), ExportError> {
    let document = form.document();
    entities::place(document, &growth::grow(document, "data")).map(|_| ())
}

impl Source<'_> {
    /// The model: texts, instances, binds and actions.
    fn model(&self) -> Element {
        let mut model = Element::new("model").with("odk:xforms-version", XFORMS_VERSION);
        if let Some(version) = self.entities_version() {
            model.set("entities:entities-version", version);
        }
        let children = self.submission().into_iter().chain(self.itext()).chain([self.primary_instance()]);
        for child in children.chain(self.instances()) {
            model.push(child);
        }
        for child in self.form_actions() {
            model.push(child);
        }
        for (at, node) in self.tree.iter() {
            for child in self.bind(at, node).into_iter().chain(self.model_actions(at, node)) {
                model.push(child);
            }
        }
        for placed in &self.entities {
            for child in self.entity_binds(placed) {
                model.push(child);
            }
        }
        model
    }

    /// Where and how filled forms are sent, where the settings say so.
    fn submission(&self) -> Option<Element> {
        let mut submission = Element::new("submission");
        if let Some(address) = settings::get(self.document, "submission_url") {
            submission.set("action", address);
            submission.set("method", "post");
        }
        let others = [
            ("public_key", "base64RsaPublicKey"),
            ("auto_send", "orx:auto-send"),
            ("auto_delete", "orx:auto-delete"),
        ];
        for (setting, attribute) in others {
            if let Some(value) = settings::get(self.document, setting) {
                submission.set(attribute, value);
            }
        }
        for (name, value) in settings::attributes(self.document, "submission") {
            submission.set(name, value);
        }
        if settings::is_yes(self.document, "client_editable") {
            submission.set("odk:client-editable", "true");
        }
        (!submission.is_bare()).then_some(submission)
    }
}
