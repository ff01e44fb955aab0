//! Lambda functions: HTTP endpoints that are invoked in their place.
//!
//! There is no Lambda here. Whoever has a function running somewhere (a container of AWS's runtime
//! images, a few lines of any web framework) registers its URL for the function's ARN; the event is
//! posted there and the answer's body is the function's reply. An ARN nobody registered fails like a
//! function that does not exist.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::Url;

use crate::base::Region;
use crate::base::limits::firehose::{FUNCTION_REPLY_MAX_BYTES, FUNCTION_TIMEOUT};
use crate::emulator::gate::Gate;
use crate::emulator::gate::hands::{FIREHOSE, need};
use crate::emulator::site::Site;
use crate::emulator::work::Report;
use crate::firehose::Invocation;

/// Where functions are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Functions(BTreeMap<String, Endpoint>);

/// A plain HTTP address.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Endpoint {
    /// `host:port`
    authority: String,
    /// Path and query.
    path: String,
}

/// Why an invocation gave no reply.
#[derive(Debug, PartialEq, Eq)]
struct Failure {
    code: &'static str,
    message: String,
}

/// What it says when a function's answer, whatever it is, is an error.
const FUNCTION_ERROR: &str =
    "The Lambda function was successfully invoked but it returned an error result.";

impl Functions {
    /// Registers the endpoint of a function's ARN; of two for one ARN the last one counts.
    ///
    /// # Errors
    /// What is wrong with the ARN or the URL.
    pub fn register(&mut self, arn: &str, url: &str) -> Result<(), String> {
        let is_function = arn.starts_with("arn:") && arn.contains(":lambda:");
        if !is_function || !arn.contains(":function:") {
            return Err(format!(
                "`{arn}` is no function's ARN: write for example \
                 arn:aws:lambda:us-east-1:000000000000:function:clean"
            ));
        }
        let parsed = Url::parse(url).map_err(|error| format!("`{url}` is no URL: {error}"))?;
        let host = parsed.host_str().filter(|_| parsed.scheme() == "http");
        let (Some(host), Some(port)) = (host, parsed.port_or_known_default()) else {
            return Err(format!(
                "`{url}` is no plain HTTP address: write for example http://127.0.0.1:9000/"
            ));
        };
        let query = parsed.query().map(|query| format!("?{query}"));
        let endpoint = Endpoint {
            authority: format!("{host}:{port}"),
            path: format!("{}{}", parsed.path(), query.unwrap_or_default()),
        };
        self.0.insert(arn.to_owned(), endpoint);
        Ok(())
    }

    /// The endpoint of an ARN, whose version or alias may be left out in the registration.
    fn find(&self, arn: &str) -> Option<&Endpoint> {
        self.0.get(arn).or_else(|| {
            let (unqualified, _) = arn.rsplit_once(':')?;
            let found = self.0.get(unqualified);
            found.filter(|_| unqualified.contains(":function:"))
        })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)
    }
}

/// Invokes a function for Firehose, which is told the outcome.
pub(super) async fn run_invocation(
    functions: Arc<Functions>,
    gate: Arc<Gate>,
    region: Region,
    invocation: Invocation,
) -> Report {
    let arn = invocation.function_arn.as_str();
    let needs = vec![need("lambda:InvokeFunction", arn.to_owned())];
    let may = gate.permit_role(&invocation.role_arn, FIREHOSE, &region, needs);
    let outcome = match (may, functions.find(arn)) {
        (Err(message), _) => Err(Failure {
            code: "Lambda.InvokeAccessDenied",
            message,
        }),
        (Ok(()), Some(endpoint)) => {
            invoke(endpoint, invocation.event.clone(), FUNCTION_TIMEOUT).await
        }
        (Ok(()), None) => Err(Failure {
            code: "Lambda.ResourceNotFound",
            message: format!(
                "The specified Lambda function doesn't exist: no endpoint is registered for {arn}; \
                 start windfarm with --lambda {arn}=http://…"
            ),
        }),
    };
    Box::new(move |site: &Site, now| {
        let mut firehose = site.firehose();
        match outcome {
            Ok(reply) => firehose.invoked(now, &invocation, &reply),
            Err(failure) => {
                tracing::warn!(
                    delivery_stream = %invocation.delivery_stream,
                    function = %invocation.function_arn,
                    code = failure.code,
                    message = %failure.message,
                    "function failed"
                );
                firehose.invocation_failed(now, invocation, failure.code, &failure.message);
            }
        }
    })
}

