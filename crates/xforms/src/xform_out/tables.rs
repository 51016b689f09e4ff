//! Tables of data as secondary instances: rows of cells, by the names of their elements. In a row, a name that begins with
//! `@` is an attribute, `#` is the row's own text, and a list is several elements of one name.

use serde_json::{Map, Value as Json};
use teranga_core::form::{ChoicesDocument, FormDocument};

use super::columns::cell;
use super::element::Element;

/// The names of the element around the rows and of each row.
const USUAL_PATH: &str = "root/item";

/// The secondary instances of the tables of a form whose names are free.
pub(super) fn instances(document: &FormDocument, is_free: impl Fn(&str) -> bool) -> Vec<Element> {
    let tables = document.choices.iter().filter_map(|(name, choices)| match choices {
        ChoicesDocument::Table { rows, path } => Some((name, rows, path.as_deref())),
        ChoicesDocument::Inline(_) | ChoicesDocument::FromList { .. } => None,
    });
    let tables = tables.filter(|(name, ..)| is_free(name));
    tables.map(|(name, rows, path)| instance(name, rows, path.unwrap_or(USUAL_PATH))).collect()
}

fn instance(name: &str, rows: &[Map<String, Json>], path: &str) -> Element {
    let instance = Element::new("instance").with("id", name);
    let Some((root, row)) = path.split_once('/') else {
        // The rows differ in their names: the one row there is holds them all.
        let whole = rows.first().map_or_else(|| Element::new(path), |row| element(path, row));
        return instance.holding(whole);
    };
    let mut root = Element::new(root);
    for cells in rows {
        root.push(element(row, cells));
    }
    instance.holding(root)
}

/// A row and what stands within it, as deep as the document, whose depth is bounded.
fn element(name: &str, cells: &Map<String, Json>) -> Element {
    let mut row = Element::new(name);
    for (column, value) in cells {
        if let Some(attribute) = column.strip_prefix('@') {
            row.set(attribute, cell(value).unwrap_or_default());
        } else if column == "#" {
            row.push_text(cell(value).unwrap_or_default());
        } else {
            push(&mut row, column, value);
        }
    }
    row
}

fn push(row: &mut Element, column: &str, value: &Json) {
    match value {
        Json::Array(several) => several.iter().for_each(|one| push(row, column, one)),
        Json::Object(cells) => row.push(element(column, cells)),
        other => row.push(Element::text(column, cell(other).unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_are_written_as_they_were_read() {
        let rows = json!([{"@id": "1", "#": "x", "name": "a", "hobby": [{"@k": "2"}, "b"]}]);
        let rows: Vec<Map<String, Json>> = serde_json::from_value(rows).unwrap();
        let written = instance("t", &rows, "people/person").document();
        let inner = "<person id=\"1\">x<name>a</name><hobby k=\"2\"/><hobby>b</hobby></person>";
        assert!(written.contains("<instance id=\"t\">\n  <people>\n"), "{written}");
        assert!(written.contains(inner), "{written}");
        let whole = instance("t", &rows, "people").document();
        assert!(whole.contains("<people id=\"1\">"), "{whole}");
    }
}
