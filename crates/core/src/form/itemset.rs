//! Choices drawn from whatever nodes, compiled: which nodes, and what of each is its code and its label.

use teranga_expr::Expr;

use super::document::ItemsetDocument;
use super::expression::{Expression, Located, Scope};
use super::finding::Flaw;
use super::question::Question;
use super::reads::Read;

/// An itemset.
#[derive(Debug, Clone)]
pub(crate) struct Itemset {
    /// The nodes.
    pub(crate) nodes: Expression,
    /// The code, looked at from each node.
    pub(crate) value: Expr,
    /// What is shown, looked at from each node.
    pub(crate) label: Option<Expr>,
    /// The rows that codes and labels read.
    pub(crate) reads: Vec<Read>,
}

/// A flaw with the member of the itemset that it is in.
pub(super) type ItemsetFlaw = (&'static str, Located);

impl Itemset {
    /// Compiles the itemset of a row.
    pub(super) fn compile(
        scope: &Scope<'_>,
        row: &Question,
        document: &ItemsetDocument,
    ) -> Result<Self, Vec<ItemsetFlaw>> {
        let within = |member: &'static str| {
            move |flaws: Vec<Located>| flaws.into_iter().map(|flaw| (member, flaw)).collect::<Vec<_>>()
        };
        let nodes = Expression::compile(scope, row, &document.nodeset).map_err(within("nodeset"))?;
        let value = parse(&document.value).map_err(|flaw| vec![("value", flaw)])?;
        let label = document.label.as_deref().map(parse).transpose();
        let label = label.map_err(|flaw| vec![("label", flaw)])?;
        let mut reads = Vec::new();
        for (member, source) in [("value", Some(&document.value)), ("label", document.label.as_ref())] {
            // A path from each node on: what it reads lies below the nodes.
            let Some(source) = source.filter(|source| !source.contains(['(', '\''])) else { continue };
            let whole = format!("{}/{source}", document.nodeset);
            let whole = Expression::compile(scope, row, &whole).map_err(within(member))?;
            reads.extend_from_slice(whole.reads());
        }
        Ok(Self { nodes, value, label, reads })
    }
}

fn parse(source: &str) -> Result<Expr, Located> {
    Expr::parse(source).map_err(|error| {
        let span = error.span.start..error.span.end;
        (Flaw::Expression { message: error.kind.to_string() }, span)
    })
}
