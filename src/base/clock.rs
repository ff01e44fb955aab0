//! The clock everything hangs on: the machine's, or one that jumps to the next due event.
//!
//! # How the virtual clock decides to move
//!
//! It counts the actors that could still do something at the present instant:
//!
//! * a [`Participant`] is an actor that acts and sleeps (a generator, a command that polls). It is
//!   *awake* unless it sleeps in [`Participant::sleep_until`];
//! * a [`Hold`] is real work under way whose result belongs to the present instant (a query that
//!   DataFusion executes). While one is held, time stands still, so work takes no virtual time and
//!   a test cannot race with it.
//!
//! When nobody is awake, nothing is held and somebody sleeps, the clock jumps to the earliest due
//! instant: a sleeper's, or that of a [`DueSource`] (the emulator's timers), sources first. It wakes
//! one sleeper at a time and waits until that one sleeps again. So the order of events depends on
//! times and, at the same time, on who joined first, never on the machine.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::base::Timestamp;

/// Timers that a virtual clock must not jump over.
pub trait DueSource: Send + Sync {
    /// When the earliest timer is due, if any is set.
    fn next_due(&self) -> Option<Timestamp>;
    /// Runs every timer due at or before `now`. Must not block on the clock.
    fn fire(&self, now: Timestamp);
}

/// A clock. Clones show the same time.
#[derive(Clone)]
pub struct Clock(Kind);

#[derive(Clone)]
enum Kind {
    System,
    Virtual(Arc<VirtualClock>),
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::System => f.write_str("Clock::System"),
            Kind::Virtual(clock) => write!(f, "Clock::Virtual({})", clock.lock().now),
        }
    }
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// A clock that stands at `start` and jumps from due event to due event.
    pub fn starting_at(start: Timestamp) -> Self {
        Self(Kind::Virtual(Arc::new(VirtualClock {
            state: Mutex::new(VirtualState {
                now: start,
                awake: 0,
                holds: 0,
                joined: 0,
                sleepers: BTreeMap::new(),
                moving: false,
                sources: Vec::new(),
            }),
        })))
    }

    /// Whether time is simulated.
    pub fn is_virtual(&self) -> bool {
        matches!(self.0, Kind::Virtual(_))
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::System => Timestamp::from_jiff(jiff::Timestamp::now()),
            Kind::Virtual(clock) => clock.lock().now,
        }
    }

    /// Registers an actor. It counts as awake until it sleeps or is dropped.
    pub fn join(&self) -> Participant {
        let mut number = 0;
        if let Kind::Virtual(clock) = &self.0 {
            let mut state = clock.lock();
            state.awake += 1;
            state.joined += 1;
            number = state.joined;
        }
        Participant {
            clock: self.clone(),
            number,
        }
    }

    /// Keeps a virtual clock from moving until the guard is dropped. Nothing on the machine's clock.
    #[must_use = "time may move again as soon as the hold is dropped"]
    pub fn hold(&self) -> Hold {
        if let Kind::Virtual(clock) = &self.0 {
            clock.lock().holds += 1;
        }
        Hold {
            clock: self.clone(),
        }
    }

    /// Makes a virtual clock stop at the source's timers. On the machine's clock the owner of the
    /// timers has to run them itself.
    pub fn add_source(&self, source: Weak<dyn DueSource>) {
        if let Kind::Virtual(clock) = &self.0 {
            clock.lock().sources.push(source);
        }
    }

    /// Sleeps on the machine's clock, whatever this clock is: for the pacing of real network calls.
    pub async fn sleep_real(duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Measures how long real work takes, for progress lines and statistics. Never steers behaviour.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts measuring.
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// An actor on a clock. See the module documentation.
#[derive(Debug)]
pub struct Participant {
    clock: Clock,
    /// Who joined earlier acts earlier at the same instant.
    number: u64,
}

impl Participant {
    /// The clock this actor lives on.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Sleeps until `due`; returns at once when it has passed on the machine's clock. On a virtual
    /// clock even a past `due` yields its turn to whoever is due at the present instant.
    pub async fn sleep_until(&mut self, due: Timestamp) {
        match &self.clock.0 {
            Kind::System => tokio::time::sleep(due.since(self.clock.now())).await,
            Kind::Virtual(clock) => {
                let (wake, woken) = oneshot::channel();
                let ticket = {
                    let mut state = clock.lock();
                    let due = due.max(state.now);
                    let ticket = (due, self.number);
                    state.sleepers.insert(ticket, wake);
                    state.awake -= 1;
                    ticket
                };
                let mut sleeping = Sleeping {
                    clock,
                    ticket: Some(ticket),
                };
                clock.settle();
                // The sender lives in the clock until the sleeper is woken, so this cannot fail.
                if woken.await.is_ok() {
                    sleeping.ticket = None;
                }
            }
        }
    }

    /// Sleeps for `duration` from now.
    pub async fn sleep(&mut self, duration: Duration) {
        self.sleep_until(self.now() + duration).await;
    }
}

impl Drop for Participant {
    fn drop(&mut self) {
        if let Kind::Virtual(clock) = &self.clock.0 {
            clock.lock().awake -= 1;
            clock.settle();
        }
    }
}

/// A sleep in progress. A cancelled one makes its participant awake again.
struct Sleeping<'a> {
    clock: &'a VirtualClock,
    ticket: Option<(Timestamp, u64)>,
}

