//! Sub-resources of buckets: those that can be set, and the exact answers for those that cannot and
//! are therefore absent. Infrastructure tools read all of them on every refresh.

use s3s::dto::*;

use crate::s3::{
    self, Encryption, Error, Expiration, NoncurrentExpiration, Ownership, PublicAccessBlock,
    SubResource, Versioning,
};
use crate::wire::s3::convert::{self, Answer, Scope, from_document, plain, tag_set, to_document};

/// Checks the expected owner, which every one of these inputs has.
macro_rules! own {
    ($scope:expr, $input:expr) => {{
        $scope
            .core
            .expect_owner(&$input.bucket, $input.expected_bucket_owner.as_deref())?;
        $scope.core
    }};
}

pub(super) fn get_versioning(
    scope: &Scope<'_>,
    input: GetBucketVersioningInput,
) -> Answer<GetBucketVersioningOutput> {
    let versioning = own!(scope, input).config(&input.bucket)?.versioning;
    plain(GetBucketVersioningOutput {
        status: versioning.map(|v| BucketVersioningStatus::from_static(v.name())),
        ..GetBucketVersioningOutput::default()
    })
}

pub(super) fn put_versioning(
    scope: &Scope<'_>,
    input: PutBucketVersioningInput,
) -> Answer<PutBucketVersioningOutput> {
    let core = own!(scope, input);
    let wanted = input.versioning_configuration;
    let mfa = wanted.mfa_delete.as_ref().map(MFADelete::as_str);
    if mfa == Some("Enabled") || input.mfa.is_some() {
        return Err(Error::NotImplemented("s3 MFA delete".to_owned()));
    }
    let status = wanted.status.ok_or(Error::IllegalVersioningConfiguration)?;
    let versioning = Versioning::parse(status.as_str())?;
    core.configure(&input.bucket, |config| config.versioning = Some(versioning))?;
    plain(PutBucketVersioningOutput::default())
}

pub(super) fn get_tags(
    scope: &Scope<'_>,
    input: GetBucketTaggingInput,
) -> Answer<GetBucketTaggingOutput> {
    let tags = own!(scope, input).bucket_tags(&input.bucket)?;
    plain(GetBucketTaggingOutput {
        tag_set: tag_set(&tags),
    })
}

pub(super) fn put_tags(
    scope: &Scope<'_>,
    input: PutBucketTaggingInput,
) -> Answer<PutBucketTaggingOutput> {
    own!(scope, input).put_bucket_tags(&input.bucket, convert::tags(input.tagging))?;
    plain(PutBucketTaggingOutput::default())
}

pub(super) fn delete_tags(
    scope: &Scope<'_>,
    input: DeleteBucketTaggingInput,
) -> Answer<DeleteBucketTaggingOutput> {
    own!(scope, input).configure(&input.bucket, |config| config.tags = None)?;
    plain(DeleteBucketTaggingOutput::default())
}

pub(super) fn get_policy(
    scope: &Scope<'_>,
    input: GetBucketPolicyInput,
) -> Answer<GetBucketPolicyOutput> {
    let policy = own!(scope, input).policy(&input.bucket)?;
    plain(GetBucketPolicyOutput {
        policy: Some(policy),
    })
}

pub(super) fn put_policy(
    scope: &Scope<'_>,
    input: PutBucketPolicyInput,
) -> Answer<PutBucketPolicyOutput> {
    own!(scope, input).put_policy(&input.bucket, input.policy)?;
    plain(PutBucketPolicyOutput::default())
}

pub(super) fn delete_policy(
    scope: &Scope<'_>,
    input: DeleteBucketPolicyInput,
) -> Answer<DeleteBucketPolicyOutput> {
    own!(scope, input).configure(&input.bucket, |config| config.policy = None)?;
    plain(DeleteBucketPolicyOutput::default())
}

pub(super) fn get_cors(
    scope: &Scope<'_>,
    input: GetBucketCorsInput,
) -> Answer<GetBucketCorsOutput> {
    let document = own!(scope, input).document(&input.bucket, SubResource::Cors)?;
    let stored: CORSConfiguration = from_document(&document)?;
    plain(GetBucketCorsOutput {
        cors_rules: Some(stored.cors_rules),
    })
}

