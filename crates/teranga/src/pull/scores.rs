//! `scores.csv`: one row for each scored record — the four scores with their coverage, the scheme and its status
//! beside them. A missing score is an empty cell.

use std::path::Path;

use super::holdings::{Holdings, write_whole};
use crate::failure::{Failure, Outcome};

pub(super) fn write(out: &Path, holdings: &Holdings) -> Outcome {
    let rows = holdings.rows();
    let mut names: Vec<String> = Vec::new();
    for score in rows.iter().filter_map(|row| row.scores.as_ref()).flat_map(|scores| &scores.scores) {
        if !names.contains(&score.name) {
            names.push(score.name.clone());
        }
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| Failure::new("csv", vec![("detail", error.to_string())]);
    let mut head: Vec<String> = ["record", "case", "wave", "region", "sex", "age_band", "scheme", "status"]
        .map(str::to_owned)
        .to_vec();
    for name in &names {
        head.extend([name.clone(), format!("{name}_coverage")]);
    }
    head.push("sufficient".to_owned());
    writer.write_record(&head).map_err(failed)?;
    for row in &rows {
        let Some(scores) = &row.scores else { continue };
        let mut fields = vec![
            row.record.clone(),
            row.case.clone(),
            row.wave.clone(),
            row.region.clone(),
            row.sex.clone(),
            row.age_band.clone(),
            scores.scheme.clone(),
            scores.status.clone(),
        ];
        let named = |name: &str| scores.scores.iter().find(|score| score.name == name);
        for name in &names {
            let score = named(name);
            fields.push(score.and_then(|score| score.value.clone()).unwrap_or_default());
            fields.push(score.and_then(|score| score.coverage.clone()).unwrap_or_default());
        }
        let sufficient = named(teranga_core::score::COMPOSITE).and_then(|score| score.sufficient);
        fields.push(sufficient.map(|yes| u8::from(yes).to_string()).unwrap_or_default());
        writer.write_record(&fields).map_err(failed)?;
    }
    let bytes =
        writer.into_inner().map_err(|error| Failure::new("csv", vec![("detail", error.to_string())]))?;
    write_whole(&out.join("scores.csv"), &bytes)
}
