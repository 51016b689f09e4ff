//! A workbook in the format of before 2007, as Excel 97 and its successors save it.

use serde_json::json;
use teranga_xforms::import_xlsx;

const WORKBOOK: &[u8] = include_bytes!("data/old-workbook.xls");

#[test]
fn an_old_workbook_imports_like_a_new_one() {
    let form = import_xlsx(WORKBOOK, "old-workbook.xls").unwrap().form;
    let born = json!({
        "type": "date", "name": "born", "label": {"en": "Born", "fr": "Né(e) le"}, "default": "1990-05-17",
    });
    assert_eq!(form["survey"][0]["default"], "18");
    assert_eq!(form["survey"][1], born);
    assert_eq!(form["survey"][2]["label"]["fr"], "Êtes-vous d'accord ?");
    assert_eq!(form["choices"]["yes_no"][0], json!({"name": "1", "label": {"en": "Yes", "fr": "Oui"}}));
    assert_eq!(form["language_names"], json!({"en": "English (en)", "fr": "Français (fr)"}));
    assert_eq!(form["version"], "3");
}

#[test]
fn an_old_workbook_that_is_cut_is_a_finding_or_what_is_left_of_it() {
    for cut in (0..WORKBOOK.len()).step_by(61) {
        if let Ok(imported) = import_xlsx(WORKBOOK.get(..cut).unwrap(), "cut.xls") {
            assert!(imported.form["survey"].is_array(), "{cut}");
        }
    }
}
