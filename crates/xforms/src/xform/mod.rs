//! ODK XForm XML in: a form of any of ODK's tools becomes a form of ours. Its rows are the nodes of the primary
//! instance, in their order; binds and controls say what each is. What is not carried is kept, and told.

mod actions;
mod binds;
mod body;
mod facts;
mod ids;
mod instance;
mod itext;
mod layout;
mod lists;
mod media;
mod path;
mod report;
mod rows;
mod selects;
mod settings;
mod texts;
mod types;
mod whole;
mod xml;

use serde_json::{Map, Value as Json};

use crate::finding::{Finding, Flaw};
use crate::import::Imported;
use crate::limits::FINDINGS_MAX;

use actions::{Actions, Known};
use binds::Binds;
use body::Body;
use facts::Facts;
use instance::Sections;
use itext::{Itext, SHOWN};
use lists::Lists;
use report::Reading;
use rows::Rows;
use texts::Texts;
use xml::Element;

/// The class of questions that nothing marks.
const DEFAULT_CLASS: &str = "personal";

/// Imports an XForm. `file_name` names the form where it has no title.
pub fn import_xform(bytes: &[u8], file_name: &str) -> Result<Imported, Vec<Finding>> {
    let text = xml::text(bytes).map_err(|finding| vec![finding])?;
    let document = xml::parse(text).map_err(|finding| vec![finding])?;
    let mut reading = Reading::new(text);
    let form = Parts::find(document.root_element()).map(|parts| parts.form(file_name, &mut reading));
    let form = form.map_err(|finding| vec![finding])?;
    let mut findings = std::mem::take(&mut reading.findings);
    if let Some(more) = findings.len().checked_sub(FINDINGS_MAX).filter(|more| *more > 0) {
        findings.truncate(FINDINGS_MAX);
        findings.push(Finding::workbook(Flaw::More(more)));
    }
    if findings.is_empty() { Ok(Imported { form, remarks: reading.remarks }) } else { Err(findings) }
}

/// The parts of a form.
#[derive(Clone, Copy)]
struct Parts<'a> {
    head: Element<'a>,
    model: Element<'a>,
    root: Element<'a>,
    body: Option<Element<'a>>,
}

impl<'a> Parts<'a> {
    fn find(html: Element<'a>) -> Result<Self, Finding> {
        let missing = |what: &'static str| xml::finding(1, what, Flaw::NoXform(format!("no <{what}>")));
        let head = xml::child(html, "head").unwrap_or(html);
        let model = xml::child(head, "model").ok_or_else(|| missing("model"))?;
        let instance = xml::child(model, "instance").ok_or_else(|| missing("instance"))?;
        let root = xml::elements(instance).next().ok_or_else(|| missing("instance"))?;
        Ok(Self { head, model, root, body: xml::child(html, "body") })
    }

    /// The form document; what is wrong with it stands among the findings.
    fn form(self, file_name: &str, reading: &mut Reading) -> Json {
        let root = format!("/{}", xml::name(self.root));
        let binds = Binds::read(self.model, &root, reading);
        let body = Body::read(self.body, &root, &binds.by_id, reading);
        let (repeats, groups) = (body.repeats(), body.groups());
        let sections = Sections { repeats: &repeats, groups: &groups };
        let shape = instance::shape(self.root, sections);
        let facts = Facts::of(&shape);
        let itext = Itext::read(self.model);
        let texts = Texts { itext: &itext, names: &facts.names, root: &root };
        let looks_up = looks_up(&binds, self.body);
        let mut lists = Lists::read(self.model, &texts, looks_up, reading);
        let actions = self.actions(&root, &body, &binds, &facts, reading);
        let ids = ids::ids(&shape);
        let mut settings = settings::settings(self.root, self.model, self.body, reading);
        let mut rows = Vec::new();
        if let Some(meta) = instance::meta(self.root) {
            let path = format!("{root}/{}", xml::name(meta));
            rows = settings::meta(meta, &path, &binds, &mut settings, reading);
        }
        let mut reader = Rows {
            binds: &binds,
            body: &body,
            actions: &actions,
            texts: &texts,
            ids: &ids,
            lists: &mut lists,
            reading,
        };
        rows.extend(reader.rows(&shape));
        rows::check_controls(&body, &|path| facts.paths.contains_key(path) || path == root, reading);
        layout::note_binds(&binds, &facts, &root, reading);
        layout::keep(&mut rows, &body, &facts, &root, reading);
        self.keep_others(reading);
        if !reading.kept.is_empty() {
            settings.insert("xform::kept".into(), Json::Array(std::mem::take(&mut reading.kept)));
        }
        if whole::has_twins(&lists.documents) {
            settings.insert("allow_choice_duplicates".into(), "yes".into());
        }
        let mut form = self.head(file_name, &itext, reading);
        let looked_up = if looks_up { all_texts(&texts, reading) } else { Map::new() };
        insert_filled(&mut form, "settings", settings);
        form.insert("survey".into(), Json::Array(rows));
        insert_filled(&mut form, "choices", lists.documents);
        insert_filled(&mut form, "texts", looked_up);
        if !actions.form.is_empty() {
            form.insert("actions".into(), Json::Array(actions.form));
        }
        let form = Json::Object(form);
        whole::check(&form, &facts.paths, &root, reading);
        form
    }

