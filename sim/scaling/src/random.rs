//! Randomness that is nothing but its seed: the same for every policy, in whatever order it asks.

/// `SplitMix64`: the same seed, the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Random(u64);

/// What is drawn. Each draws from a stream of its own, so that one more draw of one changes no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// When messages of an interval arrive.
    Arrivals,
    /// How long a message takes.
    Services,
    /// How long the nth task takes to start.
    StartUp,
    /// When SQS counts anew.
    Refresh,
    /// How far its counts are off.
    Noise,
    /// When CloudWatch tells of a minute.
    Publication,
    /// Which of idle workers takes a message, and which task ECS takes away.
    Choice,
}

impl Random {
    pub(crate) fn new(seed: u64, stream: Stream) -> Self {
        let mut random = Self(seed ^ (stream as u64).wrapping_mul(0xd1b5_4a32_d192_ed03));
        random.draw();
        random
    }

    /// The next number.
    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to 1, 1 not included.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number below `bound`; 0 where there is none.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // The high half of the product: no division, and no bias that shows.
        let product = u128::from(self.draw()) * u128::from(bound);
        u64::try_from(product >> 64).unwrap_or_default()
    }
}

/// The nth number of a stream, from 0 up to 1, whoever asks and when.
pub(crate) fn nth(seed: u64, stream: Stream, n: u64) -> f64 {
    Random(Random::new(seed, stream).draw() ^ n.wrapping_mul(0xa076_1d64_78bd_642f)).unit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_within_their_bounds() {
        let (mut one, mut other) = (Random::new(7, Stream::Arrivals), Random::new(7, Stream::Arrivals));
        for n in 0..1_000 {
            let unit = one.unit();
            assert!((0.0..1.0).contains(&unit));
            assert_eq!(unit, other.unit());
            assert!(one.below(10) < 10);
            other.below(10);
            assert_eq!(nth(7, Stream::StartUp, n), nth(7, Stream::StartUp, n));
        }
        assert_eq!(one.below(0), 0);
    }

    #[test]
    fn streams_and_seeds_differ() {
        let first = |seed, stream| Random::new(seed, stream).draw();
        assert_ne!(first(1, Stream::Arrivals), first(1, Stream::Services));
        assert_ne!(first(1, Stream::Arrivals), first(2, Stream::Arrivals));
        assert_ne!(nth(1, Stream::StartUp, 1), nth(1, Stream::StartUp, 2));
    }

    #[test]
    fn the_mean_of_many_is_a_half() {
        let mean: f64 = (0..10_000).map(|n| nth(3, Stream::Noise, n)).sum::<f64>() / 10_000.0;
        assert!((mean - 0.5).abs() < 0.02, "{mean}");
    }
}
