//! What functions, operators and paths give, where it is not what one would guess.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on must stop the test")]

mod common;

use common::Tree;
use teranga_expr::{Expr, Value, number_text};

/// The value as a text, over three people: Awa 0, Binta 1, Awa 2.
fn text(source: &str) -> String {
    let value = Tree::people(3).evaluate(&Expr::parse(&format!("string({source})")).unwrap());
    match value.unwrap() {
        Value::Text(text) => text,
        other => format!("{other:?}"),
    }
}

#[track_caller]
fn gives(cases: &[(&str, &str)]) {
    for (source, expected) in cases {
        assert_eq!(text(source), *expected, "{source}");
    }
}

fn fails(source: &str) -> bool {
    Tree::people(3).evaluate(&Expr::parse_any(source).unwrap()).is_err()
}

#[test]
fn nodes_convert_as_in_collect() {
    gives(&[
        // None is an empty text, one counts by its text, several compare as any of them does.
        ("/data/none = ''", "true"),
        ("boolean(/data/none)", "false"),
        ("boolean(/data/p[1]/age)", "true"),
        ("/data/p/age = 2", "true"),
        ("sum(/data/p/name)", "0"),
        ("sum(/data/p/age)", "3"),
        ("max(/data/p/age, /data/p/name, 1)", "2"),
        ("min(/data/none)", "NaN"),
        ("count-non-empty(/data/p)", "0"),
        ("coalesce(number(''), 3)", "3"),
        ("concat(/data/p/name, 1.50)", "AwaBintaAwa1.5"),
    ]);
    assert!(fails("sum(1)") && fails("count('a')"));
}

#[test]
fn what_is_not_asked_is_not_wrong() {
    let value = |source: &str| Tree::people(1).evaluate(&Expr::parse_any(source).unwrap());
    assert_eq!(value("false() and explode()"), Ok(Value::Boolean(false)));
    assert_eq!(value("if(true(), 1, substring())"), Ok(Value::Number(1.0)));
    assert!(fails("true() and explode()") && fails("1 + substring()"));
}

#[test]
fn numbers_round_and_compare_as_in_collect() {
    gives(&[
        ("round(-2.5)", "-2"),
        ("round(2.675, 2)", "2.68"),
        ("round(-50.55, -1)", "-40"),
        ("round(1, 31)", "NaN"),
        ("0.1 + 0.2 = 0.3", "true"),
        ("1 div 0 = 1 div 0", "true"),
        ("number('1e3')", "NaN"),
        ("'14,6' + 1", "15.6"),
    ]);
    assert_eq!(number_text(1.0 / 3.0), "0.3333333333333333");
}

#[test]
fn days_are_whole_in_sums_and_moments_are_not_in_decimals() {
    gives(&[
        ("date('2020-03-01') - date('2020-02-28')", "2"),
        ("string(date('2020-02-28') + 1)", "18321"),
        ("date(18321.9)", "2020-02-29"),
        ("date-time('2020-02-29')", "2020-02-29"),
        ("date-time(0.5)", "1970-01-01T12:00:00.000+00:00"),
        ("decimal-date-time('1970-01-02T12:00:00Z')", "1.5"),
        ("decimal-time('06:00:00.000+03:00')", "0.125"),
        ("decimal-time('1970-01-02T18:00:00')", "0.75"),
        ("'2018-06-25' < '2018-06-25T10:00:00'", "false"),
        ("today() > '2020-01-01'", "true"),
        ("date('')", ""),
        (
            "format-date('2012-07-03T04:05:06.007', '%Y %y %m %n %b %d %e %H %h %M %S %3 %a %%')",
            "2012 12 07 7 Jul 03 3 04 4 05 06 007 Tue %",
        ),
        ("format-date(number('x'), '%Y')", ""),
    ]);
    assert!(fails("date('soon')") && fails("format-date('2020-01-01', '%Q')"));
    assert!(fails("format-date(1 div 0, '%Y')") && fails("decimal-time('soon')"));
}

#[test]
fn every_axis_goes_its_way() {
    gives(&[
        ("count(//p)", "3"),
        ("name(/data/p[1]/following::*[3])", "age"),
        ("/data/p[2]/name/preceding::age[1]", "0"),
        ("count(/data/p[3]/preceding::*)", "6"),
        ("count(/data/p[3]/age/ancestor::*)", "2"),
        ("/data/p[3]/preceding-sibling::p[1]/age", "1"),
        ("(/data/p/age)[last()]", "2"),
        ("count(/data/p/namespace::* | //comment())", "0"),
        ("count(//p:*)", "0"),
        ("local-name(/data/p)", "p"),
        ("position(/data/p[2])", "2"),
        ("indexed-repeat(/data/p/age, /data/p, 3)", "2"),
        ("indexed-repeat(/data/p/age, /data/p, 0)", "0"),
        ("instance('self')/data/p[age = 1]/name", "Binta"),
    ]);
}

#[test]
fn texts_are_cut_counted_and_joined() {
    gives(&[
        ("substr('hello', -3, -1)", "ll"),
        ("substring('12345', 1.5, 2.6)", "234"),
        ("selected('a b', ' b ')", "true"),
        ("selected('', '')", "true"),
        ("selected-at('a  b', 1)", "b"),
        ("checklist(-1, 1, 'x' = 'x', 'y' = 'x')", "true"),
        ("checklist(1, -1, /data/p/age)", "true"),
        ("weighted-checklist(3, 3, 1 = 1, 3, 1 = 2, 4)", "true"),
        ("boolean-from-string('True')", "true"),
        ("normalize-space(' a \u{a0} b ')", "a \u{a0} b"),
        ("regex('abc', 'b')", "false"),
        ("join('-', randomize(/data/p/age, 1))", "1-0-2"),
    ]);
    assert_eq!(text("digest('some text', 'MD5', 'hex')"), "552e21cd4cd9918678e3c1a0df491bc3");
}

#[test]
fn places_on_earth_are_measured() {
    gives(&[
        ("round(distance('0 0', '0 1'), 0)", "111319"),
        ("distance('')", "NaN"),
        ("intersects('0 0;2 2;0 2;2 0')", "true"),
        ("geofence('1 1', '0 0;0 2;2 2;2 0;0 0')", "true"),
        ("enclosed-area('0 0;0 1;1 1;0 0') = area('0 0;0 1;1 1;0 0')", "true"),
    ]);
    assert!(fails("distance('here')") && fails("geofence('', '')"));
}
