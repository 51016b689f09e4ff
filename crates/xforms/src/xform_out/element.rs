//! XML as it is written: elements, their attributes in order, and text. Only what XML can hold leaves here.

use std::fmt::Write as _;

/// An element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    content: Vec<Content>,
}

/// What an element holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    Element(Element),
    Text(String),
}

impl Element {
    /// An empty element. A name may carry a prefix.
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), attributes: Vec::new(), content: Vec::new() }
    }

    /// An element that holds a text.
    pub(super) fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        let mut element = Self::new(name);
        element.push_text(text);
        element
    }

    /// The same element with an attribute.
    pub(super) fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.set(name, value);
        self
    }

    /// The same element with a child.
    pub(super) fn holding(mut self, child: Self) -> Self {
        self.push(child);
        self
    }

    /// Sets an attribute, in the place of one of the same name.
    pub(super) fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        match self.attributes.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.attributes.push((name, value)),
        }
    }

    /// Adds a child.
    pub(super) fn push(&mut self, child: Self) {
        self.content.push(Content::Element(child));
    }

    /// Adds a text.
    pub(super) fn push_text(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.content.push(Content::Text(text));
        }
    }

    /// Adds children and texts.
    pub(super) fn extend(&mut self, content: impl IntoIterator<Item = Content>) {
        self.content.extend(content);
    }

    /// Whether there is neither an attribute nor anything inside.
    pub(super) fn is_bare(&self) -> bool {
        self.attributes.is_empty() && self.content.is_empty()
    }

    /// The whole document.
    pub(super) fn document(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\"?>\n");
        self.write(&mut out, 0);
        out
    }

    /// Writes children on lines of their own, unless there is text among them, in which every space counts.
    fn write(&self, out: &mut String, depth: usize) {
        indent(out, depth);
        self.write_inline_start(out);
        if self.content.is_empty() {
            out.push_str("/>\n");
            return;
        }
        out.push('>');
        if self.content.iter().any(|content| matches!(content, Content::Text(_))) {
            self.write_inline_rest(out);
        } else {
            out.push('\n');
            for child in &self.content {
                if let Content::Element(child) = child {
                    child.write(out, depth + 1);
                }
            }
            indent(out, depth);
            self.write_end(out);
        }
        out.push('\n');
    }

    fn write_inline(&self, out: &mut String) {
        self.write_inline_start(out);
        if self.content.is_empty() {
            out.push_str("/>");
        } else {
            out.push('>');
            self.write_inline_rest(out);
        }
    }

    fn write_inline_start(&self, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        for (name, value) in &self.attributes {
            // Writing into a String never fails.
            let _ = write!(out, " {name}=\"");
            escape(out, value, Place::Attribute);
            out.push('"');
        }
    }

    fn write_inline_rest(&self, out: &mut String) {
        for content in &self.content {
            match content {
                Content::Element(child) => child.write_inline(out),
                Content::Text(text) => escape(out, text, Place::Text),
            }
        }
        self.write_end(out);
    }

    fn write_end(&self, out: &mut String) {
        let _ = write!(out, "</{}>", self.name);
    }
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Attribute,
    Text,
}

/// Escapes a text; what XML 1.0 cannot hold (section 2.2, `Char`) is left out.
fn escape(out: &mut String, text: &str, place: Place) {
    for symbol in text.chars() {
        match symbol {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if place == Place::Attribute => out.push_str("&quot;"),
            // A reader would take these for spaces within an attribute.
            '\n' if place == Place::Attribute => out.push_str("&#10;"),
            '\t' if place == Place::Attribute => out.push_str("&#9;"),
            '\r' => out.push_str("&#13;"),
            '\n' | '\t' => out.push(symbol),
            '\u{fffe}' | '\u{ffff}' => {}
            symbol if u32::from(symbol) < 0x20 => {}
            symbol => out.push(symbol),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keeps_its_spaces_and_what_xml_cannot_hold_is_left_out() {
        let label = Element::text("label", "a <b> & \u{1}");
        let head = Element::new("head").with("x", "\"1\"\n").with("x", "2\"").holding(label);
        let expected =
            "<?xml version=\"1.0\"?>\n<head x=\"2&quot;\">\n  <label>a &lt;b&gt; &amp; </label>\n</head>\n";
        assert_eq!(head.document(), expected);
    }
}
