//! Comparison. A set of nodes compares as true where one of its nodes does; what is compared with a number or a
//! boolean is converted to it; `<` and its like compare numbers.

use crate::error::EvalError;
use crate::eval::{Run, truth};
use crate::instance::Instance;
use crate::tree::Operator;
use crate::value::Value;

pub(crate) fn compare<I: Instance>(
    run: &Run<'_, '_, I>,
    operator: Operator,
    left: &Value<I::Node>,
    right: &Value<I::Node>,
) -> Result<bool, EvalError> {
    match (left, right) {
        (Value::Boolean(_), _) | (_, Value::Boolean(_)) => Ok(scalar(run, operator, left, right)),
        (Value::Nodes(nodes), other) => any(run, nodes, |text| compare(run, operator, &text, other)),
        (other, Value::Nodes(nodes)) => any(run, nodes, |text| compare(run, operator, other, &text)),
        _ => Ok(scalar(run, operator, left, right)),
    }
}

fn any<I: Instance>(
    run: &Run<'_, '_, I>,
    nodes: &[I::Node],
    mut holds: impl FnMut(Value<I::Node>) -> Result<bool, EvalError>,
) -> Result<bool, EvalError> {
    for node in nodes {
        run.work(1)?;
        if holds(Value::Text(run.context.instance.text(*node)))? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn scalar<I: Instance>(
    run: &Run<'_, '_, I>,
    operator: Operator,
    left: &Value<I::Node>,
    right: &Value<I::Node>,
) -> bool {
    let numbers = || (run.number(left), run.number(right));
    match operator {
        Operator::Equal => equal(run, left, right),
        Operator::NotEqual => !equal(run, left, right),
        Operator::Less => numbers().0 < numbers().1,
        Operator::LessOrEqual => numbers().0 <= numbers().1,
        Operator::Greater => numbers().0 > numbers().1,
        Operator::GreaterOrEqual => numbers().0 >= numbers().1,
        _ => false,
    }
}

#[expect(clippy::float_cmp, reason = "XPath's equality of numbers is exact")]
fn equal<I: Instance>(run: &Run<'_, '_, I>, left: &Value<I::Node>, right: &Value<I::Node>) -> bool {
    match (left, right) {
        (Value::Boolean(_), _) | (_, Value::Boolean(_)) => truth(left) == truth(right),
        (Value::Number(_) | Value::Date(_), _) | (_, Value::Number(_) | Value::Date(_)) => {
            run.number(left) == run.number(right)
        }
        _ => run.text(left) == run.text(right),
    }
}
