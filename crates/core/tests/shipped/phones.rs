//! Telephone numbers: those of Senegal by its plan, foreign ones with their prefix, nothing else.

use serde_json::json;
use teranga_core::key::Key;
use teranga_core::value::Value;

use super::support::{catalogue, filled};

#[test]
fn numbers_of_senegal_and_foreign_ones_are_taken_and_others_are_not() {
    let catalogue = catalogue();
    let mut filling = filled(&catalogue, "arrival", &json!({}));
    let phone = Key::question("phone");
    for number in [
        "77 123 45 67",
        "771234567",
        "+221 70 123 45 67",
        "00221761234567",
        "72 112 34 56",
        "33 812 34 56",
        "+34 612 345 678",
        "+220 301 2345",
    ] {
        assert!(filling.set(&phone, Value::text(number)).is_ok(), "{number}");
    }
    for number in ["12 345 67 89", "73 123 45 67", "77 123 45", "77 123 45 67 8", "téléphone", "+33"] {
        assert!(filling.set(&phone, Value::text(number)).is_err(), "{number}");
    }
}
