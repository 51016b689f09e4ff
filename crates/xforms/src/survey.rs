//! The survey sheet as nested rows of our form document.

use serde_json::{Map, Value as Json, json};

use crate::finding::{Finding, Flaw};
use crate::sheet::{Sheet, SheetRow};
use crate::types::{Other, RowType, read};

/// Members of our rows that are columns of the same name.
const PLAIN: [&str; 12] = [
    "relevant",
    "required",
    "constraint",
    "calculation",
    "default",
    "readonly",
    "appearance",
    "choice_filter",
    "parameters",
    "trigger",
    "repeat_count",
    "name",
];
const TEXTS: [&str; 5] = ["label", "hint", "guidance_hint", "required_message", "constraint_message"];

/// Yes and no as spreadsheets write them, as expressions write them.
fn truth<'a>(column: &str, text: &'a str) -> &'a str {
    const CONVERTED: [&str; 5] = ["relevant", "required", "readonly", "constraint", "calculation"];
    match text.to_lowercase().as_str() {
        "yes" | "true" if CONVERTED.contains(&column) => "true()",
        "no" | "false" if CONVERTED.contains(&column) => "false()",
        _ => text,
    }
}

/// A section that has begun.
struct Open {
    section: &'static str,
    row: usize,
    node: Map<String, Json>,
    children: Vec<Json>,
}

/// The survey on its way.
pub(crate) struct Survey<'a> {
    pub(crate) default_language: &'a str,
    /// The lists of the choices sheet.
    pub(crate) lists: &'a Map<String, Json>,
    pub(crate) findings: Vec<Finding>,
    /// What is kept and not carried.
    pub(crate) remarks: Vec<String>,
}

impl Survey<'_> {
    /// The rows, nested.
    pub(crate) fn read(&mut self, sheet: &Sheet) -> Vec<Json> {
        let mut rows = Vec::new();
        let mut open: Vec<Open> = Vec::new();
        for row in &sheet.rows {
            let Some(kind) = row.get("type").filter(|kind| !kind.starts_with('#')) else { continue };
            if row
                .get("disabled")
                .is_some_and(|disabled| matches!(disabled.to_lowercase().as_str(), "yes" | "true"))
            {
                continue;
            }
            match read(kind) {
                None => self.find(sheet, row, "type", Flaw::UnknownType(kind.to_owned())),
                Some(RowType::Begin(section)) => {
                    let node = self.node(sheet, row, section);
                    open.push(Open { section, row: row.number, node, children: Vec::new() });
                }
                Some(RowType::End(section)) => match open.pop() {
                    Some(begun) if begun.section == section => {
                        let mut node = begun.node;
                        node.insert("children".into(), Json::Array(begun.children));
                        open.last_mut()
                            .map_or(&mut rows, |outer| &mut outer.children)
                            .push(Json::Object(node));
                    }
                    begun => {
                        let number = begun.map_or(0, |begun| begun.row);
                        self.find(sheet, row, "type", Flaw::WrongEnd(number));
                    }
                },
                Some(RowType::Question { kind, list, other }) => {
                    let node = self.question(sheet, row, &kind, list, other);
                    open.last_mut().map_or(&mut rows, |outer| &mut outer.children).push(node);
                }
            }
        }
        for begun in open {
            let at = SheetRow { number: begun.row, cells: std::collections::BTreeMap::new() };
            self.find(sheet, &at, "type", Flaw::NoEnd);
        }
        rows
    }

    fn question(
        &mut self,
        sheet: &Sheet,
        row: &SheetRow,
        kind: &str,
        list: Option<String>,
        other: Other,
    ) -> Json {
        let mut node = self.node(sheet, row, kind);
        if let Some(list) = list {
            let from_file = kind.ends_with("_from_file") || list.starts_with("${");
            if !from_file && !self.lists.contains_key(&list) {
                self.find(sheet, row, "type", Flaw::UnknownList(list.clone()));
            }
            node.insert("list".into(), list.into());
        }
        if other == Other::Added {
            node.insert("or_other".into(), true.into());
        }
        Json::Object(node)
    }

    fn node(&mut self, sheet: &Sheet, row: &SheetRow, kind: &str) -> Map<String, Json> {
        let mut node = Map::new();
        node.insert("type".into(), kind.into());
        if row.get("name").is_none() {
            self.find(sheet, row, "name", Flaw::Needed);
        }
        for name in PLAIN {
            if let Some(text) = row.get(name) {
                node.insert(name.into(), truth(name, text).into());
            }
        }
        for name in TEXTS {
            if let Some(text) = row.text(name, self.default_language) {
                node.insert(name.into(), text);
            }
        }
        if let Some(class) = row.get("teranga_sensitivity") {
            node.insert("sensitivity".into(), class.into());
        }
        self.rest(row, &mut node);
        node
    }

    /// Columns that this engine does not run: kept as they are, and said.
    fn rest(&mut self, row: &SheetRow, node: &mut Map<String, Json>) {
        let mut kept = Map::new();
        for (heading, text) in &row.cells {
            let known = PLAIN.contains(&heading.name.as_str()) || TEXTS.contains(&heading.name.as_str());
            if known || ["type", "teranga_sensitivity", "disabled"].contains(&heading.name.as_str()) {
                continue;
            }
            let name = match &heading.language {
                Some(language) => format!("{}::{language}", heading.name),
                None => heading.name.clone(),
            };
            let remark = format!("survey: {name} is kept and has no effect");
            if !self.remarks.contains(&remark) {
                self.remarks.push(remark);
            }
            kept.insert(name, text.clone().into());
        }
        if !kept.is_empty() {
            node.insert("columns".into(), json!(kept));
        }
    }

    fn find(&mut self, sheet: &Sheet, row: &SheetRow, column: &str, flaw: Flaw) {
        let finding = Finding { sheet: sheet.name.clone(), row: row.number, column: column.to_owned(), flaw };
        self.findings.push(finding);
    }
}