impl Drop for Sleeping<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let mut state = self.clock.lock();
            if state.sleepers.remove(&ticket).is_some() {
                state.awake += 1;
            }
        }
    }
}

/// Real work under way that a virtual clock waits for.
#[derive(Debug)]
pub struct Hold {
    clock: Clock,
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Kind::Virtual(clock) = &self.clock.0 {
            clock.lock().holds -= 1;
            clock.settle();
        }
    }
}

struct VirtualClock {
    state: Mutex<VirtualState>,
}

struct VirtualState {
    now: Timestamp,
    /// Participants that are not asleep.
    awake: usize,
    holds: usize,
    /// Participants there ever were.
    joined: u64,
    /// By due time, then by who joined first.
    sleepers: BTreeMap<(Timestamp, u64), oneshot::Sender<()>>,
    /// One thread moves the clock at a time; another that finds it moving leaves it to that one.
    moving: bool,
    sources: Vec<Weak<dyn DueSource>>,
}

impl VirtualClock {
    fn lock(&self) -> MutexGuard<'_, VirtualState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the clock as far as it may go: until someone is awake or something is held.
    fn settle(&self) {
        loop {
            let (sleeper_due, sources) = {
                let mut state = self.lock();
                if state.moving || state.awake > 0 || state.holds > 0 {
                    return;
                }
                let Some((&(due, _), _)) = state.sleepers.first_key_value() else {
                    return;
                };
                state.moving = true;
                state.sources.retain(|source| source.strong_count() > 0);
                (due, state.sources.clone())
            };
            // Sources have locks of their own and may hold the clock: ask them outside our lock.
            let source_due = sources
                .iter()
                .filter_map(Weak::upgrade)
                .filter_map(|source| source.next_due().map(|due| (due, source)))
                .min_by_key(|(due, _)| *due)
                .filter(|(due, _)| *due <= sleeper_due);
            if let Some((due, source)) = source_due {
                let now = {
                    let mut state = self.lock();
                    state.now = state.now.max(due);
                    state.now
                };
                source.fire(now);
                self.lock().moving = false;
                continue;
            }
            let mut state = self.lock();
            state.moving = false;
            let Some((ticket, wake)) = state.sleepers.pop_first() else {
                continue;
            };
            state.now = state.now.max(ticket.0);
            state.awake += 1;
            if wake.send(()).is_err() {
                // Cancelled between our look and the wake; its guard found no ticket to take back.
                state.awake -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Timestamp {
        Timestamp::parse("2025-04-29T00:00:00Z").unwrap()
    }

    /// Runs three actors with their own periods and returns who acted when.
    async fn trace() -> Vec<(i64, usize)> {
        let clock = Clock::starting_at(start());
        let log = Arc::new(Mutex::new(Vec::new()));
        let mut joined: Vec<_> = (0..3).map(|_| clock.join()).collect();
        let mut tasks = Vec::new();
        for id in (0..3).rev() {
            let mut me = joined.pop().unwrap();
            let log = log.clone();
            tasks.push(tokio::spawn(async move {
                me.sleep_until(start()).await;
                for _ in 0..50 {
                    log.lock()
                        .unwrap()
                        .push((me.now().since(start()).as_secs() as i64, id));
                    tokio::task::yield_now().await;
                    me.sleep(Duration::from_secs(7 + id as u64)).await;
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        Arc::into_inner(log).unwrap().into_inner().unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn actors_act_in_time_order() {
        let log = trace().await;
        assert_eq!(log.len(), 150);
        // At the same instant, who joined first: the actors' numbers.
        assert!(log.is_sorted());
        let last = log.iter().map(|(at, _)| *at).max().unwrap();
        assert_eq!(last, 49 * 9);
    }

    struct Ticks {
        clock: Clock,
        due: Mutex<Vec<Timestamp>>,
        fired: Mutex<Vec<Timestamp>>,
    }

    impl DueSource for Ticks {
        fn next_due(&self) -> Option<Timestamp> {
            self.due.lock().unwrap().first().copied()
        }

        fn fire(&self, now: Timestamp) {
            self.due.lock().unwrap().retain(|due| *due > now);
            self.fired.lock().unwrap().push(now);
            // A timer may start and end real work.
            drop(self.clock.hold());
        }
    }

    #[tokio::test]
    async fn the_clock_stops_at_every_timer_before_the_sleeper() {
        let clock = Clock::starting_at(start());
        let at = |s| start() + Duration::from_secs(s);
        let ticks = Arc::new(Ticks {
            clock: clock.clone(),
            due: Mutex::new(vec![at(5), at(60), at(100)]),
            fired: Mutex::default(),
        });
        let weak: Weak<dyn DueSource> = Arc::downgrade(&(ticks.clone() as Arc<dyn DueSource>));
        clock.add_source(weak);
        let mut me = clock.join();
        me.sleep(Duration::from_secs(60)).await;
        assert_eq!(clock.now(), at(60));
        assert_eq!(*ticks.fired.lock().unwrap(), [at(5), at(60)]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn time_stands_still_while_work_is_held() {
        let clock = Clock::starting_at(start());
        let hold = clock.hold();
        let worker = tokio::spawn({
            let clock = clock.clone();
            async move {
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                let seen = clock.now();
                drop(hold);
                seen
            }
        });
        let mut me = clock.join();
        me.sleep(Duration::from_secs(1)).await;
        assert_eq!(worker.await.unwrap(), start());
        assert_eq!(clock.now(), start() + Duration::from_secs(1));
    }

    #[tokio::test]
    async fn a_cancelled_sleep_leaves_its_actor_awake() {
        let clock = Clock::starting_at(start());
        let mut me = clock.join();
        let mut other = clock.join();
        {
            let sleep = me.sleep(Duration::from_secs(10));
            tokio::pin!(sleep);
            assert!(futures::poll!(sleep.as_mut()).is_pending());
        }
        // `me` is awake again, so `other` must not be able to move the clock alone.
        {
            let sleep = other.sleep(Duration::from_secs(5));
            tokio::pin!(sleep);
            assert!(futures::poll!(sleep.as_mut()).is_pending());
            assert_eq!(clock.now(), start());
            drop(me);
            sleep.await;
        }
        assert_eq!(clock.now(), start() + Duration::from_secs(5));
    }
}
