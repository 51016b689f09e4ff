//! References to nodes of the instance: plain paths, made absolute without being evaluated.

/// The absolute path that a plain reference means at a context, without the prefixes of its names; an attribute keeps
/// its `@`. `None` for one with predicates, functions or wildcards.
pub(super) fn resolve(context: &str, reference: &str) -> Option<String> {
    let reference = reference.trim();
    let (reference, relative) = match reference.strip_prefix("current()") {
        Some("") => (".", true),
        Some(rest) => (rest.strip_prefix('/')?, true),
        None => (reference, !reference.starts_with('/')),
    };
    let mut segments: Vec<&str> =
        if relative { context.split('/').filter(|name| !name.is_empty()).collect() } else { Vec::new() };
    let reference = if relative { reference } else { reference.strip_prefix('/')? };
    for segment in reference.split('/').map(str::trim) {
        match segment {
            "." => {}
            ".." => {
                segments.pop()?;
            }
            name => segments.push(plain_name(name)?),
        }
    }
    Some(format!("/{}", segments.join("/")))
}

/// A name without its prefix; `None` for anything that is not one.
fn plain_name(name: &str) -> Option<&str> {
    let (attribute, bare) = name.strip_prefix('@').map_or((false, name), |name| (true, name));
    let valid = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | ':');
    if bare.is_empty() || !bare.chars().all(valid) {
        return None;
    }
    if attribute { Some(name) } else { bare.rsplit(':').next() }
}

/// A path without its predicates.
pub(super) fn without_predicates(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut depth = 0_usize;
    let mut quote = None;
    for letter in path.chars() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(letter),
            (None, '[') => depth += 1,
            (None, ']') => depth = depth.saturating_sub(1),
            (None, letter) if depth == 0 => plain.push(letter),
            (None, _) => {}
        }
    }
    plain
}

/// The last name of a path.
pub(super) fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_references_become_absolute_and_others_do_not() {
        let at = |reference| resolve("/data/house", reference);
        assert_eq!(at("age").as_deref(), Some("/data/house/age"));
        assert_eq!(at(" ../orx:meta/@id ").as_deref(), Some("/data/meta/@id"));
        assert_eq!(at("current()/./age").as_deref(), Some("/data/house/age"));
        assert_eq!(at("/data/a").as_deref(), Some("/data/a"));
        for other in ["a[1]", "count(a)", "//a", "../../../a", "*", ""] {
            assert_eq!(at(other), None, "{other}");
        }
        assert_eq!(without_predicates("/data/a[b = ']']/c"), "/data/a/c");
    }
}
