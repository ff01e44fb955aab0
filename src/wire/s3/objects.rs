//! Operations on single objects.

use http::StatusCode;
use s3s::S3Response;
use s3s::dto::{self, *};
use serde_json::json;

use crate::base::limits;
use crate::s3::{
    Body, ByteRange, Copy, DEFAULT_CONTENT_TYPE, DeleteOne, Error, Put, Read, ReadRequest, Stored,
    Tags,
};
use crate::wire::s3::answer::BareEtag;
use crate::wire::s3::convert::{
    Answer, Scope, WriteHeaders, add_header, checksum_document, encryption_answer, etag,
    expiration, int, parse_algorithm, plain, refuse_sse_c, set_checksum, tag_set, tags, timestamp,
};
use crate::wire::s3::payload;

pub(super) fn put(scope: &Scope<'_>, input: PutObjectInput) -> Answer<PutObjectOutput> {
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
    if input.write_offset_bytes.is_some() {
        return Err(Error::HeaderNotImplemented {
            header: "x-amz-write-offset-bytes",
            detail: "Appending is not supported by general purpose buckets",
        });
    }
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let written = core.put_object(
        scope.now(),
        Put {
            bucket: input.bucket.clone(),
            key: input.key.clone(),
            body: scope.context.body.clone(),
            attributes: WriteHeaders {
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
            .attributes()?,
            tags: header_tags(input.tagging.as_deref())?,
            integrity: payload::integrity(&scope.context.raw)?,
            condition: scope.write_condition(),
        },
    )?;
    let (server_side_encryption, ssekms_key_id, bucket_key_enabled) =
        encryption_answer(written.object.attributes.encryption.as_ref());
    let mut output = PutObjectOutput {
        e_tag: Some(etag(&written.object.etag)),
        checksum_type: Some(super::convert::kind(written.object.checksum.kind)),
        server_side_encryption,
        ssekms_key_id,
        bucket_key_enabled,
        version_id: scope.version(&input.bucket, &written),
        expiration: expiration(scope, &input.bucket, &input.key, &written),
        ..PutObjectOutput::default()
    };
    set_checksum!(output, &written.object.checksum);
    plain(output)
}

fn header_tags(header: Option<&str>) -> Result<Tags, Error> {
    header.map_or(Ok(Tags::default()), Tags::from_header)
}

/// A body as `s3s` sends it, its length known.
fn streaming(body: &Body) -> StreamingBlob {
    StreamingBlob::new(Segments {
        left: body.len() as usize,
        rest: body.segments().to_vec().into_iter(),
    })
}

struct Segments {
    rest: std::vec::IntoIter<bytes::Bytes>,
    left: usize,
}

impl futures::Stream for Segments {
    type Item = Result<bytes::Bytes, s3s::StdError>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let next = self.rest.next();
        self.left -= next.as_ref().map_or(0, bytes::Bytes::len);
        std::task::Poll::Ready(next.map(Ok))
    }
}

impl s3s::stream::ByteStream for Segments {
    fn remaining_length(&self) -> s3s::stream::RemainingLength {
        s3s::stream::RemainingLength::new_exact(self.left)
    }
}

fn content_range(read: &Read) -> Option<String> {
    let range = read.range.as_ref()?;
    Some(format!(
        "bytes {}-{}/{}",
        range.start,
        range.end.saturating_sub(1),
        read.stored.object.body.len()
    ))
}

/// GetObject's and HeadObject's answers have the same members.
macro_rules! read_output {
    ($scope:expr, $bucket:expr, $output:ident, $read:expr, $with_checksum:expr) => {{
        let read: &Read = $read;
        let object = &read.stored.object;
        let header = |name: &str| object.attributes.headers.get(name).cloned();
        let (server_side_encryption, ssekms_key_id, bucket_key_enabled) =
            encryption_answer(object.attributes.encryption.as_ref());
        let metadata = &object.attributes.metadata;
        let mut output = $output {
            accept_ranges: Some("bytes".to_owned()),
            cache_control: header("cache-control"),
            content_disposition: header("content-disposition"),
            content_encoding: header("content-encoding"),
            content_language: header("content-language"),
            content_type: header("content-type").or(Some(DEFAULT_CONTENT_TYPE.to_owned())),
            content_length: Some(int(read.body.len())),
            content_range: content_range(read),
            e_tag: Some(etag(&object.etag)),
            last_modified: Some(timestamp(read.stored.modified)),
            metadata: (!metadata.is_empty()).then(|| metadata.clone().into_iter().collect()),
            parts_count: read.parts.and_then(|count| i32::try_from(count).ok()),
            server_side_encryption,
            ssekms_key_id,
            bucket_key_enabled,
            storage_class: object
                .attributes
                .storage_class
                .clone()
                .filter(|class| class != "STANDARD")
                .map(StorageClass::from),
            version_id: $scope.version($bucket, &read.stored),
            website_redirect_location: header("x-amz-website-redirect-location"),
            ..$output::default()
        };
        // Recorded against AWS: a partial answer carries no checksum even when it is asked for.
        if $with_checksum && read.range.is_none() {
            set_checksum!(output, &object.checksum);
            output.checksum_type = Some(super::convert::kind(object.checksum.kind));
        }
        output
    }};
}

