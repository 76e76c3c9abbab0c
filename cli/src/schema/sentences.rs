//! What a description says beside the meaning: the default, and the bounds that the schema's words cannot hold.

/// A description, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// What the key does.
    pub(super) meaning: String,
    /// What holds where it is left out.
    pub(super) default: Option<String>,
    /// Within what its value lies.
    pub(super) bounds: Option<String>,
}

impl Told {
    /// Of sentences such as "So long a proposal may be approved. Default `4h`, from `10m` to `3d`."
    pub(super) fn of(description: &str) -> Self {
        let mut told = Self::default();
        let text = description.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut kept: Vec<&str> = Vec::new();
        for sentence in sentences(&text) {
            if sentence.starts_with("Off by default") || sentence.starts_with("Off unless") {
                told.default = Some("`off`".to_owned());
            } else if let Some(rest) = default_of(sentence) {
                let (default, bounds) = bounded(rest);
                told.default = Some(default.to_owned());
                told.bounds = bounds.or(told.bounds);
            } else if let (Some(rest), true) = (sentence.strip_prefix("From "), sentence.contains(" to ")) {
                told.bounds = Some(rest.to_owned());
            } else {
                let (meaning, bounds) = bounded(sentence);
                told.bounds = bounds.or(told.bounds);
                kept.push(meaning);
            }
        }
        told.meaning = kept.join(". ");
        if !told.meaning.is_empty() {
            told.meaning.push('.');
        }
        told
    }
}

/// The sentences, without their full stops.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.strip_suffix('.').unwrap_or(text).split(". ").filter(|sentence| !sentence.is_empty())
}

fn default_of(sentence: &str) -> Option<&str> {
    sentence.strip_prefix("Default ").or_else(|| sentence.strip_prefix("By default "))
}

/// What stands before ", from … to …" or ", to …", and the bounds.
fn bounded(sentence: &str) -> (&str, Option<String>) {
    for (mark, lead) in [(", from ", ""), (", to ", "to ")] {
        if let Some((before, bounds)) = sentence.rsplit_once(mark)
            && bounds.starts_with(|first: char| first == '`' || first.is_ascii_digit())
            && (!lead.is_empty() || bounds.contains(" to "))
        {
            return (before, Some(format!("{lead}{bounds}")));
        }
    }
    (sentence, None)
}

#[cfg(test)]
mod tests {
    use super::Told;

    #[test]
    fn a_description_is_taken_apart() {
        for (description, meaning, default, bounds) in [
            ("So long.  Default `4h`, from\n`10m` to `3d`.", "So long.", Some("`4h`"), Some("`10m` to `3d`")),
            (
                "At most so many. Default 10, or `min` where that is more, to 5000.",
                "At most so many.",
                Some("10, or `min` where that is more"),
                Some("to 5000"),
            ),
            (
                "Lines. Default 10, from 0, which reads none, to 50.",
                "Lines.",
                Some("10"),
                Some("0, which reads none, to 50"),
            ),
            (
                "How long. By default it is learned. From `1s` to `1h`.",
                "How long.",
                Some("it is learned"),
                Some("`1s` to `1h`"),
            ),
            (
                "CPU units, from 128 to 196608. By default as there.",
                "CPU units.",
                Some("as there"),
                Some("128 to 196608"),
            ),
            ("Drain it. Off unless it is switched on.", "Drain it.", Some("`off`"), None),
            ("From then on: with `days` a time.", "From then on: with `days` a time.", None, None),
            ("So many actions, at the most.", "So many actions, at the most.", None, None),
        ] {
            let told = Told::of(description);
            assert_eq!(
                (told.meaning.as_str(), told.default.as_deref(), told.bounds.as_deref()),
                (meaning, default, bounds),
                "{description}"
            );
        }
    }
}
