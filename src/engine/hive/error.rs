//! What goes wrong in a Hive statement, in the words Athena shows.

/// Why a Hive statement failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HiveError {
    /// It is not in the grammar. The form was measured on Athena; `column` counts from 0.
    #[error("FAILED: ParseException line {line}:{column} {message}")]
    Parse {
        /// Line, from 1.
        line: u32,
        /// Column in characters, from 0.
        column: u32,
        /// `cannot recognize input near 'a' 'b' 'c'` and its like.
        message: String,
        /// Whether a name stood in double quotes: Athena refuses that before an execution exists.
        quoted_name: bool,
    },
    /// It contradicts itself or the catalog; the number is Hive's own. Texts are Hive's, not measured.
    #[error("FAILED: SemanticException [Error {code}]: {message}")]
    Semantic {
        /// Hive's error number.
        code: u16,
        /// Its text.
        message: String,
    },
    /// The catalog or S3 refused.
    #[error(
        "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. {0}"
    )]
    Execution(String),
    /// Something Athena does and windfarm does not; names what.
    #[error("NOT_SUPPORTED: {0} is not supported by windfarm")]
    Unsupported(String),
}

/// The front end's result.
pub(super) type Result<T> = std::result::Result<T, HiveError>;

impl HiveError {
    pub(super) fn semantic(code: u16, message: impl Into<String>) -> Self {
        Self::Semantic {
            code,
            message: message.into(),
        }
    }

    pub(super) fn no_table(name: &str) -> Self {
        Self::semantic(10001, format!("Table not found {name}"))
    }

    pub(super) fn no_database(name: &str) -> Self {
        Self::semantic(10072, format!("Database does not exist: {name}"))
    }

    /// `ErrorCategory` of Athena's error. That of a ParseException was measured.
    pub const fn category(&self) -> i32 {
        match self {
            Self::Parse { .. } => 1,
            _ => 2,
        }
    }

    /// `ErrorType` of Athena's error. That of a ParseException was measured; others follow the
    /// Trino errors of the same meaning.
    pub const fn error_type(&self) -> i32 {
        match self {
            Self::Parse { .. } => 1003,
            Self::Semantic {
                code: 10001 | 10072,
                ..
            } => 1301,
            Self::Unsupported(_) => 1200,
            Self::Semantic { .. } | Self::Execution(_) => 1003,
        }
    }
}

impl From<crate::glue::error::Error> for HiveError {
    fn from(error: crate::glue::error::Error) -> Self {
        use crate::glue::error::Error;
        let class = match &error {
            Error::Unsupported(what) => return Self::Unsupported(what.clone()),
            Error::AlreadyExists(_) => "AlreadyExistsException",
            Error::EntityNotFound(_) => "NoSuchObjectException",
            Error::InvalidInput(_) => "InvalidObjectException",
            _ => "MetaException",
        };
        Self::Execution(format!("{class}(message:{error})"))
    }
}

impl From<crate::store::ObjectsError> for HiveError {
    fn from(error: crate::store::ObjectsError) -> Self {
        Self::Execution(format!("MetaException(message:{error})"))
    }
}
