//! Multipart operations.

use s3s::dto::*;

use crate::s3::{
    Complete, CompletedPart, CopyPart, CreateUpload, Error, ListRequest, Tags, UploadPart,
};
use crate::wire::s3::convert::{
    self, Answer, Scope, WriteHeaders, checksums, encryption_answer, etag, int, kind, owner,
    parse_algorithm, parse_kind, plain, refuse_sse_c, set_checksum, timestamp,
};
use crate::wire::s3::listings::Encoder;
use crate::wire::s3::payload;

pub(super) fn create(
    scope: &Scope<'_>,
    input: CreateMultipartUploadInput,
) -> Answer<CreateMultipartUploadOutput> {
    let grants = [
        &input.grant_full_control,
        &input.grant_read,
        &input.grant_read_acp,
        &input.grant_write_acp,
    ];
    scope.check_acl(
        &input.bucket,
        input.acl.as_ref().map(ObjectCannedACL::as_str),
        &grants,
    )?;
    refuse_sse_c(input.sse_customer_algorithm.as_ref())?;
    scope.refuse_lock(
        input.object_lock_mode.is_some() || input.object_lock_legal_hold_status.is_some(),
    )?;
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let attributes = WriteHeaders {
        cache_control: input.cache_control,
        content_disposition: input.content_disposition,
        content_encoding: input.content_encoding,
        content_language: input.content_language,
        content_type: input.content_type,
        expires: scope.header("expires"),
        redirect: input.website_redirect_location,
        metadata: input.metadata,
        storage_class: input.storage_class,
        sse: input.server_side_encryption,
        kms_key: input.ssekms_key_id,
        bucket_key: input.bucket_key_enabled,
    }
    .attributes()?;
    let default = core.config(&input.bucket)?.encryption;
    let (server_side_encryption, ssekms_key_id, bucket_key_enabled) =
        encryption_answer(attributes.encryption.as_ref().or(Some(&default)));
    let upload = core.create_upload(
        scope.now(),
        CreateUpload {
            bucket: input.bucket.clone(),
            key: input.key,
            attributes,
            tags: input
                .tagging
                .as_deref()
                .map_or(Ok(Tags::default()), Tags::from_header)?,
            algorithm: parse_algorithm(input.checksum_algorithm.as_ref())?,
            kind: parse_kind(input.checksum_type.as_ref())?,
        },
    )?;
    plain(CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(upload.key),
        upload_id: Some(upload.id),
        checksum_algorithm: upload
            .checksum
            .map(|(algorithm, _)| ChecksumAlgorithm::from_static(algorithm.name())),
        checksum_type: upload.checksum.map(|(_, of)| kind(of)),
        server_side_encryption,
        ssekms_key_id,
        bucket_key_enabled,
        ..CreateMultipartUploadOutput::default()
    })
}

pub(super) fn upload_part(scope: &Scope<'_>, input: UploadPartInput) -> Answer<UploadPartOutput> {
    refuse_sse_c(input.sse_customer_algorithm.as_ref())?;
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let part = core.upload_part(
        scope.now(),
        UploadPart {
            bucket: input.bucket,
            key: input.key,
            upload_id: input.upload_id,
            number: input.part_number,
            body: scope.context.body.clone(),
            integrity: payload::integrity(&scope.context.raw)?,
        },
    )?;
    let (server_side_encryption, ssekms_key_id, bucket_key_enabled) =
        encryption_answer(part.encryption.as_ref());
    let mut output = UploadPartOutput {
        e_tag: Some(etag(&part.etag)),
        server_side_encryption,
        ssekms_key_id,
        bucket_key_enabled,
        ..UploadPartOutput::default()
    };
    set_checksum!(output, &part.checksum);
    plain(output)
}

