//! Comparison. A set of nodes compares as true where one of its nodes does, and an empty one compares as an empty
//! text, as in Collect; what is compared with a number or a boolean is converted to it; `<` and its like compare
//! numbers.

use crate::error::EvalError;
use crate::eval::Run;
use crate::instance::Instance;
use crate::tree::Operator;
use crate::value::{NEAR, Value};

pub(crate) fn compare<I: Instance>(
    run: &Run<'_, '_, I>,
    operator: Operator,
    left: &Value<I::Node>,
    right: &Value<I::Node>,
) -> Result<bool, EvalError> {
    match (left, right) {
        (Value::Boolean(_), _) | (_, Value::Boolean(_)) => Ok(scalar(run, operator, left, right)),
        (Value::Nodes(nodes), other) => any(run, nodes, |text| compare(run, operator, text, other)),
        (other, Value::Nodes(nodes)) => any(run, nodes, |text| compare(run, operator, other, text)),
        _ => Ok(scalar(run, operator, left, right)),
    }
}

fn any<I: Instance>(
    run: &Run<'_, '_, I>,
    nodes: &[I::Node],
    mut holds: impl FnMut(&Value<I::Node>) -> Result<bool, EvalError>,
) -> Result<bool, EvalError> {
    if nodes.is_empty() {
        return holds(&Value::Text(String::new()));
    }
    for node in nodes {
        run.work(1)?;
        if holds(&run.text_of(*node))? {
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

fn equal<I: Instance>(run: &Run<'_, '_, I>, left: &Value<I::Node>, right: &Value<I::Node>) -> bool {
    match (left, right) {
        (Value::Boolean(_), _) | (_, Value::Boolean(_)) => run.truth(left) == run.truth(right),
        (Value::Number(_) | Value::Date(_), _) | (_, Value::Number(_) | Value::Date(_)) => {
            let (left, right) = (run.number(left), run.number(right));
            // The same infinity is equal, though nothing lies between.
            left.total_cmp(&right).is_eq() && !left.is_nan() || (left - right).abs() < NEAR
        }
        _ => run.text(left) == run.text(right),
    }
}
