//! Files and the catalog's entry of them, all or none.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

use super::super::Result;
use crate::engine::trino::{Code, TrinoError};
use crate::store::{Objects, S3Uri};

/// Says that nobody waits any more.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Writes files, then enters what they are. Whatever fails, and when the statement is given up
/// meanwhile, what was written is deleted again.
///
/// # Errors
/// What the object space or `enter` refuses.
pub(in crate::engine::statement) async fn publish<F>(
    objects: Arc<dyn Objects>,
    files: Vec<(S3Uri, Bytes)>,
    enter: F,
) -> Result<()>
where
    F: FnOnce() -> Result<()> + Send + 'static,
{
    let given_up = Arc::new(AtomicBool::new(false));
    let waiting = Waiting(Arc::clone(&given_up));
    // A task of its own: it must come to its end, whichever, even if this future does not.
    let task = tokio::spawn(async move {
        let mut written: Vec<S3Uri> = Vec::new();
        let mut outcome = Ok(());
        for (at, body) in files {
            if given_up.load(Ordering::Relaxed) {
                outcome = Err(broken("the statement was given up"));
                break;
            }
            let headers = BTreeMap::from([(
                "content-type".to_owned(),
                "application/octet-stream".to_owned(),
            )]);
            if let Err(error) = objects.write(&at.bucket, &at.key, body, headers).await {
                outcome = Err(TrinoError::in_data(
                    Code::HiveFilesystemError,
                    format!("Failed writing {at}: {error}"),
                ));
                break;
            }
            written.push(at);
        }
        if outcome.is_ok() && given_up.load(Ordering::Relaxed) {
            outcome = Err(broken("the statement was given up"));
        }
        match outcome.and_then(|()| enter()) {
            Ok(()) => Ok(()),
            Err(error) => Err(take_back(&*objects, &written, error).await),
        }
    });
    let done = task.await;
    drop(waiting);
    done.map_err(|error| broken(&format!("writing broke off: {error}")))?
}

fn broken(why: &str) -> TrinoError {
    TrinoError::in_data(Code::GenericInternalError, why)
}

async fn take_back(objects: &dyn Objects, written: &[S3Uri], error: TrinoError) -> TrinoError {
    let mut left = Vec::new();
    for at in written {
        if objects.delete(&at.bucket, &at.key).await.is_err() {
            left.push(at.to_string());
        }
    }
    if left.is_empty() {
        return error;
    }
    TrinoError {
        message: format!(
            "{}; these objects were written and could not be deleted again: {}",
            error.message,
            left.join(", ")
        ),
        ..error
    }
}
