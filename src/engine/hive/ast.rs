//! Hive statements as Athena has them.

use crate::glue::api::Column;

/// Properties in the order they were written.
pub(super) type Properties = Vec<(String, String)>;

/// The values of partition columns, in the order they were written.
pub(super) type PartitionSpec = Vec<(String, String)>;

/// A table with the database in front of it, if one was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TableName {
    pub database: Option<String>,
    pub table: String,
}

/// How rows are cut into columns.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum RowFormat {
    /// `ROW FORMAT SERDE 'class' [WITH SERDEPROPERTIES (…)]`
    SerDe {
        library: String,
        properties: Properties,
    },
    /// `ROW FORMAT DELIMITED …`, as properties of LazySimpleSerDe.
    Delimited(Properties),
}

/// Which files rows lie in.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum StoredAs {
    /// `STORED AS PARQUET` and its like, in capitals.
    Format(String),
    /// `STORED AS INPUTFORMAT '…' OUTPUTFORMAT '…'`
    Classes { input: String, output: String },
}

/// `CREATE [EXTERNAL] TABLE`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct CreateTable {
    pub external: bool,
    pub if_not_exists: bool,
    pub name: TableName,
    pub columns: Vec<Column>,
    pub comment: Option<String>,
    pub partitioned_by: Vec<Column>,
    /// Columns and number of buckets.
    pub clustered_by: Option<(Vec<String>, i32)>,
    pub row_format: Option<RowFormat>,
    pub stored_as: Option<StoredAs>,
    pub location: Option<String>,
    pub properties: Properties,
}

/// How much DESCRIBE tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    Columns,
    Formatted,
    Extended,
}

/// What ALTER TABLE does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Alteration {
    AddPartitions {
        if_not_exists: bool,
        /// With their locations.
        partitions: Vec<(PartitionSpec, Option<String>)>,
    },
    DropPartitions {
        if_exists: bool,
        specs: Vec<PartitionSpec>,
    },
    RenamePartition {
        from: PartitionSpec,
        to: PartitionSpec,
    },
    AddColumns(Vec<Column>),
    ReplaceColumns(Vec<Column>),
    SetLocation {
        partition: Option<PartitionSpec>,
        location: String,
    },
    SetProperties(Properties),
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Statement {
    CreateDatabase {
        if_not_exists: bool,
        name: String,
        comment: Option<String>,
        location: Option<String>,
        properties: Properties,
    },
    DropDatabase {
        if_exists: bool,
        name: String,
        cascade: bool,
    },
    CreateTable(Box<CreateTable>),
    DropTable {
        if_exists: bool,
        name: TableName,
    },
    AlterTable {
        name: TableName,
        alteration: Alteration,
    },
    RepairTable(TableName),
    /// With a pattern.
    ShowDatabases(Option<String>),
    ShowTables {
        views: bool,
        database: Option<String>,
        pattern: Option<String>,
    },
    ShowColumns(TableName),
    ShowPartitions(TableName),
    ShowProperties {
        name: TableName,
        key: Option<String>,
    },
    ShowCreateTable(TableName),
    ShowCreateView(TableName),
    Describe {
        name: TableName,
        detail: Detail,
    },
    /// Parsed as a statement of Athena that is not executed; named.
    Unsupported(&'static str),
}
