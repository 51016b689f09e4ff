//! Hostile expressions end, with an error or a value, and nothing overflows.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod common;

use common::Tree;
use teranga_expr::{EvalErrorKind, Expr, ParseErrorKind, Value};

/// As small as the stack of a browser's worker.
const STACK_BYTES: usize = 1 << 20;

fn on_small_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run).unwrap().join().unwrap();
}

fn too_large(source: &str) {
    assert_eq!(Expr::parse(source).unwrap_err().kind, ParseErrorKind::TooLarge);
}

#[test]
fn depth_has_an_end() {
    on_small_stack(|| {
        for (open, close) in [("(", ")"), ("-", ""), ("a[", "]"), ("not(", ")"), ("1 + (", ")")] {
            too_large(&format!("{}1{}", open.repeat(10_000), close.repeat(10_000)));
            let fits = format!("{}1{}", open.repeat(20), close.repeat(20));
            assert!(Expr::parse(&fits).is_ok(), "{open}");
        }
        too_large(&"a".repeat(100_000));
    });
}

#[test]
fn the_longest_chains_are_walked_and_dropped() {
    on_small_stack(|| {
        // A sum of sums, as deep on its left side as the parser lets it be.
        let mut source = "1".to_owned();
        for _ in 0..20 {
            source = format!("({source}{})", " + 1".repeat(99));
        }
        let expr = Expr::parse(&source).unwrap();
        let copy = expr.clone();
        assert_eq!(copy, expr);
        assert_eq!(Expr::parse(&copy.to_string()).unwrap(), expr);
        assert_eq!(expr.functions(), Vec::<&str>::new());
        assert_eq!(copy.resolve(&mut |_| None).as_ref(), Ok(&expr));
        assert_eq!(Tree::people(1).evaluate(&expr), Ok(Value::Number(1_981.0)));
        too_large(&format!("1{}", " + 1".repeat(2_001)));
    });
}

#[test]
fn work_has_an_end() {
    let tree = Tree::people(100);
    for source in
        ["count(//*[//*[//*[//*]]])", "count(//*[count(//p/preceding::*) > 0][//* = //*][//*[//* = -1]])"]
    {
        let error = tree.evaluate(&Expr::parse(source).unwrap()).unwrap_err();
        assert_eq!(error.kind, EvalErrorKind::TooMuchWork, "{source}");
    }
}

#[test]
fn texts_stay_short() {
    let tree = Tree::people(2);
    let long = "x".repeat(30_000);
    let joined = Expr::parse(&format!("join('{long}', {})", vec!["1"; 900].join(", "))).unwrap();
    assert_eq!(tree.evaluate(&joined).unwrap_err().kind, EvalErrorKind::TooMuchWork);
    let text = |source: &str| tree.evaluate(&Expr::parse(source).unwrap()).unwrap();
    assert_eq!(text("string-length(uuid(1 div 0))"), Value::Number(1_000.0));
    assert_eq!(text("substr('abc', -1 div 0, 1 div 0)"), Value::Text("abc".into()));
    assert_eq!(text("selected-at('a b', 1 div 0)"), Value::Text(String::new()));
}

#[test]
fn hostile_patterns_end() {
    let tree = Tree::people(1);
    let ends = |pattern: &str| {
        let source = format!("regex('{}', '{pattern}')", "a".repeat(2_000));
        tree.evaluate(&Expr::parse(&source).unwrap())
    };
    assert!(ends("(a+)+b").is_ok());
    assert!(ends("((a{1000}){1000}){1000}").is_err());
    assert!(ends(r"(a*)*(a*)*\1\2c").is_err());
}
