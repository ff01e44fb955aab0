//! The object space as DataFusion reads it: `object_store` over [`Objects`], counting bytes.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use datafusion::arrow::temporal_conversions::timestamp_us_to_datetime;
use datafusion::common::DataFusionError;
use datafusion::execution::object_store::ObjectStoreRegistry;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, GetOptions, GetRange, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload,
    PutResult,
};
use url::Url;

use crate::store::{ObjectInfo, Objects, ObjectsError, S3Uri};

/// Bytes read from objects by one query or run: what Athena bills as `DataScannedInBytes`.
#[derive(Debug, Default)]
pub struct Meter {
    bytes: AtomicU64,
    objects: AtomicU64,
    /// Bytes beyond which reading fails; 0 for none.
    limit: AtomicU64,
}

impl Meter {
    /// Bytes of object bodies read so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Reads answered so far; an object read in several ranges counts several times.
    pub fn reads(&self) -> u64 {
        self.objects.load(Ordering::Relaxed)
    }

    /// Makes reading fail once more than so many bytes were read.
    pub fn limit(&self, bytes: u64) {
        self.limit.store(bytes, Ordering::Relaxed);
    }

    /// Counts what was read.
    fn add(&self, bytes: usize) -> Result<(), ObjectsError> {
        let before = self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.objects.fetch_add(1, Ordering::Relaxed);
        let limit = self.limit.load(Ordering::Relaxed);
        if limit > 0 && before.saturating_add(bytes as u64) > limit {
            return Err(ObjectsError::Other(
                "Bytes scanned limit was exceeded".to_owned(),
            ));
        }
        Ok(())
    }
}

/// The object space with a meter: every read of a query goes through one of these.
#[derive(Clone, Debug)]
pub struct MeteredObjects {
    objects: Arc<dyn Objects>,
    meter: Arc<Meter>,
}

impl MeteredObjects {
    /// Reads through `objects`, counting on a new meter.
    pub fn new(objects: Arc<dyn Objects>) -> Self {
        Self {
            objects,
            meter: Arc::default(),
        }
    }

    /// What was read so far.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// Objects under a prefix, in key order.
    pub async fn list(&self, at: &S3Uri) -> Result<Vec<ObjectInfo>, ObjectsError> {
        self.objects.list(&at.bucket, &at.key).await
    }

    /// An object's whole body.
    pub async fn read(&self, at: &S3Uri) -> Result<Bytes, ObjectsError> {
        let body = self.objects.read(&at.bucket, &at.key, None).await?;
        self.meter.add(body.len())?;
        Ok(body)
    }

    /// The object space without the meter, for writing.
    pub fn unmetered(&self) -> &Arc<dyn Objects> {
        &self.objects
    }
}

/// DataFusion's registry: any `s3://bucket` is there.
impl ObjectStoreRegistry for MeteredObjects {
    fn register_store(
        &self,
        _url: &Url,
        _store: Arc<dyn ObjectStore>,
    ) -> Option<Arc<dyn ObjectStore>> {
        // Nothing but the emulator's own objects can be reached from a query.
        None
    }

    fn get_store(&self, url: &Url) -> datafusion::common::Result<Arc<dyn ObjectStore>> {
        match (url.scheme(), url.host_str()) {
            ("s3", Some(bucket)) => Ok(Arc::new(Bucket {
                name: bucket.to_owned(),
                objects: self.clone(),
            })),
            _ => Err(DataFusionError::Plan(format!(
                "`{url}` is not an s3:// address"
            ))),
        }
    }
}

/// One bucket in `object_store`'s terms: reading only.
#[derive(Debug)]
struct Bucket {
    name: String,
    objects: MeteredObjects,
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.name)
    }
}

/// The key of a path; paths are made with [`object_path`], so it is the key as it is.
pub fn object_path(key: &str) -> Result<Path, ObjectsError> {
    Path::parse(key).map_err(|error| {
        ObjectsError::Other(format!("the key `{key}` cannot be read here: {error}"))
    })
}

/// What DataFusion needs to know of a listed object.
pub fn object_meta(info: &ObjectInfo) -> Result<ObjectMeta, ObjectsError> {
    Ok(ObjectMeta {
        location: object_path(&info.key)?,
        last_modified: timestamp_us_to_datetime(info.last_modified.micros())
            .unwrap_or_default()
            .and_utc(),
        size: info.size,
        e_tag: Some(info.etag.clone()),
        version: None,
    })
}

