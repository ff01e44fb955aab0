//! UNLOAD: a query's rows as files, without a table.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::columns::check_columns;
use super::create_table::{check_keys, folder};
use super::properties::Properties;
use super::write::{Layout, publish, stage};
use super::{Result, Running, StatementDone};
use crate::engine::trino::ast::Unload;
use crate::engine::trino::{Code, TrinoError};

/// The delimiter of text files that name none. "UNLOAD", Athena guide.
const FIELDS: u8 = b',';

impl Running<'_> {
    pub(super) async fn unload(&self, unload: &Unload) -> Result<StatementDone> {
        let mut properties = Properties::new(&unload.properties)?;
        let keys = properties.names("partitioned_by")?;
        let format = properties.format(None, FIELDS)?;
        properties.finish(&[])?;
        let keys = keys.map(|(_, keys)| keys).unwrap_or_default();
        let target = folder(&unload.location).ok_or_else(|| {
            TrinoError::at(
                unload.pos,
                Code::InvalidTableProperty,
                format!("The location is not an s3:// address: {}", unload.location),
            )
        })?;
        // Not when writing partitions: "UNLOAD", Athena guide.
        let is_empty = if keys.is_empty() {
            self.check_empty(&target, "").await
        } else {
            Ok(())
        };
        let plan = self.plan(&unload.query, None)?;
        check_columns(&plan, unload.pos)?;
        let names: Vec<String> = plan.columns.iter().map(|c| c.name.to_lowercase()).collect();
        check_keys(&keys, &names, unload.pos)?;
        is_empty?;
        let layout = Layout {
            folder: target,
            format,
            keys: keys.len(),
            buckets: None,
            known: BTreeMap::new(),
        };
        let rows = self.rows(plan).await?;
        let staged = stage(rows, &layout, &self.run.engine_id, self.engine.ids()).await?;
        let done = StatementDone {
            update_count: i64::try_from(staged.rows).ok(),
            written: staged.files.iter().map(|(at, _)| at.clone()).collect(),
            ..StatementDone::default()
        };
        publish(Arc::clone(self.engine.objects()), staged.files, || Ok(())).await?;
        Ok(done)
    }
}