fn respond<T>(read: &Read, output: T) -> S3Response<T> {
    let mut response = S3Response::new(output);
    if read.range.is_some() {
        response.status = Some(StatusCode::PARTIAL_CONTENT);
    }
    if let Some(expires) = read.stored.object.attributes.headers.get("expires") {
        add_header(&mut response.headers, "expires", expires);
    }
    let tags = read.stored.tags.0.len();
    if tags > 0 {
        add_header(
            &mut response.headers,
            "x-amz-tagging-count",
            &tags.to_string(),
        );
    }
    response
}

fn range(scope: &Scope<'_>) -> Option<ByteRange> {
    ByteRange::parse(&scope.header("range")?)
}

fn is_enabled(mode: Option<&ChecksumMode>) -> bool {
    mode.is_some_and(|mode| mode.as_str().eq_ignore_ascii_case("ENABLED"))
}

pub(super) fn get(scope: &Scope<'_>, input: GetObjectInput) -> Answer<GetObjectOutput> {
    refuse_sse_c(input.sse_customer_algorithm.as_ref())?;
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let request = ReadRequest {
        bucket: input.bucket,
        key: input.key,
        version: input.version_id,
        range: range(scope),
        part: input.part_number,
        condition: scope.read_condition(),
        head: false,
    };
    let read = core.read_object(&request)?;
    let mut output = read_output!(
        scope,
        &request.bucket,
        GetObjectOutput,
        &read,
        is_enabled(input.checksum_mode.as_ref())
    );
    output.expiration = expiration(scope, &request.bucket, &request.key, &read.stored);
    output.body = Some(streaming(&read.body));
    Ok(respond(&read, output))
}

pub(super) fn head(scope: &Scope<'_>, input: HeadObjectInput) -> Answer<HeadObjectOutput> {
    refuse_sse_c(input.sse_customer_algorithm.as_ref())?;
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let request = ReadRequest {
        bucket: input.bucket,
        key: input.key,
        version: input.version_id,
        range: range(scope),
        part: input.part_number,
        condition: scope.read_condition(),
        head: true,
    };
    let read = core.read_object(&request)?;
    let mut output = read_output!(
        scope,
        &request.bucket,
        HeadObjectOutput,
        &read,
        is_enabled(input.checksum_mode.as_ref())
    );
    output.expiration = expiration(scope, &request.bucket, &request.key, &read.stored);
    let mut response = respond(&read, output);
    let overrides = [
        ("cache-control", input.response_cache_control),
        ("content-disposition", input.response_content_disposition),
        ("content-encoding", input.response_content_encoding),
        ("content-language", input.response_content_language),
        ("content-type", input.response_content_type),
    ];
    for (name, value) in overrides {
        if let Some(value) = value {
            add_header(&mut response.headers, name, &value);
        }
    }
    Ok(response)
}

pub(super) fn delete(scope: &Scope<'_>, input: DeleteObjectInput) -> Answer<DeleteObjectOutput> {
    refuse_delete_conditions(
        input.if_match_size.is_some(),
        input.if_match_last_modified_time.is_some(),
    )?;
    refuse_mfa(input.mfa.as_ref())?;
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let deleted = core.delete_object(
        scope.now(),
        &DeleteOne {
            bucket: input.bucket,
            key: input.key,
            version: input.version_id,
            if_match: scope.header("if-match"),
        },
    )?;
    plain(DeleteObjectOutput {
        delete_marker: deleted.marker.then_some(true),
        version_id: deleted.version,
        ..DeleteObjectOutput::default()
    })
}

fn refuse_delete_conditions(size: bool, modified: bool) -> Result<(), Error> {
    let detail = "General purpose buckets accept only If-Match";
    match (size, modified) {
        (true, _) => Err(Error::HeaderNotImplemented {
            header: "x-amz-if-match-size",
            detail,
        }),
        (_, true) => Err(Error::HeaderNotImplemented {
            header: "x-amz-if-match-last-modified-time",
            detail,
        }),
        _ => Ok(()),
    }
}

fn refuse_mfa(mfa: Option<&MFA>) -> Result<(), Error> {
    match mfa {
        None => Ok(()),
        Some(_) => Err(Error::NotImplemented("s3 MFA delete".to_owned())),
    }
}

