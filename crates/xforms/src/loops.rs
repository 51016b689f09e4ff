//! Loops, which older workbooks write for "the same questions about each of these": `begin loop over LIST`. Each becomes
//! a group that holds, for each choice of the list, a group of the rows between, with `%(label)s` and `%(name)s` filled
//! in. The rows keep their numbers, so that a finding points into the loop.

use teranga_core::form::nearest;

use crate::finding::{Finding, Flaw};
use crate::heading::{Heading, language_code};
use crate::limits::ROWS_MAX;
use crate::sheet::{Line, Row, Sheet};

/// The survey with every loop written out.
pub(crate) fn unrolled(mut survey: Sheet, choices: Option<&Sheet>, findings: &mut Vec<Finding>) -> Sheet {
    let Some(kind) = place_of(&survey, "type", None) else { return survey };
    // The last one that begins holds no further one.
    while let Some((begin, list)) = survey
        .rows
        .iter()
        .enumerate()
        .rev()
        .find_map(|(at, row)| Some((at, list_of(cell(row, kind)?)?.to_owned())))
    {
        let behind = survey.rows.get(begin + 1..).unwrap_or_default();
        let Some(length) = behind.iter().position(|row| cell(row, kind).is_some_and(is_end)) else {
            let number = survey.rows.get(begin).map_or(0, |row| row.number);
            findings.push(finding(&survey, number, Flaw::NoEnd));
            set_type(&mut survey, begin, kind, "begin_group");
            continue;
        };
        set_type(&mut survey, begin, kind, "begin_group");
        set_type(&mut survey, begin + 1 + length, kind, "end_group");
        let of_list = |line: &Line<'_>| line.get("list_name") == Some(list.as_str());
        let chosen: Vec<Line<'_>> = choices.into_iter().flat_map(Sheet::lines).filter(of_list).collect();
        if chosen.is_empty() {
            let names = choices.into_iter().flat_map(Sheet::lines).filter_map(|line| line.get("list_name"));
            let similar = nearest(&list, names).map(str::to_owned).into_iter().collect();
            let number = survey.rows.get(begin).map_or(0, |row| row.number);
            findings.push(finding(&survey, number, Flaw::UnknownList { name: list, similar }));
            continue;
        }
        if survey.rows.len().saturating_add(chosen.len().saturating_mul(length + 2)) > ROWS_MAX {
            findings.push(Finding::workbook(Flaw::TooLarge("rows")));
            return survey;
        }
        let body: Vec<Row> = survey.rows.drain(begin + 1..=begin + length).collect();
        let mut rows = Vec::new();
        for choice in chosen {
            rows.extend(group(&mut survey, &body, kind, choice));
        }
        survey.rows.splice(begin + 1..=begin, rows);
    }
    survey
}

/// The list of `begin loop over LIST`.
fn list_of(kind: &str) -> Option<&str> {
    let mut words = kind.split([' ', '_', '\t']).filter(|word| !word.is_empty());
    let begins = ["begin", "loop", "over"]
        .iter()
        .all(|word| words.next().is_some_and(|found| found.eq_ignore_ascii_case(word)));
    let (_, list) = kind.trim().rsplit_once(char::is_whitespace)?;
    begins.then_some(list)
}

fn is_end(kind: &str) -> bool {
    ["end loop", "end_loop"].iter().any(|end| kind.trim().eq_ignore_ascii_case(end))
}

fn cell(row: &Row, place: usize) -> Option<&str> {
    row.cells.iter().find(|(at, _)| *at == place).map(|(_, text)| text.as_str())
}

fn set_type(survey: &mut Sheet, at: usize, place: usize, kind: &str) {
    let Some(row) = survey.rows.get_mut(at) else { return };
    if let Some((_, text)) = row.cells.iter_mut().find(|(heading, _)| *heading == place) {
        kind.clone_into(text);
    }
}

