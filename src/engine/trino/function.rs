//! A function resolved to one overload, and how DataFusion calls it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::error::{Code, Result, TrinoError};
use super::types::Type;
use super::value::{Value, array_of, canonical, value_at};
use crate::base::{Seed, SeededRng};
use crate::engine::error::Error as EngineError;

/// What a function does to one row.
pub type Kernel = Arc<dyn Fn(&[Value]) -> Result<Value> + Send + Sync>;

/// What a random function makes of draws and one row.
pub type Draw = Arc<dyn Fn(&mut SeededRng, &[Value]) -> Result<Value> + Send + Sync>;

/// What a function does to whole arrays; `None` leaves the rows to the kernel.
pub type Columns = Arc<dyn Fn(&[ArrayRef]) -> Option<Result<ArrayRef>> + Send + Sync>;

/// One overload. Name and types together decide what it does, so they are its identity.
#[derive(Clone)]
pub struct Function {
    /// Name for plans.
    pub name: String,
    /// Argument types; arguments are coerced to them.
    pub arguments: Vec<Type>,
    /// Result type.
    pub result: Type,
    /// Whether some values make it fail. Such calls are never moved or folded away.
    pub fails: bool,
    /// Set where each row has a value of its own, whatever the arguments: never computed ahead.
    pub draw: Option<Draw>,
    /// Whether it is called with NULLs; otherwise one NULL makes the result NULL.
    pub sees_nulls: bool,
    /// Row by row.
    pub kernel: Kernel,
    /// Array by array, where it matters.
    pub columns: Option<Columns>,
}

impl Function {
    /// An overload that yields NULL for a NULL argument and fails on no value.
    pub fn new(
        name: impl Into<String>,
        arguments: Vec<Type>,
        result: Type,
        kernel: impl Fn(&[Value]) -> Result<Value> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            arguments,
            result,
            fails: false,
            draw: None,
            sees_nulls: false,
            kernel: Arc::new(kernel),
            columns: None,
        }
    }

    /// The same, but some values make it fail.
    #[must_use]
    pub fn failing(mut self) -> Self {
        self.fails = true;
        self
    }

    /// An overload that draws a value for every row; from the machine's entropy unless [`seeded`](Self::seeded).
    pub fn random(
        name: impl Into<String>,
        arguments: Vec<Type>,
        result: Type,
        draw: impl Fn(&mut SeededRng, &[Value]) -> Result<Value> + Send + Sync + 'static,
    ) -> Self {
        let draw: Draw = Arc::new(draw);
        let function = Self {
            draw: Some(draw),
            ..Self::new(name, arguments, result, |_| Ok(Value::Null))
        };
        function.seeded(|| Seed::random().rng())
    }

    /// The same, with all draws of a random function from one generator. Rows that are computed on
    /// several threads draw in the order they come to.
    #[must_use]
    pub fn seeded(mut self, rng: impl FnOnce() -> SeededRng) -> Self {
        if let Some(draw) = self.draw.clone() {
            let rng = Mutex::new(rng());
            self.kernel = Arc::new(move |arguments| {
                draw(
                    &mut rng.lock().unwrap_or_else(PoisonError::into_inner),
                    arguments,
                )
            });
        }
        self
    }

    /// The same, but called with NULLs too.
    #[must_use]
    pub fn seeing_nulls(mut self) -> Self {
        self.sees_nulls = true;
        self
    }

    /// The same, with a way to do whole arrays.
    #[must_use]
    pub fn with_columns(
        mut self,
        columns: impl Fn(&[ArrayRef]) -> Option<Result<ArrayRef>> + Send + Sync + 'static,
    ) -> Self {
        self.columns = Some(Arc::new(columns));
        self
    }

    /// Applies it to one row.
    pub fn call(&self, arguments: &[Value]) -> Result<Value> {
        if !self.sees_nulls && arguments.iter().any(Value::is_null) {
            return Ok(Value::Null);
        }
        (self.kernel)(arguments)
    }

    /// The call as DataFusion's expression.
    pub fn expression(self, arguments: Vec<Expr>) -> Expr {
        ScalarUDF::new_from_impl(Udf::new(self)).call(arguments)
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name)?;
        for (i, ty) in self.arguments.iter().enumerate() {
            write!(f, "{}{ty}", if i > 0 { ", " } else { "" })?;
        }
        write!(f, "): {}", self.result)
    }
}

