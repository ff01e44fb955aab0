//! Keeps sub-resources that `s3s` does not route from falling through to whole-bucket or
//! whole-object operations: `PUT /bucket?unknown` must not create a bucket.

use http::Method;
use http::request::Parts;

use crate::wire::s3::answer::ErrorAnswer;
use crate::wire::s3::auth::decode;

/// Operations of the API model that `s3s` does not know: method, whether a key is addressed,
/// sub-resource, name.
const UNROUTED: [(&str, bool, &str, &str); 14] = [
    ("GET", false, "abac", "GetBucketAbac"),
    ("PUT", false, "abac", "PutBucketAbac"),
    (
        "GET",
        false,
        "metadataConfiguration",
        "GetBucketMetadataConfiguration",
    ),
    (
        "POST",
        false,
        "metadataConfiguration",
        "CreateBucketMetadataConfiguration",
    ),
    (
        "DELETE",
        false,
        "metadataConfiguration",
        "DeleteBucketMetadataConfiguration",
    ),
    (
        "PUT",
        false,
        "metadataAnnotationTable",
        "UpdateBucketMetadataAnnotationTableConfiguration",
    ),
    (
        "PUT",
        false,
        "metadataInventoryTable",
        "UpdateBucketMetadataInventoryTableConfiguration",
    ),
    (
        "PUT",
        false,
        "metadataJournalTable",
        "UpdateBucketMetadataJournalTableConfiguration",
    ),
    ("GET", true, "annotation", "GetObjectAnnotation"),
    ("PUT", true, "annotation", "PutObjectAnnotation"),
    ("DELETE", true, "annotation", "DeleteObjectAnnotation"),
    ("PUT", true, "encryption", "UpdateObjectEncryption"),
    ("PUT", true, "renameObject", "RenameObject"),
    ("POST", true, "select", "SelectObjectContent"),
];

/// Operations without a handler whose requests are those of another one but for the name that SDKs put
/// in `x-id`.
const NAMED: [&str; 3] = [
    "ListDirectoryBuckets",
    "ListObjectAnnotations",
    "WriteGetObjectResponse",
];

/// Every sub-resource of a bucket, with the methods for which `s3s` routes it.
const BUCKET: [(&str, &str); 32] = [
    ("accelerate", "GET PUT"),
    ("acl", "GET PUT"),
    ("analytics", "GET PUT DELETE"),
    ("cors", "GET PUT DELETE"),
    ("delete", "POST"),
    ("encryption", "GET PUT DELETE"),
    ("intelligent-tiering", "GET PUT DELETE"),
    ("inventory", "GET PUT DELETE"),
    ("lifecycle", "GET PUT DELETE"),
    ("location", "GET"),
    ("logging", "GET PUT"),
    ("metadataTable", "GET POST DELETE"),
    ("metrics", "GET PUT DELETE"),
    ("notification", "GET PUT"),
    ("object-lock", "GET PUT"),
    ("ownershipControls", "GET PUT DELETE"),
    ("policy", "GET PUT DELETE"),
    ("policyStatus", "GET"),
    ("publicAccessBlock", "GET PUT DELETE"),
    ("replication", "GET PUT DELETE"),
    ("requestPayment", "GET PUT"),
    ("session", "GET"),
    ("tagging", "GET PUT DELETE"),
    ("uploads", "GET"),
    ("versioning", "GET PUT"),
    ("versions", "GET"),
    ("website", "GET PUT DELETE"),
    ("abac", ""),
    ("metadataConfiguration", ""),
    ("metadataAnnotationTable", ""),
    ("metadataInventoryTable", ""),
    ("metadataJournalTable", ""),
];

/// The same for objects.
const OBJECT: [(&str, &str); 13] = [
    ("acl", "GET PUT"),
    ("attributes", "GET"),
    ("legal-hold", "GET PUT"),
    ("restore", "POST"),
    ("retention", "GET PUT"),
    ("select", "POST"),
    ("tagging", "GET PUT DELETE"),
    ("torrent", "GET"),
    ("uploads", "POST"),
    ("uploadId", "GET POST PUT DELETE"),
    ("annotation", ""),
    ("encryption", ""),
    ("renameObject", ""),
];

/// Refuses a request that `s3s` would take for another operation.
pub(super) fn check(parts: &Parts) -> Result<(), ErrorAnswer> {
    if parts.method == Method::OPTIONS {
        return Err(ErrorAnswer::not_implemented("CORS preflight"));
    }
    let content_type = parts.headers.get(http::header::CONTENT_TYPE);
    let is_form = content_type.is_some_and(|of| of.as_bytes().starts_with(b"multipart/form-data"));
    // `s3s` would hold a form's policy against the machine's clock, and store the form as the object.
    if parts.method == Method::POST && is_form {
        return Err(ErrorAnswer::not_implemented("PostObject"));
    }
    let query = parts.uri.query().unwrap_or_default();
    let pairs = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let pairs: Vec<(String, String)> = pairs
        .map(|(name, value)| (decode(name), decode(value)))
        .collect();
    let named = pairs.iter().find(|(name, _)| name == "x-id");
    if let Some((_, operation)) = named
        && NAMED.contains(&operation.as_str())
    {
        return Err(ErrorAnswer::not_implemented(operation));
    }
    let has = |name: &str| pairs.iter().any(|(n, _)| n == name);
    let path = parts.uri.path().trim_start_matches('/');
    let of_key = path.split_once('/').is_some_and(|(_, key)| !key.is_empty());
    let method = parts.method.as_str();
    let unrouted = UNROUTED
        .iter()
        .find(|(m, key, name, _)| *m == method && *key == of_key && has(name));
    if let Some((.., operation)) = unrouted {
        return Err(ErrorAnswer::not_implemented(operation));
    }
    let table: &[(&str, &str)] = if of_key { &OBJECT } else { &BUCKET };
    let given = table.iter().filter(|(name, _)| has(name));
    let mut wrong_method = given
        .clone()
        .filter(|(_, methods)| !methods.split(' ').any(|allowed| allowed == method));
    let refused = match wrong_method.next() {
        Some((name, _)) => Some(name.to_uppercase()),
        // An object itself cannot be posted to, only what belongs to it.
        None if of_key && parts.method == Method::POST && given.count() == 0 => {
            Some("OBJECT".to_owned())
        }
        None => None,
    };
    if let Some(resource) = refused
        && parts.method != Method::HEAD
    {
        return Err(ErrorAnswer::new(
            405,
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
        )
        .member("Method", method)
        .member("ResourceType", resource));
    }
    // `s3s` would take half an UploadPart for a PutObject.
    if of_key && parts.method == Method::PUT && has("partNumber") != has("uploadId") {
        return Err(ErrorAnswer::new(
            400,
            "InvalidArgument",
            "This operation does not accept a query-string.",
        )
        .member("ArgumentName", "ResourceType")
        .member("ArgumentValue", "partNumber"));
    }
    Ok(())
}
