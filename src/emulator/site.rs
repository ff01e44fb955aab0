//! The services of one account in one region.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::athena::Athena;
use crate::base::{AccountId, Call, Ids, Region, Timestamp};
use crate::emulator::conversion::ToParquet;
use crate::emulator::fan_out::Outlets;
use crate::emulator::feed::Feeds;
use crate::emulator::gate::Gate;
use crate::emulator::work::Outcomes;
use crate::engine::Engine;
use crate::firehose::Firehose;
use crate::glue::{Glue, SharedGlue};
use crate::kinesis::{Kinesis, Limits};
use crate::store::Objects;

/// One account, one region. Each service has its own lock, held for one operation and never across
/// an await. Who needs two takes them in the order of the fields.
#[derive(Debug)]
pub(super) struct Site {
    pub account: AccountId,
    pub region: Region,
    kinesis: Mutex<Kinesis>,
    firehose: Mutex<Firehose>,
    feeds: Mutex<Feeds>,
    outlets: Mutex<Outlets>,
    pub glue: Arc<SharedGlue>,
    athena: Mutex<Athena>,
    pub engine: Engine,
    /// Outcomes of work that a virtual clock has not come to yet.
    pub outcomes: Outcomes,
}

/// Every site that somebody has asked for.
#[derive(Debug, Default)]
pub(super) struct Sites(Mutex<BTreeMap<(AccountId, Region), Arc<Site>>>);

impl Sites {
    /// All of them, in the order of accounts and regions.
    pub fn all(&self) -> Vec<Arc<Site>> {
        lock(&self.0).values().cloned().collect()
    }

    /// One of them.
    pub fn known(&self, account: &AccountId, region: &Region) -> Option<Arc<Site>> {
        lock(&self.0)
            .get(&(account.clone(), region.clone()))
            .cloned()
    }

    /// One of them, made when first asked for.
    pub fn known_or(
        &self,
        account: &AccountId,
        region: &Region,
        make: impl FnOnce() -> Site,
    ) -> Arc<Site> {
        let mut sites = lock(&self.0);
        let site = sites.entry((account.clone(), region.clone()));
        Arc::clone(site.or_insert_with(|| Arc::new(make())))
    }

    /// Forgets them.
    pub fn clear(&self) {
        lock(&self.0).clear();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Site {
    pub fn new(
        account: AccountId,
        region: Region,
        ids: Arc<Ids>,
        limits: Limits,
        objects: Arc<dyn Objects>,
        gate: Arc<Gate>,
    ) -> Self {
        let glue = Glue::new(account.clone(), region.clone(), Arc::clone(&ids));
        let glue = Arc::new(SharedGlue::new(glue));
        let converter = ToParquet {
            glue: Arc::clone(&glue),
            account: account.clone(),
            region: region.clone(),
            gate,
        };
        let firehose = Firehose::new(account.clone(), region.clone(), Arc::clone(&ids))
            .with_converter(Arc::new(converter))
            .with_functions();
        let firehose = match limits {
            Limits::Aws => firehose,
            Limits::Off => firehose.with_unlimited_throughput(),
        };
        Self {
            kinesis: Mutex::new(Kinesis::new(
                account.clone(),
                region.clone(),
                Arc::clone(&ids),
                limits,
            )),
            firehose: Mutex::new(firehose),
            feeds: Mutex::default(),
            outlets: Mutex::default(),
            athena: Mutex::new(Athena::new(
                account.clone(),
                region.clone(),
                Arc::clone(&ids),
            )),
            engine: Engine::new(objects, Arc::clone(&glue) as Arc<_>, ids),
            glue,
            outcomes: Outcomes::default(),
            account,
            region,
        }
    }

    pub fn kinesis(&self) -> MutexGuard<'_, Kinesis> {
        lock(&self.kinesis)
    }

    pub fn firehose(&self) -> MutexGuard<'_, Firehose> {
        lock(&self.firehose)
    }

    pub fn feeds(&self) -> MutexGuard<'_, Feeds> {
        lock(&self.feeds)
    }

    /// Where SubscribeToShard's events go.
    pub fn outlets(&self) -> MutexGuard<'_, Outlets> {
        lock(&self.outlets)
    }

    pub fn athena(&self) -> MutexGuard<'_, Athena> {
        lock(&self.athena)
    }

    /// A call by the services themselves.
    pub fn own_call(&self, now: Timestamp) -> Call {
        Call {
            now,
            account: self.account.clone(),
            region: self.region.clone(),
            caller_arn: format!("arn:aws:iam::{}:root", self.account),
            origin: Arc::default(),
        }
    }

    /// The earliest timer of any service here.
    pub fn next_due(&self) -> Option<Timestamp> {
        let glue = self.glue.lock().next_due();
        let others = [
            self.kinesis().next_due(),
            self.firehose().next_due(),
            self.feeds().next_due(),
            self.outcomes.next_due(),
        ];
        others.into_iter().chain([glue]).flatten().min()
    }

    /// Applies what is due, save for records on their way (`feed`).
    pub fn advance(&self, now: Timestamp) {
        self.kinesis().advance(now);
        self.glue.lock().run_due(&self.own_call(now));
        self.outcomes.report(self, now);
    }
}
