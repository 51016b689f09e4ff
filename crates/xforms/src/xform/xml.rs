//! The XML of a form, read within bounds: no document types, no entities of one's own, and no more elements or levels
//! than any form has.

use roxmltree::{Document, Node, ParsingOptions};

use crate::finding::{Finding, Flaw};
use crate::limits::FILE_BYTES_MAX;

/// An element.
pub(super) type Element<'a> = Node<'a, 'a>;

/// Elements, texts and attributes of one form: the verbal autopsy has 40,000.
const NODES_MAX: u32 = 4_000_000;
/// Levels of elements: the deepest forms have a dozen.
const DEPTH_MAX: usize = 64;
/// What stands in the place of a sheet in findings and remarks.
pub(super) const SHEET: &str = "XForm";

/// A finding at a line.
pub(super) fn finding(line: usize, column: &str, flaw: Flaw) -> Finding {
    Finding { sheet: SHEET.to_owned(), row: line, column: column.to_owned(), flaw }
}

/// The text of a file.
pub(super) fn text(bytes: &[u8]) -> Result<&str, Finding> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(finding(0, "-", Flaw::XformTooLarge("file")));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text =
        std::str::from_utf8(bytes).map_err(|error| finding(0, "-", Flaw::NoXform(error.to_string())))?;
    Ok(text.trim_start())
}

/// The document of a text.
pub(super) fn parse(text: &str) -> Result<Document<'_>, Finding> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| {
        let row = usize::try_from(error.pos().row).unwrap_or(0);
        finding(row, "-", Flaw::NoXform(error.to_string()))
    })?;
    let mut ahead = vec![(document.root_element(), 0)];
    while let Some((element, depth)) = ahead.pop() {
        if depth > DEPTH_MAX {
            let row = Lines::of(text).at(element.range().start);
            return Err(finding(row, "-", Flaw::XformTooLarge("levels")));
        }
        ahead.extend(elements(element).map(|inner| (inner, depth + 1)));
    }
    Ok(document)
}

/// Where the lines of a text begin.
#[derive(Debug, Default)]
pub(super) struct Lines(Vec<usize>);

impl Lines {
    /// The lines of a text.
    pub(super) fn of(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect())
    }

    /// The line, from 1, of a byte.
    pub(super) fn at(&self, byte: usize) -> usize {
        self.0.partition_point(|end| *end < byte) + 1
    }
}

/// The elements within.
pub(super) fn elements<'a>(element: Element<'a>) -> impl DoubleEndedIterator<Item = Element<'a>> {
    element.children().filter(Node::is_element)
}

/// The name without its prefix.
pub(super) fn name<'a>(element: Element<'a>) -> &'a str {
    element.tag_name().name()
}

/// The first element within of this name.
pub(super) fn child<'a>(element: Element<'a>, wanted: &str) -> Option<Element<'a>> {
    elements(element).find(|inner| name(*inner) == wanted)
}

/// An attribute by its name without the prefix.
pub(super) fn attribute<'a>(element: Element<'a>, wanted: &str) -> Option<&'a str> {
    element.attributes().find(|attribute| attribute.name() == wanted).map(|attribute| attribute.value())
}

/// The attributes with their names as ODK's own forms spell their prefixes: `jr:preload`, `odk:quality`.
pub(super) fn attributes<'a>(element: Element<'a>) -> impl Iterator<Item = (String, &'a str)> {
    element.attributes().map(|attribute| {
        let prefix = attribute.namespace().map_or("", prefix);
        (format!("{prefix}{}", attribute.name()), attribute.value())
    })
}

fn prefix(namespace: &str) -> &'static str {
    match namespace {
        "http://openrosa.org/javarosa" => "jr:",
        "http://www.opendatakit.org/xforms" => "odk:",
        "http://openrosa.org/xforms" => "orx:",
        namespace if namespace.contains("/xforms/entities") => "entities:",
        "http://www.w3.org/XML/1998/namespace" => "xml:",
        _ => "",
    }
}

/// Whether an element is of ODK's own namespace.
pub(super) fn is_odk(element: Element<'_>) -> bool {
    element.tag_name().namespace() == Some("http://www.opendatakit.org/xforms")
}

/// The text of an element and of all within, without the white space around.
pub(super) fn content(element: Element<'_>) -> String {
    let text: String = element.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect();
    text.trim().to_owned()
}

/// An element as it is written.
pub(super) fn verbatim(element: Element<'_>) -> String {
    element.document().input_text().get(element.range()).unwrap_or_default().to_owned()
}
