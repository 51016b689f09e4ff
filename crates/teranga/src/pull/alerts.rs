//! `alerts.csv`: one row for each alert of a record that counts, and how many there are in each region. Most tokens are
//! told how grave the gravest alert of a record is and not which one: its name stays where its class may be read.

use std::collections::BTreeMap;

use comfy_table::CellAlignment;
use teranga_core::alert::Severity;
use teranga_core::catalogue::Catalogue;
use teranga_core::form::RecordKind;
use teranga_core::release::Rule;
use teranga_office::consolidate::{NO_ALERT, PulledRecord, PulledRelease};

use super::csv_files::{bytes, guarded, unwritable};
use super::holdings::{Holdings, form_id};
use super::replacement::Replacement;
use crate::failure::Outcome;
use crate::field::table;
use crate::messages::Messages;
use crate::say::say;

const HEAD: [&str; 9] = ["record", "case", "form", "wave", "region", "day", "alert", "severity", "stale"];

/// An alert of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    /// Its name; none where it may not be told.
    alert: String,
    severity: Severity,
    stale: bool,
}

/// What is told of the alerts of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// Record, case, form, wave, region and day, as they stand in the file.
    facts: [String; 6],
    region: String,
    /// The alerts; none where it is not told whether there are any.
    alerts: Option<Vec<Row>>,
}

/// Every record that counts and whose form tells its alerts.
pub(super) fn told(holdings: &Holdings, catalogue: &Catalogue) -> Vec<Told> {
    holdings.counting().filter_map(|record| of_record(record, catalogue)).collect()
}

fn of_record(record: &PulledRecord, catalogue: &Catalogue) -> Option<Told> {
    let form = form_id(record)?;
    let releases = catalogue.releases_for(&form);
    let release = releases.into_iter().find(|release| matches!(release.rule, Rule::Alerts {}));
    let released =
        release.map(|release| record.releases.iter().find(|told| told.release == release.release_id));
    let alerts = alerts(record, released.flatten());
    if released.is_none() && alerts.is_none() {
        return None;
    }
    let is_case = || catalogue.latest_form(&form).is_some_and(|form| form.record_kind() == RecordKind::Case);
    let case = record.case.or_else(|| is_case().then_some(record.record));
    let region = record.region.clone().unwrap_or_default();
    let facts = [
        record.record.to_string(),
        case.map(|case| case.to_string()).unwrap_or_default(),
        form,
        record.wave.clone().unwrap_or_default(),
        region.clone(),
        record.record.made_at().day().map(|day| day.to_string()).unwrap_or_default(),
    ];
    Some(Told { facts, region, alerts })
}

/// The alerts that are told by name; before them the gravest one, where it is none of these. None where nothing is
/// told.
fn alerts(record: &PulledRecord, released: Option<&PulledRelease>) -> Option<Vec<Row>> {
    let named = record.alerts.iter().filter_map(|alert| {
        let severity = Severity::from_code(&alert.severity)?;
        Some(Row { alert: alert.alert.clone(), severity, stale: false })
    });
    let named: Vec<Row> = named.collect();
    let Some(released) = released.and_then(|released| Some((released.value.as_deref()?, released.stale)))
    else {
        return (!named.is_empty()).then_some(named);
    };
    let (value, stale) = released;
    if value == NO_ALERT {
        return Some(named);
    }
    // What a newer version may call it is not known here.
    let severity = Severity::from_code(value)?;
    let is_named = named.iter().any(|row| row.severity >= severity);
    let unnamed = (!is_named).then(|| Row { alert: String::new(), severity, stale });
    Some(unnamed.into_iter().chain(named).collect())
}

/// Writes the file.
pub(super) fn write(files: &mut Replacement, told: &[Told]) -> Outcome {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEAD).map_err(|error| unwritable(&error))?;
    for record in told {
        for row in record.alerts.iter().flatten() {
            let own =
                [guarded(row.alert.clone()), row.severity.code().to_owned(), u8::from(row.stale).to_string()];
            let fields = record.facts.iter().cloned().chain(own);
            writer.write_record(fields).map_err(|error| unwritable(&error))?;
        }
    }
    files.add("alerts.csv", &bytes(writer)?)
}