#[derive(Debug)]
struct Udf {
    function: Function,
    signature: Signature,
}

impl Udf {
    fn new(function: Function) -> Self {
        // Volatile keeps DataFusion from evaluating the call where the query would not: it is not
        // folded at planning time, not pushed below the filter that guards it, not shared.
        let volatility = if function.fails || function.draw.is_some() {
            Volatility::Volatile
        } else {
            Volatility::Immutable
        };
        Self {
            function,
            signature: Signature::user_defined(volatility),
        }
    }
}

impl PartialEq for Udf {
    fn eq(&self, other: &Self) -> bool {
        self.function.name == other.function.name
            && self.function.arguments == other.function.arguments
            && self.function.result == other.function.result
    }
}

impl Eq for Udf {}

impl Hash for Udf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.function.name.hash(state);
        self.function.arguments.hash(state);
        self.function.result.hash(state);
    }
}

/// A Trino error on its way through DataFusion.
pub fn outward(error: TrinoError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// The Trino error inside DataFusion's, or what DataFusion said as an internal error.
pub fn inward(error: &DataFusionError) -> TrinoError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(at) = cause {
        if let Some(found) = at.downcast_ref::<TrinoError>() {
            return found.clone();
        }
        if let Some(DataFusionError::Shared(inner)) = at.downcast_ref::<DataFusionError>() {
            return inward(inner);
        }
        if let Some(DataFusionError::External(inner)) = at.downcast_ref::<DataFusionError>()
            && let Some(found) = inner.downcast_ref::<TrinoError>()
        {
            return found.clone();
        }
        if let Some(own) = engine_error(at) {
            return own;
        }
        if let Some(DataFusionError::NotImplemented(what)) = at.downcast_ref::<DataFusionError>() {
            return TrinoError::in_data(
                Code::NotSupported,
                format!("{what} is not supported by windfarm"),
            );
        }
        if let Some(DataFusionError::ResourcesExhausted(why)) = at.downcast_ref::<DataFusionError>()
        {
            return TrinoError::in_data(Code::ExceededLocalMemoryLimit, why.clone());
        }
        cause = at.source();
    }
    TrinoError::in_data(Code::GenericInternalError, error.to_string())
}

/// The engine's own error, e.g. of a file that a scan could not read.
fn engine_error(at: &(dyn std::error::Error + 'static)) -> Option<TrinoError> {
    let own = match at.downcast_ref::<DataFusionError>() {
        Some(DataFusionError::External(inner)) => inner.downcast_ref::<EngineError>(),
        _ => at.downcast_ref::<EngineError>(),
    };
    own.map(TrinoError::from)
}

impl ScalarUDFImpl for Udf {
    fn name(&self) -> &str {
        &self.function.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.function.result.arrow())
    }

    fn coerce_types(&self, types: &[DataType]) -> DataFusionResult<Vec<DataType>> {
        Ok(types.to_vec())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let constant = self.function.draw.is_none()
            && args
                .args
                .iter()
                .all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let arrays = args
            .args
            .iter()
            .zip(&self.function.arguments)
            .map(|(argument, ty)| {
                let array = argument.clone().into_array(rows)?;
                canonical(&array, ty).map_err(outward)
            })
            .collect::<DataFusionResult<Vec<_>>>()?;
        let array = self.rows(&arrays, rows).map_err(outward)?;
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                &array, 0,
            )?));
        }
        Ok(ColumnarValue::Array(array))
    }
}

impl Udf {
    fn rows(&self, arrays: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        if let Some(columns) = &self.function.columns
            && let Some(result) = columns(arrays)
        {
            return result;
        }
        let mut results = Vec::with_capacity(rows);
        let mut arguments = Vec::with_capacity(arrays.len());
        for row in 0..rows {
            arguments.clear();
            for (array, ty) in arrays.iter().zip(&self.function.arguments) {
                arguments.push(value_at(array, ty, row)?);
            }
            results.push(self.function.call(&arguments)?);
        }
        array_of(results, &self.function.result)
    }
}