pub(super) fn copy_part(
    scope: &Scope<'_>,
    input: UploadPartCopyInput,
) -> Answer<UploadPartCopyOutput> {
    refuse_sse_c(input.sse_customer_algorithm.as_ref())?;
    refuse_sse_c(input.copy_source_sse_customer_algorithm.as_ref())?;
    let core = scope.core;
    let source = scope.copy_source(&input.copy_source)?;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    core.expect_owner(
        &source.bucket,
        input.expected_source_bucket_owner.as_deref(),
    )?;
    let copied = core.copy_part(
        scope.now(),
        CopyPart {
            source,
            range: input.copy_source_range,
            bucket: input.bucket,
            key: input.key,
            upload_id: input.upload_id,
            number: input.part_number,
        },
    )?;
    let mut result = CopyPartResult {
        e_tag: Some(etag(&copied.part.etag)),
        last_modified: Some(timestamp(copied.part.modified)),
        ..CopyPartResult::default()
    };
    set_checksum!(result, &copied.part.checksum);
    let (server_side_encryption, ssekms_key_id, bucket_key_enabled) =
        encryption_answer(copied.part.encryption.as_ref());
    plain(UploadPartCopyOutput {
        copy_part_result: Some(result),
        copy_source_version_id: copied.source_version,
        server_side_encryption,
        ssekms_key_id,
        bucket_key_enabled,
        ..UploadPartCopyOutput::default()
    })
}

pub(super) fn complete(
    scope: &Scope<'_>,
    input: CompleteMultipartUploadInput,
) -> Answer<CompleteMultipartUploadOutput> {
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let object_checksums = checksums!(input);
    let listed = input.multipart_upload.and_then(|upload| upload.parts);
    let mut parts = Vec::new();
    for part in listed.unwrap_or_default() {
        let (Some(number), Some(tag)) = (part.part_number, &part.e_tag) else {
            return Err(Error::MalformedXml);
        };
        parts.push(CompletedPart {
            number,
            etag: tag.value().to_owned(),
            checksums: checksums!(part),
        });
    }
    let size = match input.mpu_object_size {
        None => None,
        Some(size) => Some(u64::try_from(size).map_err(|_| {
            Error::InvalidRequest(format!(
                "Value for x-amz-mp-object-size header is invalid: {size}"
            ))
        })?),
    };
    let written = core.complete_upload(
        scope.now(),
        Complete {
            bucket: input.bucket.clone(),
            key: input.key.clone(),
            upload_id: input.upload_id,
            parts,
            checksums: object_checksums,
            kind: parse_kind(input.checksum_type.as_ref())?,
            size,
            condition: scope.write_condition(),
        },
    )?;
    let object = &written.object;
    let region = core.bucket(&input.bucket)?.region;
    let (server_side_encryption, ssekms_key_id, bucket_key_enabled) =
        encryption_answer(object.attributes.encryption.as_ref());
    let location = Encoder::url(&input.key);
    let bucket = input.bucket;
    let mut output = CompleteMultipartUploadOutput {
        location: Some(format!(
            "https://{bucket}.s3.{region}.amazonaws.com/{location}"
        )),
        version_id: scope.version(&bucket, &written),
        bucket: Some(bucket),
        key: Some(input.key),
        e_tag: Some(etag(&object.etag)),
        checksum_type: Some(kind(object.checksum.kind)),
        server_side_encryption,
        ssekms_key_id,
        bucket_key_enabled,
        ..CompleteMultipartUploadOutput::default()
    };
    set_checksum!(output, &object.checksum);
    plain(output)
}

pub(super) fn abort(
    scope: &Scope<'_>,
    input: AbortMultipartUploadInput,
) -> Answer<AbortMultipartUploadOutput> {
    if input.if_match_initiated_time.is_some() {
        return Err(Error::HeaderNotImplemented {
            header: "x-amz-if-match-initiated-time",
            detail: "General purpose buckets do not accept it",
        });
    }
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    core.abort_upload(&input.bucket, &input.key, &input.upload_id)?;
    plain(AbortMultipartUploadOutput::default())
}

