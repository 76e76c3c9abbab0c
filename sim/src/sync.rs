//! Locks and tasks that clean up after themselves.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::task::JoinHandle;

/// A test that panicked with a lock held has failed already: what it left is still good to look at.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A task that ends with its owner.
#[derive(Debug)]
pub(crate) struct Owned<T = ()>(JoinHandle<T>);

impl<T: Send + 'static> Owned<T> {
    pub(crate) fn spawn(task: impl Future<Output = T> + Send + 'static) -> Self {
        Self(tokio::spawn(task))
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
