//! What the front door calls: one lock, one core, one reply.

use std::cell::RefCell;
use std::sync::Arc;

use async_trait::async_trait;
use s3s::Body;
use serde_json::Value;

use crate::base::{Call, ServiceError, Timestamp};
use crate::emulator::athena::{CatalogFacts, Languages};
use crate::emulator::surroundings::{Around, AroundFirehose};
use crate::emulator::{State, admin, fan_out, feed};
use crate::iam::Secret;
use crate::wire::event_stream::Messages;
use crate::wire::{self, Backend, Identity, Service};

/// The emulator behind its front door.
pub(super) struct FrontDoor(pub Arc<State>);

#[async_trait]
impl Backend for FrontDoor {
    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    fn request_id(&self) -> String {
        self.0.ids.uuid()
    }

    fn identity(&self, access_key: &str) -> Option<Identity> {
        let caller = self.0.iam().caller(access_key, self.0.clock.now())?;
        Some(Identity {
            account: caller.account,
            caller_arn: caller.arn,
        })
    }

    fn secret(&self, access_key: &str) -> Option<Secret> {
        self.0.iam().secret(access_key, self.0.clock.now())
    }

    async fn call(
        &self,
        service: Service,
        operation: &str,
        call: &Call,
        input: Value,
    ) -> Result<Value, ServiceError> {
        let state = &self.0;
        state.run_due(call.now);
        state.gate.permit(service.name(), operation, call, &input)?;
        if matches!(service, Service::Iam | Service::Sts) {
            let mut iam = state.iam();
            return if service == Service::Iam {
                wire::iam::handle(&mut iam, operation, call, input)
            } else {
                wire::sts::handle(&mut iam, operation, call, input)
            };
        }
        let site = state.site(&call.account, &call.region);
        let around = Around { state, site: &site };
        let answer = match service {
            Service::Kinesis => {
                let answer = wire::kinesis::handle(&mut site.kinesis(), operation, call, input);
                site.feeds().arrived(call.now);
                answer
            }
            Service::Firehose => {
                let answer = {
                    let around = AroundFirehose {
                        state,
                        kinesis: RefCell::new(site.kinesis()),
                    };
                    wire::firehose::handle(&mut site.firehose(), &around, operation, call, input)
                };
                // A delivery stream's first position in its source is that of this very moment.
                feed::follow(&site, call.now);
                answer
            }
            Service::Glue => {
                wire::glue::handle(&mut site.glue.lock(), &around, operation, call, input)
            }
            Service::Athena => {
                let facts = CatalogFacts(&site.glue);
                let mut athena = site.athena();
                wire::athena::handle(&mut athena, &Languages, &facts, operation, call, input)
            }
            other => Err(ServiceError::not_implemented(format!(
                "{}:{operation}",
                other.name()
            ))),
        };
        state.tick(&site, call.now);
        state.timers_changed.notify_one();
        answer
    }

    async fn stream(
        &self,
        service: Service,
        operation: &str,
        call: &Call,
        input: Value,
    ) -> Result<Messages, ServiceError> {
        let state = &self.0;
        state.run_due(call.now);
        if (service, operation) != (Service::Kinesis, "SubscribeToShard") {
            return Err(ServiceError::not_implemented(format!(
                "{service}:{operation}"
            )));
        }
        state.gate.permit(service.name(), operation, call, &input)?;
        let site = state.site(&call.account, &call.region);
        let subscribed = fan_out::subscribe(&site, &state.clock, call, input);
        state.tick(&site, call.now);
        state.timers_changed.notify_one();
        Ok(Box::pin(subscribed?))
    }

    async fn s3(&self, call: &Call, mut request: http::Request<Body>) -> http::Response<Body> {
        self.0.run_due(call.now);
        request.extensions_mut().insert(call.clone());
        self.0.http_s3.call(request).await
    }

    async fn admin(&self, request: http::Request<Body>) -> http::Response<Body> {
        admin::answer(&self.0, &request)
    }
}
