//! Where the pipeline runs. The only room that knows both the emulator and the SDK's way to AWS.

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use crate::base::{Clock, Region as RegionName};
use crate::emulator::Emulator;
use crate::pipeline::Clients;

/// The address on which LocalStack listens unless told otherwise.
pub const LOCALSTACK_ENDPOINT: &str = "http://localhost:4566";

/// A place that answers the AWS APIs.
#[derive(Clone, Debug)]
pub enum Target {
    /// An emulator in this process: no port, no server, its own clock.
    Local(Emulator),
    /// Whatever listens at a URL: `windfarm up`, LocalStack, moto.
    Endpoint(String),
    /// AWS, as the environment, profiles and `AWS_ENDPOINT_URL` tell the SDK.
    Aws,
}

impl Target {
    /// SDK clients for the place.
    pub async fn clients(&self) -> Clients {
        match self {
            Self::Local(emulator) => clients(&local(emulator), emulator.clock().clone()),
            Self::Endpoint(url) => {
                // A signature names a region even where nobody chose one. EC2's metadata is not asked.
                let region =
                    RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
                        .or_else(ProfileFileRegionProvider::new())
                        .or_else(Region::new(RegionName::DEFAULT));
                let config = loader()
                    .region(region)
                    .endpoint_url(url)
                    .credentials_provider(test_credentials())
                    .load()
                    .await;
                clients(&config, Clock::system())
            }
            Self::Aws => clients(&loader().load().await, Clock::system()),
        }
    }
}

/// The root key of the default account, here and on LocalStack.
fn test_credentials() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "windfarm"))
}

/// HTTPS by rustls on ring: the SDK's default client would bring a C build of its own.
fn https() -> SharedHttpClient {
    Builder::new()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .build_https()
}

fn loader() -> aws_config::ConfigLoader {
    aws_config::defaults(BehaviorVersion::latest()).http_client(https())
}

/// The SDK over the emulator's router. Retries and time-outs are off: they would measure the
/// machine's time, and what the emulator refuses once it refuses again at the same instant.
fn local(emulator: &Emulator) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(RegionName::DEFAULT))
        .credentials_provider(test_credentials())
        .endpoint_url("http://windfarm.local")
        .http_client(emulator.http_client())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .time_source(emulator.time_source())
        .build()
}

/// The pipeline's clients of one configuration, for a place whose resources change by `clock`.
pub fn clients(config: &SdkConfig, clock: Clock) -> Clients {
    // Custom endpoints seldom resolve `bucket.host`; AWS itself takes both forms.
    let s3 = aws_sdk_s3::config::Builder::from(config)
        .force_path_style(config.endpoint_url().is_some())
        .build();
    Clients {
        kinesis: aws_sdk_kinesis::Client::new(config),
        firehose: aws_sdk_firehose::Client::new(config),
        s3: aws_sdk_s3::Client::from_conf(s3),
        glue: aws_sdk_glue::Client::new(config),
        athena: aws_sdk_athena::Client::new(config),
        iam: aws_sdk_iam::Client::new(config),
        sts: aws_sdk_sts::Client::new(config),
        clock,
    }
}
