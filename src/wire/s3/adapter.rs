//! Which operations there are: one line each from the protocol to the function that answers it.
//! What has no line is `s3s`'s default, NotImplemented by name.

use std::sync::{Arc, PoisonError};

use s3s::dto::*;
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result};

use crate::s3::{Error, S3};
use crate::wire::s3::Context;
use crate::wire::s3::convert::{Answer, Scope};
use crate::wire::s3::{bucket_settings, buckets, listings, objects, uploads};

/// The core behind the protocol.
pub(super) struct Adapter {
    core: Arc<S3>,
}

impl Adapter {
    pub(super) fn new(core: Arc<S3>) -> Self {
        Self { core }
    }

    fn run<I, O>(
        &self,
        name: &'static str,
        request: S3Request<I>,
        operation: impl FnOnce(&Scope<'_>, I) -> Answer<O>,
    ) -> S3Result<S3Response<O>> {
        let Some(context) = request.extensions.get::<Context>() else {
            // The edge puts it there before every call.
            return Err(s3s::S3Error::new(S3ErrorCode::InternalError));
        };
        let scope = Scope {
            core: &self.core,
            context,
        };
        let answer = match scope.permit(name, &context.asked) {
            Ok(()) => operation(&scope, request.input),
            Err(error) => Err(error),
        };
        answer.map_err(|error| refuse(context, scope.discreet(name, error)))
    }
}

/// Leaves the refusal where the edge finds it; what `s3s` makes of the error is thrown away.
fn refuse(context: &Context, error: Error) -> s3s::S3Error {
    let code =
        S3ErrorCode::from_bytes(error.code().as_bytes()).unwrap_or(S3ErrorCode::InternalError);
    let mut place = context
        .refusal
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    *place = Some(error);
    s3s::S3Error::new(code)
}

macro_rules! operations {
    ($($operation:literal $method:ident $input:ident $output:ident $answer:path;)*) => {
        /// The S3 operations that are handled; all others are refused by name.
        pub const OPERATIONS: &[&str] = &[$($operation),*];

        #[async_trait::async_trait]
        impl s3s::S3 for Adapter {
            $(
                async fn $method(
                    &self,
                    request: S3Request<$input>,
                ) -> S3Result<S3Response<$output>> {
                    self.run($operation, request, $answer)
                }
            )*
        }
    };
}

operations! {
    "AbortMultipartUpload" abort_multipart_upload AbortMultipartUploadInput AbortMultipartUploadOutput uploads::abort;
    "CompleteMultipartUpload" complete_multipart_upload CompleteMultipartUploadInput CompleteMultipartUploadOutput uploads::complete;
    "CopyObject" copy_object CopyObjectInput CopyObjectOutput objects::copy;
    "CreateBucket" create_bucket CreateBucketInput CreateBucketOutput buckets::create;
    "CreateMultipartUpload" create_multipart_upload CreateMultipartUploadInput CreateMultipartUploadOutput uploads::create;
    "DeleteBucket" delete_bucket DeleteBucketInput DeleteBucketOutput buckets::delete;
    "DeleteBucketCors" delete_bucket_cors DeleteBucketCorsInput DeleteBucketCorsOutput bucket_settings::delete_cors;
    "DeleteBucketEncryption" delete_bucket_encryption DeleteBucketEncryptionInput DeleteBucketEncryptionOutput bucket_settings::delete_encryption;
    "DeleteBucketLifecycle" delete_bucket_lifecycle DeleteBucketLifecycleInput DeleteBucketLifecycleOutput bucket_settings::delete_lifecycle;
    "DeleteBucketOwnershipControls" delete_bucket_ownership_controls DeleteBucketOwnershipControlsInput DeleteBucketOwnershipControlsOutput bucket_settings::delete_ownership;
    "DeleteBucketPolicy" delete_bucket_policy DeleteBucketPolicyInput DeleteBucketPolicyOutput bucket_settings::delete_policy;
    "DeleteBucketReplication" delete_bucket_replication DeleteBucketReplicationInput DeleteBucketReplicationOutput bucket_settings::delete_replication;
    "DeleteBucketTagging" delete_bucket_tagging DeleteBucketTaggingInput DeleteBucketTaggingOutput bucket_settings::delete_tags;
    "DeleteBucketWebsite" delete_bucket_website DeleteBucketWebsiteInput DeleteBucketWebsiteOutput bucket_settings::delete_website;
    "DeleteObject" delete_object DeleteObjectInput DeleteObjectOutput objects::delete;
    "DeleteObjectTagging" delete_object_tagging DeleteObjectTaggingInput DeleteObjectTaggingOutput objects::delete_tags;
    "DeleteObjects" delete_objects DeleteObjectsInput DeleteObjectsOutput objects::delete_many;
    "DeletePublicAccessBlock" delete_public_access_block DeletePublicAccessBlockInput DeletePublicAccessBlockOutput bucket_settings::delete_public_access;
    "GetBucketAccelerateConfiguration" get_bucket_accelerate_configuration GetBucketAccelerateConfigurationInput GetBucketAccelerateConfigurationOutput bucket_settings::get_accelerate;
    "GetBucketAcl" get_bucket_acl GetBucketAclInput GetBucketAclOutput buckets::get_acl;
    "GetBucketCors" get_bucket_cors GetBucketCorsInput GetBucketCorsOutput bucket_settings::get_cors;
    "GetBucketEncryption" get_bucket_encryption GetBucketEncryptionInput GetBucketEncryptionOutput bucket_settings::get_encryption;
    "GetBucketLifecycleConfiguration" get_bucket_lifecycle_configuration GetBucketLifecycleConfigurationInput GetBucketLifecycleConfigurationOutput bucket_settings::get_lifecycle;
    "GetBucketLocation" get_bucket_location GetBucketLocationInput GetBucketLocationOutput buckets::location;
    "GetBucketLogging" get_bucket_logging GetBucketLoggingInput GetBucketLoggingOutput bucket_settings::get_logging;
    "GetBucketNotificationConfiguration" get_bucket_notification_configuration GetBucketNotificationConfigurationInput GetBucketNotificationConfigurationOutput bucket_settings::get_notification;
    "GetBucketOwnershipControls" get_bucket_ownership_controls GetBucketOwnershipControlsInput GetBucketOwnershipControlsOutput bucket_settings::get_ownership;
    "GetBucketPolicy" get_bucket_policy GetBucketPolicyInput GetBucketPolicyOutput bucket_settings::get_policy;
    "GetBucketReplication" get_bucket_replication GetBucketReplicationInput GetBucketReplicationOutput bucket_settings::get_replication;
    "GetBucketRequestPayment" get_bucket_request_payment GetBucketRequestPaymentInput GetBucketRequestPaymentOutput bucket_settings::get_request_payment;
    "GetBucketTagging" get_bucket_tagging GetBucketTaggingInput GetBucketTaggingOutput bucket_settings::get_tags;
    "GetBucketVersioning" get_bucket_versioning GetBucketVersioningInput GetBucketVersioningOutput bucket_settings::get_versioning;
    "GetBucketWebsite" get_bucket_website GetBucketWebsiteInput GetBucketWebsiteOutput bucket_settings::get_website;
    "GetObject" get_object GetObjectInput GetObjectOutput objects::get;
    "GetObjectAcl" get_object_acl GetObjectAclInput GetObjectAclOutput objects::get_acl;
    "GetObjectAttributes" get_object_attributes GetObjectAttributesInput GetObjectAttributesOutput objects::attributes;
    "GetObjectLockConfiguration" get_object_lock_configuration GetObjectLockConfigurationInput GetObjectLockConfigurationOutput bucket_settings::get_object_lock;
    "GetObjectTagging" get_object_tagging GetObjectTaggingInput GetObjectTaggingOutput objects::get_tags;
    "GetPublicAccessBlock" get_public_access_block GetPublicAccessBlockInput GetPublicAccessBlockOutput bucket_settings::get_public_access;
    "HeadBucket" head_bucket HeadBucketInput HeadBucketOutput buckets::head;
    "HeadObject" head_object HeadObjectInput HeadObjectOutput objects::head;
    "ListBuckets" list_buckets ListBucketsInput ListBucketsOutput buckets::list;
    "ListMultipartUploads" list_multipart_uploads ListMultipartUploadsInput ListMultipartUploadsOutput uploads::list;
    "ListObjectVersions" list_object_versions ListObjectVersionsInput ListObjectVersionsOutput listings::versions;
    "ListObjects" list_objects ListObjectsInput ListObjectsOutput listings::objects;
    "ListObjectsV2" list_objects_v2 ListObjectsV2Input ListObjectsV2Output listings::objects_v2;
    "ListParts" list_parts ListPartsInput ListPartsOutput uploads::list_parts;
    "PutBucketAcl" put_bucket_acl PutBucketAclInput PutBucketAclOutput buckets::put_acl;
    "PutBucketCors" put_bucket_cors PutBucketCorsInput PutBucketCorsOutput bucket_settings::put_cors;
    "PutBucketEncryption" put_bucket_encryption PutBucketEncryptionInput PutBucketEncryptionOutput bucket_settings::put_encryption;
    "PutBucketLifecycleConfiguration" put_bucket_lifecycle_configuration PutBucketLifecycleConfigurationInput PutBucketLifecycleConfigurationOutput bucket_settings::put_lifecycle;
    "PutBucketNotificationConfiguration" put_bucket_notification_configuration PutBucketNotificationConfigurationInput PutBucketNotificationConfigurationOutput bucket_settings::put_notification;
    "PutBucketOwnershipControls" put_bucket_ownership_controls PutBucketOwnershipControlsInput PutBucketOwnershipControlsOutput bucket_settings::put_ownership;
    "PutBucketPolicy" put_bucket_policy PutBucketPolicyInput PutBucketPolicyOutput bucket_settings::put_policy;
    "PutBucketTagging" put_bucket_tagging PutBucketTaggingInput PutBucketTaggingOutput bucket_settings::put_tags;
    "PutBucketVersioning" put_bucket_versioning PutBucketVersioningInput PutBucketVersioningOutput bucket_settings::put_versioning;
    "PutObject" put_object PutObjectInput PutObjectOutput objects::put;
    "PutObjectAcl" put_object_acl PutObjectAclInput PutObjectAclOutput objects::put_acl;
    "PutObjectTagging" put_object_tagging PutObjectTaggingInput PutObjectTaggingOutput objects::put_tags;
    "PutPublicAccessBlock" put_public_access_block PutPublicAccessBlockInput PutPublicAccessBlockOutput bucket_settings::put_public_access;
    "UploadPart" upload_part UploadPartInput UploadPartOutput uploads::upload_part;
    "UploadPartCopy" upload_part_copy UploadPartCopyInput UploadPartCopyOutput uploads::copy_part;
}