pub(super) fn delete_many(
    scope: &Scope<'_>,
    input: DeleteObjectsInput,
) -> Answer<DeleteObjectsOutput> {
    refuse_mfa(input.mfa.as_ref())?;
    let core = scope.core;
    core.bucket(&input.bucket)?;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let listed = input.delete.objects;
    if listed.is_empty() || listed.len() > limits::s3::DELETE_MAX_KEYS {
        return Err(Error::MalformedXml);
    }
    let quiet = input.delete.quiet.unwrap_or(false);
    let mut output = DeleteObjectsOutput::default();
    for one in listed {
        let request = DeleteOne {
            bucket: input.bucket.clone(),
            key: one.key,
            version: one.version_id,
            if_match: one.e_tag.map(|etag| etag.into_value()),
        };
        let asked = json!({
            "Bucket": &request.bucket,
            "Key": &request.key,
            "VersionId": &request.version,
        });
        let outcome =
            refuse_delete_conditions(one.size.is_some(), one.last_modified_time.is_some())
                .and_then(|()| scope.permit("DeleteObject", &asked))
                .and_then(|()| core.delete_listed(scope.now(), &request));
        match outcome {
            Ok(_) if quiet => {}
            Ok(deleted) => {
                output.deleted.get_or_insert_default().push(DeletedObject {
                    delete_marker: deleted.marker.then_some(true),
                    delete_marker_version_id: deleted.version.filter(|_| deleted.marker),
                    key: Some(request.key),
                    version_id: request.version,
                });
            }
            Err(error) => {
                output.errors.get_or_insert_default().push(dto::Error {
                    code: Some(error.code().to_owned()),
                    key: Some(request.key),
                    message: Some(error.to_string()),
                    version_id: request.version,
                });
            }
        }
    }
    plain(output)
}