fn finding(survey: &Sheet, number: usize, flaw: Flaw) -> Finding {
    let column =
        survey.headings().find(|heading| heading.name == "type").map(|heading| heading.written.clone());
    Finding { row: number, column: column.unwrap_or_default(), ..Finding::sheet(&survey.name, flaw) }
}

/// The place of a column of this name and language.
fn place_of(sheet: &Sheet, name: &str, language: Option<&str>) -> Option<usize> {
    let same = |heading: &Heading| {
        heading.name == name && heading.language.as_deref().map(language_code) == language
    };
    sheet.headings.iter().position(|heading| heading.as_ref().is_some_and(same))
}

/// The rows of a loop for one choice, in a group of their own.
fn group(survey: &mut Sheet, body: &[Row], kind: usize, choice: Line<'_>) -> Vec<Row> {
    let name = choice.get("name").unwrap_or_default();
    let first = body.first().map_or(0, |row| row.number);
    let mut begin = vec![(kind, "begin_group".to_owned())];
    begin.extend(place_of(survey, "name", None).map(|place| (place, name.to_owned())));
    for (heading, label) in choice.cells().filter(|(heading, _)| heading.name == "label") {
        let language = heading.language.as_deref().map(language_code);
        let place = place_of(survey, "label", language).unwrap_or_else(|| {
            survey.headings.push(Some(heading.clone()));
            survey.headings.len() - 1
        });
        begin.push((place, label.to_owned()));
    }
    let mut rows = vec![Row { number: first, cells: begin }];
    for row in body {
        let filled = |(place, text): &(usize, String)| {
            let heading = survey.headings.get(*place).and_then(Option::as_ref);
            let language = heading.and_then(|heading| heading.language.as_deref()).map(language_code);
            let said = |wanted: Option<&str>| {
                let mut labels = choice.cells().filter(|(heading, _)| heading.name == "label");
                labels.find(|(heading, _)| heading.language.as_deref().map(language_code) == wanted)
            };
            let label = said(language).or_else(|| said(None)).map_or(name, |(_, label)| label);
            (*place, text.replace("%(label)s", label).replace("%(name)s", name))
        };
        rows.push(Row { number: row.number, cells: row.cells.iter().map(filled).collect() });
    }
    rows.push(Row { number: first, cells: vec![(kind, "end_group".to_owned())] });
    rows
}

#[cfg(test)]
mod tests {
    use crate::import_markdown;

    #[test]
    fn a_loop_asks_the_same_of_each_choice() {
        let form = "| survey |\n| | type | name | label |\n| | begin loop over things | l | |\n\
            | | text | size | Size of %(label)s |\n| | end loop | | |\n\
            | choices |\n| | list_name | name | label |\n| | things | a | A thing |\n| | things | b | B thing |\n";
        let survey = import_markdown(form, "loop").unwrap().form["survey"].clone();
        let groups = survey[0]["children"].as_array().unwrap().clone();
        assert_eq!(survey[0]["type"], "group");
        assert_eq!((&groups[0]["name"], &groups[1]["label"]), (&"a".into(), &"B thing".into()));
        assert_eq!(groups[1]["children"][0]["label"], "Size of B thing");
    }

    #[test]
    fn a_loop_without_a_list_or_an_end_is_told_at_its_row() {
        let form = |rows: &str| format!("| survey |\n| | type | name | label |\n{rows}");
        let looped = "| | begin_loop over things | l | |\n| | text | q | Q |\n";
        let flaw = |text: &str| {
            let findings = import_markdown(text, "loop").unwrap_err();
            (findings[0].row, findings[0].column.clone(), findings[0].flaw.to_string())
        };
        let (row, column, told) = flaw(&form(looped));
        assert_eq!((row, column.as_str(), told.contains("does not end")), (2, "type", true));
        let (row, _, told) = flaw(&form(&format!("{looped}| | end_loop | | |\n")));
        assert_eq!((row, told.contains("no list things")), (2, true), "{told}");
    }
}
