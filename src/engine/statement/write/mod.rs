//! Rows into files: dealt out by partition and bucket, encoded, then written all or none.

mod bucket;
mod encode;
mod publish;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use bytes::Bytes;
use datafusion::arrow::array::{ArrayRef, UInt32Array};
use datafusion::arrow::compute::take;

use self::bucket::bucket;
pub(super) use self::encode::{Codec, FileFormat};
use self::encode::{Encoder, FileColumn};
pub(super) use self::publish::publish;
use super::Result;
use super::columns::written_type;
use crate::base::{Ids, limits};
use crate::engine::table::partition::{NULL_VALUE, escape};
use crate::engine::trino::types::Type;
use crate::engine::trino::{Code, OutputColumn, Rows, TrinoError, render, value_at};
use crate::glue::hive_type::HiveType;
use crate::store::S3Uri;

/// Where and how rows are written.
pub(super) struct Layout {
    /// The folder.
    pub folder: S3Uri,
    /// The format of the files.
    pub format: FileFormat,
    /// How many of the last columns become folders.
    pub keys: usize,
    /// The columns rows are dealt into buckets by, by place, and the number of buckets.
    pub buckets: Option<(Vec<usize>, u32)>,
    /// Folders of partitions that exist already.
    pub known: BTreeMap<Vec<String>, S3Uri>,
}

/// What is ready to be written.
#[derive(Default)]
pub(super) struct Staged {
    /// Rows in the files.
    pub rows: u64,
    /// The files.
    pub files: Vec<(S3Uri, Bytes)>,
    /// Values and folders of the partitions written to that did not exist.
    pub partitions: Vec<(Vec<String>, S3Uri)>,
}

/// A partition's values and a bucket.
type Place = (Vec<Option<String>>, Option<u32>);

/// Runs a query to its end and encodes its rows.
///
/// # Errors
/// What the query fails with; more partitions and buckets than a statement may write.
pub(super) async fn stage(
    mut rows: Rows,
    layout: &Layout,
    engine_id: &str,
    ids: &Ids,
) -> Result<Staged> {
    let columns = rows.columns().to_vec();
    let mut dealer = Dealer::new(&columns, layout)?;
    let mut count = 0;
    while let Some(batch) = rows.next_batch().await {
        let batch = batch?;
        count += batch.first().map_or(0, |column| column.len());
        dealer.deal(&batch)?;
    }
    let mut staged = Staged {
        rows: u64::try_from(count).unwrap_or(u64::MAX),
        ..Staged::default()
    };
    for ((values, bucket), encoder) in dealer.open {
        let texts: Vec<String> = values
            .iter()
            .map(|value| value.as_deref().filter(|text| !text.is_empty()))
            .map(|value| value.unwrap_or(NULL_VALUE).to_owned())
            .collect();
        let folder = match layout.known.get(&texts) {
            Some(known) => known.clone(),
            None => {
                let mut folder = S3Uri {
                    bucket: layout.folder.bucket.clone(),
                    key: layout.folder.folder(),
                };
                for (column, value) in dealer.keys.iter().zip(&values) {
                    let value = escape(value.as_deref());
                    folder.key.push_str(&format!("{}={value}/", column.name));
                }
                let is_new = !values.is_empty()
                    && staged.partitions.iter().all(|(other, _)| *other != texts);
                if is_new {
                    staged.partitions.push((texts, folder.clone()));
                }
                folder
            }
        };
        let extension = layout.format.extension();
        let name = match bucket {
            // The number first: Hive and Trino find a bucket's file by it.
            Some(bucket) => format!("{bucket:06}_0_{engine_id}{extension}"),
            None => format!("{engine_id}_{}{extension}", ids.uuid()),
        };
        let at = S3Uri {
            key: format!("{}{name}", folder.folder()),
            bucket: folder.bucket,
        };
        staged.files.push((at, encoder.finish()?));
    }
    Ok(staged)
}

/// The catalog's columns of a query's, those in the files and those in folder names.
pub(super) fn catalog_columns(columns: &[OutputColumn]) -> Result<Vec<(String, HiveType)>> {
    columns
        .iter()
        .map(|column| {
            let name = column.name.to_lowercase();
            let of = written_type(&name, &column.ty)?;
            Ok((name, of))
        })
        .collect()
}

