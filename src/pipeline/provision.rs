//! Makes the resources, in the order in which they need each other. Safe to repeat: what exists
//! already is left as it is.

use std::time::Duration;

use aws_sdk_firehose::types::{
    BufferingHints, DeliveryStreamStatus, DeliveryStreamType, ExtendedS3DestinationConfiguration,
    KinesisStreamSourceConfiguration,
};
use aws_sdk_glue::types::{CrawlerTargets, DatabaseInput, S3Target};
use aws_sdk_kinesis::types::{StreamMode, StreamModeDetails, StreamStatus};
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};

use crate::pipeline::error::{Error, Result, doing};
use crate::pipeline::patience::Patience;
use crate::pipeline::{Clients, Plan, Progress, Step, transform};

/// How long a resource may take to become active.
const ACTIVE_WITHIN: Duration = Duration::from_secs(300);
/// How long a new role may stay unknown to the service that is to assume it: IAM is eventually
/// consistent on AWS, and provisioners wait for it.
const ROLE_KNOWN_WITHIN: Duration = Duration::from_secs(90);

/// What was made, with the ARNs other resources refer to.
#[derive(Clone, Debug, Default)]
pub struct Provisioned {
    /// Every resource made by this call, for a person to read. What existed before is not here.
    pub made: Vec<String>,
    /// ARN of the stream.
    pub stream_arn: String,
}

/// Whether a refusal only says that the thing is already there.
fn exists_already(error: &Error) -> bool {
    matches!(
        error.code(),
        Some(
            "ResourceInUseException"
                | "AlreadyExistsException"
                | "EntityAlreadyExists"
                | "BucketAlreadyOwnedByYou"
        )
    )
}

/// Whether a refusal says that a role is not known yet.
fn role_not_known_yet(error: &Error) -> bool {
    match error {
        Error::Service { message, .. } => {
            message.contains("unable to assume") || message.contains("not authorized to")
        }
        _ => false,
    }
}

/// Makes everything the plan names.
///
/// # Errors
/// The first refusal that is not "it exists already". [`Provisioned::made`] of what came before is
/// reported through `progress`, so nothing half-made goes unnamed.
pub async fn provision(
    clients: &Clients,
    plan: &Plan,
    progress: &dyn Progress,
) -> Result<Provisioned> {
    let mut site = Site {
        clients,
        plan,
        progress,
        done: Provisioned::default(),
    };
    progress.begin(Step::Provision, 10);
    site.bucket().await?;
    let firehose_role = site
        .role(
            &plan.firehose_role,
            "firehose.amazonaws.com",
            &firehose_policy(plan),
        )
        .await?;
    let glue_role = site
        .role(&plan.glue_role, "glue.amazonaws.com", &glue_policy(plan))
        .await?;
    site.stream().await?;
    site.delivery_stream(&firehose_role).await?;
    site.database().await?;
    site.crawler(&plan.raw_crawler, &glue_role, &[&plan.raw_prefix])
        .await?;
    let curated = [plan.curated_prefix(), plan.rejected_prefix()];
    site.crawler(&plan.curated_crawler, &glue_role, &curated)
        .await?;
    site.job(&glue_role).await?;
    site.work_group().await?;
    let summary = format!("{} resources made", site.done.made.len());
    progress.end(Step::Provision, &summary);
    Ok(site.done)
}

struct Site<'a> {
    clients: &'a Clients,
    plan: &'a Plan,
    progress: &'a dyn Progress,
    done: Provisioned,
}

