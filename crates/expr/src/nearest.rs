//! "Did you mean …": of known names the nearest to one that is not known.

/// Longer names are compared up to here.
const COMPARED_CHARS_MAX: usize = 64;

/// The known name nearest to `name`, if it is near: about a quarter of its letters may differ, and capitals count
/// for nothing.
pub(crate) fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let name: Vec<char> = name.chars().flat_map(char::to_lowercase).take(COMPARED_CHARS_MAX).collect();
    known
        .map(|known| (edits(&name, known), known))
        .min()
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .map(|(_, known)| known)
}

/// The Levenshtein distance.
fn edits(left: &[char], right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, symbol) in left.iter().enumerate() {
        let mut diagonal = index;
        let mut before = index + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(&right) {
            let replaced = diagonal + usize::from(other != symbol);
            diagonal = *cell;
            *cell = replaced.min(before + 1).min(diagonal + 1);
            before = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
