//! What is set on a stream: retention, mode, record size, monitoring, encryption.

use std::collections::BTreeSet;

use crate::base::limits::kinesis as limits;
use crate::base::{Arn, Call};
use crate::kinesis::api::{
    DecreaseStreamRetentionPeriodRequest, DisableEnhancedMonitoringRequest,
    DisableEnhancedMonitoringResponse, EnableEnhancedMonitoringRequest,
    EnableEnhancedMonitoringResponse, IncreaseStreamRetentionPeriodRequest,
    StartStreamEncryptionRequest, StopStreamEncryptionRequest, UpdateMaxRecordSizeRequest,
    UpdateStreamModeRequest,
};
use crate::kinesis::stream::Mode;
use crate::kinesis::{Address, Error, Kinesis, Result, What, address};

/// The shard-level metrics, in the order of their names. API reference, EnableEnhancedMonitoring.
const METRICS: [&str; 7] = [
    "IncomingBytes",
    "IncomingRecords",
    "IteratorAgeMilliseconds",
    "OutgoingBytes",
    "OutgoingRecords",
    "ReadProvisionedThroughputExceeded",
    "WriteProvisionedThroughputExceeded",
];

/// Which way a retention period is to go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

impl Kinesis {
    /// IncreaseStreamRetentionPeriod. The present value is accepted and changes nothing: Terraform
    /// sends it after every creation.
    pub fn increase_stream_retention_period(
        &mut self,
        call: &Call,
        request: IncreaseStreamRetentionPeriodRequest,
    ) -> Result<()> {
        let name = self.begin(call, address!(request))?;
        self.change_retention(call, &name, request.retention_period_hours, Way::Up)
    }

    /// DecreaseStreamRetentionPeriod. Records older than the new period are gone at once.
    pub fn decrease_stream_retention_period(
        &mut self,
        call: &Call,
        request: DecreaseStreamRetentionPeriodRequest,
    ) -> Result<()> {
        let name = self.begin(call, address!(request))?;
        self.change_retention(call, &name, request.retention_period_hours, Way::Down)
    }

    fn change_retention(&mut self, call: &Call, name: &str, hours: i32, way: Way) -> Result<()> {
        let present = self.active(name)?.retention_hours;
        if hours < limits::MIN_RETENTION_HOURS {
            return Err(Error::InvalidArgument(format!(
                "Minimum allowed retention period is {} hours. Requested retention period ({hours} \
                 hours) is too short.",
                limits::MIN_RETENTION_HOURS
            )));
        }
        if hours > limits::MAX_RETENTION_HOURS {
            return Err(Error::InvalidArgument(format!(
                "Maximum allowed retention period is {} hours. Requested retention period ({hours} \
                 hours) is too long.",
                limits::MAX_RETENTION_HOURS
            )));
        }
        let (wrong, than, other) = match way {
            Way::Up => (hours < present, "shorter", "Decrease"),
            Way::Down => (hours > present, "longer", "Increase"),
        };
        if wrong {
            return Err(Error::InvalidArgument(format!(
                "Requested retention period ({hours} hours) for stream {name} can not be {than} than \
                 existing retention period ({present} hours). Use {other}RetentionPeriod API."
            )));
        }
        if hours == present {
            return Ok(());
        }
        let stream = self.stream_mut(name)?;
        // Under the old period first: a longer one must not bring back what had passed.
        stream.trim(call.now);
        stream.retention_hours = hours;
        stream.trim(call.now);
        self.update(call.now, name, What::Settle)
    }

    /// UpdateStreamMode. A switch keeps the shards.
    pub fn update_stream_mode(
        &mut self,
        call: &Call,
        request: UpdateStreamModeRequest,
    ) -> Result<()> {
        if request.warm_throughput_mibps.is_some() {
            return Err(Error::NotImplemented(
                "kinesis:UpdateStreamMode: the parameter WarmThroughputMiBps",
            ));
        }
        let name = self.begin(
            call,
            Address {
                name: None,
                arn: Some(&request.stream_arn),
                stream_id: request.stream_id.as_deref(),
            },
        )?;
        let mode = &request.stream_mode_details.stream_mode;
        let mode = Mode::parse(mode)
            .ok_or_else(|| Error::InvalidArgument(format!("{mode} is not a stream mode.")))?;
        let limited = self.limited();
        let stream = self.active(&name)?;
        if stream.mode == mode {
            return Err(Error::InvalidArgument(format!(
                "Stream {name} under account {} is already in {} mode.",
                call.account,
                mode.as_str()
            )));
        }
        if limited
            && !stream
                .mode_switches
                .allows(limits::MODE_SWITCHES_PER_DAY, call.now)
        {
            return Err(Error::LimitExceeded(format!(
                "The mode of stream {name} has been switched {} times in the last 24 hours.",
                limits::MODE_SWITCHES_PER_DAY
            )));
        }
        stream.mode_switches.note(call.now);
        stream.mode = mode;
        self.update(call.now, &name, What::Settle)
    }