struct Dealer<'a> {
    layout: &'a Layout,
    columns: &'a [OutputColumn],
    data: Vec<FileColumn>,
    keys: Vec<FileColumn>,
    open: BTreeMap<Place, Encoder>,
}

impl<'a> Dealer<'a> {
    fn new(columns: &'a [OutputColumn], layout: &'a Layout) -> Result<Self> {
        let mut data = catalog_columns(columns)?
            .into_iter()
            .zip(columns)
            .map(|((name, of), column)| FileColumn {
                name,
                ty: column.ty.clone(),
                of,
            })
            .collect::<Vec<_>>();
        let keys = data.split_off(data.len().saturating_sub(layout.keys));
        if let Some(key) = keys.iter().find(|key| !is_partition_type(&key.ty)) {
            return Err(TrinoError::in_data(
                Code::NotSupported,
                format!("Unsupported type [{}] for partition: {}", key.ty, key.name),
            ));
        }
        Ok(Self {
            layout,
            columns,
            data,
            keys,
            open: BTreeMap::new(),
        })
    }

    fn deal(&mut self, batch: &[ArrayRef]) -> Result<()> {
        let rows = batch.first().map_or(0, |column| column.len());
        if self.keys.is_empty() && self.layout.buckets.is_none() {
            return self.write((Vec::new(), None), batch);
        }
        let mut groups: BTreeMap<Place, Vec<u32>> = BTreeMap::new();
        let mut last: Option<Place> = None;
        for row in 0..rows {
            let place = self.place(batch, row)?;
            let index = u32::try_from(row).map_err(|error| {
                TrinoError::in_data(Code::GenericInternalError, error.to_string())
            })?;
            // Rows of one place often follow each other.
            match last.as_ref().filter(|last| **last == place) {
                Some(last) => match groups.get_mut(last) {
                    Some(group) => group.push(index),
                    None => continue,
                },
                None => {
                    groups.entry(place.clone()).or_default().push(index);
                    last = Some(place);
                }
            }
        }
        for (place, group) in groups {
            if group.len() == rows {
                self.write(place, batch)?;
                continue;
            }
            let indices = UInt32Array::from(group);
            let taken = batch
                .iter()
                .map(|column| take(column, &indices, None).map_err(encode::broken))
                .collect::<Result<Vec<_>>>()?;
            self.write(place, &taken)?;
        }
        Ok(())
    }

    fn place(&self, batch: &[ArrayRef], row: usize) -> Result<Place> {
        let value = |at: usize| match (batch.get(at), self.columns.get(at)) {
            (Some(array), Some(column)) => value_at(array, &column.ty, row),
            _ => Err(encode::broken("a column was lost")),
        };
        let values = self
            .keys
            .iter()
            .enumerate()
            .map(|(at, key)| {
                let value = value(self.data.len() + at)?;
                Ok(render(&value, &key.ty).filter(|text| !text.is_empty()))
            })
            .collect::<Result<Vec<_>>>()?;
        let bucket = match &self.layout.buckets {
            None => None,
            Some((places, count)) => {
                let mut parts = Vec::new();
                for at in places {
                    let column = self.columns.get(*at);
                    let column = column.ok_or_else(|| encode::broken("a column was lost"))?;
                    parts.push((value(*at)?, column.ty.clone()));
                }
                Some(bucket(&parts, *count)?)
            }
        };
        Ok((values, bucket))
    }

    fn write(&mut self, place: Place, batch: &[ArrayRef]) -> Result<()> {
        let open = self.open.len();
        let encoder = match self.open.entry(place) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(new) => {
                if open >= limits::athena::OPEN_WRITERS_MAX {
                    return Err(TrinoError::in_data(
                        Code::HiveTooManyOpenPartitions,
                        format!(
                            "Exceeded limit of {} open writers for partitions/buckets",
                            limits::athena::OPEN_WRITERS_MAX
                        ),
                    ));
                }
                new.insert(Encoder::new(&self.layout.format, &self.data)?)
            }
        };
        encoder.write(batch, &self.data)
    }
}

/// Types whose texts name folders.
fn is_partition_type(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Boolean
            | Type::Tinyint
            | Type::Smallint
            | Type::Integer
            | Type::Bigint
            | Type::Decimal(..)
            | Type::Varchar(_)
            | Type::Char(_)
            | Type::Date
            | Type::Timestamp(_)
    )
}
