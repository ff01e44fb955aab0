//! The SDK's HTTP client that is no HTTP client: requests go to the router of an emulator in the
//! same process, through the same code as those from the socket.

use std::fmt;
use std::sync::Arc;

use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

use crate::base::Clock;
use crate::wire::Router;

/// Connects the SDK to a router.
#[derive(Clone)]
pub struct InProcess {
    router: Arc<Router>,
}

impl InProcess {
    /// A client for this router.
    pub fn new(router: Arc<Router>) -> Self {
        Self { router }
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl HttpClient for InProcess {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let router = self.router.clone();
        HttpConnectorFuture::new(async move {
            let request = request
                .try_into_http1x()
                .map_err(|error| ConnectorError::user(error.into()))?
                .map(s3s::Body::http_body);
            let response = router.call(request).await;
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::user(error.into()))
        })
    }
}

/// The emulator's clock for the SDK's signatures.
#[derive(Clone, Debug)]
pub struct SigningTime(pub Clock);

impl TimeSource for SigningTime {
    fn now(&self) -> std::time::SystemTime {
        let micros = u64::try_from(self.0.now().micros()).unwrap_or(0);
        std::time::UNIX_EPOCH + std::time::Duration::from_micros(micros)
    }
}
