//! `scores.csv`: one row for each scored record — the four scores with their coverage, the scheme and its status
//! beside them, and what an analyst must know before counting it. A missing score is an empty cell.

use teranga_core::catalogue::Catalogue;
use teranga_core::score::COMPOSITE;

use super::csv_files::{bytes, unwritable};
use super::replacement::Replacement;
use super::rows::ScoredRow;
use crate::failure::Outcome;

const HEAD: [&str; 13] = [
    "record",
    "case",
    "wave",
    "region",
    "sex",
    "age_band",
    "age_band_stale",
    "scheme",
    "status",
    "stale",
    "conflicts",
    "records_of_case_and_wave",
    "counted",
];

pub(super) fn write(files: &mut Replacement, rows: &[ScoredRow], catalogue: &Catalogue) -> Outcome {
    let names = names(rows, catalogue);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut head: Vec<String> = HEAD.map(str::to_owned).to_vec();
    head.extend(names.iter().flat_map(|name| [name.clone(), format!("{name}_coverage")]));
    head.push("sufficient".to_owned());
    writer.write_record(&head).map_err(|error| unwritable(&error))?;
    for row in rows {
        writer.write_record(fields(row, &names)).map_err(|error| unwritable(&error))?;
    }
    files.add("scores.csv", &bytes(writer)?)
}

/// The scores of every published scheme, so that the columns are the same before the first record and after it; then
/// those that only an older version had.
fn names(rows: &[ScoredRow], catalogue: &Catalogue) -> Vec<String> {
    let schemes = catalogue.forms().into_iter().filter_map(|form| catalogue.scheme_for(form.form_id()));
    let published = schemes.flat_map(|scheme| {
        let dimensions = scheme.dimensions.iter().map(|dimension| dimension.name.clone());
        dimensions.chain([COMPOSITE.to_owned()])
    });
    let pulled = rows.iter().flat_map(|row| &row.scores.scores).map(|score| score.name.clone());
    let mut names = Vec::new();
    for name in published.chain(pulled) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn fields(row: &ScoredRow, names: &[String]) -> Vec<String> {
    let yes = |yes: bool| u8::from(yes).to_string();
    let band = row.age_band.as_ref();
    let mut fields = vec![
        row.record.clone(),
        row.case.clone(),
        row.wave.clone(),
        row.region.clone(),
        row.sex.clone(),
        band.map(|band| band.band.clone()).unwrap_or_default(),
        band.map(|band| yes(band.stale)).unwrap_or_default(),
        row.scores.scheme.clone(),
        row.scores.status.clone(),
        yes(row.scores.stale),
        row.conflicts.to_string(),
        row.alike.to_string(),
        yes(row.counted),
    ];
    let named = |name: &str| row.scores.scores.iter().find(|score| score.name == name);
    for name in names {
        let score = named(name);
        fields.push(score.and_then(|score| score.value.clone()).unwrap_or_default());
        fields.push(score.and_then(|score| score.coverage.clone()).unwrap_or_default());
    }
    let sufficient = named(COMPOSITE).and_then(|score| score.sufficient);
    fields.push(sufficient.map(yes).unwrap_or_default());
    fields
}
