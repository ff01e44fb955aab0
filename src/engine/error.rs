//! Why the engine refused or failed, in the words Athena and Glue show their users.

use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use datafusion::parquet::errors::ParquetError;

use crate::store::ObjectsError;

/// A failure of the engine.
///
/// The codes in front of the messages are Trino's, as Athena shows them in `StateChangeReason`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file does not hold what its table says.
    #[error("HIVE_BAD_DATA: {0}")]
    BadData(String),
    /// A table's SerDe or input format is not one of those that are executed.
    #[error("HIVE_UNSUPPORTED_FORMAT: {0}")]
    UnsupportedFormat(String),
    /// A partition value that is not of its column's type.
    #[error("HIVE_INVALID_PARTITION_VALUE: {0}")]
    PartitionValue(String),
    /// A partition's columns cannot be read as its table's.
    #[error("HIVE_PARTITION_SCHEMA_MISMATCH: {0}")]
    PartitionSchema(String),
    /// A query does not say of a partition column what its projection needs.
    #[error("CONSTRAINT_VIOLATION: {0}")]
    Constraint(String),
    /// The catalog's entry cannot be used.
    #[error("HIVE_METASTORE_ERROR: {0}")]
    Metastore(String),
    /// A file could not be opened or read.
    #[error("HIVE_CANNOT_OPEN_SPLIT: {0}")]
    Objects(#[from] ObjectsError),
    /// The table is not in the catalog.
    #[error("TABLE_NOT_FOUND: Table '{database}.{table}' does not exist")]
    TableNotFound {
        /// The database asked.
        database: String,
        /// The missing table.
        table: String,
    },
    /// Something AWS executes and this engine does not; names what.
    #[error("NOT_SUPPORTED: {0}")]
    Unsupported(String),
    /// A query or graph that is wrong in itself.
    #[error("{0}")]
    Invalid(String),
    /// Memory ran out within the bound the engine was given.
    #[error("EXCEEDED_LOCAL_MEMORY_LIMIT: {0}")]
    Memory(String),
    /// What DataFusion reports; a defect here or a limit of it.
    #[error("GENERIC_INTERNAL_ERROR: {0}")]
    Internal(String),
}

/// The engine's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The code in front of the message, when it has one.
    pub fn code(&self) -> Option<&'static str> {
        Some(match self {
            Self::BadData(_) => "HIVE_BAD_DATA",
            Self::UnsupportedFormat(_) => "HIVE_UNSUPPORTED_FORMAT",
            Self::PartitionValue(_) => "HIVE_INVALID_PARTITION_VALUE",
            Self::PartitionSchema(_) => "HIVE_PARTITION_SCHEMA_MISMATCH",
            Self::Constraint(_) => "CONSTRAINT_VIOLATION",
            Self::Metastore(_) => "HIVE_METASTORE_ERROR",
            Self::Objects(_) => "HIVE_CANNOT_OPEN_SPLIT",
            Self::TableNotFound { .. } => "TABLE_NOT_FOUND",
            Self::Unsupported(_) => "NOT_SUPPORTED",
            Self::Memory(_) => "EXCEEDED_LOCAL_MEMORY_LIMIT",
            Self::Internal(_) => "GENERIC_INTERNAL_ERROR",
            Self::Invalid(_) => return None,
        })
    }

    /// Finds the engine's own error inside what a stream of DataFusion returned.
    fn unwrap_datafusion(error: DataFusionError) -> Self {
        match error {
            DataFusionError::External(inner) => match inner.downcast::<Self>() {
                Ok(own) => *own,
                Err(inner) => match inner.downcast::<DataFusionError>() {
                    Ok(nested) => Self::unwrap_datafusion(*nested),
                    Err(inner) => Self::Internal(inner.to_string()),
                },
            },
            DataFusionError::ArrowError(inner, trace) => match *inner {
                ArrowError::ExternalError(inner) => {
                    Self::unwrap_datafusion(DataFusionError::External(inner))
                }
                other => Self::Internal(
                    DataFusionError::ArrowError(Box::new(other), trace).strip_backtrace(),
                ),
            },
            DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => {
                Self::unwrap_datafusion(*inner)
            }
            DataFusionError::Shared(inner) => Self::from_shared(&inner),
            DataFusionError::Plan(message) => Self::Invalid(message),
            DataFusionError::SchemaError(inner, _) => Self::Invalid(inner.to_string()),
            DataFusionError::SQL(inner, _) => Self::Invalid(inner.to_string()),
            DataFusionError::NotImplemented(message) => Self::Unsupported(message),
            DataFusionError::ResourcesExhausted(message) => Self::Memory(message),
            DataFusionError::ObjectStore(inner) => {
                Self::Objects(ObjectsError::Other(inner.to_string()))
            }
            DataFusionError::ParquetError(inner) => match *inner {
                ParquetError::External(inner) => {
                    Self::unwrap_datafusion(DataFusionError::External(inner))
                }
                other => Self::BadData(other.to_string()),
            },
            other => Self::Internal(other.strip_backtrace()),
        }
    }

    fn from_shared(error: &DataFusionError) -> Self {
        // A shared error cannot be moved out of; what users see of it is its text.
        if let DataFusionError::External(inner) = error
            && let Some(own) = inner.downcast_ref::<Self>()
        {
            return match own {
                Self::BadData(text) => Self::BadData(text.clone()),
                Self::Unsupported(text) => Self::Unsupported(text.clone()),
                Self::Invalid(text) => Self::Invalid(text.clone()),
                Self::Constraint(text) => Self::Constraint(text.clone()),
                Self::Objects(inner) => Self::Objects(inner.clone()),
                other => Self::Internal(other.to_string()),
            };
        }
        match error {
            DataFusionError::Shared(inner) => Self::from_shared(inner),
            DataFusionError::ResourcesExhausted(text) => Self::Memory(text.clone()),
            other => Self::Internal(other.strip_backtrace()),
        }
    }
}

impl From<DataFusionError> for Error {
    fn from(error: DataFusionError) -> Self {
        Self::unwrap_datafusion(error)
    }
}

impl From<ArrowError> for Error {
    fn from(error: ArrowError) -> Self {
        Self::unwrap_datafusion(DataFusionError::from(error))
    }
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        Self::External(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_survives_its_way_through_datafusion() {
        let own = Error::BadData("file x, line 3".into());
        let carried = DataFusionError::from(own).context("scanning");
        let back = Error::from(carried);
        assert_eq!(back.to_string(), "HIVE_BAD_DATA: file x, line 3");
        assert_eq!(back.code(), Some("HIVE_BAD_DATA"));
        let plain = Error::from(DataFusionError::Plan("no field `x`".into()));
        assert_eq!(plain.to_string(), "no field `x`");
    }
}
