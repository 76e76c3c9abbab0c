//! One alternative of a pattern's leaf, and which values it matches.

use std::net::IpAddr;

use serde_json::{Number, Value};

/// One alternative.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Matcher {
    /// A text, a number, a truth, or null.
    Is(Value),
    /// `exists: true`.
    Present,
    /// `exists: false`; it matches no value.
    Absent,
    /// Any of these.
    Text(Text),
    /// `anything-but`: none of these.
    Not(Vec<Matcher>),
    /// `numeric`: all of these.
    Numeric(Vec<(Order, f64)>),
    /// `cidr`: an address and how many of its leading bits count.
    Cidr(IpAddr, u32),
}

/// A comparison of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Text {
    Prefix(String),
    Suffix(String),
    /// Lower case, as all whose case does not matter.
    PrefixOfAnyCase(String),
    SuffixOfAnyCase(String),
    IsInAnyCase(String),
    Wildcard(Vec<Piece>),
}

/// A part of a wildcard's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    Any,
    Is(char),
}

/// How a number compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

impl Matcher {
    /// Nothing where it is no comparison that is known.
    pub(super) fn read(alternative: &Value) -> Option<Self> {
        let Value::Object(members) = alternative else {
            return (!alternative.is_array()).then(|| Self::Is(alternative.clone()));
        };
        let mut members = members.iter();
        let (Some((how, what)), None) = (members.next(), members.next()) else { return None };
        match how.as_str() {
            "exists" => what.as_bool().map(|there| if there { Self::Present } else { Self::Absent }),
            "anything-but" => anything_but(what),
            "numeric" => numeric(what.as_array()?),
            "cidr" => cidr(what.as_str()?),
            how => text(how, what).map(Self::Text),
        }
    }

    pub(super) fn matches(&self, value: &Value) -> bool {
        match self {
            Self::Is(wanted) => wanted == value,
            Self::Present => true,
            Self::Absent => false,
            Self::Text(text) => value.as_str().is_some_and(|value| text.matches(value)),
            Self::Not(these) => !these.iter().any(|one| one.is_same(value)),
            Self::Numeric(bounds) => value
                .as_f64()
                .is_some_and(|value| bounds.iter().all(|(order, bound)| order.holds(value, *bound))),
            Self::Cidr(network, bits) => {
                let address = value.as_str().and_then(|text| text.parse().ok());
                address.is_some_and(|address| is_in(address, *network, *bits))
            }
        }
    }

    /// As `anything-but` compares: numbers by what they are, and not by how they are written.
    fn is_same(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Is(Value::Number(wanted)), Value::Number(value)) => {
                let number = |number: &Number| number.as_f64().map(f64::to_bits);
                number(wanted) == number(value)
            }
            _ => self.matches(value),
        }
    }
}

fn list(value: &Value) -> Option<&[Value]> {
    let list = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    (!list.is_empty()).then_some(list)
}

/// A text or a number, a list of texts or of numbers, or a comparison with a text or a list of them.
fn anything_but(what: &Value) -> Option<Matcher> {
    if let Value::Object(members) = what {
        let mut members = members.iter();
        let (Some((how, what)), None) = (members.next(), members.next()) else { return None };
        let each = list(what)?.iter().map(|one| {
            // The case of a prefix matters here, unlike elsewhere: EventBridge has no other form.
            one.as_str()?;
            text(how, one).map(Matcher::Text)
        });
        return each.collect::<Option<_>>().map(Matcher::Not);
    }
    let list = list(what)?;
    let of_one_kind = list.iter().all(Value::is_string) || list.iter().all(Value::is_number);
    of_one_kind.then(|| Matcher::Not(list.iter().cloned().map(Matcher::Is).collect()))
}

fn text(how: &str, what: &Value) -> Option<Text> {
    let plain = what.as_str();
    let lower = || what.get("equals-ignore-case")?.as_str().map(str::to_lowercase);
    match how {
        "prefix" => {
            plain.map(|text| Text::Prefix(text.to_owned())).or_else(|| lower().map(Text::PrefixOfAnyCase))
        }
        "suffix" => {
            plain.map(|text| Text::Suffix(text.to_owned())).or_else(|| lower().map(Text::SuffixOfAnyCase))
        }
        "equals-ignore-case" => plain.map(|text| Text::IsInAnyCase(text.to_lowercase())),
        "wildcard" => pieces(plain?).map(Text::Wildcard),
        _ => None,
    }
}