/// Posts an event and reads the reply, in the time a function has.
async fn invoke(endpoint: &Endpoint, event: Bytes, timeout: Duration) -> Result<Bytes, Failure> {
    tokio::time::timeout(timeout, post(endpoint, event))
        .await
        .unwrap_or_else(|_| {
            Err(Failure {
                code: "Lambda.FunctionTimedOut",
                message: format!(
                    "The Lambda function at {endpoint} did not answer within {} s",
                    timeout.as_secs()
                ),
            })
        })
}

async fn post(endpoint: &Endpoint, event: Bytes) -> Result<Bytes, Failure> {
    let unreachable = |error: &dyn fmt::Display| Failure {
        code: "Lambda.FunctionError",
        message: format!("The endpoint {endpoint} of the Lambda function did not answer: {error}"),
    };
    let connection = TcpStream::connect(&endpoint.authority)
        .await
        .map_err(|error| unreachable(&error))?;
    let (mut sender, driver) = hyper::client::conn::http1::handshake(TokioIo::new(connection))
        .await
        .map_err(|error| unreachable(&error))?;
    let request = Request::builder()
        .method(Method::POST)
        .uri(&endpoint.path)
        .header(header::HOST, &endpoint.authority)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close")
        .body(Full::new(event))
        .map_err(|error| unreachable(&error))?;
    // The connection is driven beside the exchange, and dropped with it.
    let exchange = async {
        let response = sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, FUNCTION_REPLY_MAX_BYTES).collect().await;
        Ok::<_, hyper::Error>((head, body.map(http_body_util::Collected::to_bytes)))
    };
    let mut exchange = std::pin::pin!(exchange);
    let mut driver = std::pin::pin!(driver);
    let done = tokio::select! {
        done = &mut exchange => done,
        // What was sent before the connection closed is still to be read.
        _ = &mut driver => exchange.await,
    };
    let (head, body) = done.map_err(|error| unreachable(&error))?;
    let body = body.map_err(|error| Failure {
        code: "Lambda.FunctionError",
        message: format!(
            "The reply of the Lambda function at {endpoint} could not be read, or is longer than \
             {FUNCTION_REPLY_MAX_BYTES} bytes: {error}"
        ),
    })?;
    // What Lambda's own API and the runtime interface emulator mark a function's error with.
    if !head.status.is_success() || head.headers.contains_key("x-amz-function-error") {
        return Err(Failure {
            code: "Lambda.FunctionError",
            message: format!(
                "{FUNCTION_ERROR} {} from {endpoint}: {}",
                head.status,
                String::from_utf8_lossy(body.get(..body.len().min(500)).unwrap_or_default())
            ),
        });
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:clean";

    #[test]
    fn an_arn_is_found_with_and_without_its_version() {
        let mut functions = Functions::default();
        functions.register(ARN, "http://localhost:9000").unwrap();
        functions
            .register(&format!("{ARN}:2"), "http://[::1]/two?x=1")
            .unwrap();
        let found = |arn: &str| functions.find(arn).map(ToString::to_string);
        assert_eq!(found(ARN).unwrap(), "http://localhost:9000/");
        assert_eq!(
            found(&format!("{ARN}:$LATEST")).unwrap(),
            "http://localhost:9000/"
        );
        assert_eq!(
            found(&format!("{ARN}:2")).unwrap(),
            "http://[::1]:80/two?x=1"
        );
        assert_eq!(
            found("arn:aws:lambda:us-east-1:000000000000:function:other"),
            None
        );
        assert_eq!(found(&format!("{ARN}ly")), None);
    }

    #[test]
    fn what_is_no_arn_or_no_plain_address_is_not_registered() {
        let mut functions = Functions::default();
        for (arn, url) in [
            ("clean", "http://localhost:9000"),
            ("arn:aws:s3:::clean", "http://localhost:9000"),
            (ARN, "localhost:9000"),
            (ARN, "https://localhost:9000"),
            (ARN, "nowhere"),
        ] {
            assert!(functions.register(arn, url).is_err(), "{arn} {url}");
        }
        assert_eq!(functions, Functions::default());
    }
}
