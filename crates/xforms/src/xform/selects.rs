//! Where the choices of a select come from: written out in the control, a list with a filter, a file, or an itemset
//! when nothing simpler says the same.

use serde_json::{Map, Value as Json, json};
use teranga_expr::Expr;
use teranga_expr::tree::{Node, Start, Test};

use crate::finding::Flaw;

use super::lists::{Kind, Lists, TEXT_ID, is_code};
use super::report::Reading;
use super::texts::Texts;
use super::xml::{Element, attribute, child, content, elements, name};

/// The members of a row that say where its choices come from.
pub(super) fn choices(
    control: Element<'_>,
    path: &str,
    lists: &mut Lists,
    texts: &Texts<'_, '_>,
    reading: &mut Reading,
) -> Map<String, Json> {
    match child(control, "itemset") {
        Some(itemset) => drawn(itemset, lists, reading),
        None => written_out(control, path, lists, texts, reading),
    }
}

fn written_out(
    control: Element<'_>,
    path: &str,
    lists: &mut Lists,
    texts: &Texts<'_, '_>,
    reading: &mut Reading,
) -> Map<String, Json> {
    let mut choices: Vec<Json> = Vec::new();
    for item in elements(control).filter(|inner| name(*inner) == "item") {
        let mut choice = Map::new();
        let code = child(item, "value").map(content).unwrap_or_default();
        if !is_code(&code) {
            let code = teranga_core::form::Flaw::BadChoice { code };
            reading.find(item, "value", Flaw::Form(Box::new(code)));
            continue;
        }
        choice.insert("name".into(), code.into());
        if let Some(label) = child(item, "label") {
            let spoken = texts.spoken(label, path, reading);
            choice.extend(spoken.shown.map(|shown| ("label".to_owned(), shown)));
            let mut properties = Map::new();
            for (form, text) in &spoken.others {
                super::media::add(&mut properties, form, text);
            }
            if !properties.is_empty() {
                choice.insert("properties".into(), Json::Object(properties));
            }
        }
        choices.push(Json::Object(choice));
    }
    let list = lists.add(super::path::last(path), Json::Array(choices));
    Map::from_iter([("list".to_owned(), list.into())])
}

fn drawn(itemset: Element<'_>, lists: &Lists, reading: &mut Reading) -> Map<String, Json> {
    let nodeset = attribute(itemset, "nodeset").unwrap_or_default();
    let reference = |wanted: &str| child(itemset, wanted).and_then(|inner| attribute(inner, "ref"));
    let Some(value) = reference("value") else {
        reading.find(itemset, "itemset", Flaw::Needed);
        return Map::new();
    };
    let label = reference("label");
    if let Some(listed) = listed(nodeset)
        && let Some(members) = by_list(&listed, value, label, lists)
    {
        return members;
    }
    let mut members = json!({ "nodeset": nodeset, "value": value });
    if let (Some(label), Some(members)) = (label, members.as_object_mut()) {
        members.insert("label".into(), label.into());
    }
    Map::from_iter([("itemset".to_owned(), members)])
}

/// A list with its filter, where that says the same: codes and labels stand where lists have them.
fn by_list(listed: &Listed, value: &str, label: Option<&str>, lists: &Lists) -> Option<Map<String, Json>> {
    let list = listed.list.as_str();
    let usual_label = label.is_none_or(|label| label == "label" || label == format!("jr:itext({TEXT_ID})"));
    if value != "name" || !usual_label {
        return None;
    }
    let list = match lists.kinds.get(list)? {
        Kind::Choices => list,
        Kind::File(file) => file,
        Kind::Other => return None,
    };
    let mut members = Map::from_iter([("list".to_owned(), list.into())]);
    let said = [("choice_filter", &listed.filter), ("parameters", &listed.shuffle)];
    for (member, value) in said {
        if let Some(value) = value {
            members.insert(member.into(), value.as_str().into());
        }
    }
    Some(members)
}

/// A nodeset that a list and a filter can say.
struct Listed {
    list: String,
    filter: Option<String>,
    /// The parameters that shuffle it.
    shuffle: Option<String>,
}

/// The list and the filter of `instance('list')/root/item[filter]`, shuffled or not.
fn listed(nodeset: &str) -> Option<Listed> {
    let parsed = Expr::parse(nodeset).ok()?;
    let (path, shuffle) = match parsed.root() {
        Node::Path(path) => (path, None),
        Node::Call(function, arguments) if function.as_str() == "randomize" => match arguments.as_slice() {
            [Node::Path(path)] => (path, Some("randomize=true".to_owned())),
            [Node::Path(path), Node::Number(seed)] => (path, Some(format!("randomize=true seed={seed}"))),
            _ => return None,
        },
        _ => return None,
    };
    let Start::From(from) = &path.start else { return None };
    let Node::Call(function, arguments) = &**from else { return None };
    let ([Node::Text(list)], "instance") = (arguments.as_slice(), function.as_str()) else { return None };
    let [root, item] = path.steps.as_slice() else { return None };
    let usual = root.test == Test::Name("root".into()) && item.test == Test::Name("item".into());
    let filter = match item.predicates.as_slice() {
        [] => None,
        [filter] => Some(filter.to_string()),
        _ => return None,
    };
    (usual && root.predicates.is_empty()).then(|| Listed { list: list.clone(), filter, shuffle })
}