/// `*` stands for any characters, `\*` and `\\` for themselves; EventBridge refuses `**`.
fn pieces(wildcard: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = wildcard.chars();
    while let Some(character) = rest.next() {
        let piece = match character {
            '*' if pieces.last() == Some(&Piece::Any) => return None,
            '*' => Piece::Any,
            '\\' => Piece::Is(rest.next().filter(|escaped| matches!(escaped, '*' | '\\'))?),
            character => Piece::Is(character),
        };
        pieces.push(piece);
    }
    Some(pieces)
}

impl Text {
    fn matches(&self, value: &str) -> bool {
        match self {
            Self::Prefix(prefix) => value.starts_with(prefix),
            Self::Suffix(suffix) => value.ends_with(suffix),
            Self::PrefixOfAnyCase(prefix) => value.to_lowercase().starts_with(prefix),
            Self::SuffixOfAnyCase(suffix) => value.to_lowercase().ends_with(suffix),
            Self::IsInAnyCase(text) => value.to_lowercase() == *text,
            Self::Wildcard(pieces) => is_like(pieces, value),
        }
    }
}

/// The lengths of the pieces that the text so far may be, character by character.
fn is_like(pieces: &[Piece], value: &str) -> bool {
    let mut reached = vec![false; pieces.len() + 1];
    let pass_over_stars = |reached: &mut Vec<bool>| {
        for (index, piece) in pieces.iter().enumerate() {
            if reached.get(index) == Some(&true)
                && *piece == Piece::Any
                && let Some(next) = reached.get_mut(index + 1)
            {
                *next = true;
            }
        }
    };
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    pass_over_stars(&mut reached);
    for character in value.chars() {
        let mut next = vec![false; pieces.len() + 1];
        for (index, piece) in
            pieces.iter().enumerate().filter(|(index, _)| reached.get(*index) == Some(&true))
        {
            let to = match piece {
                Piece::Any => index,
                Piece::Is(wanted) if *wanted == character => index + 1,
                Piece::Is(_) => continue,
            };
            if let Some(to) = next.get_mut(to) {
                *to = true;
            }
        }
        pass_over_stars(&mut next);
        reached = next;
    }
    reached.last() == Some(&true)
}

/// `[">", 0, "<=", 5]`.
fn numeric(bounds: &[Value]) -> Option<Matcher> {
    let pairs = bounds.chunks(2).map(|pair| {
        let [order, bound] = pair else { return None };
        let order = match order.as_str()? {
            "<" => Order::Less,
            "<=" => Order::AtMost,
            "=" => Order::Equal,
            ">=" => Order::AtLeast,
            ">" => Order::More,
            _ => return None,
        };
        Some((order, bound.as_f64()?))
    });
    let pairs: Vec<_> = pairs.collect::<Option<_>>()?;
    (1..=2).contains(&pairs.len()).then_some(Matcher::Numeric(pairs))
}

impl Order {
    fn holds(self, value: f64, bound: f64) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let Some(ordering) = value.partial_cmp(&bound) else { return false };
        match self {
            Self::Less => ordering == Less,
            Self::AtMost => ordering != Greater,
            Self::Equal => ordering == Equal,
            Self::AtLeast => ordering != Less,
            Self::More => ordering == Greater,
        }
    }
}

fn cidr(text: &str) -> Option<Matcher> {
    let (address, bits) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let bits: u32 = bits.parse().ok()?;
    (bits <= if address.is_ipv4() { 32 } else { 128 }).then_some(Matcher::Cidr(address, bits))
}

fn is_in(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    // Shifted by as many bits as there are, nothing is left to compare.
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let differing = address.to_bits() ^ network.to_bits();
            differing.checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let differing = address.to_bits() ^ network.to_bits();
            differing.checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}
