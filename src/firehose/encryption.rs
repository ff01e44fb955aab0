//! Server-side encryption of buffered records: its state. Buffers live in this process and are not
//! encrypted; customer managed keys are refused because no key service runs here.

use std::time::Duration;

use crate::base::{Call, Timestamp};
use crate::firehose::api::{
    DeliveryStreamEncryptionConfiguration, DeliveryStreamEncryptionConfigurationInput,
    StartDeliveryStreamEncryptionRequest, StartDeliveryStreamEncryptionResponse,
    StopDeliveryStreamEncryptionRequest, StopDeliveryStreamEncryptionResponse,
};
use crate::firehose::stream::{DeliveryStream, Source, Status};
use crate::firehose::{Error, Firehose, Result};

/// Whether buffered records are encrypted, with the instant at which a transition ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    Disabled,
    Enabling { until: Timestamp },
    Enabled,
    Disabling { until: Timestamp },
}

impl Encryption {
    /// The state after a request to encrypt; refuses keys that this program cannot use.
    pub(super) fn requested(
        input: Option<&DeliveryStreamEncryptionConfigurationInput>,
        until: Timestamp,
    ) -> Result<Self> {
        if let Some(input) = input {
            match (input.key_type.as_str(), &input.key_arn) {
                ("AWS_OWNED_CMK", None) => {}
                ("AWS_OWNED_CMK", Some(_)) => {
                    return Err(Error::invalid(
                        "KeyARN cannot be specified when KeyType is AWS_OWNED_CMK",
                    ));
                }
                (other, _) => {
                    let what =
                        format!("DeliveryStreamEncryptionConfigurationInput.KeyType {other}");
                    return Err(Error::NotSupported(what));
                }
            }
        }
        Ok(Self::Enabling { until })
    }

    pub(super) fn settle(&mut self, now: Timestamp) {
        match *self {
            Self::Enabling { until } if now >= until => *self = Self::Enabled,
            Self::Disabling { until } if now >= until => *self = Self::Disabled,
            _ => {}
        }
    }

    pub(super) fn until(self) -> Option<Timestamp> {
        match self {
            Self::Enabling { until } | Self::Disabling { until } => Some(until),
            _ => None,
        }
    }

    pub(super) fn is_enabled(self) -> bool {
        self == Self::Enabled
    }

    pub(super) fn describe(self) -> DeliveryStreamEncryptionConfiguration {
        let (status, key_type) = match self {
            Self::Disabled => ("DISABLED", None),
            Self::Enabling { .. } => ("ENABLING", Some("AWS_OWNED_CMK")),
            Self::Enabled => ("ENABLED", Some("AWS_OWNED_CMK")),
            Self::Disabling { .. } => ("DISABLING", Some("AWS_OWNED_CMK")),
        };
        DeliveryStreamEncryptionConfiguration {
            key_type: key_type.map(str::to_owned),
            status: Some(status.to_owned()),
            ..Default::default()
        }
    }
}

impl Firehose {
    /// StartDeliveryStreamEncryption: ENABLING, then ENABLED. Only for direct put.
    pub fn start_delivery_stream_encryption(
        &mut self,
        call: &Call,
        request: &StartDeliveryStreamEncryptionRequest,
    ) -> Result<StartDeliveryStreamEncryptionResponse> {
        let after = self.status_change;
        let stream = self.encryptable(call, &request.delivery_stream_name)?;
        let input = request
            .delivery_stream_encryption_configuration_input
            .as_ref();
        let requested = Encryption::requested(input, call.now + after)?;
        if !stream.encryption.is_enabled() {
            stream.encryption = requested;
        }
        Ok(StartDeliveryStreamEncryptionResponse {})
    }

    /// StopDeliveryStreamEncryption: DISABLING, then DISABLED.
    pub fn stop_delivery_stream_encryption(
        &mut self,
        call: &Call,
        request: &StopDeliveryStreamEncryptionRequest,
    ) -> Result<StopDeliveryStreamEncryptionResponse> {
        let after: Duration = self.status_change;
        let stream = self.encryptable(call, &request.delivery_stream_name)?;
        if stream.encryption != Encryption::Disabled {
            stream.encryption = Encryption::Disabling {
                until: call.now + after,
            };
        }
        Ok(StopDeliveryStreamEncryptionResponse {})
    }

    fn encryptable(&mut self, call: &Call, name: &str) -> Result<&mut DeliveryStream> {
        let stream = self.stream(name, call.now)?;
        if stream.status != Status::Active {
            return Err(Error::InUse(format!(
                "Firehose {name} is {} and cannot be changed",
                stream.status.as_str()
            )));
        }
        if matches!(stream.source, Source::Kinesis { .. }) {
            return Err(Error::invalid(SOURCE_ENCRYPTS));
        }
        if stream.encryption.until().is_some() {
            return Err(Error::InUse(format!(
                "The encryption of Firehose {name} is being changed"
            )));
        }
        Ok(stream)
    }
}

/// Why a delivery stream with a Kinesis source has no encryption of its own.
pub(super) const SOURCE_ENCRYPTS: &str = "Server-side encryption is only for delivery streams of \
     type DirectPut; with a Kinesis stream as the source, encrypt that stream";