impl Site<'_> {
    /// Notes one resource; `Ok(false)` when it was there before.
    fn note<T>(&mut self, what: String, made: Result<T>) -> Result<bool> {
        let fresh = match made {
            Ok(_) => true,
            Err(error) if exists_already(&error) => false,
            Err(error) => return Err(error),
        };
        if fresh {
            self.done.made.push(what.clone());
        }
        self.progress
            .advance(Step::Provision, self.done.made.len() as u64, &what);
        Ok(fresh)
    }

    async fn bucket(&mut self) -> Result<()> {
        let s3 = &self.clients.s3;
        let region = s3.config().region().map(ToString::to_string);
        let place = region.filter(|name| name != "us-east-1").map(|name| {
            CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(name.as_str()))
                .build()
        });
        let what = format!("bucket {}", self.plan.bucket);
        let made = s3
            .create_bucket()
            .bucket(&self.plan.bucket)
            .set_create_bucket_configuration(place)
            .send()
            .await
            .map_err(doing(format!("create the {what}")));
        self.note(what, made).map(drop)
    }

    async fn role(&mut self, name: &str, service: &str, policy: &str) -> Result<String> {
        let iam = &self.clients.iam;
        let what = format!("role {name}");
        let trust = serde_json::json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sts:AssumeRole",
            }],
        });
        let made = iam
            .create_role()
            .role_name(name)
            .assume_role_policy_document(trust.to_string())
            .send()
            .await
            .map_err(doing(format!("create the {what}")));
        self.note(what.clone(), made)?;
        iam.put_role_policy()
            .role_name(name)
            .policy_name("pipeline")
            .policy_document(policy)
            .send()
            .await
            .map_err(doing(format!("put the policy of the {what}")))?;
        let reply = iam
            .get_role()
            .role_name(name)
            .send()
            .await
            .map_err(doing(format!("read the {what}")))?;
        let role = reply
            .role()
            .ok_or_else(|| Error::Reply(format!("no {what} in the reply")))?;
        Ok(role.arn().to_owned())
    }

    async fn stream(&mut self) -> Result<()> {
        let kinesis = &self.clients.kinesis;
        let name = &self.plan.stream;
        let what = format!("stream {name}");
        let mut call = kinesis.create_stream().stream_name(name);
        call = match self.plan.shards {
            Some(shards) => call.shard_count(shards),
            None => call.stream_mode_details(
                StreamModeDetails::builder()
                    .stream_mode(StreamMode::OnDemand)
                    .build()
                    .map_err(|error| Error::Settings(error.to_string()))?,
            ),
        };
        let made = call
            .send()
            .await
            .map_err(doing(format!("create the {what}")));
        self.note(what.clone(), made)?;
        let mut patience = Patience::new(&self.clients.clock, ACTIVE_WITHIN);
        loop {
            let reply = kinesis
                .describe_stream_summary()
                .stream_name(name)
                .send()
                .await
                .map_err(doing(format!("describe the {what}")))?;
            let summary = reply
                .stream_description_summary()
                .ok_or_else(|| Error::Reply(format!("no summary of the {what}")))?;
            if *summary.stream_status() == StreamStatus::Active {
                self.done.stream_arn = summary.stream_arn().to_owned();
                return Ok(());
            }
            patience.wait(&what, "ACTIVE").await?;
        }
    }

    async fn delivery_stream(&mut self, role_arn: &str) -> Result<()> {
        let firehose = &self.clients.firehose;
        let name = &self.plan.delivery_stream;
        let what = format!("delivery stream {name}");
        let settings =
            |error: aws_sdk_firehose::error::BuildError| Error::Settings(error.to_string());
        let source = KinesisStreamSourceConfiguration::builder()
            .kinesis_stream_arn(&self.done.stream_arn)
            .role_arn(role_arn)
            .build()
            .map_err(settings)?;
        // No prefix of its own but the folder: Firehose adds yyyy/MM/dd/HH/ of the arrival, in UTC.
        let destination = ExtendedS3DestinationConfiguration::builder()
            .role_arn(role_arn)
            .bucket_arn(format!("arn:aws:s3:::{}", self.plan.bucket))
            .prefix(&self.plan.raw_prefix)
            .buffering_hints(
                BufferingHints::builder()
                    .interval_in_seconds(self.plan.buffer_seconds)
                    .size_in_mbs(self.plan.buffer_mb)
                    .build(),
            )
            .build()
            .map_err(settings)?;
        let mut patience = Patience::new(&self.clients.clock, ROLE_KNOWN_WITHIN);
        let made = loop {
            let made = firehose
                .create_delivery_stream()
                .delivery_stream_name(name)
                .delivery_stream_type(DeliveryStreamType::KinesisStreamAsSource)
                .kinesis_stream_source_configuration(source.clone())
                .extended_s3_destination_configuration(destination.clone())
                .send()
                .await
                .map_err(doing(format!("create the {what}")));
            match made {
                Err(error) if role_not_known_yet(&error) && patience.lasts() => {
                    patience.wait(&what, "creatable").await?;
                }
                other => break other,
            }
        };
        self.note(what.clone(), made)?;
        let mut patience = Patience::new(&self.clients.clock, ACTIVE_WITHIN);
        loop {
            let reply = firehose
                .describe_delivery_stream()
                .delivery_stream_name(name)
                .send()
                .await
                .map_err(doing(format!("describe the {what}")))?;
            let status = reply
                .delivery_stream_description()
                .map(|d| d.delivery_stream_status().clone())
                .ok_or_else(|| Error::Reply(format!("no description of the {what}")))?;
            match status {
                DeliveryStreamStatus::Active => return Ok(()),
                DeliveryStreamStatus::Creating => patience.wait(&what, "ACTIVE").await?,
                other => {
                    return Err(Error::State {
                        what,
                        state: other.to_string(),
                        reason: String::new(),
                    });
                }
            }
        }
    }

    async fn database(&mut self) -> Result<()> {
        let what = format!("database {}", self.plan.database);
        let input = DatabaseInput::builder()
            .name(&self.plan.database)
            .description("Readings of the wind farm")
            .build()
            .map_err(|error| Error::Settings(error.to_string()))?;
        let made = self
            .clients
            .glue
            .create_database()
            .database_input(input)
            .send()
            .await
            .map_err(doing(format!("create the {what}")));
        self.note(what, made).map(drop)
    }

    async fn crawler(&mut self, name: &str, role: &str, prefixes: &[&str]) -> Result<()> {
        let what = format!("crawler {name}");
        let targets = prefixes
            .iter()
            .map(|prefix| S3Target::builder().path(self.plan.location(prefix)).build())
            .collect();
        let mut patience = Patience::new(&self.clients.clock, ROLE_KNOWN_WITHIN);
        let made = loop {
            let made = self
                .clients
                .glue
                .create_crawler()
                .name(name)
                .role(role)
                .database_name(&self.plan.database)
                .targets(
                    CrawlerTargets::builder()
                        .set_s3_targets(Some(Vec::clone(&targets)))
                        .build(),
                )
                .send()
                .await
                .map_err(doing(format!("create the {what}")));
            match made {
                Err(error) if role_not_known_yet(&error) && patience.lasts() => {
                    patience.wait(&what, "creatable").await?;
                }
                other => break other,
            }
        };
        self.note(what, made).map(drop)
    }

    async fn job(&mut self, role: &str) -> Result<()> {
        let what = format!("job {}", self.plan.job);
        let made = transform::create_job(self.clients, self.plan, role).await;
        self.note(what, made).map(drop)
    }

    async fn work_group(&mut self) -> Result<()> {
        // `primary` exists in every account; the result location goes with each query.
        let what = format!("work group {}", self.plan.work_group);
        let found = self
            .clients
            .athena
            .get_work_group()
            .work_group(&self.plan.work_group)
            .send()
            .await
            .map_err(doing(format!("read the {what}")));
        match found {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("InvalidRequestException") => {
                let made = self
                    .clients
                    .athena
                    .create_work_group()
                    .name(&self.plan.work_group)
                    .send()
                    .await
                    .map_err(doing(format!("create the {what}")));
                self.note(what, made).map(drop)
            }
            Err(error) => Err(error),
        }
    }
}

