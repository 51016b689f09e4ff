//! What releases set down, as the last columns of a form's file: for each release the value, named by the key that it
//! stands under in the envelope, which no question has, and whether it is stale. Why there is none is told apart as for
//! answers, by codes that begin with a point.

use teranga_core::catalogue::Catalogue;
use teranga_core::form::Form;
use teranga_core::grant;
use teranga_core::release::{Release, Rule};
use teranga_core::table::{Missing, Table};
use teranga_office::consolidate::PulledRecord;

use super::csv_files::guarded;

/// Nothing was released: the record was saved where its answers or the release were not at hand.
const NOT_RELEASED: &str = ".not_released";
/// It was released, and the answers give no value: an age without a date of birth, a code that nobody chose.
const NO_VALUE: &str = ".no_value";

/// The releases of one table; none of a repeat's.
pub(super) struct Columns<'a>(Vec<&'a Release>);

impl<'a> Columns<'a> {
    /// The releases of a form but its scores, which have a file of their own.
    pub(super) fn of(form: &Form, catalogue: &'a Catalogue, table: &Table) -> Self {
        let releases = catalogue.releases_for(form.form_id()).into_iter().map(AsRef::as_ref);
        let of_record =
            |release: &&Release| table.repeat.is_none() && !matches!(release.rule, Rule::Scores { .. });
        Self(releases.filter(of_record).collect())
    }

    /// The headings.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.0
            .iter()
            .flat_map(|release| [release.key(), release.key().child("stale")])
            .map(|key| key.to_string())
    }

    /// What stands under them for a record.
    pub(super) fn cells(&self, record: &PulledRecord) -> impl Iterator<Item = String> {
        self.0.iter().flat_map(|release| cells(release, record))
    }
}

fn cells(release: &Release, record: &PulledRecord) -> [String; 2] {
    let told = record.releases.iter().find(|told| told.release == release.release_id);
    if let Some(told) = told {
        let value = told.value.clone().map_or_else(|| NO_VALUE.to_owned(), guarded);
        return [value, u8::from(told.stale).to_string()];
    }
    let may_be_told = grant::may_read(&record.held, &release.to);
    let none = if may_be_told { NOT_RELEASED.to_owned() } else { format!(".{}", Missing::Hidden.code()) };
    [none.clone(), none]
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use teranga_core::class::ClassId;
    use teranga_core::table;

    use super::*;

    fn record(releases: &serde_json::Value) -> PulledRecord {
        serde_json::from_value(json!({
            "record": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "form": "protection@1", "state": "submitted", "held": ["open"],
            "values": {}, "conflicts": 0, "releases": releases,
        }))
        .unwrap()
    }

    #[test]
    fn a_value_no_value_nothing_released_and_what_may_not_be_told_are_four_things() {
        let catalogue = teranga_core::shipped::catalogue().unwrap();
        let form = catalogue.latest_form("protection").unwrap();
        let tables = table::tables(form, &catalogue.lists_for(form));
        let mut columns = Columns::of(form, &catalogue, &tables[0]);
        assert_eq!(
            columns.names().collect::<Vec<_>>(),
            [
                "_release/protection-alert",
                "_release/protection-alert/stale",
                "_release/protection-level",
                "_release/protection-level/stale",
                "_release/protection-referral-needed",
                "_release/protection-referral-needed/stale"
            ]
        );
        assert_eq!(Columns::of(form, &catalogue, &tables[1]).names().count(), 0);
        let told = record(&json!([
            {"release": "protection-alert", "value": "critical", "stale": true},
            {"release": "protection-level", "value": null, "stale": false},
        ]));
        let cells = |columns: &Columns<'_>, record| columns.cells(record).collect::<Vec<_>>().join(",");
        assert_eq!(cells(&columns, &told), "critical,1,.no_value,0,.not_released,.not_released");
        let stricter = Release { to: ClassId::new("protection"), ..columns.0[0].clone() };
        columns.0 = vec![&stricter];
        assert_eq!(cells(&columns, &record(&json!([]))), ".hidden,.hidden");
    }
}
