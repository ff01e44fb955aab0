//! The services behind the front door, and how requests name them.

use std::fmt;

/// A service that has an API model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// Kinesis Data Streams.
    Kinesis,
    /// Data Firehose.
    Firehose,
    /// Simple Storage Service.
    S3,
    /// Glue: Data Catalog, crawlers, jobs.
    Glue,
    /// Athena.
    Athena,
    /// Identity and Access Management.
    Iam,
    /// Security Token Service.
    Sts,
    /// CloudWatch Logs.
    Logs,
}

/// How a service's requests and replies are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `X-Amz-Target` and a JSON document both ways.
    Json,
    /// A form in, an XML document out.
    Query,
    /// Paths, headers and XML documents: S3 alone.
    RestXml,
}

impl Service {
    /// All of them, in the order the fidelity table shows.
    pub const ALL: [Self; 8] = [
        Self::Kinesis,
        Self::Firehose,
        Self::S3,
        Self::Glue,
        Self::Athena,
        Self::Iam,
        Self::Sts,
        Self::Logs,
    ];

    /// The name used in credential scopes, ARNs and IAM actions.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kinesis => "kinesis",
            Self::Firehose => "firehose",
            Self::S3 => "s3",
            Self::Glue => "glue",
            Self::Athena => "athena",
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::Logs => "logs",
        }
    }

    /// The service of that name in a credential scope.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }

    /// The service whose `X-Amz-Target` prefix this is.
    pub fn by_target(prefix: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|service| service.target().is_some_and(|target| target == prefix))
    }

    /// The `X-Amz-Target` prefix; none for the services that do not speak JSON.
    ///
    /// Stands here besides the API facts so that routing does not load a service's facts; a test
    /// keeps the two equal.
    pub const fn target(self) -> Option<&'static str> {
        match self {
            Self::Kinesis => Some("Kinesis_20131202"),
            Self::Firehose => Some("Firehose_20150804"),
            Self::Glue => Some("AWSGlue"),
            Self::Athena => Some("AmazonAthena"),
            Self::Logs => Some("Logs_20140328"),
            Self::S3 | Self::Iam | Self::Sts => None,
        }
    }

    /// The protocol its clients speak.
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::S3 => Protocol::RestXml,
            Self::Iam | Self::Sts => Protocol::Query,
            _ => Protocol::Json,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
