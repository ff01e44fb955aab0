//! Work that takes real time: crawls and job runs.
//!
//! A core hands out orders; each is worked on as a task of its own and its outcome reported back.
//! While it is under way a virtual clock is held, so work belongs to the instant it was ordered at.

use std::sync::Arc;

use crate::emulator::State;
use crate::emulator::site::Site;
use crate::engine::job::GraphRun;
use crate::glue::crawler::{CrawlOrder, crawl};
use crate::glue::job::{RunOrder, RunOutcome};

impl State {
    /// Starts everything that was ordered.
    pub(super) fn start_work(&self, site: &Arc<Site>) {
        let (crawls, runs) = {
            let mut glue = site.glue.lock();
            (
                glue.crawlers.take_crawl_orders(),
                glue.jobs.take_run_orders(),
            )
        };
        for order in crawls {
            self.spawn(site, |site, state| run_crawl(site, state, order));
        }
        for order in runs {
            self.spawn(site, |site, state| run_job(site, state, order));
        }
    }

    /// Runs a task under a hold of the clock.
    fn spawn<F>(&self, site: &Arc<Site>, task: impl FnOnce(Arc<Site>, Surroundings) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let hold = self.clock.hold();
        let surroundings = Surroundings {
            objects: Arc::clone(&self.objects),
            clock: self.clock.clone(),
        };
        let task = task(Arc::clone(site), surroundings);
        self.runtime.spawn(async move {
            task.await;
            drop(hold);
        });
    }
}

/// What a task needs besides its site. Not the whole state: a task must not keep it alive.
struct Surroundings {
    objects: Arc<dyn crate::store::Objects>,
    clock: crate::base::Clock,
}

async fn run_crawl(site: Arc<Site>, around: Surroundings, order: CrawlOrder) {
    let sampler = site.engine.sampler();
    let outcome = crawl::run(&order, &*around.objects, &sampler, &*site.glue, &*site.glue).await;
    for unread in &outcome.unread {
        tracing::warn!(crawler = %order.crawler, object = %unread.object, reason = %unread.reason, "not read");
    }
    let now = around.clock.now();
    let mut glue = site.glue.lock();
    glue.crawlers
        .finish_crawl(now, &order.crawler, &order.crawl_id, outcome);
}

async fn run_job(site: Arc<Site>, around: Surroundings, order: RunOrder) {
    let started = {
        let mut glue = site.glue.lock();
        glue.jobs
            .run_started(around.clock.now(), &order.job, &order.run_id)
    };
    if !started {
        return;
    }
    let (job, run_id) = (order.job.clone(), order.run_id.clone());
    let outcome = match order.graph {
        Some(nodes) => {
            let run = GraphRun {
                nodes,
                arguments: order.arguments,
                job: order.job,
                run_id: order.run_id,
                call: order.call,
            };
            match site.engine.run_graph(run).await {
                Ok(report) => {
                    tracing::info!(%job, %run_id, ?report, "job run succeeded");
                    RunOutcome::Succeeded
                }
                Err(error) => RunOutcome::Failed(error.to_string()),
            }
        }
        None => RunOutcome::Failed(format!(
            "windfarm runs jobs that have CodeGenConfigurationNodes (a graph); the script {} of a {} \
             job needs a Spark or Python of its own, which is not part of windfarm",
            order.script_location.as_deref().unwrap_or("(none)"),
            order.command,
        )),
    };
    let mut glue = site.glue.lock();
    glue.jobs
        .finish_run(around.clock.now(), &job, &run_id, outcome);
}