/// What Firehose's role may do: read the stream, write under the raw prefix.
fn firehose_policy(plan: &Plan) -> String {
    serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": [
                    "kinesis:DescribeStream", "kinesis:GetShardIterator",
                    "kinesis:GetRecords", "kinesis:ListShards",
                ],
                "Resource": format!("arn:aws:kinesis:*:*:stream/{}", plan.stream),
            },
            {
                "Effect": "Allow",
                "Action": [
                    "s3:AbortMultipartUpload", "s3:GetBucketLocation", "s3:ListBucket",
                    "s3:ListBucketMultipartUploads", "s3:PutObject",
                ],
                "Resource": [
                    format!("arn:aws:s3:::{}", plan.bucket),
                    format!("arn:aws:s3:::{}/*", plan.bucket),
                ],
            },
        ],
    })
    .to_string()
}

/// What Glue's role may do: the catalog, its logs, and the objects of the pipeline's bucket.
fn glue_policy(plan: &Plan) -> String {
    serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["glue:*", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": "*",
            },
            {
                "Effect": "Allow",
                "Action": ["s3:GetBucketLocation", "s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                "Resource": [
                    format!("arn:aws:s3:::{}", plan.bucket),
                    format!("arn:aws:s3:::{}/*", plan.bucket),
                ],
            },
        ],
    })
    .to_string()
}
