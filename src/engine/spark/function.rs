//! Spark's functions as DataFusion calls them: whole columns in, one column out.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::cast;
use crate::engine::error::{Error, Result};

/// Result type of a function for its arguments' types, or why it does not take them.
pub type Typing = fn(&[DataType]) -> Result<DataType>;
/// A function's values for its arguments' values; all arrays have the same length, which is also
/// that of the result.
pub type Evaluation = fn(&[ArrayRef], &DataType) -> Result<ArrayRef>;

/// A function that is computed from whole columns.
#[derive(Clone, Debug)]
pub struct SparkFunction {
    name: &'static str,
    signature: Signature,
    typing: Typing,
    evaluation: Evaluation,
}

impl SparkFunction {
    /// A function of this name. Arguments arrive in Spark's plain types and are cast by the
    /// function itself: DataFusion's own casts have another meaning.
    pub fn udf(name: &'static str, typing: Typing, evaluation: Evaluation) -> ScalarUDF {
        ScalarUDF::new_from_impl(Self {
            name,
            signature: Signature::user_defined(Volatility::Immutable),
            typing,
            evaluation,
        })
    }
}

impl PartialEq for SparkFunction {
    fn eq(&self, other: &Self) -> bool {
        // There is one function a name.
        self.name == other.name
    }
}

impl Eq for SparkFunction {}

impl Hash for SparkFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

fn plain_types(of: &[DataType]) -> Vec<DataType> {
    of.iter().map(cast::plain_type).collect()
}

impl ScalarUDFImpl for SparkFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, of: &[DataType]) -> datafusion::common::Result<Vec<DataType>> {
        Ok(of.to_vec())
    }

    fn return_type(&self, of: &[DataType]) -> datafusion::common::Result<DataType> {
        (self.typing)(&plain_types(of)).map_err(|error| {
            let name = self.name.trim_end_matches(super::functions::ARGUMENT);
            Error::Invalid(format!("in the function `{name}`: {error}")).into()
        })
    }

    fn invoke_with_args(
        &self,
        args: ScalarFunctionArgs,
    ) -> datafusion::common::Result<ColumnarValue> {
        evaluate(args, self.evaluation)
    }
}

fn evaluate(
    args: ScalarFunctionArgs,
    evaluation: impl Fn(&[ArrayRef], &DataType) -> Result<ArrayRef>,
) -> datafusion::common::Result<ColumnarValue> {
    let constant = args
        .args
        .iter()
        .all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
    let rows = if constant { 1 } else { args.number_rows };
    let arrays = args
        .args
        .iter()
        .map(|arg| cast::plain(&arg.to_array(rows)?))
        .collect::<Result<Vec<_>>>()?;
    let array = evaluation(&arrays, args.return_field.data_type())?;
    if constant {
        return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
            &array, 0,
        )?));
    }
    Ok(ColumnarValue::Array(array))
}

/// `CAST(… AS to)`: one function a target type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Cast {
    name: String,
    to: DataType,
    signature: Signature,
}

/// The cast to a type, as a function.
pub fn cast_udf(to: &DataType) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::new_from_impl(Cast {
        name: format!("cast_{}", cast::name(to)),
        to: to.clone(),
        signature: Signature::user_defined(Volatility::Immutable),
    }))
}

/// `CAST(expr AS to)`.
pub fn cast_expr(expr: Expr, to: &DataType) -> Expr {
    cast_udf(to).call(vec![expr])
}

impl ScalarUDFImpl for Cast {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, of: &[DataType]) -> datafusion::common::Result<Vec<DataType>> {
        Ok(of.to_vec())
    }

    fn return_type(&self, of: &[DataType]) -> datafusion::common::Result<DataType> {
        match of {
            [from] if cast::is_castable(from, &self.to) => Ok(self.to.clone()),
            [from] => Err(Error::Unsupported(format!(
                "CAST from {} to {} is not executed by windfarm",
                cast::name(from),
                cast::name(&self.to)
            ))
            .into()),
            _ => Err(Error::Invalid("CAST takes one value".to_owned()).into()),
        }
    }

    fn invoke_with_args(
        &self,
        args: ScalarFunctionArgs,
    ) -> datafusion::common::Result<ColumnarValue> {
        evaluate(args, |arrays, to| match arrays {
            [array] => cast::cast(array, to),
            _ => Err(Error::Invalid("CAST takes one value".to_owned())),
        })
    }
}