pub(super) fn copy(scope: &Scope<'_>, input: CopyObjectInput) -> Answer<CopyObjectOutput> {
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
    refuse_sse_c(input.copy_source_sse_customer_algorithm.as_ref())?;
    scope.refuse_lock(
        input.object_lock_mode.is_some() || input.object_lock_legal_hold_status.is_some(),
    )?;
    let core = scope.core;
    let source = scope.copy_source(&input.copy_source)?;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    core.expect_owner(
        &source.bucket,
        input.expected_source_bucket_owner.as_deref(),
    )?;
    let replace_metadata = directive(
        input
            .metadata_directive
            .as_ref()
            .map(MetadataDirective::as_str),
        "x-amz-metadata-directive",
        "Unknown metadata directive.",
    )?;
    let replace_tags = directive(
        input
            .tagging_directive
            .as_ref()
            .map(TaggingDirective::as_str),
        "x-amz-tagging-directive",
        "Unknown tagging directive.",
    )?;
    let tags = match replace_tags {
        true => Some(header_tags(input.tagging.as_deref())?),
        false => None,
    };
    let bucket = input.bucket.clone();
    let copied = core.copy_object(
        scope.now(),
        Copy {
            source,
            bucket: input.bucket,
            key: input.key,
            attributes: WriteHeaders {
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
            .attributes()?,
            replace_metadata,
            tags,
            algorithm: parse_algorithm(input.checksum_algorithm.as_ref())?,
            condition: scope.write_condition(),
        },
    )?;
    let object = &copied.written.object;
    let mut result = CopyObjectResult {
        e_tag: Some(etag(&object.etag)),
        last_modified: Some(timestamp(copied.written.modified)),
        checksum_type: Some(super::convert::kind(object.checksum.kind)),
        ..CopyObjectResult::default()
    };
    set_checksum!(result, &object.checksum);
    let (server_side_encryption, ssekms_key_id, bucket_key_enabled) =
        encryption_answer(object.attributes.encryption.as_ref());
    plain(CopyObjectOutput {
        copy_object_result: Some(result),
        copy_source_version_id: copied.source_version,
        server_side_encryption,
        ssekms_key_id,
        bucket_key_enabled,
        version_id: scope.version(&bucket, &copied.written),
        ..CopyObjectOutput::default()
    })
}

/// Whether a directive says REPLACE; COPY is the default.
fn directive(value: Option<&str>, name: &'static str, message: &str) -> Result<bool, Error> {
    match value {
        None | Some("COPY") => Ok(false),
        Some("REPLACE") => Ok(true),
        Some(other) => Err(Error::argument(message, name, other)),
    }
}

pub(super) fn attributes(
    scope: &Scope<'_>,
    input: GetObjectAttributesInput,
) -> Answer<GetObjectAttributesOutput> {
    refuse_sse_c(input.sse_customer_algorithm.as_ref())?;
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let stored = core.stored(
        &input.bucket,
        &input.key,
        input.version_id.as_deref(),
        "GET",
    )?;
    let object = &stored.object;
    let wanted = |name: &str| {
        // `s3s` leaves a header of several names, which most SDKs send, as one.
        input
            .object_attributes
            .iter()
            .flat_map(|attributes| attributes.as_str().split(','))
            .any(|attribute| attribute.trim() == name)
    };
    let parts = (wanted("ObjectParts") && !object.parts.is_empty())
        .then(|| attribute_parts(&stored, &input));
    let mut response = S3Response::new(GetObjectAttributesOutput {
        checksum: wanted("Checksum").then(|| checksum_document(&object.checksum)),
        e_tag: wanted("ETag").then(|| etag(&object.etag)),
        last_modified: Some(timestamp(stored.modified)),
        object_parts: parts,
        object_size: wanted("ObjectSize").then(|| int(object.body.len())),
        storage_class: wanted("StorageClass")
            .then(|| StorageClass::from(object.attributes.storage_class().to_owned())),
        version_id: scope.version(&input.bucket, &stored),
        ..GetObjectAttributesOutput::default()
    });
    response.extensions.insert(BareEtag);
    Ok(response)
}

fn attribute_parts(stored: &Stored, input: &GetObjectAttributesInput) -> GetObjectAttributesParts {
    let after = input.part_number_marker.unwrap_or(0);
    let max = input
        .max_parts
        .unwrap_or(limits::s3::LIST_MAX_KEYS)
        .clamp(0, limits::s3::LIST_MAX_KEYS);
    let all = &stored.object.parts;
    // Recorded against AWS: parts are named one by one only when the object's checksum is made of
    // theirs.
    let named = stored.object.checksum.kind == crate::s3::ChecksumKind::Composite;
    let mut rest = all.iter().filter(|part| named && part.number > after);
    let page: Vec<ObjectPart> = rest
        .by_ref()
        .take(max as usize)
        .map(|part| {
            let mut listed = ObjectPart {
                part_number: Some(part.number),
                size: Some(int(part.size)),
                ..ObjectPart::default()
            };
            set_checksum!(listed, &part.checksum);
            listed
        })
        .collect();
    GetObjectAttributesParts {
        is_truncated: named.then(|| rest.next().is_some()),
        max_parts: named.then_some(max),
        next_part_number_marker: page.last().and_then(|part| part.part_number),
        part_number_marker: named.then_some(after),
        parts: named.then_some(page),
        total_parts_count: i32::try_from(all.len()).ok(),
    }
}

pub(super) fn get_tags(
    scope: &Scope<'_>,
    input: GetObjectTaggingInput,
) -> Answer<GetObjectTaggingOutput> {
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let stored = core.object_tags(&input.bucket, &input.key, input.version_id.as_deref())?;
    plain(GetObjectTaggingOutput {
        tag_set: tag_set(&stored.tags),
        version_id: scope.version(&input.bucket, &stored),
    })
}

pub(super) fn put_tags(
    scope: &Scope<'_>,
    input: PutObjectTaggingInput,
) -> Answer<PutObjectTaggingOutput> {
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let version = input.version_id.as_deref();
    let tags = tags(input.tagging);
    let version_id = core.put_object_tags(&input.bucket, &input.key, version, tags)?;
    plain(PutObjectTaggingOutput { version_id })
}

pub(super) fn delete_tags(
    scope: &Scope<'_>,
    input: DeleteObjectTaggingInput,
) -> Answer<DeleteObjectTaggingOutput> {
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let version = input.version_id.as_deref();
    let version_id = core.put_object_tags(&input.bucket, &input.key, version, Tags::default())?;
    plain(DeleteObjectTaggingOutput { version_id })
}

pub(super) fn get_acl(scope: &Scope<'_>, input: GetObjectAclInput) -> Answer<GetObjectAclOutput> {
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    core.stored(
        &input.bucket,
        &input.key,
        input.version_id.as_deref(),
        "GET",
    )?;
    let facts = core.bucket(&input.bucket)?;
    plain(GetObjectAclOutput {
        grants: Some(super::buckets::owner_grants(&facts.owner)),
        owner: Some(super::convert::owner(&facts.owner)),
        request_charged: None,
    })
}

pub(super) fn put_acl(scope: &Scope<'_>, input: PutObjectAclInput) -> Answer<PutObjectAclOutput> {
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    core.stored(
        &input.bucket,
        &input.key,
        input.version_id.as_deref(),
        "PUT",
    )?;
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
        input.acl.as_ref().map(ObjectCannedACL::as_str),
        &grants,
    )?;
    plain(PutObjectAclOutput::default())
}
