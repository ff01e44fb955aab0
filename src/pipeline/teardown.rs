//! Deletes what [`provision`](super::provision) makes, in the opposite order.

use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use crate::pipeline::error::{Error, Result, doing};
use crate::pipeline::{Clients, Plan};

/// Whether a refusal only says that the thing is not there.
fn gone_already(error: &Error) -> bool {
    matches!(
        error.code(),
        Some(
            "ResourceNotFoundException"
                | "EntityNotFoundException"
                | "NoSuchEntity"
                | "NoSuchBucket"
        )
    )
}

/// Deletes everything the plan names, and returns what was deleted.
///
/// # Errors
/// The first refusal that is not "it does not exist".
pub async fn teardown(clients: &Clients, plan: &Plan) -> Result<Vec<String>> {
    let mut deleted = Vec::new();
    let mut note = |what: String, outcome: Result<()>| match outcome {
        Ok(()) => {
            deleted.push(what);
            Ok(())
        }
        Err(error) if gone_already(&error) => Ok(()),
        Err(error) => Err(error),
    };
    let glue = &clients.glue;

    let what = format!("job {}", plan.job);
    let gone = glue.delete_job().job_name(&plan.job).send().await;
    note(
        what.clone(),
        gone.map(drop).map_err(doing(format!("delete the {what}"))),
    )?;

    for crawler in [&plan.raw_crawler, &plan.curated_crawler] {
        let what = format!("crawler {crawler}");
        let gone = glue.delete_crawler().name(crawler).send().await;
        note(
            what.clone(),
            gone.map(drop).map_err(doing(format!("delete the {what}"))),
        )?;
    }

    let what = format!("database {}", plan.database);
    let gone = glue.delete_database().name(&plan.database).send().await;
    note(
        what.clone(),
        gone.map(drop).map_err(doing(format!("delete the {what}"))),
    )?;

    let what = format!("delivery stream {}", plan.delivery_stream);
    let gone = clients
        .firehose
        .delete_delivery_stream()
        .delivery_stream_name(&plan.delivery_stream)
        .send()
        .await;
    note(
        what.clone(),
        gone.map(drop).map_err(doing(format!("delete the {what}"))),
    )?;

    let what = format!("stream {}", plan.stream);
    let gone = clients
        .kinesis
        .delete_stream()
        .stream_name(&plan.stream)
        .send()
        .await;
    note(
        what.clone(),
        gone.map(drop).map_err(doing(format!("delete the {what}"))),
    )?;

    for role in [&plan.firehose_role, &plan.glue_role] {
        let what = format!("role {role}");
        note(what, delete_role(clients, role).await)?;
    }

    let what = format!("bucket {} and its objects", plan.bucket);
    note(what, delete_bucket(clients, &plan.bucket).await)?;
    Ok(deleted)
}

async fn delete_role(clients: &Clients, role: &str) -> Result<()> {
    let policy = clients
        .iam
        .delete_role_policy()
        .role_name(role)
        .policy_name("pipeline")
        .send()
        .await
        .map(drop)
        .map_err(doing(format!("delete the policy of the role {role}")));
    match policy {
        Err(error) if !gone_already(&error) => return Err(error),
        _ => {}
    }
    clients
        .iam
        .delete_role()
        .role_name(role)
        .send()
        .await
        .map(drop)
        .map_err(doing(format!("delete the role {role}")))
}

async fn delete_bucket(clients: &Clients, bucket: &str) -> Result<()> {
    let mut pages = clients
        .s3
        .list_objects_v2()
        .bucket(bucket)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(doing(format!("list s3://{bucket}")))?;
        let keys = page
            .contents()
            .iter()
            .filter_map(|object| object.key())
            .map(|key| ObjectIdentifier::builder().key(key).build())
            .collect::<std::result::Result<Vec<_>, _>>()
            .map_err(|error| Error::Settings(error.to_string()))?;
        if keys.is_empty() {
            continue;
        }
        let delete = Delete::builder()
            .set_objects(Some(keys))
            .quiet(true)
            .build()
            .map_err(|error| Error::Settings(error.to_string()))?;
        clients
            .s3
            .delete_objects()
            .bucket(bucket)
            .delete(delete)
            .send()
            .await
            .map_err(doing(format!("delete the objects of s3://{bucket}")))?;
    }
    clients
        .s3
        .delete_bucket()
        .bucket(bucket)
        .send()
        .await
        .map(drop)
        .map_err(doing(format!("delete the bucket {bucket}")))
}