pub(super) fn list_parts(scope: &Scope<'_>, input: ListPartsInput) -> Answer<ListPartsOutput> {
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let after = input.part_number_marker.unwrap_or(0);
    let listing = core.list_parts(
        &input.bucket,
        &input.key,
        &input.upload_id,
        after,
        input.max_parts,
    )?;
    let parts: Vec<Part> = listing
        .parts
        .iter()
        .map(|part| {
            let mut listed = Part {
                e_tag: Some(etag(&part.etag)),
                last_modified: Some(timestamp(part.modified)),
                part_number: Some(part.number),
                size: Some(int(part.size)),
                ..Part::default()
            };
            // Only of an algorithm that was named at the start.
            if listing.upload.checksum.is_some() {
                set_checksum!(listed, &part.checksum);
            }
            listed
        })
        .collect();
    let last = listing.parts.last().map_or(after, |part| part.number);
    let by = &listing.upload.owner;
    plain(ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        checksum_algorithm: listing
            .upload
            .checksum
            .map(|(algorithm, _)| ChecksumAlgorithm::from_static(algorithm.name())),
        checksum_type: listing.upload.checksum.map(|(_, of)| kind(of)),
        initiator: Some(initiator(by)),
        owner: Some(owner(by)),
        is_truncated: Some(listing.truncated),
        max_parts: Some(listing.max),
        next_part_number_marker: Some(last),
        part_number_marker: Some(after),
        parts: (!parts.is_empty()).then_some(parts),
        storage_class: Some(StorageClass::from(listing.upload.storage_class)),
        ..ListPartsOutput::default()
    })
}

fn initiator(account: &crate::base::AccountId) -> Initiator {
    Initiator {
        display_name: None,
        id: convert::owner(account).id,
    }
}

pub(super) fn list(
    scope: &Scope<'_>,
    input: ListMultipartUploadsInput,
) -> Answer<ListMultipartUploadsOutput> {
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let encoder = Encoder::new(input.encoding_type.as_ref())?;
    let delimiter = input.delimiter.filter(|text| !text.is_empty());
    let prefix = input.prefix.unwrap_or_default();
    let key_marker = input.key_marker.unwrap_or_default();
    let upload_id_marker = input.upload_id_marker.unwrap_or_default();
    let listing = core.list_uploads(
        &ListRequest {
            bucket: input.bucket.clone(),
            prefix: prefix.clone(),
            delimiter: delimiter.clone(),
            after: Some(key_marker.clone()).filter(|text| !text.is_empty()),
            max: input.max_uploads,
        },
        Some(upload_id_marker.as_str()).filter(|text| !text.is_empty()),
    )?;
    let uploads: Vec<MultipartUpload> = listing
        .uploads
        .iter()
        .map(|upload| MultipartUpload {
            checksum_algorithm: upload
                .checksum
                .map(|(algorithm, _)| ChecksumAlgorithm::from_static(algorithm.name())),
            checksum_type: upload.checksum.map(|(_, of)| kind(of)),
            initiated: Some(timestamp(upload.initiated)),
            initiator: Some(initiator(&upload.owner)),
            key: Some(encoder.text(&upload.key)),
            owner: Some(owner(&upload.owner)),
            storage_class: Some(StorageClass::from(upload.storage_class.clone())),
            upload_id: Some(upload.id.clone()),
        })
        .collect();
    let truncated = listing.next.is_some();
    let (next_key_marker, next_upload_id_marker) = match listing.next {
        Some((key, id)) => (Some(encoder.text(&key)), id),
        None => (None, None),
    };
    plain(ListMultipartUploadsOutput {
        bucket: Some(input.bucket),
        common_prefixes: encoder.prefixes(&listing.prefixes),
        delimiter: encoder.optional(delimiter),
        encoding_type: input.encoding_type,
        is_truncated: Some(truncated),
        key_marker: Some(encoder.text(&key_marker)),
        max_uploads: Some(listing.max),
        next_key_marker,
        next_upload_id_marker,
        prefix: Some(encoder.text(&prefix)),
        upload_id_marker: Some(upload_id_marker),
        uploads: (!uploads.is_empty()).then_some(uploads),
        ..ListMultipartUploadsOutput::default()
    })
}
