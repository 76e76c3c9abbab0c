//! What is made when it is needed first: a start does not wait for what its first event does not need.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

type Make<T> = Box<dyn FnOnce() -> T + Send>;

/// A value that its first use makes. Clones share it.
pub(super) struct Late<T>(Arc<LazyLock<T, Make<T>>>);

impl<T> Late<T> {
    pub(super) fn new(make: impl FnOnce() -> T + Send + 'static) -> Self {
        Self(Arc::new(LazyLock::new(Box::new(make))))
    }
}

impl<T: Send + 'static> From<T> for Late<T> {
    fn from(made: T) -> Self {
        Self::new(|| made)
    }
}

impl<T> Clone for Late<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Late<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for Late<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn it_is_made_by_its_first_use_and_once_for_all_clones() {
        let made = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&made);
        let late = Late::new(move || counted.fetch_add(1, Ordering::SeqCst));
        let clone = late.clone();
        assert_eq!(made.load(Ordering::SeqCst), 0);
        assert_eq!((*late, *clone), (0, 0));
        assert_eq!(made.load(Ordering::SeqCst), 1);
    }
}
