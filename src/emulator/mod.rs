//! Services, clock and server put together: one emulator, in this process or behind a port.
//!
//! * [`Emulator`] is a handle; clones share everything.
//! * [`site`]: the services of one account in one region.
//! * [`feed`]: records from Kinesis to Firehose, objects from Firehose to S3.
//! * [`conversion`]: a delivery stream's records into Parquet, with a schema of the catalog.
//! * [`functions`]: Lambda functions, which are HTTP endpoints.
//! * [`fan_out`]: events of Kinesis subscriptions to the clients that read them.
//! * [`work`]: what takes real time (crawls, job runs, queries, functions), done on the async runtime while a
//!   virtual clock stands still.
//! * [`gate`]: whether callers, and services in their roles' names, may do what they ask for.
//! * [`backend`]: what the front door calls; [`admin`]: the program's own paths.
//!
//! Invariant: every change that depends on time is applied by [`State::run_due`], called before each
//! request, at each timer of a virtual clock, and by a task of its own on the machine's clock.

mod admin;
mod athena;
mod backend;
mod connector;
mod conversion;
mod fan_out;
mod feed;
mod functions;
mod gate;
mod site;
mod streams;
mod surroundings;
mod work;

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::base::clock::DueSource;
use crate::base::{AccountId, Clock, Ids, Region, Seed, Timestamp};
use crate::iam::Iam;
use crate::kinesis::Limits;
use crate::s3::{S3, Space};
use crate::store::Objects;
use crate::wire::tls::Tls;
use crate::wire::{self, Authentication, Router};

pub use functions::Functions;
pub use gate::Enforcement;

use gate::Gate;
use site::{Site, Sites};

/// How an emulator is to behave.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The clock everything hangs on.
    pub clock: Clock,
    /// Root of every identifier.
    pub seed: Seed,
    /// Whether the documented capacities and quotas apply.
    pub limits: Limits,
    /// Whether signatures are verified.
    pub authentication: Authentication,
    /// Whether IAM's policies are judged by.
    pub iam: Enforcement,
    /// Domains under which buckets are addressed as `bucket.domain`, besides `localhost`, its alias
    /// `localhost.localstack.cloud` and AWS's own.
    pub s3_hosts: Vec<String>,
    /// Where Lambda functions are.
    pub functions: Functions,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            clock: Clock::system(),
            seed: Seed::random(),
            limits: Limits::Aws,
            authentication: Authentication::Off,
            iam: Enforcement::Off,
            s3_hosts: Vec::new(),
            functions: Functions::default(),
        }
    }
}

/// A running emulator.
#[derive(Clone)]
pub struct Emulator {
    state: Arc<State>,
    router: Arc<Router>,
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("clock", &self.state.clock)
            .finish_non_exhaustive()
    }
}

impl Emulator {
    /// Starts an emulator with nothing in it. Needs a Tokio runtime: work is spawned on it.
    pub fn start(settings: Settings) -> Self {
        let ids = Arc::new(Ids::seeded(settings.seed.child("ids")));
        let s3 = Arc::new(S3::new(Arc::clone(&ids)));
        let iam = Arc::new(Mutex::new(Iam::new(Arc::clone(&ids))));
        let sites = Arc::new(Sites::default());
        let gate = Arc::new(Gate::new(
            settings.iam,
            settings.clock.clone(),
            Arc::clone(&iam),
            Arc::clone(&s3),
            Arc::downgrade(&sites),
        ));
        let state = Arc::new(State {
            iam,
            objects: Arc::new(Space::new(Arc::clone(&s3), settings.clock.clone())),
            http_s3: wire::s3::service(
                Arc::clone(&s3),
                settings.clock.clone(),
                Arc::clone(&ids),
                wire::s3::Hosts::with_more(&settings.s3_hosts),
                Arc::clone(&gate) as Arc<_>,
            ),
            s3,
            ids,
            sites,
            gate,
            limits: settings.limits,
            functions: Arc::new(settings.functions),
            timers_changed: Arc::new(Notify::new()),
            lifecycle_seen: Mutex::new(settings.clock.now()),
            runtime: tokio::runtime::Handle::current(),
            clock: settings.clock,
        });
        let source: Arc<dyn DueSource> = Arc::clone(&state) as Arc<dyn DueSource>;
        state.clock.add_source(Arc::downgrade(&source));
        if !state.clock.is_virtual() {
            tokio::spawn(run_timers(Arc::downgrade(&state)));
        }
        let router = Arc::new(Router::new(
            Arc::new(backend::FrontDoor(Arc::clone(&state))),
            settings.authentication,
        ));
        Self { state, router }
    }

    /// The clock the emulator lives on.
    pub fn clock(&self) -> &Clock {
        &self.state.clock
    }

    /// What the socket, and the in-process client, send requests to.
    pub fn router(&self) -> &Arc<Router> {
        &self.router
    }

