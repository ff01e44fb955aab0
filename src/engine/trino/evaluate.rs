//! Expressions evaluated inside functions: TRY and lambda bodies.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use datafusion::arrow::compute::{concat, take};
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::common::DFSchema;
use datafusion::execution::context::ExecutionProps;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};

use super::error::{Code, Result, TrinoError};
use super::function::inward;
use super::types::Type;
use super::value::{Value, array_of, values};

fn internal(error: impl std::fmt::Display) -> TrinoError {
    TrinoError::in_data(Code::GenericInternalError, error.to_string())
}

/// An expression over named inputs, ready to be evaluated on arrays of them.
#[derive(Clone, Debug)]
pub struct Body {
    expression: Arc<dyn PhysicalExpr>,
    schema: Arc<Schema>,
    result: Type,
}

impl Body {
    /// Prepares an expression; `inputs` are all columns it uses.
    pub fn new(expr: &Expr, inputs: &[(String, Type)], result: Type) -> Result<Self> {
        let fields: Vec<Field> = inputs
            .iter()
            .map(|(id, ty)| Field::new(id, ty.arrow(), true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let typed = DFSchema::try_from(Schema::clone(&schema)).map_err(|e| inward(&e))?;
        let expression = create_physical_expr(
            expr,
            &typed,
            &ExecutionProps::new(),
            &PhysicalPlanningContext::default(),
        )
        .map_err(|e| inward(&e))?;
        Ok(Self {
            expression,
            schema,
            result,
        })
    }

    /// Evaluates it on rows of its inputs.
    pub fn on(&self, inputs: Vec<ArrayRef>, rows: usize) -> Result<ArrayRef> {
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let fields: Vec<Field> = self
            .schema
            .fields()
            .iter()
            .zip(&inputs)
            .map(|(field, array)| Field::new(field.name(), array.data_type().clone(), true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let batch =
            RecordBatch::try_new_with_options(schema, inputs, &options).map_err(internal)?;
        self.expression
            .evaluate(&batch)
            .and_then(|value| value.into_array(rows))
            .map_err(|e| inward(&e))
    }

    /// The same, NULL where a row fails in a way TRY catches.
    pub fn tried(&self, inputs: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        match self.on(inputs.to_vec(), rows) {
            Err(error) if is_caught(error.code) => {
                if rows <= 1 {
                    return array_of(vec![Value::Null; rows], &self.result);
                }
                // Halve until the failing rows stand alone.
                let half = rows / 2;
                let part = |from: usize, length: usize| {
                    let inputs: Vec<ArrayRef> =
                        inputs.iter().map(|a| a.slice(from, length)).collect();
                    self.tried(&inputs, length)
                };
                let (a, b) = (part(0, half)?, part(half, rows - half)?);
                concat(&[a.as_ref(), b.as_ref()]).map_err(internal)
            }
            result => result,
        }
    }

    /// Evaluates it for parameters beside captured columns; `rows` names the row of the captured
    /// columns that belongs to each parameter value.
    pub fn for_each(
        &self,
        parameters: Vec<ArrayRef>,
        captured: &[ArrayRef],
        rows: &[u32],
    ) -> Result<Vec<Value>> {
        let indices = UInt32Array::from(rows.to_vec());
        let mut inputs = parameters;
        for array in captured {
            inputs.push(take(array, &indices, None).map_err(internal)?);
        }
        let result = self.on(inputs, rows.len())?;
        values(&result, &self.result)
    }
}

/// What TRY turns into NULL.
const fn is_caught(code: Code) -> bool {
    matches!(
        code,
        Code::DivisionByZero
            | Code::InvalidCastArgument
            | Code::InvalidFunctionArgument
            | Code::NumericValueOutOfRange
    )
}
