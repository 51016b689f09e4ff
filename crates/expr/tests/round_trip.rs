//! Any expression is written as a source that parses to itself; any bytes at all parse or are refused; and what
//! parses is evaluated or refused, within bounds.

mod common;

use common::Tree;
use proptest::prelude::*;
use teranga_expr::Expr;

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("p".to_owned()),
        Just("name".to_owned()),
        Just("age".to_owned()),
        Just("div".to_owned()),
        Just("text".to_owned()),
        Just("orx:meta".to_owned()),
        "[a-z_][a-z0-9_.-]{0,6}",
    ]
}

fn step(predicate: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    let axis = prop_oneof![
        4 => Just(String::new()),
        1 => Just("@".to_owned()),
        1 => prop::sample::select(vec!["child", "self", "descendant", "ancestor-or-self", "following",
            "preceding", "following-sibling", "preceding-sibling", "namespace", "parent"])
            .prop_map(|axis| format!("{axis}::")),
    ];
    let test = prop_oneof![
        4 => name(),
        1 => prop::sample::select(vec!["*", "orx:*", "node()", "text()", "comment()",
            "processing-instruction('x')"]).prop_map(str::to_owned),
    ];
    let whole = (axis, test).prop_map(|(axis, test)| format!("{axis}{test}"));
    let step = prop_oneof![4 => whole, 1 => Just(".".to_owned()), 1 => Just("..".to_owned())];
    (step, prop::option::weighted(0.3, predicate)).prop_map(|(step, predicate)| match predicate {
        Some(predicate) => format!("{step}[{predicate}]"),
        None => step,
    })
}

fn path(inner: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    let start = prop_oneof![
        Just(String::new()),
        Just("/".to_owned()),
        Just("//".to_owned()),
        Just("current()/".to_owned()),
        Just("instance('self')//".to_owned()),
        inner.clone().prop_map(|inner| format!("({inner})[1]/")),
    ];
    let separator = prop::sample::select(vec!["/", "//"]);
    (start, prop::collection::vec(step(inner), 1..4), separator)
        .prop_map(|(start, steps, separator)| format!("{start}{}", steps.join(separator)))
}

fn call(inner: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    let functions: Vec<_> = teranga_expr::functions::all().iter().collect();
    (prop::sample::select(functions), prop::collection::vec(inner, 6)).prop_map(|(function, arguments)| {
        let count = (function.least..=6).rev().find(|count| function.takes(*count)).unwrap_or(0);
        format!("{}({})", function.name, arguments.get(..count).unwrap_or_default().join(", "))
    })
}

fn source() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (0u32..3_000, 0u8..4).prop_map(|(number, places)| format!("{number}.{places}")),
        "'[a-z 0-9\"é-]{0,8}'",
        Just("'2020-02-29T10:00:00.000+01:00'".to_owned()),
        Just("\"it's\"".to_owned()),
        Just("/".to_owned()),
        Just("${a}".to_owned()),
        name(),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let operator = prop::sample::select(vec![
            "or", "and", "=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "div", "mod", "|",
        ]);
        prop_oneof![
            (inner.clone(), operator, inner.clone())
                .prop_map(|(left, operator, right)| format!("({left}) {operator} ({right})")),
            inner.clone().prop_map(|inner| format!("-{inner}")),
            call(inner.clone()),
            path(inner),
        ]
    })
}

/// The tree without the places of its references, which the written source changes.
fn shape(expr: &Expr) -> String {
    let text = format!("{expr:?}");
    let mut parts = text.split("Span {");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |shape, part| shape + part.split_once('}').map_or("", |(_, rest)| rest))
}

/// Evaluates whatever parses; the value does not matter, that there is an end does.
fn evaluate(source: &str) {
    let tree = Tree::people(3);
    for expr in [Expr::parse(source), Expr::parse_any(source)].into_iter().flatten() {
        let _ = tree.evaluate(&expr);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn what_is_written_parses_to_the_same(source in source()) {
        let expr = Expr::parse(&source).map_err(|error| TestCaseError::fail(format!("{source}: {error}")))?;
        let written = expr.to_string();
        let again = Expr::parse(&written)
            .map_err(|error| TestCaseError::fail(format!("{source}\n{written}: {error}")))?;
        prop_assert_eq!(shape(&again), shape(&expr), "{}\n{}", source, written);
        prop_assert_eq!(again.to_string(), written);
        evaluate(&source);
    }

    #[test]
    fn a_changed_byte_is_refused_or_read(source in source(), at in any::<prop::sample::Index>(), byte: u8, cut: bool) {
        let mut bytes = source.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if cut {
            bytes.truncate(at + 1);
        }
        evaluate(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_symbols_are_refused_or_read(source in "[-a-c0-9.,:/\\[\\]()'\"$@{}*|=<>!+ \u{e9}“&%]{0,40}") {
        evaluate(&source);
    }
}

#[test]
fn a_minus_behind_a_union_needs_no_brackets() {
    // The deepest that is read; brackets about each minus would be deeper.
    let deepest = format!("a{}", " | -a".repeat(31));
    for source in [deepest.as_str(), "(a | -b) | c", "(-a) | b", "a * -b | c", "(a | -(b | c)) | -d"] {
        let expr = Expr::parse(source).unwrap();
        let written = expr.to_string();
        assert_eq!(shape(&Expr::parse(&written).unwrap()), shape(&expr), "{source}\n{written}");
    }
    assert!(Expr::parse(&format!("{deepest} | -a")).is_err());
}