    /// An HTTP client for the SDK that reaches this emulator without a port.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(connector::InProcess::new(Arc::clone(&self.router)))
    }

    /// The emulator's clock, for the SDK's signatures.
    pub fn time_source(&self) -> SharedTimeSource {
        SharedTimeSource::new(connector::SigningTime(self.state.clock.clone()))
    }

    /// Answers requests on a listener until `shutdown` completes.
    pub async fn serve(&self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        self.serve_either(listener, None, shutdown).await;
    }

    /// The same over TLS.
    pub async fn serve_tls(
        &self,
        listener: TcpListener,
        tls: &Tls,
        shutdown: impl Future<Output = ()>,
    ) {
        self.serve_either(listener, Some(tls), shutdown).await;
    }

    async fn serve_either(
        &self,
        listener: TcpListener,
        tls: Option<&Tls>,
        shutdown: impl Future<Output = ()>,
    ) {
        let state = Arc::clone(&self.state);
        let shutdown = async move {
            shutdown.await;
            // Subscriptions last for minutes: their clients renew them elsewhere.
            state.end_streams();
        };
        wire::server::run(listener, tls, Arc::clone(&self.router), shutdown).await;
    }

    /// Forgets everything but the clock: what `POST /_windfarm/reset` does.
    pub fn reset(&self) {
        self.state.reset();
    }
}

/// Everything an emulator is made of.
struct State {
    clock: Clock,
    ids: Arc<Ids>,
    limits: Limits,
    functions: Arc<Functions>,
    s3: Arc<S3>,
    objects: Arc<dyn Objects>,
    http_s3: wire::s3::Service,
    iam: Arc<Mutex<Iam>>,
    sites: Arc<Sites>,
    gate: Arc<Gate>,
    /// Wakes the timer task of the machine's clock when an earlier timer may have been set.
    timers_changed: Arc<Notify>,
    /// Up to when lifecycle rules have been looked at.
    lifecycle_seen: Mutex<Timestamp>,
    /// Timers may fire on any thread; the work they start runs here.
    runtime: tokio::runtime::Handle,
}

impl State {
    fn iam(&self) -> MutexGuard<'_, Iam> {
        self.iam.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all_sites(&self) -> Vec<Arc<Site>> {
        self.sites.all()
    }

    /// The services of an account in a region, if anybody has asked for them.
    fn known_site(&self, account: &AccountId, region: &Region) -> Option<Arc<Site>> {
        self.sites.known(account, region)
    }

    /// The services of an account in a region; made when first asked for.
    fn site(&self, account: &AccountId, region: &Region) -> Arc<Site> {
        self.sites.known_or(account, region, || {
            Site::new(
                account.clone(),
                region.clone(),
                Arc::clone(&self.ids),
                self.limits,
                Arc::clone(&self.objects),
                Arc::clone(&self.gate),
            )
        })
    }

    /// When S3's lifecycle rules are applied next.
    fn lifecycle_due(&self) -> Option<Timestamp> {
        self.s3.next_lifecycle_run(*self.lifecycle_seen())
    }

    fn lifecycle_seen(&self) -> MutexGuard<'_, Timestamp> {
        self.lifecycle_seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Applies S3's lifecycle rules at every midnight up to `now`.
    fn run_lifecycle(&self, now: Timestamp) {
        while let Some(due) = self.lifecycle_due().filter(|due| *due <= now) {
            self.s3.run_lifecycle(due);
            *self.lifecycle_seen() = due;
        }
        if self.lifecycle_due().is_none() {
            // A rule that comes later acts from the midnight after it came.
            *self.lifecycle_seen() = now;
        }
    }

    /// Applies every timer that is due.
    fn run_due(&self, now: Timestamp) {
        self.run_lifecycle(now);
        for site in self.all_sites() {
            if site.next_due().is_some_and(|due| due <= now) {
                self.tick(&site, now);
            }
        }
    }

    /// Applies what is due in one site and starts the work that waits there.
    fn tick(&self, site: &Arc<Site>, now: Timestamp) {
        feed::run(site, &self.s3, &self.gate, now);
        site.advance(now);
        fan_out::run(site, now);
        self.start_work(site, now);
    }

    /// Ends every event stream.
    fn end_streams(&self) {
        for site in self.all_sites() {
            site.outlets().close();
        }
    }

    fn reset(&self) {
        self.end_streams();
        self.sites.clear();
        self.gate.forget();
        *self.iam() = Iam::new(Arc::clone(&self.ids));
        self.s3.reset();
    }
}

/// The timers of all sites, for a virtual clock. Weak, so that the clock does not keep the state.
impl DueSource for State {
    fn next_due(&self) -> Option<Timestamp> {
        self.all_sites()
            .iter()
            .filter_map(|site| site.next_due())
            .min()
    }

    fn fire(&self, now: Timestamp) {
        self.run_due(now);
    }
}

/// Runs the timers on the machine's clock until the emulator is gone.
async fn run_timers(state: Weak<State>) {
    loop {
        let Some(strong) = state.upgrade() else {
            return;
        };
        let due = strong.next_due();
        let mut me = strong.clock.join();
        let changed = strong.timers_changed.notified();
        match due {
            Some(due) if due <= me.now() => strong.run_due(me.now()),
            Some(due) => {
                tokio::select! {
                    () = me.sleep_until(due) => {}
                    () = changed => {}
                }
            }
            None => changed.await,
        }
    }
}
