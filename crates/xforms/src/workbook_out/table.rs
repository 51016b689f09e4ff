//! A sheet that is being filled: its headings come into being with their first cell, and stand in the order in which
//! people read them.

use std::collections::HashMap;

use crate::workbook::RawSheet;

/// A sheet.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) name: String,
    headings: Vec<String>,
    places: HashMap<String, usize>,
    rows: Vec<Vec<(usize, String)>>,
}

impl Table {
    /// An empty sheet.
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Whether it says nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Begins a row.
    pub(super) fn begin_row(&mut self) {
        self.rows.push(Vec::new());
    }

    /// Fills a cell of the last row; an empty text fills none.
    pub(super) fn set(&mut self, heading: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        let next = self.headings.len();
        let place = *self.places.entry(heading.to_owned()).or_insert(next);
        if place == next {
            self.headings.push(heading.to_owned());
        }
        if let Some(row) = self.rows.last_mut() {
            row.push((place, text.to_owned()));
        }
    }

    /// The sheet, its columns sorted by what stands before `::`, then by the language behind it.
    pub(super) fn into_sheet(self, columns: &[&str], languages: &[String]) -> RawSheet {
        let rank = |heading: &String| {
            let (name, language) = heading.split_once("::").unwrap_or((heading, ""));
            let column = columns.iter().position(|known| *known == name).unwrap_or(columns.len());
            let language = languages.iter().position(|known| known == language).map_or(0, |place| place + 1);
            (column, language)
        };
        let mut order: Vec<usize> = (0..self.headings.len()).collect();
        order.sort_by_key(|place| self.headings.get(*place).map(rank));
        let heading = |place: &usize| self.headings.get(*place).cloned().unwrap_or_default();
        let mut rows = vec![(1, order.iter().map(heading).collect())];
        for (number, cells) in self.rows.into_iter().enumerate() {
            let mut cells: HashMap<usize, String> = cells.into_iter().collect();
            rows.push((
                number + 2,
                order.iter().map(|place| cells.remove(place).unwrap_or_default()).collect(),
            ));
        }
        RawSheet { name: self.name, rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_in_the_order_in_which_they_are_read() {
        let mut table = Table::new("survey");
        table.begin_row();
        for heading in ["x", "label::English", "label", "label::Fr", "type"] {
            table.set(heading, heading);
        }
        table.set("y", "");
        let languages = ["Fr".to_owned(), "English".to_owned()];
        let sheet = table.into_sheet(&["type", "label"], &languages);
        assert_eq!(sheet.rows[0].1, ["type", "label", "label::Fr", "label::English", "x"]);
        assert_eq!(sheet.rows[1], (2, sheet.rows[0].1.clone()));
    }
}
