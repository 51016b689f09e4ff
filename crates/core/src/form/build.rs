//! From the rows of a document to numbered questions: identities, paths, classes and parameters, each checked.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::class::ClassId;
use crate::text::Text;

use super::document::{FormDocument, NodeDocument};
use super::finding::{Finding, Flaw, Place};
use super::kind::Kind;
use super::nearest::nearest;
use super::other;
use super::parameters;
use super::question::{NoAnswerPolicy, Question, RowId};

/// The class of questions that nothing marks.
const DEFAULT_CLASS: &str = "personal";
/// The name of the outermost element of a form that does not name its own. In expressions it always means that
/// element, whatever a form calls it.
pub(super) const ROOT: &str = "data";

/// The rows of a form, numbered.
pub(super) struct Tree {
    /// Every row, in the order of the form; the first is the form itself.
    pub(super) rows: Vec<Question>,
    /// The document of each row; none for the form itself.
    pub(super) documents: Vec<Option<NodeDocument>>,
    /// The rows that store something under their identity.
    pub(super) ids: BTreeMap<String, RowId>,
    /// What was found.
    pub(super) findings: Vec<Finding>,
}

/// Numbers and checks the rows.
pub(super) fn build(document: &FormDocument) -> Tree {
    let class = document.sensitivity.clone().unwrap_or_else(|| ClassId::new(DEFAULT_CLASS));
    let name = document.settings.get("name").and_then(|name| name.as_str()).unwrap_or(ROOT);
    let mut tree = Tree {
        rows: vec![root(name, class)],
        documents: vec![None],
        ids: BTreeMap::new(),
        findings: Vec::new(),
    };
    let mut names = HashMap::new();
    count_names(&document.survey, &mut names);
    tree.section(RowId::ROOT, &document.survey, &names);
    tree
}

fn root(name: &str, class: ClassId) -> Question {
    Question {
        row: RowId::ROOT,
        parent: RowId::ROOT,
        children: Vec::new(),
        repeat: None,
        kind: Kind::Group,
        id: String::new(),
        name: name.to_owned(),
        path: format!("/{ROOT}"),
        class,
        list: None,
        itemset: None,
        holds: Kind::Group,
        attributes: Vec::new(),
        or_other: false,
        label: Text::default(),
        hint: Text::default(),
        guidance: Text::default(),
        required_message: Text::default(),
        constraint_message: Text::default(),
        appearance: String::new(),
        range: None,
        no_answer: NoAnswerPolicy::Accepted,
        parameters: Vec::new(),
    }
}

/// What a computed or hidden value is, where its author says so: `bind::type` as XForms name it, or the type that a
/// calculation had in a workbook.
fn held(document: &NodeDocument, kind: Kind) -> Kind {
    if !matches!(kind, Kind::Calculate | Kind::Hidden) {
        return kind;
    }
    let column = |name: &str| document.columns.get(name).and_then(|column| column.as_str());
    let named =
        column("bind::type").map(|name| name.rsplit(':').next().unwrap_or(name)).or_else(|| column("type"));
    match named {
        Some("int" | "integer") => Kind::Integer,
        Some(name) => match Kind::from_type(name) {
            scalar @ (Kind::Decimal | Kind::Date | Kind::Time | Kind::DateTime) => scalar,
            _ => kind,
        },
        None => kind,
    }
}

/// The attributes that its element has in XForms: `instance::name`.
fn attributes(document: &NodeDocument) -> Vec<(String, String)> {
    let attribute = |(column, value): (&String, &serde_json::Value)| {
        Some((column.strip_prefix("instance::")?.to_owned(), value.as_str()?.to_owned()))
    };
    document.columns.iter().filter_map(attribute).collect()
}

/// How many rows that store something bear each name: a name borne once is its own identity.
fn count_names<'a>(rows: &'a [NodeDocument], names: &mut HashMap<&'a str, usize>) {
    for row in rows {
        if Kind::from_type(&row.kind) != Kind::Group {
            *names.entry(row.name.as_str()).or_default() += 1;
        }
        count_names(row.children.as_deref().unwrap_or_default(), names);
    }
}

impl Tree {
    fn report(&mut self, place: Place, flaw: Flaw) {
        self.findings.push(Finding::new(place, flaw));
    }

