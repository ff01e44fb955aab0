//! Multipart uploads and their edges.

use super::*;

const PART: usize = 5 * 1024 * 1024;

fn start(core: &S3, algorithm: Option<Algorithm>, kind: Option<ChecksumKind>) -> Result<String> {
    let upload = core.create_upload(
        now(),
        CreateUpload {
            bucket: "lake".to_owned(),
            key: "big".to_owned(),
            algorithm,
            kind,
            ..CreateUpload::default()
        },
    )?;
    Ok(upload.id)
}

fn upload(core: &S3, id: &str, number: i32, body: Vec<u8>) -> PartInfo {
    core.upload_part(
        now(),
        UploadPart {
            bucket: "lake".to_owned(),
            key: "big".to_owned(),
            upload_id: id.to_owned(),
            number,
            body: Body::from(body),
            integrity: Integrity::default(),
        },
    )
    .unwrap()
}

fn complete(core: &S3, id: &str, parts: &[&PartInfo]) -> Result<Written> {
    complete_if(core, id, parts, WriteCondition::default())
}

fn complete_if(
    core: &S3,
    id: &str,
    parts: &[&PartInfo],
    condition: WriteCondition,
) -> Result<Written> {
    core.complete_upload(
        now(),
        Complete {
            bucket: "lake".to_owned(),
            key: "big".to_owned(),
            upload_id: id.to_owned(),
            parts: parts
                .iter()
                .map(|part| CompletedPart {
                    number: part.number,
                    etag: part.etag.clone(),
                    checksums: vec![(part.checksum.algorithm, part.checksum.value.clone())],
                })
                .collect(),
            condition,
            ..Complete::default()
        },
    )
}

#[test]
fn an_upload_in_parts_becomes_one_object() {
    let core = core();
    let id = start(&core, None, None).unwrap();
    let (two, one) = (
        upload(&core, &id, 2, vec![b'b'; 10]),
        upload(&core, &id, 1, vec![b'a'; PART]),
    );
    upload(&core, &id, 3, vec![b'c'; 10]);
    check_code(get(&core, "big"), "NoSuchKey");
    check_code(complete(&core, &id, &[&two, &one]), "InvalidPartOrder");
    check_code(complete(&core, &id, &[]), "InvalidRequest");
    let wrong = PartInfo {
        etag: "00".to_owned(),
        ..one.clone()
    };
    check_code(complete(&core, &id, &[&wrong]), "InvalidPart");
    let written = complete(&core, &id, &[&one, &two]).unwrap();
    assert_eq!(written.object.etag, "8b0be7847da5564ae08e97af63b60885-2");
    assert_eq!(written.object.body.len(), PART as u64 + 10);
    assert_eq!(written.object.body.segments().len(), 2);
    assert_eq!(
        written.object.checksum,
        Checksum::of(Algorithm::Crc64Nvme, &written.object.body)
    );
    // The same again is answered the same, anything else is too late.
    assert_eq!(
        complete(&core, &id, &[&one, &two]).unwrap().object.etag,
        written.object.etag
    );
    check_code(complete(&core, &id, &[&one]), "NoSuchUpload");
    check_code(core.abort_upload("lake", "big", &id), "NoSuchUpload");
    let read = |part: i32| {
        core.read_object(&ReadRequest {
            bucket: "lake".to_owned(),
            key: "big".to_owned(),
            part: Some(part),
            ..ReadRequest::default()
        })
    };
    let second = read(2).unwrap();
    assert_eq!((second.parts, second.body.len()), (Some(2), 10));
    check_code(read(3), "InvalidPartNumber");
    let copied = core.copy_object(
        now(),
        Copy {
            source: CopySource {
                bucket: "lake".to_owned(),
                key: "big".to_owned(),
                ..CopySource::default()
            },
            bucket: "lake".to_owned(),
            key: "copy".to_owned(),
            ..Copy::default()
        },
    );
    assert!(!copied.unwrap().written.object.etag.contains('-'));
}

#[test]
fn small_parts_and_aborted_uploads_are_refused() {
    let core = core();
    let id = start(&core, None, None).unwrap();
    let (one, two) = (
        upload(&core, &id, 1, vec![1; 10]),
        upload(&core, &id, 2, vec![2; 10]),
    );
    check_code(complete(&core, &id, &[&one, &two]), "EntityTooSmall");
    core.abort_upload("lake", "big", &id).unwrap();
    check_code(complete(&core, &id, &[&one]), "NoSuchUpload");
    check_code(core.list_parts("lake", "big", &id, 0, None), "NoSuchUpload");
}