pub(super) fn put_cors(
    scope: &Scope<'_>,
    input: PutBucketCorsInput,
) -> Answer<PutBucketCorsOutput> {
    let core = own!(scope, input);
    if input.cors_configuration.cors_rules.is_empty() {
        return Err(Error::MalformedXml);
    }
    let document = to_document(&input.cors_configuration)?;
    core.configure(&input.bucket, |config| {
        config.documents.insert(SubResource::Cors, document);
    })?;
    plain(PutBucketCorsOutput::default())
}

pub(super) fn delete_cors(
    scope: &Scope<'_>,
    input: DeleteBucketCorsInput,
) -> Answer<DeleteBucketCorsOutput> {
    own!(scope, input).configure(&input.bucket, |config| {
        config.documents.remove(&SubResource::Cors);
    })?;
    plain(DeleteBucketCorsOutput::default())
}

pub(super) fn get_encryption(
    scope: &Scope<'_>,
    input: GetBucketEncryptionInput,
) -> Answer<GetBucketEncryptionOutput> {
    let encryption = own!(scope, input).config(&input.bucket)?.encryption;
    let (key_id, bucket_key) = match &encryption {
        Encryption::Aes256 => (None, false),
        Encryption::Kms {
            key_id, bucket_key, ..
        } => (key_id.clone(), *bucket_key),
    };
    let rule = ServerSideEncryptionRule {
        apply_server_side_encryption_by_default: Some(ServerSideEncryptionByDefault {
            kms_master_key_id: key_id,
            sse_algorithm: ServerSideEncryption::from(encryption.algorithm().to_owned()),
        }),
        bucket_key_enabled: Some(bucket_key),
    };
    plain(GetBucketEncryptionOutput {
        server_side_encryption_configuration: Some(ServerSideEncryptionConfiguration {
            rules: vec![rule],
        }),
    })
}

pub(super) fn put_encryption(
    scope: &Scope<'_>,
    input: PutBucketEncryptionInput,
) -> Answer<PutBucketEncryptionOutput> {
    let core = own!(scope, input);
    let rules = input.server_side_encryption_configuration.rules;
    let [rule] =
        <[ServerSideEncryptionRule; 1]>::try_from(rules).map_err(|_| Error::MalformedXml)?;
    let bucket_key = rule.bucket_key_enabled.unwrap_or(false);
    let encryption = match rule.apply_server_side_encryption_by_default {
        None => Encryption::Aes256,
        Some(default) => {
            let algorithm = default.sse_algorithm.as_str();
            if algorithm == "AES256" && default.kms_master_key_id.is_some() {
                return Err(Error::argument(
                    "a KMSMasterKeyID is not applicable if the default sse algorithm is not \
                     aws:kms or aws:kms:dsse",
                    "ApplyServerSideEncryptionByDefault",
                    algorithm,
                ));
            }
            convert::encryption(algorithm, default.kms_master_key_id.clone(), bucket_key)
                .map_err(|_| Error::MalformedXml)?
        }
    };
    core.configure(&input.bucket, |config| config.encryption = encryption)?;
    plain(PutBucketEncryptionOutput::default())
}

pub(super) fn delete_encryption(
    scope: &Scope<'_>,
    input: DeleteBucketEncryptionInput,
) -> Answer<DeleteBucketEncryptionOutput> {
    own!(scope, input).configure(&input.bucket, |config| {
        config.encryption = Encryption::Aes256;
    })?;
    plain(DeleteBucketEncryptionOutput::default())
}

pub(super) fn get_ownership(
    scope: &Scope<'_>,
    input: GetBucketOwnershipControlsInput,
) -> Answer<GetBucketOwnershipControlsOutput> {
    let ownership = own!(scope, input).ownership(&input.bucket)?;
    let rule = OwnershipControlsRule {
        object_ownership: ObjectOwnership::from_static(ownership.name()),
    };
    plain(GetBucketOwnershipControlsOutput {
        ownership_controls: Some(OwnershipControls { rules: vec![rule] }),
    })
}