    /// UpdateMaxRecordSize.
    pub fn update_max_record_size(
        &mut self,
        call: &Call,
        request: UpdateMaxRecordSizeRequest,
    ) -> Result<()> {
        let name = self.begin(
            call,
            Address {
                name: None,
                arn: request.stream_arn.as_deref(),
                stream_id: request.stream_id.as_deref(),
            },
        )?;
        self.active(&name)?.max_record_kib = request.max_record_size_in_kib;
        self.update(call.now, &name, What::Settle)
    }

    /// EnableEnhancedMonitoring. The metrics themselves belong to CloudWatch, which is not here; the
    /// figures they would show are those of [`Kinesis::stream_counts`].
    pub fn enable_enhanced_monitoring(
        &mut self,
        call: &Call,
        request: EnableEnhancedMonitoringRequest,
    ) -> Result<EnableEnhancedMonitoringResponse> {
        let name = self.begin(call, address!(request))?;
        let asked = metrics(&request.shard_level_metrics)?;
        self.change_metrics(call, name, |on| on.union(&asked).copied().collect())
    }

    /// DisableEnhancedMonitoring.
    pub fn disable_enhanced_monitoring(
        &mut self,
        call: &Call,
        request: DisableEnhancedMonitoringRequest,
    ) -> Result<DisableEnhancedMonitoringResponse> {
        let name = self.begin(call, address!(request))?;
        let asked = metrics(&request.shard_level_metrics)?;
        self.change_metrics(call, name, |on| on.difference(&asked).copied().collect())
    }

    fn change_metrics(
        &mut self,
        call: &Call,
        name: String,
        change: impl FnOnce(&BTreeSet<&'static str>) -> BTreeSet<&'static str>,
    ) -> Result<DisableEnhancedMonitoringResponse> {
        let arn = self.stream_arn(&name).to_string();
        let stream = self.active(&name)?;
        let desired = change(&stream.metrics);
        let current = std::mem::replace(&mut stream.metrics, desired.clone());
        if current != desired {
            self.update(call.now, &name, What::Settle)?;
        }
        let names = |set: BTreeSet<&'static str>| set.into_iter().map(str::to_owned).collect();
        Ok(DisableEnhancedMonitoringResponse {
            stream_name: Some(name),
            current_shard_level_metrics: Some(names(current)),
            desired_shard_level_metrics: Some(names(desired)),
            stream_arn: Some(arn),
        })
    }

    /// StartStreamEncryption: once the stream is ACTIVE again, records are marked as encrypted. The state is kept and
    /// shown; nothing is encrypted, since there is no KMS here and no disk to protect.
    pub fn start_stream_encryption(
        &mut self,
        call: &Call,
        request: StartStreamEncryptionRequest,
    ) -> Result<()> {
        let name = self.begin(call, address!(request))?;
        check_kms(&request.encryption_type)?;
        if let Ok(key) = request.key_id.parse::<Arn>()
            && key.region != self.region.as_str()
        {
            return Err(Error::KmsNotFound(format!("Invalid arn {}", key.region)));
        }
        let limited = self.limited();
        let stream = self.active(&name)?;
        if limited
            && !stream
                .encryption_starts
                .allows(limits::ENCRYPTION_STARTS_PER_DAY, call.now)
        {
            return Err(Error::LimitExceeded(format!(
                "StartStreamEncryption has been called {} times in the last 24 hours for stream {name}.",
                limits::ENCRYPTION_STARTS_PER_DAY
            )));
        }
        stream.encryption_starts.note(call.now);
        self.update(
            call.now,
            &name,
            What::Encrypt {
                key: Some(request.key_id),
            },
        )
    }

    /// StopStreamEncryption.
    pub fn stop_stream_encryption(
        &mut self,
        call: &Call,
        request: StopStreamEncryptionRequest,
    ) -> Result<()> {
        let name = self.begin(call, address!(request))?;
        check_kms(&request.encryption_type)?;
        let stream = self.active(&name)?;
        match &stream.kms_key {
            Some(key) if *key == request.key_id => {}
            Some(key) => {
                return Err(Error::InvalidArgument(format!(
                    "Stream {name} is encrypted with the key {key}, not {}.",
                    request.key_id
                )));
            }
            // Stopping what is not on is no error.
            None => {}
        }
        self.update(call.now, &name, What::Encrypt { key: None })
    }
}

fn check_kms(encryption_type: &str) -> Result<()> {
    if encryption_type == "KMS" {
        return Ok(());
    }
    Err(Error::InvalidArgument(format!(
        "EncryptionType {encryption_type} is not valid here; the only valid value is KMS."
    )))
}

/// The metrics a list of names means: `ALL` stands for all, alone.
fn metrics(names: &[String]) -> Result<BTreeSet<&'static str>> {
    if names.iter().any(|name| name == "ALL") {
        if names.len() > 1 {
            return Err(Error::InvalidArgument(
                "DesiredShardLevelMetrics cannot have ALL with other metric names".to_owned(),
            ));
        }
        return Ok(METRICS.into_iter().collect());
    }
    names
        .iter()
        .map(|name| {
            METRICS
                .into_iter()
                .find(|metric| metric == name)
                .ok_or_else(|| {
                    Error::InvalidArgument(format!("{name} is not a shard-level metric."))
                })
        })
        .collect()
}