    fn section(&mut self, parent: RowId, rows: &[NodeDocument], names: &HashMap<&str, usize>) {
        let mut seen: HashSet<&str> = HashSet::new();
        for document in rows {
            let row = self.row(parent, document, names);
            if !seen.insert(&document.name) && !document.name.is_empty() {
                let path = self.path(row);
                self.report(Place::row(path), Flaw::DuplicateName { name: document.name.clone() });
            }
            self.section(row, document.children.as_deref().unwrap_or_default(), names);
            if document.or_other == Some(true) {
                self.row(parent, &other::question(document), names);
            }
        }
    }

    fn path(&self, row: RowId) -> String {
        self.rows.get(row.index()).map(|question| question.path.clone()).unwrap_or_default()
    }

    fn row(&mut self, parent: RowId, document: &NodeDocument, names: &HashMap<&str, usize>) -> RowId {
        let row = RowId::at(self.rows.len());
        let question = self.question(row, parent, document, names);
        self.check(&question, document);
        if let Some(parent) = self.rows.get_mut(parent.index()) {
            parent.children.push(row);
        }
        self.rows.push(question);
        self.documents.push(Some(document.clone()));
        row
    }

    fn question(
        &mut self,
        row: RowId,
        parent: RowId,
        document: &NodeDocument,
        names: &HashMap<&str, usize>,
    ) -> Question {
        let kind = Kind::from_type(&document.kind);
        let above = self.rows.get(parent.index());
        let path = format!("{}/{}", above.map_or("", |above| above.path.as_str()), document.name);
        let class = document.sensitivity.clone().or_else(|| above.map(|above| above.class.clone()));
        let repeat =
            above.and_then(|above| if above.kind == Kind::Repeat { Some(above.row) } else { above.repeat });
        let id = document.id.clone().unwrap_or_else(|| match above {
            Some(above) if parent != RowId::ROOT && names.get(document.name.as_str()) > Some(&1) => {
                format!("{}.{}", above.name, document.name)
            }
            _ => document.name.clone(),
        });
        let (parameters, range) = parameters::read(document, kind, &path, &mut self.findings);
        let refuses = document.columns.get("no_answer").and_then(|policy| policy.as_str()) == Some("refused");
        Question {
            row,
            parent,
            children: Vec::new(),
            repeat,
            kind,
            id,
            name: document.name.clone(),
            path,
            class: class.unwrap_or_else(|| ClassId::new(DEFAULT_CLASS)),
            list: document.list.clone(),
            itemset: document.itemset.clone(),
            holds: held(document, kind),
            attributes: attributes(document),
            or_other: document.or_other == Some(true),
            label: document.label.clone().unwrap_or_default(),
            hint: document.hint.clone().unwrap_or_default(),
            guidance: document.guidance_hint.clone().unwrap_or_default(),
            required_message: document.required_message.clone().unwrap_or_default(),
            constraint_message: document.constraint_message.clone().unwrap_or_default(),
            appearance: document.appearance.clone().unwrap_or_default(),
            range,
            no_answer: if refuses { NoAnswerPolicy::Refused } else { NoAnswerPolicy::Accepted },
            parameters,
        }
    }

    fn check(&mut self, question: &Question, document: &NodeDocument) {
        let path = question.path.as_str();
        if !is_name(&question.name) && !question.name.is_empty() {
            self.report(Place::member(path, "name"), Flaw::BadName { name: question.name.clone() });
        }
        if question.kind == Kind::Unsupported && !document.kind.is_empty() {
            let suggestion = nearest(&document.kind, Kind::names()).map(str::to_owned);
            let flaw = Flaw::UnsupportedType { kind: document.kind.clone(), suggestion };
            self.report(Place::member(path, "type"), flaw);
        }
        if !question.kind.is_section() && document.children.as_ref().is_some_and(|rows| !rows.is_empty()) {
            let flaw = Flaw::UnknownMember { member: "children".to_owned(), suggestion: None };
            self.report(Place::member(path, "children"), flaw);
        }
        if question.kind != Kind::Group && !question.id.is_empty() {
            self.check_id(question);
        }
    }

    fn check_id(&mut self, question: &Question) {
        let id = question.id.clone();
        let place = Place::member(question.path.as_str(), "id");
        if id.starts_with('_') || id.contains('/') || id.contains(char::is_whitespace) {
            self.report(place, Flaw::BadId { id });
        } else if let Some(other) = self.ids.get(&id) {
            let other = self.path(*other);
            self.report(place, Flaw::DuplicateId { id, other });
        } else {
            self.ids.insert(id, question.row);
        }
    }
}

/// An XML name without a colon, which is what paths and XForms can hold.
pub(crate) fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.'))
}
