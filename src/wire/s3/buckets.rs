//! Operations on buckets themselves.

use s3s::S3Response;
use s3s::dto::*;

use crate::base::{AccountId, Region};
use crate::s3::{self, CreateBucket, Error, ListBuckets, Ownership};
use crate::wire::s3::convert::{self, Answer, Scope, add_header, plain, timestamp};

pub(super) fn create(scope: &Scope<'_>, input: CreateBucketInput) -> Answer<CreateBucketOutput> {
    let grants = [
        &input.grant_full_control,
        &input.grant_read,
        &input.grant_read_acp,
        &input.grant_write,
        &input.grant_write_acp,
    ];
    let acl = input.acl.as_ref().map(BucketCannedACL::as_str);
    if !matches!(acl, None | Some("private")) || grants.iter().any(|grant| grant.is_some()) {
        return Err(Error::InvalidRequest(
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
                .to_owned(),
        ));
    }
    if input.object_lock_enabled_for_bucket == Some(true) {
        return Err(Error::NotImplemented("s3 Object Lock".to_owned()));
    }
    let ownership = match input.object_ownership.as_ref().map(ObjectOwnership::as_str) {
        None => None,
        Some(name) => Some(Ownership::parse(name).ok_or_else(|| {
            Error::argument(
                format!("Invalid x-amz-object-ownership header: {name}"),
                "x-amz-object-ownership",
                name,
            )
        })?),
    };
    let configuration = input.create_bucket_configuration;
    if configuration
        .as_ref()
        .is_some_and(|c| c.bucket.is_some() || c.location.is_some())
    {
        return Err(Error::NotImplemented("s3 directory buckets".to_owned()));
    }
    let location = configuration.and_then(|c| c.location_constraint);
    let facts = scope.core.create_bucket(
        &scope.context.call,
        CreateBucket {
            name: input.bucket,
            location: location.map(|region| region.as_str().to_owned()),
            ownership,
            tags: create_tags(scope)?,
        },
    )?;
    let location = if facts.region.as_str() == Region::DEFAULT {
        format!("/{}", facts.name)
    } else {
        format!("http://{}.s3.amazonaws.com/", facts.name)
    };
    let mut response = S3Response::new(CreateBucketOutput {
        location: Some(location),
    });
    add_header(&mut response.headers, "x-amz-bucket-arn", &facts.arn());
    Ok(response)
}

/// The tags of a CreateBucketConfiguration, which `s3s` passes over.
fn create_tags(scope: &Scope<'_>) -> Result<Option<s3::Tags>, Error> {
    let body = scope.context.body.to_bytes();
    let text = String::from_utf8_lossy(&body);
    let inner = text
        .split_once("<Tags>")
        .and_then(|(_, rest)| rest.split_once("</Tags>"));
    let Some((list, _)) = inner else {
        return match text.contains("Tags") {
            // Written in a way that is not understood here, an empty element among them.
            true if !text.contains("<Tags/>") => Err(Error::MalformedXml),
            _ => Ok(None),
        };
    };
    let document = format!("<Tagging><TagSet>{list}</TagSet></Tagging>");
    let tagging: Tagging = convert::from_document(&document)?;
    Ok(Some(convert::tags(tagging)).filter(|tags| !tags.0.is_empty()))
}

pub(super) fn head(scope: &Scope<'_>, input: HeadBucketInput) -> Answer<HeadBucketOutput> {
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let facts = core.bucket(&input.bucket)?;
    let mut response = S3Response::new(HeadBucketOutput {
        access_point_alias: Some(false),
        bucket_region: Some(facts.region.to_string()),
        ..HeadBucketOutput::default()
    });
    add_header(&mut response.headers, "x-amz-bucket-arn", &facts.arn());
    Ok(response)
}

pub(super) fn delete(scope: &Scope<'_>, input: DeleteBucketInput) -> Answer<DeleteBucketOutput> {
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    core.delete_bucket(&input.bucket)?;
    plain(DeleteBucketOutput::default())
}

pub(super) fn list(scope: &Scope<'_>, input: ListBucketsInput) -> Answer<ListBucketsOutput> {
    let call = &scope.context.call;
    let page = scope.core.list_buckets(
        call,
        &ListBuckets {
            prefix: input.prefix.clone().unwrap_or_default(),
            region: input.bucket_region.clone(),
            max: input.max_buckets,
            token: input.continuation_token,
        },
    )?;
    // The region stands in answers to paginated and filtered requests only.
    let with_region =
        input.max_buckets.is_some() || input.bucket_region.is_some() || input.prefix.is_some();
    let buckets = page.buckets.into_iter().map(|facts| Bucket {
        bucket_region: with_region.then(|| facts.region.to_string()),
        creation_date: Some(timestamp(facts.created)),
        name: Some(facts.name),
    });
    plain(ListBucketsOutput {
        buckets: Some(buckets.collect()),
        continuation_token: page.next,
        owner: Some(convert::owner(&call.account)),
        prefix: input.prefix,
    })
}

pub(super) fn location(
    scope: &Scope<'_>,
    input: GetBucketLocationInput,
) -> Answer<GetBucketLocationOutput> {
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let region = core.bucket(&input.bucket)?.region;
    plain(GetBucketLocationOutput {
        location_constraint: (region.as_str() != Region::DEFAULT)
            .then(|| BucketLocationConstraint::from(region.to_string())),
    })
}

/// What an ACL says where the owner is enforced: that the owner may do everything.
pub(super) fn owner_grants(account: &AccountId) -> Grants {
    vec![Grant {
        grantee: Some(Grantee {
            display_name: None,
            email_address: None,
            id: convert::owner(account).id,
            type_: Type::from_static("CanonicalUser"),
            uri: None,
        }),
        permission: Some(Permission::from_static("FULL_CONTROL")),
    }]
}

pub(super) fn get_acl(scope: &Scope<'_>, input: GetBucketAclInput) -> Answer<GetBucketAclOutput> {
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let owner = core.bucket(&input.bucket)?.owner;
    plain(GetBucketAclOutput {
        grants: Some(owner_grants(&owner)),
        owner: Some(convert::owner(&owner)),
    })
}

pub(super) fn put_acl(scope: &Scope<'_>, input: PutBucketAclInput) -> Answer<PutBucketAclOutput> {
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    core.bucket(&input.bucket)?;
    let grants = [
        &input.grant_full_control,
        &input.grant_read,
        &input.grant_read_acp,
        &input.grant_write,
        &input.grant_write_acp,
    ];
    if input.access_control_policy.is_some() {
        return Err(scope.acl_refusal(&input.bucket));
    }
    scope.check_acl(
        &input.bucket,
        input.acl.as_ref().map(BucketCannedACL::as_str),
        &grants,
    )?;
    plain(PutBucketAclOutput::default())
}
