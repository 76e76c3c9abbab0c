//! From values to places on a chart.

/// A late share below so much percent is drawn near zero.
const KNEE: f64 = 0.01;

/// A range of values, and where its ends are drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// `from` is drawn at `start`, and `to` at `end`.
    pub(super) fn new((from, to): (f64, f64), (start, end): (f64, f64)) -> Self {
        // A range of nothing would be divided by.
        let to = if to > from { to } else { from + 1.0 };
        Self { from, to, start, end }
    }

    pub(super) fn place(self, value: f64) -> f64 {
        let share = (value - self.from) / (self.to - self.from);
        self.start + share.clamp(0.0, 1.0) * (self.end - self.start)
    }

    /// Round values within the range, about as many.
    pub(super) fn ticks(self, about: f64) -> Vec<f64> {
        let step = step((self.to - self.from) / about);
        let first = (self.from / step).ceil();
        let mut ticks = Vec::new();
        let mut at = first * step;
        while at <= self.to * (1.0 + 1e-9) && ticks.len() < 50 {
            ticks.push(at);
            at += step;
        }
        ticks
    }
}

/// 1, 2 or 5 times a power of ten.
fn step(least: f64) -> f64 {
    let power = 10_f64.powf(least.max(1e-9).log10().floor());
    let found = [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| times * power >= least * (1.0 - 1e-9));
    found.unwrap_or(10.0) * power
}

/// A late share in percent as it is drawn: by powers of ten, and zero where it is.
pub(super) fn late(percent: f64) -> f64 {
    (1.0 + percent / KNEE).log10()
}

/// A number without zeros that say nothing.
pub(super) fn short(number: f64) -> String {
    let rounded = if number.abs() >= 100.0 { format!("{number:.0}") } else { format!("{number:.2}") };
    if rounded.contains('.') {
        rounded.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        rounded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_range() {
        assert_eq!(Scale::new((0.0, 100.0), (0.0, 1.0)).ticks(5.0), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(Scale::new((0.3, 2.2), (0.0, 1.0)).ticks(4.0), [0.5, 1.0, 1.5, 2.0]);
        assert!(!Scale::new((0.0, 0.0), (0.0, 1.0)).ticks(5.0).is_empty());
    }

    #[test]
    fn what_lies_outside_is_drawn_at_the_edge() {
        let scale = Scale::new((0.0, 10.0), (100.0, 0.0));
        assert_eq!([scale.place(-1.0), scale.place(5.0), scale.place(11.0)], [100.0, 50.0, 0.0]);
    }

    #[test]
    fn no_late_message_is_told_from_few() {
        assert_eq!(late(0.0), 0.0);
        assert!(late(0.001) > 0.03 && late(100.0) > late(99.0));
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([short(0.0), short(0.5), short(1.25), short(1234.6)], ["0", "0.5", "1.25", "1235"]);
    }
}
