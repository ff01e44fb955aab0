//! Events of Kinesis subscriptions, from the core to the clients that read them.
//!
//! What a subscription says is asked for when something happens (a record arrives, a timer is due) and
//! waits in its outlet until the client takes it. A virtual clock therefore gives the same events at
//! the same instants whoever reads them and however slowly; it does not wait for readers. An outlet
//! that is full makes its subscription pause: what is not said stays in the shard.

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use futures::Stream;
use serde_json::Value;

use crate::base::{Call, Clock, ServiceError, Timestamp};
use crate::emulator::site::Site;
use crate::kinesis::{Next, SubscriptionId};
use crate::wire;
use crate::wire::event_stream::Message;

/// How many bytes of records may wait for a client: two seconds' worth.
const FULL_BYTES: usize = 4 * 1024 * 1024;
/// How many messages may.
const FULL_MESSAGES: usize = 4_096;

/// Where the events of each subscription go.
#[derive(Debug, Default)]
pub(super) struct Outlets(BTreeMap<SubscriptionId, Arc<Outlet>>);

/// What one subscription has said and its client has not taken.
#[derive(Debug, Default)]
struct Outlet(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    messages: VecDeque<(Message, usize)>,
    bytes: usize,
    /// The subscription was paused because this was full.
    paused: bool,
    /// Nothing comes any more.
    closed: bool,
    reader: Option<Waker>,
}

impl Waiting {
    fn is_full(&self) -> bool {
        self.bytes >= FULL_BYTES || self.messages.len() >= FULL_MESSAGES
    }
}

impl Outlet {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is full, and notes that its subscription pauses if it is.
    fn pauses(&self) -> bool {
        let mut waiting = self.lock();
        waiting.paused = waiting.is_full();
        waiting.paused
    }

    fn push(&self, message: Message, bytes: usize) {
        let mut waiting = self.lock();
        waiting.bytes += bytes;
        waiting.messages.push_back((message, bytes));
    }

    fn close(&self) {
        self.lock().closed = true;
        self.wake();
    }

    fn wake(&self) {
        // Not under our lock: the reader may look at once.
        let reader = self.lock().reader.take();
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

impl Outlets {
    /// Ends all streams: what waits is still given.
    pub fn close(&mut self) {
        for outlet in std::mem::take(&mut self.0).into_values() {
            outlet.close();
        }
    }
}

impl Drop for Outlets {
    fn drop(&mut self) {
        self.close();
    }
}

/// Starts a subscription. Its events begin with the next [`run`].
pub(super) fn subscribe(
    site: &Arc<Site>,
    clock: &Clock,
    call: &Call,
    input: Value,
) -> Result<Subscribed, ServiceError> {
    let outlet = Arc::<Outlet>::default();
    let mut kinesis = site.kinesis();
    let id = wire::kinesis::subscribe(&mut kinesis, call, input)?;
    site.outlets().0.insert(id, Arc::clone(&outlet));
    Ok(Subscribed {
        id,
        outlet,
        site: Arc::downgrade(site),
        clock: clock.clone(),
    })
}

/// Asks every subscription that is due at `now` what it says.
pub(super) fn run(site: &Site, now: Timestamp) {
    let mut spoken = Vec::new();
    {
        let mut kinesis = site.kinesis();
        let due = kinesis.due_subscriptions(now);
        if due.is_empty() {
            return;
        }
        let mut outlets = site.outlets();
        for id in due {
            let Some(outlet) = outlets.0.get(&id).map(Arc::clone) else {
                // Its client is gone.
                kinesis.unsubscribe(id);
                continue;
            };
            let mut over = false;
            loop {
                if outlet.pauses() && kinesis.pause_subscription(now, id) {
                    break;
                }
                match kinesis.next_event(now, id) {
                    Next::Event(event) => {
                        let bytes = event.records.iter().map(|record| record.data.len()).sum();
                        let message = wire::kinesis::event(event);
                        over |= message.is_err();
                        outlet.push(message.unwrap_or_else(Message::Exception), bytes);
                    }
                    Next::Wait(_) => break,
                    Next::End(error) => {
                        if let Some(error) = error {
                            outlet.push(Message::Exception(error.into()), 0);
                        }
                        over = true;
                    }
                }
                if over {
                    break;
                }
            }
            if over {
                kinesis.unsubscribe(id);
                outlets.0.remove(&id);
            }
            spoken.push((outlet, over));
        }
    }
    for (outlet, over) in spoken {
        if over {
            outlet.close();
        } else {
            outlet.wake();
        }
    }
}

/// The client's side of a subscription: the messages of its event stream.
pub(super) struct Subscribed {
    id: SubscriptionId,
    outlet: Arc<Outlet>,
    site: Weak<Site>,
    clock: Clock,
}

impl Stream for Subscribed {
    type Item = Message;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Message>> {
        let (message, resumes) = {
            let mut waiting = self.outlet.lock();
            let Some((message, bytes)) = waiting.messages.pop_front() else {
                if waiting.closed {
                    return Poll::Ready(None);
                }
                waiting.reader = Some(context.waker().clone());
                return Poll::Pending;
            };
            waiting.bytes -= bytes;
            let resumes = waiting.paused && !waiting.is_full();
            if resumes {
                waiting.paused = false;
            }
            (message, resumes)
        };
        if resumes && let Some(site) = self.site.upgrade() {
            let now = self.clock.now();
            site.kinesis().resume_subscription(now, self.id);
            run(&site, now);
        }
        Poll::Ready(Some(message))
    }
}

impl Drop for Subscribed {
    fn drop(&mut self) {
        if let Some(site) = self.site.upgrade() {
            let mut kinesis = site.kinesis();
            kinesis.unsubscribe(self.id);
            site.outlets().0.remove(&self.id);
        }
    }
}