/// The figures of one region.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Figures {
    /// Alerts by severity.
    alerts: BTreeMap<Severity, usize>,
    /// Records that raise none.
    none: usize,
    /// Records of which it is not told.
    missing: usize,
}

fn figures(told: &[Told]) -> BTreeMap<&str, Figures> {
    let mut all: BTreeMap<&str, Figures> = BTreeMap::new();
    for record in told {
        let figures = all.entry(&record.region).or_default();
        match &record.alerts {
            None => figures.missing += 1,
            Some(rows) if rows.is_empty() => figures.none += 1,
            Some(rows) => rows.iter().for_each(|row| *figures.alerts.entry(row.severity).or_default() += 1),
        }
    }
    all
}

/// Prints how many alerts there are in each region; nothing where no form tells any.
pub(super) fn print(told: &[Told], messages: &Messages) {
    if told.is_empty() {
        return;
    }
    say!("\n{}", messages.text("summary-alerts"));
    let headings = [
        "column-region",
        "column-critical",
        "column-high",
        "column-moderate",
        "column-no-alert",
        "column-alert-missing",
    ];
    let mut table = table(messages, &headings);
    for (region, figures) in figures(told) {
        let of = |severity| figures.alerts.get(severity).copied().unwrap_or_default().to_string();
        let counts = Severity::ALL.iter().rev().map(of);
        let rest = [figures.none.to_string(), figures.missing.to_string()];
        table.add_row([region.to_owned()].into_iter().chain(counts).chain(rest));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    say!("{table}");
    let stale = told.iter().flat_map(|record| record.alerts.iter().flatten()).filter(|row| row.stale).count();
    if stale > 0 {
        say!("{}", messages.with("summary-alerts-stale", &[("count", &stale.to_string())]));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn record(form: &str, releases: &Json, alerts: &Json) -> PulledRecord {
        serde_json::from_value(json!({
            "record": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "form": form, "state": "submitted", "held": ["open"],
            "region": "SN-KL", "values": {}, "conflicts": 0, "releases": releases, "alerts": alerts,
        }))
        .unwrap()
    }

    fn health(value: Option<&str>, alerts: &Json) -> PulledRecord {
        let released = value.map(|value| json!({"release": "health-alert", "value": value, "stale": true}));
        record("health@1", &released.into_iter().collect(), alerts)
    }

    fn rows(record: &PulledRecord) -> Option<Vec<String>> {
        let told = of_record(record, &teranga_core::shipped::catalogue().unwrap()).unwrap();
        let row = |row: Row| format!("{}:{}:{}", row.alert, row.severity.code(), row.stale);
        told.alerts.map(|alerts| alerts.into_iter().map(row).collect())
    }

    #[test]
    fn the_gravest_alert_stands_without_a_name_where_no_named_one_is_as_grave() {
        let named = json!([{"alert": "health-distress", "severity": "high"}]);
        assert_eq!(rows(&health(Some("critical"), &json!([]))).unwrap(), [":critical:true"]);
        let both = [":critical:true", "health-distress:high:false"];
        assert_eq!(rows(&health(Some("critical"), &named)).unwrap(), both);
        assert_eq!(rows(&health(Some("high"), &named)).unwrap(), ["health-distress:high:false"]);
        assert_eq!(rows(&health(Some("none"), &json!([]))), Some(Vec::new()));
        assert_eq!(rows(&health(None, &json!([]))), None);
    }

    #[test]
    fn what_is_not_told_is_neither_an_alert_nor_none_and_a_form_without_alerts_is_not_counted() {
        let catalogue = teranga_core::shipped::catalogue().unwrap();
        let records = [
            health(Some("critical"), &json!([])),
            health(Some("none"), &json!([])),
            health(None, &json!([])),
            record("consent@1", &json!([]), &json!([])),
        ];
        let told: Vec<Told> = records.iter().filter_map(|record| of_record(record, &catalogue)).collect();
        let expected = Figures { alerts: BTreeMap::from([(Severity::Critical, 1)]), none: 1, missing: 1 };
        assert_eq!(figures(&told), BTreeMap::from([("SN-KL", expected)]));
    }
}