pub(super) fn put_ownership(
    scope: &Scope<'_>,
    input: PutBucketOwnershipControlsInput,
) -> Answer<PutBucketOwnershipControlsOutput> {
    let core = own!(scope, input);
    let [rule] = <[OwnershipControlsRule; 1]>::try_from(input.ownership_controls.rules)
        .map_err(|_| Error::MalformedXml)?;
    let ownership = Ownership::parse(rule.object_ownership.as_str()).ok_or(Error::MalformedXml)?;
    core.configure(&input.bucket, |config| config.ownership = Some(ownership))?;
    plain(PutBucketOwnershipControlsOutput::default())
}

pub(super) fn delete_ownership(
    scope: &Scope<'_>,
    input: DeleteBucketOwnershipControlsInput,
) -> Answer<DeleteBucketOwnershipControlsOutput> {
    own!(scope, input).configure(&input.bucket, |config| config.ownership = None)?;
    plain(DeleteBucketOwnershipControlsOutput::default())
}

pub(super) fn get_public_access(
    scope: &Scope<'_>,
    input: GetPublicAccessBlockInput,
) -> Answer<GetPublicAccessBlockOutput> {
    let flags = own!(scope, input).public_access_block(&input.bucket)?;
    plain(GetPublicAccessBlockOutput {
        public_access_block_configuration: Some(PublicAccessBlockConfiguration {
            block_public_acls: Some(flags.block_public_acls),
            block_public_policy: Some(flags.block_public_policy),
            ignore_public_acls: Some(flags.ignore_public_acls),
            restrict_public_buckets: Some(flags.restrict_public_buckets),
        }),
    })
}

pub(super) fn put_public_access(
    scope: &Scope<'_>,
    input: PutPublicAccessBlockInput,
) -> Answer<PutPublicAccessBlockOutput> {
    let core = own!(scope, input);
    let wanted = input.public_access_block_configuration;
    let flag = |flag: Option<bool>| flag.unwrap_or(false);
    core.configure(&input.bucket, |config| {
        config.public_access = Some(PublicAccessBlock {
            block_public_acls: flag(wanted.block_public_acls),
            ignore_public_acls: flag(wanted.ignore_public_acls),
            block_public_policy: flag(wanted.block_public_policy),
            restrict_public_buckets: flag(wanted.restrict_public_buckets),
        });
    })?;
    plain(PutPublicAccessBlockOutput::default())
}

pub(super) fn delete_public_access(
    scope: &Scope<'_>,
    input: DeletePublicAccessBlockInput,
) -> Answer<DeletePublicAccessBlockOutput> {
    own!(scope, input).configure(&input.bucket, |config| config.public_access = None)?;
    plain(DeletePublicAccessBlockOutput::default())
}

pub(super) fn get_lifecycle(
    scope: &Scope<'_>,
    input: GetBucketLifecycleConfigurationInput,
) -> Answer<GetBucketLifecycleConfigurationOutput> {
    let document = own!(scope, input).document(&input.bucket, SubResource::Lifecycle)?;
    let stored: BucketLifecycleConfiguration = from_document(&document)?;
    plain(GetBucketLifecycleConfigurationOutput {
        rules: Some(stored.rules),
        transition_default_minimum_object_size: Some(minimum_size()),
    })
}

/// What AWS says when nothing else was set. It concerns transitions, which are refused.
fn minimum_size() -> TransitionDefaultMinimumObjectSize {
    TransitionDefaultMinimumObjectSize::from_static(
        TransitionDefaultMinimumObjectSize::ALL_STORAGE_CLASSES_128K,
    )
}

