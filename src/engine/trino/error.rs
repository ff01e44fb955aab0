//! What goes wrong in a query, under Trino's names and with Trino's positions.

use std::fmt;

use super::ast::Pos;
use crate::engine::error::Error as EngineError;

/// A statement that is not in the grammar. Athena refuses it before an execution exists.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}:{column}: {message}")]
pub struct SyntaxError {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// `mismatched input 'x'. Expecting: …` and its like.
    pub message: String,
}

impl SyntaxError {
    /// An error at a position.
    pub fn new(pos: Pos, message: impl Into<String>) -> Self {
        Self {
            line: pos.line,
            column: pos.column,
            message: message.into(),
        }
    }
}

/// Trino's standard error codes that this front end raises (`StandardErrorCode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // each is its own name
pub enum Code {
    AmbiguousFunctionCall,
    AmbiguousName,
    ColumnAliasMismatch,
    ColumnNotFound,
    ColumnTypeUnknown,
    ConstraintViolation,
    DivisionByZero,
    DuplicateColumnName,
    DuplicateNamedQuery,
    DuplicateWindowName,
    ExpressionNotAggregate,
    ExpressionNotInDistinct,
    ExpressionNotScalar,
    FunctionNotAggregate,
    FunctionNotFound,
    FunctionNotWindow,
    GenericInternalError,
    InvalidArguments,
    InvalidCastArgument,
    InvalidColumnReference,
    InvalidFunctionArgument,
    InvalidLiteral,
    InvalidOrderBy,
    InvalidParameterUsage,
    InvalidPath,
    InvalidTableProperty,
    InvalidView,
    InvalidWindowFrame,
    JsonInputConversionError,
    JsonOutputConversionError,
    JsonValueResultError,
    MissingColumnName,
    MissingGroupBy,
    MissingOrderBy,
    NestedAggregation,
    NestedWindow,
    NotSupported,
    NumericValueOutOfRange,
    PathEvaluationError,
    SchemaNotFound,
    StackOverflow,
    SubqueryMultipleRows,
    TableAlreadyExists,
    TableNotFound,
    TypeMismatch,
    TypeNotFound,
    ViewIsRecursive,
    ViewIsStale,
    HiveBadData,
    HiveCannotOpenSplit,
    HiveColumnOrderMismatch,
    HiveFilesystemError,
    HiveInvalidPartitionValue,
    HiveMetastoreError,
    HivePartitionSchemaMismatch,
    HivePathAlreadyExists,
    HiveTooManyOpenPartitions,
    HiveUnsupportedFormat,
    ExceededLocalMemoryLimit,
}

