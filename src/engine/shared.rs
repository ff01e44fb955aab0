//! Values whose types are expensive for the compiler, behind a pointer that hides them.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A shared value behind a trait object that is `Send` and `Sync` by declaration.
///
/// Whether a future is `Send` the compiler finds by walking through everything it holds, anew for every
/// async function. DataFusion's plans and sessions reach through the whole syntax tree of its SQL
/// parser: several seconds of compile time a function. Here the walk ends.
pub struct Shared<T: 'static>(Arc<dyn Deref<Target = T> + Send + Sync>);

impl<T: Send + Sync> Shared<T> {
    /// Shares a value.
    pub fn new(value: T) -> Self {
        Self(Arc::new(Box::new(value)))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
