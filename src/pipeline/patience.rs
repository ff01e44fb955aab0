//! Waiting for a resource to change, on the target's clock.

use std::time::Duration;

use crate::base::{Clock, Timestamp};
use crate::pipeline::error::{Error, Result};

/// First pause between two looks; doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Longest pause: well under the call rates of every service.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long one more look is worth taking.
///
/// It takes part in a virtual clock only while it waits: several may exist at a time, and one that
/// is merely kept does not stop the clock for the others.
#[derive(Debug)]
pub struct Patience {
    clock: Clock,
    within: Duration,
    deadline: Timestamp,
    pause: Duration,
}

impl Patience {
    /// Patience for `within` from now.
    pub fn new(clock: &Clock, within: Duration) -> Self {
        Self {
            deadline: clock.now() + within,
            within,
            pause: FIRST_PAUSE,
            clock: clock.clone(),
        }
    }

    /// Whether there is time for another look.
    pub fn lasts(&self) -> bool {
        self.clock.now() < self.deadline
    }

    /// Pauses before the next look.
    ///
    /// # Errors
    /// [`Error::TimedOut`] when `what` did not become `expected` in time.
    pub async fn wait(&mut self, what: &str, expected: &str) -> Result<()> {
        if !self.lasts() {
            return Err(Error::TimedOut {
                what: what.to_owned(),
                expected: expected.to_owned(),
                seconds: self.within.as_secs(),
            });
        }
        self.clock.join().sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn patience_ends_on_the_targets_clock() {
        let clock = Clock::starting_at(Timestamp::from_secs(1_000));
        let mut patience = Patience::new(&clock, Duration::from_secs(60));
        let mut looks = 0;
        let error = loop {
            looks += 1;
            if let Err(error) = patience.wait("the stream x", "ACTIVE").await {
                break error;
            }
        };
        assert!(
            matches!(error, Error::TimedOut { seconds: 60, .. }),
            "{error}"
        );
        assert!((10..30).contains(&looks), "{looks}");
        assert!(clock.now() >= Timestamp::from_secs(1_060));
        assert!(clock.now() < Timestamp::from_secs(1_066));
    }
}
