//! Texts in which `${name}` stands for a value: what commands, environments and tags of jobs are made of.
//!
//! `$${` stands for `${` itself, so that a shell's own variables can be written.

use std::collections::BTreeMap;

/// What every run knows, besides its job's parameters.
pub const BUILT_IN: [&str; 6] = ["job", "scheduled_time", "run_id", "attempt", "index", "size"];
/// The longest name of a parameter.
pub const MAX_PARAMETER_NAME: usize = 64;

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'t> {
    /// It stands for itself.
    Text(&'t str),
    /// It stands for the value of this name.
    Parameter(&'t str),
}

/// Why a text cannot be taken apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// `${date`
    #[error("`${{` without `}}` behind it; `$${{` stands for `${{` itself")]
    Unclosed,
    /// `${DATE:-x}`
    #[error(
        "`${{{0}}}` names no parameter: a name is a letter, then letters, digits and _; `$${{` stands for `${{` itself"
    )]
    NoName(String),
}

/// Takes a text apart.
///
/// # Errors
///
/// Where a `${` has no end, or no name behind it.
pub fn pieces(text: &str) -> Result<Vec<Piece<'_>>, TemplateError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            pieces.extend([Piece::Text(before), Piece::Text("${")]);
            rest = behind;
            continue;
        }
        let (name, behind) = behind.split_once('}').ok_or(TemplateError::Unclosed)?;
        if !is_parameter_name(name) {
            return Err(TemplateError::NoName(name.to_owned()));
        }
        pieces.extend([Piece::Text(before), Piece::Parameter(name)]);
        rest = behind;
    }
    pieces.push(Piece::Text(rest));
    pieces.retain(|piece| *piece != Piece::Text(""));
    Ok(pieces)
}

/// Puts values in the place of their names, once. What cannot be taken apart, or has no value, stays as it is.
pub fn fill(text: &str, values: &BTreeMap<String, String>) -> String {
    let Ok(pieces) = pieces(text) else { return text.to_owned() };
    let piece = |piece| match piece {
        Piece::Text(text) => text.to_owned(),
        Piece::Parameter(name) => values.get(name).cloned().unwrap_or_else(|| format!("${{{name}}}")),
    };
    pieces.into_iter().map(piece).collect()
}

/// Whether a text can be the name of a parameter: a letter, then letters, digits and _, at most [`MAX_PARAMETER_NAME`].
pub fn is_parameter_name(text: &str) -> bool {
    text.len() <= MAX_PARAMETER_NAME
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Piece::{Parameter, Text};
    use super::*;

    #[test]
    fn a_text_is_taken_apart_at_its_names() {
        for (text, found) in [
            ("", vec![]),
            ("plain $HOME {x} $", vec![Text("plain $HOME {x} $")]),
            ("${index}", vec![Parameter("index")]),
            (
                "--of=${index}/${size}!",
                vec![Text("--of="), Parameter("index"), Text("/"), Parameter("size"), Text("!")],
            ),
            ("echo $${HOME} ${a_1}", vec![Text("echo "), Text("${"), Text("HOME} "), Parameter("a_1")]),
            ("$$${x}", vec![Text("$"), Text("${"), Text("x}")]),
        ] {
            assert_eq!(pieces(text), Ok(found), "{text}");
        }
    }

    #[test]
    fn values_take_the_place_of_names_once() {
        let values = BTreeMap::from([("a".to_owned(), "${b}".to_owned()), ("b".to_owned(), "2".to_owned())]);
        for (text, filled) in [
            ("x${a}y", "x${b}y"),
            ("$${a} ${b}", "${a} 2"),
            ("${nobody} $", "${nobody} $"),
            ("日${b}", "日2"),
        ] {
            assert_eq!(fill(text, &values), filled, "{text}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused_with_what_to_write() {
        assert_eq!(
            pieces("a ${date").unwrap_err().to_string(),
            "`${` without `}` behind it; `$${` stands for `${` itself"
        );
        for name in ["", "DATE:-x", "1st", "a b", "ü", &"a".repeat(65)] {
            let error = pieces(&format!("${{{name}}}")).unwrap_err();
            assert_eq!(error, TemplateError::NoName(name.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn a_text_whose_dollars_are_doubled_before_braces_stands_for_itself(text in r"[a${}]{0,16}") {
            let doubled = text.replace("${", "$${");
            let joined: String = pieces(&doubled)
                .unwrap()
                .into_iter()
                .map(|piece| match piece { Text(text) => text, Parameter(_) => "?" })
                .collect();
            prop_assert_eq!(joined, text);
        }
    }
}
