//! What can be typed.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::tz::TimeZone;

use crate::base::Timestamp;
use crate::base::time::parse_offset;
use crate::wire::Service;

/// An AWS stream-to-query pipeline on this machine: Kinesis, Firehose, S3, Glue and Athena that
/// really execute, and a wind farm that uses them.
#[derive(Debug, Parser)]
#[command(name = "windfarm", version, propagate_version = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the whole pipeline, generators to Athena, and check every answer
    Demo(DemoArgs),
    /// Start the emulator on a port
    Up(UpArgs),
    /// Ask whether an emulator answers: exit code 0 when it does, 2 when not
    Health(HealthArgs),
    /// List the AWS operations: implemented, partly, refused or absent
    Operations(OperationsArgs),
    /// Send simulated readings to a stream
    Produce(ProduceArgs),
    /// Send real readings (La Haute Borne) to a stream
    Replay(ReplayArgs),
    /// Look at the streams of a running emulator
    #[command(subcommand)]
    Streams(StreamsCommand),
    /// What the callers of a running emulator need to be allowed
    #[command(subcommand)]
    Iam(IamCommand),
}

/// `windfarm iam`
#[derive(Clone, Debug, Subcommand)]
pub enum IamCommand {
    /// Print the least policy of what was asked of an emulator started with --iam audit or enforce
    Policy(PolicyArgs),
}

/// `windfarm iam policy`
#[derive(Clone, Debug, Args)]
pub struct PolicyArgs {
    /// A user, role or root, by name or ARN: its policy alone, ready for a file; all of them, with
    /// what their policies did not allow, when left out
    pub principal: Option<String>,
    /// Where to ask.
    #[command(flatten)]
    pub place: HealthArgs,
    /// Print the whole report as JSON
    #[arg(long, conflicts_with = "principal")]
    pub json: bool,
}

/// `windfarm streams`
#[derive(Clone, Debug, Subcommand)]
pub enum StreamsCommand {
    /// Show a stream shard by shard: records, bytes, throttled records, capacity used just now
    Show(ShowArgs),
}

/// `windfarm streams show`
#[derive(Clone, Debug, Args)]
pub struct ShowArgs {
    /// The stream
    pub name: String,
    /// Where to ask.
    #[command(flatten)]
    pub place: HealthArgs,
    /// The account the stream is in; the emulator's default one unless told
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// The region the stream is in
    #[arg(
        long,
        default_value = "us-east-1",
        env = "AWS_REGION",
        value_name = "NAME"
    )]
    pub region: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Where the AWS APIs are.
#[derive(Clone, Debug, Args)]
pub struct TargetArgs {
    /// Where to run: in this process, on LocalStack, or on AWS as your environment configures it
    #[arg(long, value_enum, default_value_t = TargetName::Local)]
    pub target: TargetName,
    /// Use what listens at this URL (with test credentials) instead of a target
    #[arg(long, value_name = "URL", conflicts_with = "target")]
    pub endpoint: Option<String>,
}

/// The targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TargetName {
    /// An emulator inside this process: no port, nothing to install
    Local,
    /// LocalStack at http://localhost:4566
    Localstack,
    /// AWS, or what AWS_ENDPOINT_URL names
    Aws,
}

/// What the generators do.
#[derive(Clone, Debug, Args)]
pub struct GeneratorArgs {
    /// Turbines; every app reads each of them once a tick
    #[arg(long, default_value_t = 8, value_name = "N")]
    pub turbines: u32,
    /// Time from tick to tick, e.g. 10s, 1m, 500ms
    #[arg(long, default_value = "60s", value_parser = parse_duration, value_name = "TIME")]
    pub interval: Duration,
    /// How long to send, e.g. 3d, 12h, 90s
    #[arg(long, default_value = "3d", value_parser = parse_duration, value_name = "TIME")]
    pub duration: Duration,
    /// First simulated instant (virtual clock only), RFC 3339
    #[arg(long, default_value = "2025-04-29T03:00:00Z", value_parser = parse_instant, value_name = "INSTANT")]
    pub start: Timestamp,
    /// Offset of the local clock that stamps the readings
    #[arg(long, default_value = "-03:00", value_parser = parse_zone, value_name = "OFFSET", allow_hyphen_values = true)]
    pub utc_offset: TimeZone,
    /// Root of everything random; the same seed sends the same bytes
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Share of the course's readings that are broken on purpose, 0 to 1 [default: 0.002]
    #[arg(long, value_name = "SHARE")]
    pub dirt: Option<f64>,
    /// What decides the shard
    #[arg(long, value_enum, default_value_t = KeyName::Course)]
    pub partition_key: KeyName,
}

