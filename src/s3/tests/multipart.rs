//! Multipart uploads and their edges.

use proptest::prelude::*;

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

/// What a client does to its uploads. Parts are numbered 1 to 3, uploads by their order.
#[derive(Clone, Debug)]
enum Step {
    Start,
    Part(u8, i32, u8),
    Complete(u8),
    Abort(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let (which, number) = (0u8..3, 1i32..=3);
    prop_oneof![
        2 => Just(Step::Start),
        6 => (which.clone(), number, any::<u8>()).prop_map(|(w, n, body)| Step::Part(w, n, body)),
        2 => which.clone().prop_map(Step::Complete),
        1 => which.prop_map(Step::Abort),
    ]
}

proptest! {
    /// The reference keeps the parts of every upload in a map. Only one part is completed at a time,
    /// since all but the last would have to be large.
    #[test]
    fn uploads_behave_as_the_reference(steps in prop::collection::vec(step(), 1..40)) {
        let core = core();
        let mut open: BTreeMap<String, BTreeMap<i32, PartInfo>> = BTreeMap::new();
        let mut object: Option<(String, u64)> = None;
        let pick = |open: &BTreeMap<String, BTreeMap<i32, PartInfo>>, which: u8| {
            open.keys().nth(usize::from(which)).cloned()
        };
        for step in steps {
            match step {
                Step::Start => {
                    open.insert(start(&core, None, None).unwrap(), BTreeMap::new());
                }
                Step::Part(which, number, body) => {
                    let Some(id) = pick(&open, which) else { continue };
                    let part = upload(&core, &id, number, vec![body; usize::from(body) + 1]);
                    open.get_mut(&id).unwrap().insert(number, part);
                }
                Step::Complete(which) => {
                    let Some(id) = pick(&open, which) else { continue };
                    let Some(part) = open[&id].values().next_back().cloned() else {
                        check_code(complete(&core, &id, &[]), "InvalidRequest");
                        continue;
                    };
                    let written = complete(&core, &id, &[&part]).unwrap();
                    prop_assert_eq!(written.object.body.len(), part.size);
                    object = Some((written.object.etag.clone(), part.size));
                    open.remove(&id);
                    check_code(core.list_parts("lake", "big", &id, 0, None), "NoSuchUpload");
                }
                Step::Abort(which) => {
                    let Some(id) = pick(&open, which) else { continue };
                    core.abort_upload("lake", "big", &id).unwrap();
                    open.remove(&id);
                }
            }
            let stored = core.stored("lake", "big", None, "GET").ok();
            let stored = stored.map(|s| (s.object.etag.clone(), s.object.body.len()));
            prop_assert_eq!(&stored, &object);
            let listed = core.list_uploads(&list_request("", None, 1000), None).unwrap();
            let ids: Vec<String> = listed.uploads.into_iter().map(|u| u.id).collect();
            prop_assert_eq!(&ids, &open.keys().cloned().collect::<Vec<_>>());
            for (id, parts) in &open {
                let listed = core.list_parts("lake", "big", id, 0, None).unwrap().parts;
                let listed: Vec<(i32, String)> = listed.into_iter().map(|p| (p.number, p.etag)).collect();
                let expected: Vec<(i32, String)> =
                    parts.iter().map(|(n, p)| (*n, p.etag.clone())).collect();
                prop_assert_eq!(listed, expected);
            }
        }
    }
}
