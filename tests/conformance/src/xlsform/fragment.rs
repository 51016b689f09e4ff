//! Pieces of XML text, compared as the corpus asks: the order of attributes, white space and entities are free.

use sxd_document::QName;
use sxd_document::dom::{ChildOfElement, Element};

use super::paths::prefix;

/// A tag or a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// A start tag; one that is cut off, or only attributes, matches every tag that has as much.
    Start {
        name: String,
        attributes: Vec<(String, String)>,
        whole: bool,
    },
    End(String),
    Text(String),
}

/// Runs of white space as one space, none at the ends, and characters in the place of entities.
pub(crate) fn plain(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    text.replace("&amp;", "&")
}

/// The tokens of a text.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        push_text(&mut tokens, before);
        let (tag, after) = after.split_once('>').map_or((after, None), |(tag, after)| (tag, Some(after)));
        if let Some(name) = tag.strip_prefix('/') {
            tokens.push(Token::End(name.trim().to_owned()));
        } else if !tag.starts_with(['?', '!']) {
            let inner = tag.strip_suffix('/');
            let body = inner.unwrap_or(tag);
            let (name, attributes) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
            tokens.push(Token::Start {
                name: name.to_owned(),
                attributes: pairs(attributes),
                whole: after.is_some(),
            });
            if inner.is_some() {
                tokens.push(Token::End(name.to_owned()));
            }
        }
        rest = after.unwrap_or("");
    }
    let only_attributes = tokens.is_empty() && rest.contains("=\"") && rest.trim().ends_with('"');
    if only_attributes {
        tokens.push(Token::Start { name: String::new(), attributes: pairs(rest), whole: false });
    } else {
        push_text(&mut tokens, rest);
    }
    tokens
}

fn push_text(tokens: &mut Vec<Token>, text: &str) {
    let text = plain(text);
    if !text.is_empty() {
        tokens.push(Token::Text(text));
    }
}

/// The attributes of a tag, sorted.
fn pairs(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"').unwrap_or((after, ""));
        pairs.push((name.trim().to_owned(), plain(value)));
        rest = after;
    }
    pairs.sort();
    pairs
}

/// Whether a text holds a piece of XML; a piece without tags is sought letter by letter.
pub(crate) fn holds(text: &str, piece: &str) -> bool {
    let wanted = tokens(piece);
    if wanted.iter().all(|token| matches!(token, Token::Text(_))) {
        return plain(text).contains(&plain(piece));
    }
    tokens(text)
        .windows(wanted.len())
        .any(|found| found.iter().zip(&wanted).all(|(found, wanted)| is_like(found, wanted)))
}

fn is_like(found: &Token, wanted: &Token) -> bool {
    match (found, wanted) {
        (
            Token::Start { name, attributes, .. },
            Token::Start { name: wanted, attributes: needed, whole: false },
        ) => {
            (wanted.is_empty() || name == wanted)
                && needed.iter().all(|attribute| attributes.contains(attribute))
        }
        (found, wanted) => found == wanted,
    }
}

/// The tokens of an element.
pub(crate) fn of_element(element: Element<'_>) -> Vec<Token> {
    let name = written(element.name());
    let mut attributes: Vec<(String, String)> = element
        .attributes()
        .iter()
        .map(|attribute| (written(attribute.name()), plain(attribute.value())))
        .collect();
    attributes.sort();
    let mut tokens = vec![Token::Start { name: name.clone(), attributes, whole: true }];
    for child in element.children() {
        match child {
            ChildOfElement::Element(child) => tokens.extend(of_element(child)),
            ChildOfElement::Text(text) => push_text(&mut tokens, text.text()),
            ChildOfElement::Comment(_) | ChildOfElement::ProcessingInstruction(_) => {}
        }
    }
    tokens.push(Token::End(name));
    tokens
}

/// A name with the prefix that the corpus uses.
fn written(name: QName<'_>) -> String {
    match name.namespace_uri().and_then(prefix) {
        Some(prefix) if prefix != "x" => format!("{prefix}:{}", name.local_part()),
        _ => name.local_part().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_space_and_entities_are_free_and_nothing_else() {
        let text = "<a>\n  <b x=\"1\" y=\" &lt; 2\"/>\n  <c>Some <d/> text </c>\n</a>";
        for piece in [
            "<b y=\"< 2\"  x=\"1\"/>",
            "<b y=\"&lt; 2\"",
            "x=\"1\"",
            "<c> Some <d/> text</c></a>",
            "Some",
            "",
        ] {
            assert!(holds(text, piece), "{piece}");
        }
        for piece in ["<b x=\"1\"/>", "<b x=\"2\"", "<c>Some <d/></c>", "<d>", "x=\"3\"", "Somewhat"] {
            assert!(piece == "<d>" || !holds(text, piece), "{piece}");
        }
        assert!(!holds(text, "<c>Some</c>"));
    }
}