fn refused(error: ObjectsError) -> object_store::Error {
    match error {
        ObjectsError::NoSuchKey { ref key, .. } => object_store::Error::NotFound {
            path: key.clone(),
            source: Box::new(error),
        },
        other => object_store::Error::Generic {
            store: "s3",
            source: Box::new(other),
        },
    }
}

fn read_only() -> object_store::Error {
    object_store::Error::NotImplemented {
        operation: "writing through a query".to_owned(),
        implementer: "windfarm".to_owned(),
    }
}

fn bounds(range: Option<&GetRange>, size: u64) -> Range<u64> {
    match range {
        None => 0..size,
        Some(GetRange::Bounded(range)) => range.start.min(size)..range.end.min(size),
        Some(GetRange::Offset(from)) => (*from).min(size)..size,
        Some(GetRange::Suffix(length)) => size.saturating_sub(*length)..size,
    }
}

#[async_trait]
impl ObjectStore for Bucket {
    async fn put_opts(
        &self,
        _location: &Path,
        _payload: PutPayload,
        _options: PutOptions,
    ) -> object_store::Result<PutResult> {
        Err(read_only())
    }

    async fn put_multipart_opts(
        &self,
        _location: &Path,
        _options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        Err(read_only())
    }

    async fn get_opts(
        &self,
        location: &Path,
        options: GetOptions,
    ) -> object_store::Result<GetResult> {
        let key = location.as_ref();
        let space = &self.objects.objects;
        let info = space.head(&self.name, key).await.map_err(refused)?;
        let meta = object_meta(&info).map_err(refused)?;
        options.check_preconditions(&meta)?;
        let range = bounds(options.range.as_ref(), info.size);
        let body = if options.head {
            Bytes::new()
        } else {
            let body = space
                .read(&self.name, key, Some(range.clone()))
                .await
                .map_err(refused)?;
            self.objects.meter.add(body.len()).map_err(refused)?;
            body
        };
        Ok(GetResult {
            payload: GetResultPayload::Stream(stream::once(async { Ok(body) }).boxed()),
            meta,
            range,
            attributes: Attributes::default(),
        })
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        locations.and_then(|_| async { Err(read_only()) }).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        let space = Arc::clone(&self.objects.objects);
        let bucket = self.name.clone();
        let prefix = prefix.map(|path| format!("{path}/")).unwrap_or_default();
        stream::once(async move {
            let found = space.list(&bucket, &prefix).await.map_err(refused)?;
            let metas: Vec<_> = found
                .iter()
                .map(|info| object_meta(info).map_err(refused))
                .collect();
            Ok::<_, object_store::Error>(stream::iter(metas))
        })
        .try_flatten()
        .boxed()
    }

    async fn list_with_delimiter(
        &self,
        _prefix: Option<&Path>,
    ) -> object_store::Result<ListResult> {
        Err(object_store::Error::NotImplemented {
            operation: "listing by folder".to_owned(),
            implementer: "windfarm".to_owned(),
        })
    }

    async fn copy_opts(
        &self,
        _from: &Path,
        _to: &Path,
        _options: CopyOptions,
    ) -> object_store::Result<()> {
        Err(read_only())
    }
}

#[cfg(test)]
mod tests {
    use object_store::ObjectStoreExt;

    use super::*;
    use crate::engine::testing::MemoryObjects;

    #[tokio::test]
    async fn ranges_are_read_and_counted_as_asked() {
        let space = MemoryObjects::with(&[("lake", "a/b=1/x.json", b"0123456789")]);
        let metered = MeteredObjects::new(space);
        let store = metered
            .get_store(&Url::parse("s3://lake").unwrap())
            .unwrap();
        let path = object_path("a/b=1/x.json").unwrap();
        assert_eq!(store.get_range(&path, 2..5).await.unwrap(), "234");
        assert_eq!(metered.meter().bytes(), 3);
        let suffix = GetOptions {
            range: Some(GetRange::Suffix(4)),
            ..Default::default()
        };
        let tail = store.get_opts(&path, suffix).await.unwrap();
        assert_eq!(tail.bytes().await.unwrap(), "6789");
        assert_eq!(store.head(&path).await.unwrap().size, 10);
        assert_eq!(metered.meter().bytes(), 7, "a head reads no body");
        let missing = store.get(&object_path("nope").unwrap()).await;
        assert!(matches!(missing, Err(object_store::Error::NotFound { .. })));
        assert!(
            metered
                .get_store(&Url::parse("file:///etc").unwrap())
                .is_err()
        );
    }
}
