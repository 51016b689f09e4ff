//! Identities and codes that were published stay: answers are stored under them, and exports are joined by them.

use std::collections::BTreeSet;

use teranga_core::form::Form;

use super::support::{files, forms, golden};

/// One line a question or repeat, and one a code written out in the form.
fn identities(form: &Form) -> BTreeSet<String> {
    let kept = form.rows().filter(|row| !row.id.is_empty() && form.row_by_id(&row.id).is_some());
    let questions = kept.map(|row| format!("{} {:?}", row.id, row.kind));
    let lists = form.document().choices.keys().filter_map(|list| Some((list, form.choices(list)?)));
    let codes = lists.flat_map(|(list, choices)| {
        choices.iter().map(move |choice| format!("{list}/{}", choice.name)).collect::<Vec<_>>()
    });
    questions.chain(codes).collect()
}

#[test]
fn the_identities_of_every_form_are_the_golden_ones() {
    let folder = golden("identities");
    let forms = forms();
    assert_eq!(files(&folder).len(), forms.len());
    for (id, form) in forms {
        let path = folder.join(format!("{id}.txt"));
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let expected: BTreeSet<String> = text.lines().map(str::to_owned).collect();
        let actual = identities(&form);
        let gone: Vec<&String> = expected.difference(&actual).collect();
        assert!(gone.is_empty(), "{id}: these were published and may not go: {gone:?}");
        let new: Vec<&str> = actual.difference(&expected).map(String::as_str).collect();
        assert!(new.is_empty(), "{}: add these lines:\n{}", path.display(), new.join("\n"));
    }
}
