//! What is wrong with an expression is said where it is, with what to write instead.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use teranga_expr::{Expr, ParseError};

fn error(source: &str) -> (ParseError, String) {
    let error = Expr::parse(source).unwrap_err();
    let place = source.get(error.span.start..error.span.end).unwrap().to_owned();
    (error, place)
}

#[test]
fn slips_say_what_is_meant() {
    for (source, place, instead) in [
        ("${a} == 1", "==", "="),
        ("${a} => 1", "=>", ">="),
        ("${a} =< 1", "=<", "<="),
        ("${a} <> 1", "<>", "!="),
        ("${a} && ${b}", "&&", "and"),
        ("${a} || ${b}", "||", "or"),
        ("${a} AND ${b}", "AND", "and"),
        ("(${a} Or ${b})", "Or", "or"),
        ("selected(${a}, ‘x’)", "‘", "'"),
        ("${a} = “x”", "“", "\""),
        ("${a} ≤ 1", "≤", "<="),
        ("!${a}", "!", "not(…)"),
    ] {
        let (error, at) = error(source);
        assert_eq!((error.code(), at.as_str()), ("expression-slip", place), "{source}");
        assert_eq!(error.suggestion(), Some(instead), "{source}");
    }
}

#[test]
fn unknown_names_find_their_nearest() {
    let suggested = |source: &str| error(source).0.suggestion();
    assert_eq!(suggested("slected(${a}, 'x')"), Some("selected"));
    assert_eq!(suggested("TRUE()"), Some("true"));
    assert_eq!(suggested("count_selected(${a})"), Some("count-selected"));
    assert_eq!(suggested("explode()"), None);
    assert_eq!(suggested("childs::a"), Some("child"));
    assert_eq!(error("a + slected(1, 2)").1, "slected");
    assert_eq!(error("a/paren::b").1, "paren");
}

#[test]
fn an_open_bracket_is_pointed_at() {
    for (source, start, closing) in
        [("if(a, (b), c", 2, ")"), ("((a) + 1", 0, ")"), ("/data/p[a = 1", 7, "]"), ("(a[1)", 2, "]")]
    {
        let (error, _) = error(source);
        assert_eq!((error.code(), error.span.start), ("expression-open-bracket", start), "{source}");
        assert_eq!(error.suggestion(), Some(closing), "{source}");
    }
    assert_eq!(error("concat(a b)").0.code(), "expression-expected");
    assert_eq!(error("a)").0.code(), "expression-expected");
}

#[test]
fn what_is_not_closed_is_pointed_at() {
    assert_eq!(error("a = 'x").0.code(), "expression-open-text");
    let open = error("1 + ${age").0;
    assert_eq!(
        (open.code(), open.span.start, open.suggestion()),
        ("expression-open-reference", 4, Some("}"))
    );
    assert_eq!(error("#").0.code(), "expression-character");
}

#[test]
fn advice_is_a_sentences_end() {
    let advice = |source: &str| error(source).0.advice();
    assert_eq!(advice("1 == 1").as_deref(), Some("write ="));
    assert_eq!(advice("(1").as_deref(), Some(") is missing"));
    assert_eq!(advice("slected(1, 2)").as_deref(), Some("did you mean selected?"));
    assert_eq!(advice("1 +"), None);
}

#[test]
fn a_call_needs_its_arguments() {
    assert_eq!(error("if(a, b)").0.code(), "expression-arguments");
    assert_eq!(error("1 + true(5)").1, "true");
    // The field's engines find that out only when they come to it.
    assert!(Expr::parse_any("if(a, b) + explode()").is_ok());
}