pub(super) fn put_lifecycle(
    scope: &Scope<'_>,
    input: PutBucketLifecycleConfigurationInput,
) -> Answer<PutBucketLifecycleConfigurationOutput> {
    let core = own!(scope, input);
    let mut configuration = input.lifecycle_configuration.ok_or(Error::MalformedXml)?;
    let other_minimum = input
        .transition_default_minimum_object_size
        .is_some_and(|size| size != minimum_size());
    if other_minimum {
        return Err(Error::NotImplemented(
            "s3 lifecycle TransitionDefaultMinimumObjectSize".to_owned(),
        ));
    }
    for rule in &mut configuration.rules {
        rule.id.get_or_insert_with(|| core.new_rule_id());
    }
    let rules = configuration.rules.iter().map(lifecycle_rule);
    let rules = rules.collect::<Result<Vec<_>, _>>()?;
    core.put_lifecycle(&input.bucket, rules, to_document(&configuration)?)?;
    plain(PutBucketLifecycleConfigurationOutput {
        transition_default_minimum_object_size: Some(minimum_size()),
    })
}

fn lifecycle_rule(rule: &LifecycleRule) -> Result<s3::LifecycleRule, Error> {
    let moves = rule.transitions.as_ref().map_or(0, Vec::len)
        + rule
            .noncurrent_version_transitions
            .as_ref()
            .map_or(0, Vec::len);
    if moves > 0 {
        return Err(Error::NotImplemented("s3 lifecycle transitions".to_owned()));
    }
    let enabled = match rule.status.as_str() {
        "Enabled" => true,
        "Disabled" => false,
        _ => return Err(Error::MalformedXml),
    };
    let mut parsed = s3::LifecycleRule {
        id: rule.id.clone().unwrap_or_default(),
        enabled,
        prefix: rule.prefix.clone().unwrap_or_default(),
        ..s3::LifecycleRule::default()
    };
    if let Some(filter) = &rule.filter {
        apply_filter(&mut parsed, filter)?;
    }
    if let Some(expiration) = &rule.expiration {
        let markers = expiration.expired_object_delete_marker == Some(true);
        parsed.expiration = match (expiration.days, &expiration.date, markers) {
            (Some(days), None, false) => Some(Expiration::Days(days)),
            (None, Some(date), false) => Some(Expiration::Date(convert::instant(date)?)),
            (None, None, true) => Some(Expiration::LoneDeleteMarkers),
            (None, None, false) => None,
            _ => return Err(Error::MalformedXml),
        };
    }
    if let Some(noncurrent) = &rule.noncurrent_version_expiration {
        parsed.noncurrent = Some(NoncurrentExpiration {
            days: noncurrent.noncurrent_days.ok_or(Error::MalformedXml)?,
            keep: usize::try_from(noncurrent.newer_noncurrent_versions.unwrap_or(0))
                .map_err(|_| Error::MalformedXml)?,
        });
    }
    let abort = rule.abort_incomplete_multipart_upload.as_ref();
    parsed.abort_uploads_days = abort.and_then(|abort| abort.days_after_initiation);
    if parsed.abort_uploads_days.is_some() && !parsed.tags.is_empty() {
        return Err(Error::InvalidRequest(
            "AbortIncompleteMultipartUpload cannot be specified with Tags".to_owned(),
        ));
    }
    Ok(parsed)
}

fn apply_filter(rule: &mut s3::LifecycleRule, filter: &LifecycleRuleFilter) -> Result<(), Error> {
    let and = filter.and.as_ref();
    let size = |own: Option<i64>, combined: Option<i64>| {
        own.or(combined)
            .map(|size| u64::try_from(size).map_err(|_| Error::MalformedXml))
            .transpose()
    };
    rule.larger_than = size(
        filter.object_size_greater_than,
        and.and_then(|and| and.object_size_greater_than),
    )?;
    rule.smaller_than = size(
        filter.object_size_less_than,
        and.and_then(|and| and.object_size_less_than),
    )?;
    let prefix = filter
        .prefix
        .as_ref()
        .or(and.and_then(|and| and.prefix.as_ref()));
    if let Some(prefix) = prefix {
        rule.prefix.clone_from(prefix);
    }
    let combined = and.and_then(|and| and.tags.as_deref()).unwrap_or_default();
    let pair = |tag: &Tag| {
        (
            tag.key.clone().unwrap_or_default(),
            tag.value.clone().unwrap_or_default(),
        )
    };
    rule.tags = filter.tag.iter().chain(combined).map(pair).collect();
    Ok(())
}

