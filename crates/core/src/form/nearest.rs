//! "Did you mean …": the known name nearest to one that is not known.

/// Names longer than this are not compared: the work grows with the product of the lengths.
const COMPARED_CHARS_MAX: usize = 64;

/// The candidate nearest to `wanted`, if it is near enough to be worth saying: at most a third of its letters
/// differ. Case does not count; of two as near the first wins.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = letters(wanted)?;
    let limit = (wanted.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let Some(letters) = letters(candidate) else { continue };
        if letters.len().abs_diff(wanted.len()) > limit {
            continue;
        }
        let distance = distance(&wanted, &letters);
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn letters(text: &str) -> Option<Vec<char>> {
    let letters: Vec<char> = text.chars().take(COMPARED_CHARS_MAX + 1).flat_map(char::to_lowercase).collect();
    (!letters.is_empty() && letters.len() <= COMPARED_CHARS_MAX).then_some(letters)
}

/// The number of letters to add, drop, replace or swap with their neighbour (optimal string alignment).
fn distance(from: &[char], to: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    let mut previous_from = None;
    for (row, letter) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        let mut previous_to = None;
        for (column, other) in to.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&above, column) + usize::from(letter != other);
            let mut least = replaced.min(at(&above, column + 1) + 1).min(at(&current, column) + 1);
            if previous_from == Some(other) && previous_to == Some(letter) && column > 0 {
                least = least.min(at(&before, column - 1) + 1);
            }
            current.push(least);
            previous_to = Some(other);
        }
        before = std::mem::replace(&mut above, current);
        previous_from = Some(letter);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_a_stranger_finds_none() {
        let names = ["return_date", "birth_date", "region", "E01", "E02"];
        assert_eq!(nearest("retrun_date", names), Some("return_date"));
        assert_eq!(nearest("Region", names), Some("region"));
        assert_eq!(nearest("E03", names), Some("E01"));
        assert_eq!(nearest("household", names), None);
        assert_eq!(nearest("", names), None);
        assert_eq!(nearest(&"x".repeat(10_000), names), None);
    }

    #[test]
    fn swapped_letters_count_once() {
        let between =
            |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(between("region", "regoin"), 1);
        assert_eq!(between("", "abc"), 3);
        assert_eq!(between("kitten", "sitting"), 3);
    }
}