    /// The members that say which form it is.
    fn head(self, file_name: &str, itext: &Itext<'_>, reading: &mut Reading) -> Map<String, Json> {
        let form_id = settings::form_id(self.root, reading);
        let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
        let title = settings::title(self.head, if stem.is_empty() { &form_id } else { stem });
        Map::from_iter([
            ("form_id".to_owned(), form_id.into()),
            ("version".to_owned(), settings::version(self.root, reading).into()),
            ("title".to_owned(), title.into()),
            ("default_language".to_owned(), itext.default.as_str().into()),
            ("languages".to_owned(), itext.languages.clone().into()),
            ("sensitivity".to_owned(), DEFAULT_CLASS.into()),
        ])
    }

    fn actions(
        self,
        root: &str,
        body: &Body<'a>,
        binds: &Binds,
        facts: &Facts,
        reading: &mut Reading,
    ) -> Actions {
        let of_model = xml::elements(self.model).filter(|element| {
            xml::name(*element) == "setvalue"
                || matches!(xml::name(*element), "setgeopoint" | "recordaudio") && xml::is_odk(*element)
        });
        let of_model =
            of_model.map(|element| body::Placed { path: root.to_owned(), element, in_control: false });
        let placed: Vec<body::Placed<'a>> = of_model.chain(body.actions.iter().cloned()).collect();
        let taken = |path: &str| {
            facts.defaults.contains(path)
                || binds
                    .of(path)
                    .is_some_and(|bind| bind.get("calculate").or(bind.get("jr:preload")).is_some())
        };
        let known = Known {
            exists: &|path| facts.leaves.contains(path),
            is_taken: &taken,
            repeat: &|path| facts.paths.get(path).map(|fact| fact.repeat.clone()).unwrap_or_default(),
            is_unique: &|name| facts.names.get(name) == Some(&1),
            root,
        };
        Actions::sort(&placed, &known, reading)
    }

    /// Keeps what else stands in the model.
    fn keep_others(self, reading: &mut Reading) {
        for element in xml::elements(self.model) {
            let known = ["instance", "bind", "itext", "submission", "setvalue"].contains(&xml::name(element));
            let captures =
                matches!(xml::name(element), "setgeopoint" | "recordaudio") && xml::is_odk(element);
            if !known && !captures {
                reading.keep(element, xml::name(element));
            }
        }
    }
}

/// Whether expressions look texts up by an identity that they compute.
fn looks_up(binds: &Binds, body: Option<Element<'_>>) -> bool {
    let calls = |source: &str| source.contains("jr:itext(") && itext::named(source).is_none();
    let in_body = body.into_iter().flat_map(|body| body.descendants()).any(|element| {
        let source = element.attribute("ref").or_else(|| element.attribute("value")).unwrap_or_default();
        calls(source) && source != format!("jr:itext({})", lists::TEXT_ID)
    });
    in_body || binds.by_path.values().any(|bind| bind.all().any(|(_, source)| calls(source)))
}

fn all_texts(texts: &Texts<'_, '_>, reading: &mut Reading) -> Map<String, Json> {
    let text = |id: &&str| Some(((*id).to_owned(), texts.text(id, SHOWN, texts.root, reading)?));
    texts.itext.ids().iter().filter_map(text).collect()
}

fn insert_filled(form: &mut Map<String, Json>, member: &str, value: Map<String, Json>) {
    if !value.is_empty() {
        form.insert(member.to_owned(), Json::Object(value));
    }
}