#[test]
fn checksum_types_of_multipart_objects_follow_the_published_table() {
    use Algorithm::*;
    use ChecksumKind::*;

    let core = core();
    let refused = start(&core, Some(Sha1), Some(FullObject)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "The FULL_OBJECT checksum type cannot be used with the sha1 checksum algorithm."
    );
    check_code(
        start(&core, Some(Crc64Nvme), Some(Composite)),
        "InvalidRequest",
    );
    check_code(start(&core, None, Some(FullObject)), "InvalidRequest");
    let id = start(&core, Some(Crc32), None).unwrap();
    let body = Body::from("0123456789");
    let part = |algorithm: Option<Algorithm>| {
        core.upload_part(
            now(),
            UploadPart {
                bucket: "lake".to_owned(),
                key: "big".to_owned(),
                upload_id: id.clone(),
                number: 1,
                body: body.clone(),
                integrity: Integrity {
                    checksums: algorithm
                        .map(|of| (of, Checksum::of(of, &body).value))
                        .into_iter()
                        .collect(),
                    ..Integrity::default()
                },
            },
        )
    };
    assert_eq!(
        part(Some(Sha256)).unwrap_err().to_string(),
        "Checksum Type mismatch occurred, expected checksum Type: crc32, actual checksum Type: sha256"
    );
    check_code(part(None), "InvalidRequest");
    let one = part(Some(Crc32)).unwrap();
    let bare = PartInfo {
        checksum: Checksum::of(Sha1, &body),
        ..one.clone()
    };
    let missing = complete(&core, &id, &[&bare]).unwrap_err().to_string();
    assert!(missing.contains("It was missing for part 1"), "{missing}");
    let written = complete(&core, &id, &[&one]).unwrap();
    let checksum = &written.object.checksum;
    assert_eq!((checksum.algorithm, checksum.kind), (Crc32, Composite));
    assert!(checksum.value.ends_with("-1"));
}

#[test]
fn writes_during_an_upload_conflict_with_its_condition() {
    let core = core();
    let absent = WriteCondition {
        if_none_match: Some("*".to_owned()),
        ..WriteCondition::default()
    };
    let id = start(&core, None, None).unwrap();
    let one = upload(&core, &id, 1, vec![1]);
    put(&core, "big", "other");
    check_code(
        complete_if(&core, &id, &[&one], absent.clone()),
        "PreconditionFailed",
    );
    delete(&core, "big", None);
    check_code(
        complete_if(&core, &id, &[&one], absent),
        "ConditionalRequestConflict",
    );
    complete(&core, &id, &[&one]).unwrap();
    let id = start(&core, None, None).unwrap();
    let one = upload(&core, &id, 1, vec![1]);
    let etag = put(&core, "big", "newer").object.etag.clone();
    let same = WriteCondition {
        if_match: Some(etag),
        ..WriteCondition::default()
    };
    check_code(
        complete_if(&core, &id, &[&one], same),
        "ConditionalRequestConflict",
    );
}

#[test]
fn uploads_are_listed_by_key_and_start_in_any_page_size() {
    let core = core();
    let mut expected = Vec::new();
    for key in ["a", "b/1", "b/2", "c", "c"] {
        let upload = core.create_upload(
            now(),
            CreateUpload {
                bucket: "lake".to_owned(),
                key: key.to_owned(),
                ..CreateUpload::default()
            },
        );
        expected.push((key.to_owned(), upload.unwrap().id));
    }
    for max in 1..=6 {
        let mut request = list_request("", None, max);
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = core.list_uploads(&request, after.as_deref()).unwrap();
            seen.extend(page.uploads.into_iter().map(|u| (u.key, u.id)));
            match page.next {
                Some((key, id)) => {
                    request.after = Some(key);
                    after = id;
                }
                None => break,
            }
        }
        assert_eq!(seen, expected, "{max}");
    }
    let page = core
        .list_uploads(&list_request("", Some("/"), 2), None)
        .unwrap();
    assert_eq!(
        (page.uploads.len(), page.prefixes),
        (1, vec!["b/".to_owned()])
    );
    assert_eq!(page.next, Some(("b/".to_owned(), None)));
}
