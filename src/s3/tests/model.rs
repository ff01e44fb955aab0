//! Random histories against a reference model, and listings against a sorted map.

use proptest::prelude::*;

use super::*;

/// What a client does to a bucket.
#[derive(Clone, Debug)]
enum Step {
    Put(u8, u8),
    Delete(u8),
    DeleteVersion(u8, u8),
    Versioning(bool),
    Copy(u8, u8),
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0u8..4;
    prop_oneof![
        4 => (key.clone(), any::<u8>()).prop_map(|(key, body)| Step::Put(key, body)),
        2 => key.clone().prop_map(Step::Delete),
        2 => (key.clone(), any::<u8>()).prop_map(|(key, which)| Step::DeleteVersion(key, which)),
        1 => any::<bool>().prop_map(Step::Versioning),
        1 => (key.clone(), key).prop_map(|(from, to)| Step::Copy(from, to)),
    ]
}

/// The reference: per key its versions, the newest last; `None` is a delete marker.
#[derive(Default)]
struct Model {
    versioned: Option<bool>,
    keys: BTreeMap<String, Vec<(String, Option<String>)>>,
}

impl Model {
    fn write(&mut self, key: &str, id: Option<String>, body: Option<String>) {
        let versions = self.keys.entry(key.to_owned()).or_default();
        let id = id.unwrap_or_else(|| "null".to_owned());
        if id == "null" {
            versions.retain(|(old, _)| old != "null");
        }
        versions.push((id, body));
    }

    fn current(&self, key: &str) -> Option<&String> {
        self.keys.get(key)?.last()?.1.as_ref()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn objects_and_versions_behave_as_the_reference(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let core = core();
        let mut model = Model::default();
        let name = |key: u8| format!("k{key}");
        for step in steps {
            match step {
                Step::Put(key, body) => {
                    let (key, body) = (name(key), body.to_string());
                    let id = put(&core, &key, &body).version;
                    prop_assert_eq!(id.is_some(), model.versioned == Some(true));
                    model.write(&key, id, Some(body));
                }
                Step::Delete(key) => {
                    let key = name(key);
                    let deleted = delete(&core, &key, None);
                    prop_assert_eq!(deleted.marker, model.versioned.is_some());
                    match model.versioned {
                        None => { model.keys.remove(&key); }
                        Some(_) => model.write(&key, deleted.version, None),
                    }
                }
                Step::DeleteVersion(key, which) => {
                    let key = name(key);
                    let Some(versions) = model.keys.get_mut(&key) else { continue };
                    let (id, body) = versions.remove(usize::from(which) % versions.len());
                    let deleted = delete(&core, &key, Some(&id));
                    prop_assert_eq!(deleted.marker, body.is_none());
                    prop_assert!(!deleted.missing_version);
                    if versions.is_empty() {
                        model.keys.remove(&key);
                    }
                }
                Step::Versioning(enabled) => {
                    model.versioned = Some(enabled);
                    let versioning = if enabled { Versioning::Enabled } else { Versioning::Suspended };
                    enable_versioning(&core, versioning);
                }
                Step::Copy(from, to) => {
                    let (from, to) = (name(from), name(to));
                    let copied = core.copy_object(now(), Copy {
                        source: CopySource { bucket: "lake".to_owned(), key: from.clone(), ..CopySource::default() },
                        bucket: "lake".to_owned(),
                        key: to.clone(),
                        replace_metadata: true,
                        ..Copy::default()
                    });
                    match model.current(&from).cloned() {
                        Some(body) => model.write(&to, copied.unwrap().written.version, Some(body)),
                        None => prop_assert_eq!(copied.unwrap_err().code(), "NoSuchKey"),
                    }
                }
            }
            for (key, versions) in &model.keys {
                prop_assert_eq!(get(&core, key).ok(), model.current(key).cloned());
                for (id, body) in versions {
                    let read = core.stored("lake", key, Some(id), "GET").ok();
                    let read = read.map(|s| String::from_utf8_lossy(&s.object.body.to_bytes()).into_owned());
                    prop_assert_eq!(&read, body);
                }
            }
        }
        let listed = core.list_versions(&VersionRequest { list: list_request("", None, 1000), after_version: None });
        let listed: Vec<(String, String, bool)> = listed.unwrap().versions.into_iter()
            .map(|v| (v.key, v.version_id, v.stored.is_some())).collect();
        let expected: Vec<(String, String, bool)> = model.keys.iter()
            .flat_map(|(key, versions)| versions.iter().rev()
                .map(|(id, body)| (key.clone(), id.clone(), body.is_some())))
            .collect();
        prop_assert_eq!(listed, expected);
        let objects: Vec<String> = core.list_objects(&list_request("", None, 1000)).unwrap()
            .objects.into_iter().map(|(key, _)| key).collect();
        let expected: Vec<String> = model.keys.keys().filter(|key| model.current(key).is_some()).cloned().collect();
        prop_assert_eq!(objects, expected);
    }

    #[test]
    fn any_page_size_yields_the_listing_of_a_sorted_map(
        keys in prop::collection::btree_set("[ab/é]{1,5}", 0..24),
        prefix in "[ab/]{0,2}",
        delimiter in prop::option::of(prop_oneof![Just("/"), Just("b"), Just("a/")]),
        max in 1i32..6,
    ) {
        let core = core();
        for key in &keys {
            put(&core, key, "");
        }
        let mut expected: Vec<String> = Vec::new();
        for key in keys.iter().filter(|key| key.starts_with(&prefix)) {
            let rest = &key[prefix.len()..];
            let entry = match delimiter.and_then(|d| rest.find(d).map(|at| at + d.len())) {
                Some(end) => format!("{}{}", prefix, &rest[..end]),
                None => key.clone(),
            };
            if expected.last() != Some(&entry) {
                expected.push(entry);
            }
        }
        let mut request = list_request(&prefix, delimiter, max);
        let mut seen = Vec::new();
        loop {
            let page = core.list_objects(&request).unwrap();
            let mut entries: Vec<String> = page.objects.into_iter().map(|(key, _)| key).collect();
            entries.extend(page.prefixes);
            entries.sort();
            prop_assert!(entries.len() <= max as usize);
            prop_assert_eq!(page.next.is_some(), seen.len() + entries.len() < expected.len());
            prop_assert_eq!(page.next.as_ref().or(entries.last()), entries.last());
            seen.extend(entries);
            match page.next {
                Some(next) => request.after = Some(next),
                None => break,
            }
        }
        prop_assert_eq!(seen, expected);
        prop_assert!(core.list_objects(&list_request(&prefix, delimiter, 0)).unwrap().next.is_none());
    }
}