pub(super) fn delete_lifecycle(
    scope: &Scope<'_>,
    input: DeleteBucketLifecycleInput,
) -> Answer<DeleteBucketLifecycleOutput> {
    own!(scope, input).delete_lifecycle(&input.bucket)?;
    plain(DeleteBucketLifecycleOutput::default())
}

// What follows cannot be set here, so that "never set" is the true answer, and deleting it is done
// already.

pub(super) fn get_website(
    scope: &Scope<'_>,
    input: GetBucketWebsiteInput,
) -> Answer<GetBucketWebsiteOutput> {
    own!(scope, input).absent(
        &input.bucket,
        "NoSuchWebsiteConfiguration",
        "The specified bucket does not have a website configuration",
    )
}

pub(super) fn delete_website(
    scope: &Scope<'_>,
    input: DeleteBucketWebsiteInput,
) -> Answer<DeleteBucketWebsiteOutput> {
    own!(scope, input).bucket(&input.bucket)?;
    plain(DeleteBucketWebsiteOutput::default())
}

pub(super) fn get_replication(
    scope: &Scope<'_>,
    input: GetBucketReplicationInput,
) -> Answer<GetBucketReplicationOutput> {
    own!(scope, input).absent(
        &input.bucket,
        "ReplicationConfigurationNotFoundError",
        "The replication configuration was not found",
    )
}

pub(super) fn delete_replication(
    scope: &Scope<'_>,
    input: DeleteBucketReplicationInput,
) -> Answer<DeleteBucketReplicationOutput> {
    own!(scope, input).bucket(&input.bucket)?;
    plain(DeleteBucketReplicationOutput::default())
}

pub(super) fn get_object_lock(
    scope: &Scope<'_>,
    input: GetObjectLockConfigurationInput,
) -> Answer<GetObjectLockConfigurationOutput> {
    own!(scope, input).absent(
        &input.bucket,
        "ObjectLockConfigurationNotFoundError",
        "Object Lock configuration does not exist for this bucket",
    )
}

pub(super) fn get_notification(
    scope: &Scope<'_>,
    input: GetBucketNotificationConfigurationInput,
) -> Answer<GetBucketNotificationConfigurationOutput> {
    own!(scope, input).bucket(&input.bucket)?;
    plain(GetBucketNotificationConfigurationOutput::default())
}

/// An empty document clears what is not there; a target is refused.
pub(super) fn put_notification(
    scope: &Scope<'_>,
    input: PutBucketNotificationConfigurationInput,
) -> Answer<PutBucketNotificationConfigurationOutput> {
    own!(scope, input).bucket(&input.bucket)?;
    let wanted = input.notification_configuration;
    let targets = [
        (
            "Amazon EventBridge",
            wanted.event_bridge_configuration.is_some(),
        ),
        (
            "AWS Lambda",
            wanted.lambda_function_configurations.is_some(),
        ),
        ("Amazon SQS", wanted.queue_configurations.is_some()),
        ("Amazon SNS", wanted.topic_configurations.is_some()),
    ];
    match targets.iter().find(|(_, present)| *present) {
        Some((target, _)) => Err(Error::NotImplemented(format!(
            "s3 notification to {target}"
        ))),
        None => plain(PutBucketNotificationConfigurationOutput::default()),
    }
}

pub(super) fn get_logging(
    scope: &Scope<'_>,
    input: GetBucketLoggingInput,
) -> Answer<GetBucketLoggingOutput> {
    own!(scope, input).bucket(&input.bucket)?;
    plain(GetBucketLoggingOutput::default())
}

pub(super) fn get_accelerate(
    scope: &Scope<'_>,
    input: GetBucketAccelerateConfigurationInput,
) -> Answer<GetBucketAccelerateConfigurationOutput> {
    own!(scope, input).bucket(&input.bucket)?;
    plain(GetBucketAccelerateConfigurationOutput::default())
}

pub(super) fn get_request_payment(
    scope: &Scope<'_>,
    input: GetBucketRequestPaymentInput,
) -> Answer<GetBucketRequestPaymentOutput> {
    own!(scope, input).bucket(&input.bucket)?;
    plain(GetBucketRequestPaymentOutput {
        payer: Some(Payer::from_static("BucketOwner")),
    })
}