/// Partition keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyName {
    /// `02` for everything, as the original project does: one shard gets all
    Course,
    /// The sensor or the turbine
    Source,
    /// A number for each record: spread over all shards
    Spread,
}

/// `windfarm demo`
#[derive(Clone, Debug, Args)]
pub struct DemoArgs {
    /// Where to run.
    #[command(flatten)]
    pub target: TargetArgs,
    /// What the generators do.
    #[command(flatten)]
    pub generators: GeneratorArgs,
    /// Shards of the stream
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub shards: i32,
    /// Firehose's buffer interval in seconds, 0 to 900
    #[arg(long, default_value_t = 300, value_name = "SECONDS", value_parser = clap::value_parser!(i32).range(0..=900))]
    pub buffer_seconds: i32,
    /// Bucket to use; by default one named after the account and region
    #[arg(long, value_name = "NAME")]
    pub bucket: Option<String>,
    /// Leave the resources standing (targets other than local; there nothing outlives the process)
    #[arg(long)]
    pub keep: bool,
    /// Print one JSON document instead of tables
    #[arg(long)]
    pub json: bool,
}

/// `windfarm up`
#[derive(Clone, Debug, Args)]
pub struct UpArgs {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1", env = "WINDFARM_HOST")]
    pub host: IpAddr,
    /// Port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 4566, env = "WINDFARM_PORT")]
    pub port: u16,
    /// Whether AWS's capacities and quotas apply
    #[arg(long, value_enum, default_value_t = LimitsName::Aws)]
    pub limits: LimitsName,
    /// Whether requests must carry a valid signature
    #[arg(long, value_enum, default_value_t = AuthName::Off, env = "WINDFARM_AUTH")]
    pub auth: AuthName,
    /// Whether requests must be allowed by IAM's policies
    #[arg(long, value_enum, default_value_t = IamName::Off, env = "WINDFARM_IAM")]
    pub iam: IamName,
    /// Speak HTTPS, with a certificate made for this run
    #[arg(long, env = "WINDFARM_TLS")]
    pub tls: bool,
    /// Where to write the certificate to trust (for AWS_CA_BUNDLE) [default: a file in the
    /// temporary folder, named after the port]
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub tls_certificate: Option<PathBuf>,
    /// A further domain for virtual-host buckets: BUCKET.DOMAIN and BUCKET.s3.DOMAIN are the bucket's
    /// (as they are for localhost and localhost.localstack.cloud). May be given several times
    #[arg(long, value_name = "DOMAIN", env = "WINDFARM_S3_HOST", value_delimiter = ',', value_parser = parse_domain)]
    pub s3_host: Vec<String>,
    /// Root of every identifier the emulator makes; random by default
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Post the events of a Lambda function to this address; may be given several times
    #[arg(long, value_name = "ARN=URL")]
    pub lambda: Vec<String>,
}

/// Authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AuthName {
    /// Any credentials will do; an access key of 12 digits is the account, any other the default one
    Off,
    /// Signatures (SigV4), their age, keys and session tokens are checked. Known keys: those made by
    /// CreateAccessKey, AssumeRole, GetSessionToken and GetFederationToken here, `test` with the
    /// secret `test` (root of account 000000000000), and any 12-digit account id with the secret
    /// `test` (root of that account). Signature Version 2, which boto3 and `aws s3 presign` use for
    /// presigned URLs unless told `s3v4`, is refused
    Verify,
}

/// Authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum IamName {
    /// Everybody may do everything
    Off,
    /// Everybody may do everything; what each caller, and each role in a service's hands, needed for it
    /// is noted: `windfarm iam policy` prints the least policy that allows it
    Audit,
    /// Requests need what policies allow: identity policies, bucket and stream policies, trust policies,
    /// session policies and permissions boundaries. Access keys that were not made here are roots.
    /// Firehose, crawlers and jobs act with their roles' rights, queries with their caller's
    Enforce,
}

/// `windfarm health`
#[derive(Clone, Debug, Args)]
pub struct HealthArgs {
    /// Where to ask, e.g. http://127.0.0.1:4566
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// Port on this machine to ask when there is no --endpoint
    #[arg(long, default_value_t = 4566, env = "WINDFARM_PORT")]
    pub port: u16,
}

impl HealthArgs {
    /// The endpoint to ask.
    pub fn endpoint(&self) -> String {
        match &self.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => format!("http://127.0.0.1:{}", self.port),
        }
    }
}

