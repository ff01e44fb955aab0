//! Which objects of a folder are a table's files.

use crate::engine::error::Result;
use crate::engine::objects::MeteredObjects;
use crate::engine::table::partition::Partition;
use crate::store::{ObjectInfo, S3Uri};
use datafusion::common::ScalarValue;

/// A file of a table.
#[derive(Clone, Debug)]
pub struct File {
    /// The bucket it is in.
    pub bucket: String,
    /// Key, size and times.
    pub info: ObjectInfo,
    /// The values of the partition columns for all its rows.
    pub values: Vec<ScalarValue>,
}

impl File {
    /// Where it is.
    pub fn uri(&self) -> S3Uri {
        S3Uri {
            bucket: self.bucket.clone(),
            key: self.info.key.clone(),
        }
    }
}

/// The files of some partitions, in the order of partitions and keys.
///
/// As for Athena and Spark: folders are searched at any depth; names that begin with `_` or `.`
/// and empty objects are no files.
pub async fn list(objects: &MeteredObjects, partitions: &[Partition]) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for partition in partitions {
        let folder = S3Uri {
            bucket: partition.location.bucket.clone(),
            key: partition.location.folder(),
        };
        for info in objects.list(&folder).await? {
            let below = info.key.strip_prefix(&folder.key).unwrap_or(&info.key);
            if info.size > 0 && !is_hidden(below) {
                files.push(File {
                    bucket: folder.bucket.clone(),
                    info,
                    values: partition.values.clone(),
                });
            }
        }
    }
    Ok(files)
}

/// Whether a part of the path below a table's folder begins with `_` or `.`.
pub fn is_hidden(path: &str) -> bool {
    path.split('/')
        .any(|part| part.starts_with('_') || part.starts_with('.'))
}

/// Deals files out to `ways` groups of about equal size, keeping their order: every group is a
/// contiguous run of the files.
pub fn split(files: Vec<File>, ways: usize) -> Vec<Vec<File>> {
    let total: u64 = files.iter().map(|file| file.info.size).sum();
    let share = total.div_ceil(ways.max(1) as u64).max(1);
    let mut groups: Vec<Vec<File>> = Vec::new();
    let mut filled = share;
    for file in files {
        if filled >= share {
            groups.push(Vec::new());
            filled = 0;
        }
        filled += file.info.size;
        if let Some(group) = groups.last_mut() {
            group.push(file);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::MemoryObjects;

    #[tokio::test]
    async fn hidden_and_empty_objects_are_no_files() {
        let space = MemoryObjects::with(&[
            ("lake", "t/a.json", b"{}"),
            ("lake", "t/_SUCCESS", b"x"),
            ("lake", "t/.tmp/b.json", b"x"),
            ("lake", "t/sub/c.json", b"{}"),
            ("lake", "t/", b""),
            ("lake", "table2/d.json", b"{}"),
        ]);
        let partition = Partition {
            values: Vec::new(),
            location: S3Uri::parse("s3://lake/t").unwrap(),
        };
        let files = list(&MeteredObjects::new(space), &[partition])
            .await
            .unwrap();
        let keys: Vec<_> = files.iter().map(|file| file.info.key.as_str()).collect();
        assert_eq!(keys, ["t/a.json", "t/sub/c.json"]);
        assert_eq!(split(files, 2).len(), 2);
    }
}
