//! Lists of choices that come with a form as files: CSV, XML and GeoJSON, each with the columns by which ODK's forms
//! know codes and labels.

use roxmltree::Node;
use serde_json::{Map, Value as Json};
use teranga_core::form::Choice;
use teranga_core::list::Validity;
use teranga_core::text::Text;

use crate::finding::{Finding, Flaw};
use crate::limits::{CELLS_MAX, FILE_BYTES_MAX};
use crate::xform::xml;

/// Reads the list of a file by what its name ends with. Rows without a code are kept: expressions may look other
/// columns up in them.
pub fn import_list(bytes: &[u8], file_name: &str) -> Result<Vec<Choice>, Finding> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(Finding::sheet(file_name, Flaw::TooLarge("file")));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let rows = match file_name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("csv") => comma_separated(bytes),
        Some("xml") => elements(bytes),
        Some("geojson") => features(bytes),
        _ => return Err(Finding::sheet(file_name, Flaw::BadFile(file_name.to_owned()))),
    };
    let rows = rows.map_err(|detail| Finding::sheet(file_name, Flaw::BadList(detail)))?;
    let cells: usize = rows.iter().map(Map::len).sum();
    if cells > CELLS_MAX {
        return Err(Finding::sheet(file_name, Flaw::TooLarge("cells")));
    }
    Ok(rows.into_iter().map(choice).collect())
}

type Rows = Result<Vec<Map<String, Json>>, String>;

/// A row as a choice: by `name` and `label`, or by `id` and `title` as GeoJSON has them.
fn choice(row: Map<String, Json>) -> Choice {
    let text = |column: &str| row.get(column).and_then(Json::as_str).filter(|text| !text.is_empty());
    let name = text("name").or_else(|| text("id")).unwrap_or_default().to_owned();
    let label = text("label").or_else(|| text("title")).map(Text::from);
    let properties = row.into_iter().filter(|(column, _)| column != "name" && column != "label").collect();
    Choice { name, label, properties, validity: Validity::default() }
}

/// A table whose first row names the columns; commas, semicolons or tabulators stand between cells.
fn comma_separated(bytes: &[u8]) -> Rows {
    let head = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let cells = |delimiter: u8| head.split(|byte| *byte == delimiter).count();
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|byte| (cells(*byte), *byte == b','));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter.unwrap_or(b','))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let columns = reader.headers().map_err(|error| error.to_string())?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let cells = columns.iter().zip(&record).filter(|(column, _)| !column.is_empty());
        rows.push(cells.map(|(column, cell)| (column.to_owned(), cell.into())).collect());
    }
    Ok(rows)
}

/// The elements within the outermost one, each a row of the elements within.
fn elements(bytes: &[u8]) -> Rows {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let document = xml::parse(text.trim_start()).map_err(|finding| finding.to_string())?;
    let items = document.root_element().children().filter(Node::is_element);
    let row = |item: Node<'_, '_>| {
        let cells = item.children().filter(Node::is_element);
        cells
            .map(|cell| (cell.tag_name().name().to_owned(), cell.text().unwrap_or_default().trim().into()))
            .collect()
    };
    Ok(items.map(row).collect())
}

/// The features of a collection: their properties, and their geometry as ODK writes places.
fn features(bytes: &[u8]) -> Rows {
    let json: Json = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let features = json.get("features").and_then(Json::as_array).ok_or("there are no features")?;
    let row = |feature: &Json| {
        let mut row = Map::new();
        if let Some(id) = feature.get("id") {
            row.insert("id".to_owned(), plain(id).into());
        }
        for (name, value) in feature.get("properties").and_then(Json::as_object).into_iter().flatten() {
            row.insert(name.clone(), plain(value).into());
        }
        if let Some(geometry) = feature.get("geometry").and_then(geometry) {
            row.insert("geometry".to_owned(), geometry.into());
        }
        row
    };
    Ok(features.iter().map(row).collect())
}

fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    }
}

/// A point, a line, or the outer ring of a shape; `None` for other geometries.
fn geometry(geometry: &Json) -> Option<String> {
    let coordinates = geometry.get("coordinates")?;
    let line = |points: &Json| {
        let points: Option<Vec<String>> = points.as_array()?.iter().map(point).collect();
        Some(points?.join("; "))
    };
    match geometry.get("type")?.as_str()? {
        "Point" => point(coordinates),
        "LineString" => line(coordinates),
        "Polygon" => line(coordinates.get(0)?),
        _ => None,
    }
}

/// Longitude and latitude, as GeoJSON writes them, the other way round.
fn point(coordinates: &Json) -> Option<String> {
    let (longitude, latitude) = (coordinates.get(0)?.as_f64()?, coordinates.get(1)?.as_f64()?);
    Some(format!("{latitude} {longitude} 0 0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_from_tables_elements_and_features() {
        let read = |bytes: &[u8], name| {
            let choices = import_list(bytes, name).unwrap();
            let label = |choice: &Choice| choice.label.clone().unwrap_or_default().get("en", "en").to_owned();
            let one =
                |choice: &Choice| (choice.name.clone(), label(choice), Json::from(choice.properties.clone()));
            choices.iter().map(one).collect::<Vec<_>>()
        };
        let dakar = ("dk".to_owned(), "Dakar, SN".to_owned(), serde_json::json!({"region": "w"}));
        assert_eq!(
            read(b"\xef\xbb\xbfname;label;region\ndk;Dakar, SN;w\n", "t.csv"),
            std::slice::from_ref(&dakar)
        );
        let xml = b"<root><item><label>Dakar, SN</label><name>dk</name><region>w</region></item></root>";
        assert_eq!(read(xml, "t.xml"), [dakar]);
        let geojson = br#"{"type": "FeatureCollection", "features": [{"type": "Feature", "id": "p",
            "properties": {"title": "Here", "n": 2}, "geometry": {"type": "Point", "coordinates": [1.5, 14]}}]}"#;
        let here = serde_json::json!({"id": "p", "title": "Here", "n": "2", "geometry": "14 1.5 0 0"});
        assert_eq!(read(geojson, "t.geojson"), [("p".to_owned(), "Here".to_owned(), here)]);
    }

    #[test]
    fn a_file_that_is_no_list_says_so() {
        for (bytes, name) in [("{}", "t.geojson"), ("<root>", "t.xml"), ("a,b", "t.txt")] {
            let finding = import_list(bytes.as_bytes(), name).unwrap_err();
            assert_eq!(finding.sheet, name);
            assert!(matches!(finding.flaw, Flaw::BadList(_) | Flaw::BadFile(_)), "{finding}");
        }
    }
}