/// `windfarm operations`
#[derive(Clone, Debug, Args)]
pub struct OperationsArgs {
    /// Only this service's: kinesis, firehose, s3, glue, athena, iam, sts or logs
    #[arg(long, value_parser = parse_service, value_name = "SERVICE")]
    pub service: Option<Service>,
    /// Print a JSON array instead of lines
    #[arg(long)]
    pub json: bool,
}

/// Limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LimitsName {
    /// As AWS documents them
    Aws,
    /// None
    Off,
}

/// `windfarm produce`
#[derive(Clone, Debug, Args)]
pub struct ProduceArgs {
    /// Where the stream is. In this process there is none, so --target local only prints
    #[command(flatten)]
    pub target: TargetArgs,
    /// The stream; it must exist
    #[arg(long, default_value = "windfarm", value_name = "NAME")]
    pub stream: String,
    /// What is sent
    #[arg(long, value_enum, default_value_t = Profile::Course)]
    pub profile: Profile,
    /// What the generators do.
    #[command(flatten)]
    pub generators: GeneratorArgs,
    /// Readings a second from each app instead of an interval
    #[arg(long, value_name = "PER_SECOND", conflicts_with = "interval")]
    pub rate: Option<f64>,
    /// `real` sends each tick when it is due; `virtual` only stamps it so and sends at once
    #[arg(long, value_enum, default_value_t = ClockName::Real)]
    pub clock: ClockName,
    /// Write the records to standard output, one a line, instead of sending them
    #[arg(long)]
    pub print: bool,
    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,
}

/// Record forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// The original project's three apps, byte for byte: four strings a record
    Course,
    /// One typed record a turbine with everything SCADA knows
    Scada,
}

/// Clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ClockName {
    /// Simulated
    Virtual,
    /// The machine's
    Real,
}

/// `windfarm replay`
#[derive(Clone, Debug, Args)]
pub struct ReplayArgs {
    /// Where the stream is.
    #[command(flatten)]
    pub target: TargetArgs,
    /// The stream; it must exist
    #[arg(long, default_value = "windfarm", value_name = "NAME")]
    pub stream: String,
    /// The CSV file: `fixtures/lhb/…week.csv`, or the whole one from `just fetch-lhb`
    #[arg(long, value_name = "FILE")]
    pub input: PathBuf,
    /// Write the records to standard output, one a line, instead of sending them
    #[arg(long)]
    pub print: bool,
    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,
}

/// `10s`, `500ms`, `2m`, `12h`, `3d`.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .ok_or_else(|| {
            format!("`{text}` has no unit: write {text}s, {text}m, {text}h or {text}d")
        })?;
    let (number, unit) = text.split_at(split);
    let number: f64 = number
        .parse()
        .map_err(|_| format!("`{text}` is no time: write for example 10s or 3d"))?;
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return Err(format!("`{unit}` is no unit of time: use ms, s, m, h or d")),
    };
    Duration::try_from_secs_f64(number * seconds).map_err(|error| format!("`{text}`: {error}"))
}

/// A host name to which labels can be prepended.
fn parse_domain(text: &str) -> Result<String, String> {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let domain = text.trim_start_matches("*.").trim_start_matches('.');
    if domain.split('.').all(label) && domain.parse::<IpAddr>().is_err() {
        Ok(domain.to_ascii_lowercase())
    } else {
        Err(format!(
            "`{text}` is no domain: write for example s3.farm.test, without a port"
        ))
    }
}

fn parse_service(text: &str) -> Result<Service, String> {
    Service::by_name(text).ok_or_else(|| {
        let names = Service::ALL.map(Service::name).join(", ");
        format!("`{text}` is no service of this program: {names}")
    })
}

fn parse_instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text)
        .ok_or_else(|| format!("`{text}` is no instant: write for example 2025-04-29T03:00:00Z"))
}

fn parse_zone(text: &str) -> Result<TimeZone, String> {
    parse_offset(text)
        .ok_or_else(|| format!("`{text}` is no offset: write for example -03:00 or Z"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn domains_have_no_port_and_no_wildcard() {
        assert_eq!(
            parse_domain("*.S3.farm.test"),
            Ok("s3.farm.test".to_owned())
        );
        assert_eq!(parse_domain("windfarm"), Ok("windfarm".to_owned()));
        for bad in ["", "farm:4566", "http://farm", "127.0.0.1", "a..b"] {
            assert!(parse_domain(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_have_units() {
        assert_eq!(parse_duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("3d"), Ok(Duration::from_secs(259_200)));
        for bad in ["", "10", "s", "1y", "-1s"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
