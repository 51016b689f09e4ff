//! Code lists: codes that stand once, words that mean one code, and codes of one list that name those of another.

use std::collections::{BTreeMap, BTreeSet};

use teranga_core::catalogue::ResourceKind;
use teranga_core::list::{CodeList, fold};
use teranga_core::shipped::SHIPPED;

use super::support::{catalogue, forms};

fn lists() -> Vec<CodeList> {
    let shipped = SHIPPED.iter().filter(|(kind, _)| *kind == ResourceKind::List);
    shipped.map(|(_, json)| serde_json::from_str(json).unwrap()).collect()
}

#[test]
fn a_code_stands_once_and_a_word_means_one_code() {
    for list in lists() {
        let mut meant: BTreeMap<String, &str> = BTreeMap::new();
        for entry in &list.entries {
            assert!(!entry.code.contains(char::is_whitespace), "{}: {}", list.list_id, entry.code);
            let labels = entry.label.all().into_iter().map(|(_, text)| text);
            let words = labels.chain(entry.aliases.iter().map(String::as_str)).chain([entry.code.as_str()]);
            for word in words {
                let other = meant.insert(fold(word), &entry.code).filter(|other| *other != entry.code);
                assert_eq!(other, None, "{}: {word} means {} too", list.list_id, entry.code);
                let found = list.meant(word).map(|entry| entry.code.as_str());
                assert_eq!(found, Some(entry.code.as_str()), "{}: {word}", list.list_id);
            }
        }
    }
}

#[test]
fn days_of_validity_are_days_and_in_order() {
    let day = |text: &String| chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
    let mut dated = 0;
    for entry in lists().iter().flat_map(|list| &list.entries) {
        let (from, to) = (entry.valid_from.as_ref().map(day), entry.valid_to.as_ref().map(day));
        assert!(from.zip(to).is_none_or(|(from, to)| from <= to), "{}", entry.code);
        dated += usize::from(from.is_some());
    }
    assert!(dated > 0);
}

#[test]
fn what_one_list_names_of_another_is_there() {
    let (catalogue, forms) = (catalogue(), forms());
    let codes = |list: &str| -> BTreeSet<String> {
        catalogue.list(list).unwrap().entries.iter().map(|entry| entry.code.clone()).collect()
    };
    let inline = |form: &str, list: &str| -> BTreeSet<String> {
        forms[form].choices(list).unwrap().iter().map(|choice| choice.name.clone()).collect()
    };
    for (list, property, known) in [
        ("referral-statuses", "after", codes("referral-statuses")),
        ("closure-reasons", "outcome", inline("review", "case_statuses")),
        ("activity-types", "dimension", inline("plan", "dimensions")),
        ("service-types", "dimension", inline("plan", "dimensions")),
        ("assistance-items", "modality", inline("assistance", "modalities")),
        ("sn-departments", "region", codes("sn-regions")),
    ] {
        for entry in &catalogue.list(list).unwrap().entries {
            let named = entry.properties.get(property).map(String::as_str).unwrap_or_default();
            for code in named.split_whitespace() {
                assert!(known.contains(code), "{list}: {}: {property} names {code}", entry.code);
            }
        }
    }
}
