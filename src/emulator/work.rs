//! Work that takes real time: crawls, job runs, queries and functions.
//!
//! A core hands out orders; each is worked on as a task of its own and its outcome reported back.
//!
//! On a virtual clock the work is done at the instant it was ordered at, under a hold, and its
//! outcome becomes known [`TAKES`] later. So what a poller sees depends on the clock alone, never on
//! how fast the machine was.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::{Call, Clock, Timestamp};
use crate::emulator::State;
use crate::emulator::athena::run_query;
use crate::emulator::functions::run_invocation;
use crate::emulator::gate::Gate;
use crate::emulator::gate::hands::{Actor, CRAWLER, Hands, JOB};
use crate::emulator::site::Site;
use crate::engine::job::GraphRun;
use crate::glue::crawler::{CrawlOrder, crawl};
use crate::glue::job::{RunOrder, RunOutcome};
use crate::store::Objects;

/// How long a piece of work takes on a virtual clock.
const TAKES: Duration = Duration::from_millis(100);

/// What the end of a piece of work does to its site, at an instant.
pub(super) type Report = Box<dyn FnOnce(&Site, Timestamp) + Send>;

/// Outcomes that are not known yet, by when they become known and by the order of their orders.
#[derive(Default)]
pub(super) struct Outcomes(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    next_number: u64,
    reports: BTreeMap<(Timestamp, u64), Report>,
}

impl fmt::Debug for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let due: Vec<Timestamp> = self.lock().reports.keys().map(|(due, _)| *due).collect();
        f.debug_tuple("Outcomes").field(&due).finish()
    }
}

impl Outcomes {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the next outcome becomes known.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.lock().reports.keys().next().map(|(due, _)| *due)
    }

    /// Reports what has become known by `now`.
    pub fn report(&self, site: &Site, now: Timestamp) {
        loop {
            // Not under our lock: reports take those of the services.
            let report = {
                let mut waiting = self.lock();
                match waiting.reports.first_entry() {
                    Some(first) if first.key().0 <= now => first.remove(),
                    _ => return,
                }
            };
            report(site, now);
        }
    }
}

/// What a task needs besides its site. Not the whole state: a task must not keep it alive.
pub(super) struct Around {
    pub objects: Arc<dyn Objects>,
    pub clock: Clock,
    pub gate: Arc<Gate>,
}

impl Around {
    /// The hands of somebody who acts in a site.
    pub fn hands(&self, site: &Site, actor: Actor, call: &Call) -> Hands {
        let catalog = Arc::clone(&site.glue) as Arc<_>;
        Hands::of(
            &self.gate,
            actor,
            call,
            &self.objects,
            catalog,
            &site.engine,
        )
    }
}

impl State {
    /// Starts everything that was ordered.
    pub(super) fn start_work(&self, site: &Arc<Site>, now: Timestamp) {
        let (crawls, runs) = {
            let mut glue = site.glue.lock();
            (
                glue.crawlers.take_crawl_orders(),
                glue.jobs.take_run_orders(),
            )
        };
        let invocations = site.firehose().take_invocations(now);
        let queries = site.athena().take_orders();
        for order in crawls {
            self.spawn(site, |site, around| run_crawl(site, around, order));
        }
        for order in runs {
            self.spawn(site, |site, around| run_job(site, around, order));
        }
        for order in queries {
            self.spawn(site, |site, around| run_query(site, around, order));
        }
        for invocation in invocations {
            let functions = Arc::clone(&self.functions);
            self.spawn(site, |site, around| {
                run_invocation(functions, around.gate, site.region.clone(), invocation)
            });
        }
    }

    /// Runs a task and reports what it returns.
    fn spawn<F>(&self, site: &Arc<Site>, task: impl FnOnce(Arc<Site>, Around) -> F)
    where
        F: Future<Output = Report> + Send + 'static,
    {
        let hold = self.clock.hold();
        let clock = self.clock.clone();
        let number = {
            let mut waiting = site.outcomes.lock();
            waiting.next_number += 1;
            waiting.next_number
        };
        let around = Around {
            objects: Arc::clone(&self.objects),
            clock: clock.clone(),
            gate: Arc::clone(&self.gate),
        };
        let task = task(Arc::clone(site), around);
        let site = Arc::clone(site);
        let timers_changed = Arc::clone(&self.timers_changed);
        self.runtime.spawn(async move {
            let report = task.await;
            if clock.is_virtual() {
                let due = clock.now() + TAKES;
                site.outcomes.lock().reports.insert((due, number), report);
            } else {
                report(&site, clock.now());
                timers_changed.notify_one();
            }
            drop(hold);
        });
    }
}

async fn run_crawl(site: Arc<Site>, around: Around, order: CrawlOrder) -> Report {
    let actor = Actor::Role {
        role: order.role.clone(),
        by: CRAWLER,
    };
    let hands = around.hands(&site, actor, &order.call);
    let sampler = hands.engine.sampler();
    let (objects, catalog) = (&*hands.objects, &*hands.catalog);
    let mut outcome = crawl::run(&order, objects, &sampler, catalog, &*site.glue).await;
    if let (None, Some(refused)) = (&outcome.error, hands.refused()) {
        outcome.error = Some(refused);
    }
    for unread in &outcome.unread {
        tracing::warn!(crawler = %order.crawler, object = %unread.object, reason = %unread.reason, "not read");
    }
    Box::new(move |site, now| {
        let crawlers = &mut site.glue.lock().crawlers;
        crawlers.finish_crawl(now, &order.crawler, &order.crawl_id, outcome);
    })
}

async fn run_job(site: Arc<Site>, around: Around, order: RunOrder) -> Report {
    let (job, run_id) = (order.job.clone(), order.run_id.clone());
    let started = site
        .glue
        .lock()
        .jobs
        .run_started(around.clock.now(), &job, &run_id);
    let outcome = if started {
        outcome_of(&site, &around, order).await
    } else {
        RunOutcome::Stopped
    };
    Box::new(move |site, now| {
        site.glue
            .lock()
            .jobs
            .finish_run(now, &job, &run_id, outcome);
    })
}

async fn outcome_of(site: &Site, around: &Around, order: RunOrder) -> RunOutcome {
    let Some(nodes) = order.graph else {
        return RunOutcome::Failed(format!(
            "windfarm runs jobs that have CodeGenConfigurationNodes (a graph); the script {} of a {} \
             job needs a Spark or Python of its own, which is not part of windfarm",
            order.script_location.as_deref().unwrap_or("(none)"),
            order.command,
        ));
    };
    let actor = Actor::Role {
        role: order.role,
        by: JOB,
    };
    let hands = around.hands(site, actor, &order.call);
    let run = GraphRun {
        nodes,
        arguments: order.arguments,
        job: order.job,
        run_id: order.run_id,
        call: order.call,
    };
    match hands.engine.run_graph(run).await {
        Ok(report) => {
            tracing::info!(?report, "job run succeeded");
            RunOutcome::Succeeded
        }
        // A table that may not be read looks like one that is not there.
        Err(error) => RunOutcome::Failed(hands.refused().unwrap_or_else(|| error.to_string())),
    }
}
