//! `${name}` in texts.

use std::collections::BTreeMap;

/// The parameters that every run has.
pub const OWN_PARAMETERS: [&str; 6] = ["attempt", "index", "job", "run_id", "scheduled_time", "size"];

/// Puts values in the place of `${name}`. `$${` is `${`; a name that has no value stays as it is.
pub fn fill(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut filled = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Name(name, whole) => filled.push_str(values.get(name).map_or(whole, String::as_str)),
        }
    }
    filled
}

/// The names in a text, in order.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).filter_map(|piece| match piece {
        Piece::Name(name, _) => Some(name),
        Piece::Text(_) => None,
    })
}

enum Piece<'t> {
    Text(&'t str),
    /// The name, and as it is written.
    Name(&'t str, &'t str),
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(behind) = rest.strip_prefix("$${") {
            rest = behind;
            return Some(Piece::Text("${"));
        }
        if let Some((name, behind)) = rest.strip_prefix("${").and_then(|inner| inner.split_once('}')) {
            let whole = rest.get(..rest.len() - behind.len()).unwrap_or_default();
            rest = behind;
            return Some(Piece::Name(name, whole));
        }
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let end = rest.get(first..).and_then(|behind| behind.find('$')).map_or(rest.len(), |at| at + first);
        let (piece, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        rest = behind;
        Some(Piece::Text(piece))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_take_the_place_of_names_once() {
        let values = BTreeMap::from([("a".to_owned(), "${b}".to_owned()), ("b".to_owned(), "2".to_owned())]);
        for (text, filled) in [
            ("x${a}y", "x${b}y"),
            ("$${a} ${b}", "${a} 2"),
            ("${nobody} $ $$ ${", "${nobody} $ $$ ${"),
            ("日本${b}語", "日本2語"),
            ("", ""),
        ] {
            assert_eq!(fill(text, &values), filled, "{text}");
        }
    }

    #[test]
    fn names_are_found_in_order() {
        assert_eq!(names("${x}-$${y}-${z}").collect::<Vec<_>>(), ["x", "z"]);
    }
}
