//! The secondary instances of a form: lists, files and what they are called. One name must not stand for two of them,
//! or expressions would read the one and mean the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::choices::Choices;
use crate::entities::Entities;
use crate::finding::{Finding, Flaw};
use crate::outline::{Item, Outline};
use crate::parameters;
use crate::sheet::Line;

/// The instance of what the device saved last.
const LAST_SAVED: &str = "__last-saved";
/// Kinds of files that can hold choices.
const FILE_ENDINGS: [&str; 3] = ["csv", "xml", "geojson"];

/// A file of choices: its name without the ending, and where a form reads it from.
pub(crate) fn file_source(file: &str) -> Option<(&str, String)> {
    let (stem, ending) = file.rsplit_once('.')?;
    let place = if ending == "csv" { "file-csv" } else { "file" };
    (FILE_ENDINGS.contains(&ending) && !stem.is_empty()).then(|| (stem, format!("jr://{place}/{file}")))
}

/// The instances that rows of the survey bring in.
#[derive(Debug, Default)]
pub(crate) struct Instances<'a> {
    sources: BTreeMap<String, BTreeMap<String, Line<'a>>>,
}

impl<'a> Instances<'a> {
    /// Gathers those that the types of rows name.
    pub(crate) fn gather(outline: &Outline<'a>, choices: &Choices<'_>) -> Self {
        let mut instances = Self::default();
        for item in &outline.items {
            instances.add_row(item, choices);
        }
        instances
    }

    fn add_row(&mut self, item: &Item<'a>, choices: &Choices<'_>) {
        let Some(question) = item.question() else { return };
        let list = question.list.as_deref().unwrap_or_default();
        match question.kind.as_str() {
            "csv-external" => self.add(&item.name, format!("jr://file-csv/{}.csv", item.name), item.line),
            "xml-external" => self.add(&item.name, format!("jr://file/{}.xml", item.name), item.line),
            _ if question.is_from_file() => {
                if let Some((stem, source)) = file_source(list) {
                    self.add(stem, source, item.line);
                }
            }
            _ if choices.has(list) => self.add(list, "choices".to_owned(), item.line),
            _ => {}
        }
    }

    /// Adds a file that an expression looks things up in.
    pub(crate) fn add_lookup(&mut self, file: &str, line: Line<'a>) {
        self.add(file, format!("jr://file-csv/{file}.csv"), line);
    }

    /// Adds what the device saved last.
    pub(crate) fn add_last_saved(&mut self, line: Line<'a>) {
        self.add(LAST_SAVED, "jr://instance/last-saved".to_owned(), line);
    }

    fn add(&mut self, name: &str, source: String, line: Line<'a>) {
        self.sources.entry(name.to_owned()).or_default().entry(source).or_insert(line);
    }

    /// Checks the `reference-geometry` of geographic questions, which names an instance or a question.
    pub(crate) fn check_geometry(
        &mut self,
        outline: &Outline<'a>,
        choices: &Choices<'_>,
        entities: &Entities<'_>,
        findings: &mut Vec<Finding>,
    ) {
        let brought: BTreeSet<String> = outline.items.iter().filter_map(brought_in).collect();
        for item in &outline.items {
            let pairs = item.line.get("parameters").and_then(|text| parameters::split(text).ok());
            let Some(pairs) = pairs else { continue };
            let Some(wanted) = parameters::value(&pairs, "reference-geometry") else { continue };
            if choices.has(wanted) {
                self.add(wanted, "choices".to_owned(), item.line);
            }
            let known = choices.has(wanted) || entities.declares(wanted) || brought.contains(wanted);
            if !known && !parameters::is_reference(wanted) {
                let rule = "must be a list, an entity list, an attached file, or ${name}";
                let flaw = Flaw::ParameterRule { name: "reference-geometry".to_owned(), rule };
                findings.push(item.line.finding("parameters", flaw));
            }
        }
    }

    /// Tells the names that stand for several sources.
    pub(crate) fn check(&self, findings: &mut Vec<Finding>) {
        for (name, sources) in self.sources.iter().filter(|(_, sources)| sources.len() > 1) {
            let Some(line) = sources.values().max_by_key(|line| line.number()) else { continue };
            let listed: Vec<&str> = sources.keys().map(String::as_str).collect();
            let flaw = Flaw::DuplicateInstance { name: name.clone(), sources: listed.join(", ") };
            findings.push(line.finding("type", flaw));
        }
    }
}

/// The instance that a row brings in by its type.
fn brought_in(item: &Item<'_>) -> Option<String> {
    let question = item.question()?;
    let stem = || file_source(question.list.as_deref()?).map(|(stem, _)| stem.to_owned());
    match question.kind.as_str() {
        "csv-external" | "xml-external" => Some(item.name.clone()),
        "select_one_external" => None,
        _ => stem(),
    }
}
