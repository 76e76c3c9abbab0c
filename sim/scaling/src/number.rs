//! From fractions to whole numbers, where nothing overflows.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and takes NaN for 0"
)]

/// The nearest whole number; nothing below zero.
pub(crate) fn rounded(number: f64) -> u64 {
    number.round() as u64
}

/// The nearest whole number.
pub(crate) fn rounded_i64(number: f64) -> i64 {
    number.round() as i64
}

/// As many whole tasks.
pub(crate) fn tasks(number: f64) -> u32 {
    // Products of fractions end a hair above the whole number that they mean.
    (number - 1e-9).ceil() as u32
}