impl Code {
    /// The name as it stands in `StateChangeReason`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AmbiguousFunctionCall => "AMBIGUOUS_FUNCTION_CALL",
            Self::AmbiguousName => "AMBIGUOUS_NAME",
            Self::ColumnAliasMismatch => "MISMATCHED_COLUMN_ALIASES",
            Self::ColumnNotFound => "COLUMN_NOT_FOUND",
            Self::ColumnTypeUnknown => "COLUMN_TYPE_UNKNOWN",
            Self::ConstraintViolation => "CONSTRAINT_VIOLATION",
            Self::DivisionByZero => "DIVISION_BY_ZERO",
            Self::DuplicateColumnName => "DUPLICATE_COLUMN_NAME",
            Self::DuplicateNamedQuery => "DUPLICATE_NAMED_QUERY",
            Self::DuplicateWindowName => "DUPLICATE_WINDOW_NAME",
            Self::ExpressionNotAggregate => "EXPRESSION_NOT_AGGREGATE",
            Self::ExpressionNotInDistinct => "EXPRESSION_NOT_IN_DISTINCT",
            Self::ExpressionNotScalar => "EXPRESSION_NOT_SCALAR",
            Self::FunctionNotAggregate => "FUNCTION_NOT_AGGREGATE",
            Self::FunctionNotFound => "FUNCTION_NOT_FOUND",
            Self::FunctionNotWindow => "FUNCTION_NOT_WINDOW",
            Self::GenericInternalError => "GENERIC_INTERNAL_ERROR",
            Self::InvalidArguments => "INVALID_ARGUMENTS",
            Self::InvalidCastArgument => "INVALID_CAST_ARGUMENT",
            Self::InvalidColumnReference => "INVALID_COLUMN_REFERENCE",
            Self::InvalidFunctionArgument => "INVALID_FUNCTION_ARGUMENT",
            Self::InvalidLiteral => "INVALID_LITERAL",
            Self::InvalidOrderBy => "INVALID_ORDER_BY",
            Self::InvalidParameterUsage => "INVALID_PARAMETER_USAGE",
            Self::InvalidPath => "INVALID_PATH",
            Self::JsonInputConversionError => "JSON_INPUT_CONVERSION_ERROR",
            Self::JsonOutputConversionError => "JSON_OUTPUT_CONVERSION_ERROR",
            Self::JsonValueResultError => "JSON_VALUE_RESULT_ERROR",
            Self::PathEvaluationError => "PATH_EVALUATION_ERROR",
            Self::InvalidTableProperty => "INVALID_TABLE_PROPERTY",
            Self::InvalidView => "INVALID_VIEW",
            Self::InvalidWindowFrame => "INVALID_WINDOW_FRAME",
            Self::MissingColumnName => "MISSING_COLUMN_NAME",
            Self::MissingGroupBy => "MISSING_GROUP_BY",
            Self::MissingOrderBy => "MISSING_ORDER_BY",
            Self::NestedAggregation => "NESTED_AGGREGATION",
            Self::NestedWindow => "NESTED_WINDOW",
            Self::NotSupported => "NOT_SUPPORTED",
            Self::NumericValueOutOfRange => "NUMERIC_VALUE_OUT_OF_RANGE",
            Self::SchemaNotFound => "SCHEMA_NOT_FOUND",
            Self::StackOverflow => "STACK_OVERFLOW",
            Self::SubqueryMultipleRows => "SUBQUERY_MULTIPLE_ROWS",
            Self::TableAlreadyExists => "TABLE_ALREADY_EXISTS",
            Self::TableNotFound => "TABLE_NOT_FOUND",
            Self::TypeMismatch => "TYPE_MISMATCH",
            Self::TypeNotFound => "TYPE_NOT_FOUND",
            Self::ViewIsRecursive => "VIEW_IS_RECURSIVE",
            Self::ViewIsStale => "VIEW_IS_STALE",
            Self::HiveBadData => "HIVE_BAD_DATA",
            Self::HiveCannotOpenSplit => "HIVE_CANNOT_OPEN_SPLIT",
            Self::HiveColumnOrderMismatch => "HIVE_COLUMN_ORDER_MISMATCH",
            Self::HiveFilesystemError => "HIVE_FILESYSTEM_ERROR",
            Self::HiveInvalidPartitionValue => "HIVE_INVALID_PARTITION_VALUE",
            Self::HiveMetastoreError => "HIVE_METASTORE_ERROR",
            Self::HivePartitionSchemaMismatch => "HIVE_PARTITION_SCHEMA_MISMATCH",
            Self::HivePathAlreadyExists => "HIVE_PATH_ALREADY_EXISTS",
            Self::HiveTooManyOpenPartitions => "HIVE_TOO_MANY_OPEN_PARTITIONS",
            Self::HiveUnsupportedFormat => "HIVE_UNSUPPORTED_FORMAT",
            Self::ExceededLocalMemoryLimit => "EXCEEDED_LOCAL_MEMORY_LIMIT",
        }
    }

    /// `ErrorCategory` of `AthenaError`: 1 system, 2 user.
    pub const fn category(self) -> i32 {
        match self {
            Self::GenericInternalError | Self::ExceededLocalMemoryLimit => 1,
            _ => 2,
        }
    }

    /// `ErrorType` of `AthenaError`. Measured on Athena for the codes that have their own number;
    /// the rest carry 1, the catalog's general number.
    pub const fn error_type(self) -> i32 {
        match self {
            Self::TableNotFound | Self::SchemaNotFound => 1301,
            Self::FunctionNotFound => 1303,
            Self::ColumnNotFound => 1006,
            Self::TypeMismatch => 1002,
            Self::DivisionByZero => 1001,
            Self::InvalidCastArgument | Self::MissingColumnName => 1100,
            Self::InvalidFunctionArgument => 1106,
            Self::TableAlreadyExists => 1110,
            Self::NotSupported => 1200,
            _ => 1,
        }
    }
}

/// Why a well-formed query failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrinoError {
    /// Trino's code.
    pub code: Code,
    /// Where, when the cause stands in the text; errors in the data have no place.
    pub at: Option<Pos>,
    /// The message without name and position.
    pub message: String,
}

impl TrinoError {
    /// An error that stands at a place in the text.
    pub fn at(pos: Pos, code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            at: Some(pos),
            message: message.into(),
        }
    }

    /// An error in the data.
    pub fn in_data(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            at: None,
            message: message.into(),
        }
    }

    /// What Trino can do and this front end cannot.
    pub fn unsupported(pos: Pos, what: impl fmt::Display) -> Self {
        Self::at(
            pos,
            Code::NotSupported,
            format!("{what} is not supported by windfarm"),
        )
    }

    /// Trino's error name.
    pub const fn name(&self) -> &'static str {
        self.code.name()
    }
}

impl fmt::Display for TrinoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name())?;
        if let Some(pos) = self.at {
            write!(f, "line {}:{}: ", pos.line, pos.column)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for TrinoError {}

/// What analysis and kernels return.
pub type Result<T, E = TrinoError> = std::result::Result<T, E>;

/// The engine's own errors, under the names that Athena has for them.
impl From<&EngineError> for TrinoError {
    fn from(error: &EngineError) -> Self {
        let code = match error {
            EngineError::BadData(_) => Code::HiveBadData,
            EngineError::Objects(_) => Code::HiveCannotOpenSplit,
            EngineError::TableNotFound { .. } => Code::TableNotFound,
            EngineError::Unsupported(_) => Code::NotSupported,
            EngineError::Memory(_) => Code::ExceededLocalMemoryLimit,
            EngineError::UnsupportedFormat(_) => Code::HiveUnsupportedFormat,
            EngineError::PartitionValue(_) => Code::HiveInvalidPartitionValue,
            EngineError::PartitionSchema(_) => Code::HivePartitionSchemaMismatch,
            EngineError::Metastore(_) => Code::HiveMetastoreError,
            EngineError::Constraint(_) => Code::ConstraintViolation,
            EngineError::Invalid(_) | EngineError::Internal(_) => Code::GenericInternalError,
        };
        // Its text begins with the name, which stands in the code here.
        let text = error.to_string();
        let message = text.strip_prefix(&format!("{}: ", code.name()));
        Self::in_data(code, message.unwrap_or(&text))
    }
}
