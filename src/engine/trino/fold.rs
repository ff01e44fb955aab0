//! Aggregates that look at all their rows at once: a kernel over the rows of a group.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, ListArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility,
};

use super::error::Result;
use super::function::outward;
use super::key::key_of;
use super::types::Type;
use super::value::{Value, canonical, scalar_of, values};

/// What an aggregate makes of the rows of a group, each the values of its arguments.
pub type Kernel = Arc<dyn Fn(Vec<Vec<Value>>) -> Result<Value> + Send + Sync>;

/// One overload; name and types together decide what it does.
#[derive(Clone)]
pub struct Fold {
    /// Name for plans.
    pub name: String,
    /// Argument types.
    pub arguments: Vec<Type>,
    /// Result type.
    pub result: Type,
    /// Of the last arguments, which are keys to sort the rows by: whether descending, and NULLs first.
    pub order: Vec<(bool, bool)>,
    /// Whether rows with a NULL argument count for nothing.
    pub skips_nulls: bool,
    /// What it does.
    pub kernel: Kernel,
}

impl Fold {
    /// An overload that passes over rows with NULLs.
    pub fn new(
        name: impl Into<String>,
        arguments: Vec<Type>,
        result: Type,
        kernel: impl Fn(Vec<Vec<Value>>) -> Result<Value> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            arguments,
            result,
            order: Vec::new(),
            skips_nulls: true,
            kernel: Arc::new(kernel),
        }
    }

    /// The same, but rows with NULLs count.
    #[must_use]
    pub fn seeing_nulls(mut self) -> Self {
        self.skips_nulls = false;
        self
    }

    /// The same over rows sorted by one more argument.
    #[must_use]
    pub fn ordered_by(mut self, key: Type, descending: bool, nulls_first: bool) -> Self {
        self.name = format!("{} by {descending} {nulls_first}", self.name);
        self.arguments.push(key);
        self.order.push((descending, nulls_first));
        self
    }

    /// As DataFusion's aggregate.
    pub fn udaf(self) -> Arc<AggregateUDF> {
        let signature = Signature::any(self.arguments.len().max(1), Volatility::Immutable);
        Arc::new(AggregateUDF::new_from_impl(Udaf {
            fold: self,
            signature,
        }))
    }
}

impl fmt::Debug for Fold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.result)
    }
}

#[derive(Debug)]
struct Udaf {
    fold: Fold,
    signature: Signature,
}

impl PartialEq for Udaf {
    fn eq(&self, other: &Self) -> bool {
        self.fold.name == other.fold.name
            && self.fold.arguments == other.fold.arguments
            && self.fold.result == other.fold.result
    }
}

impl Eq for Udaf {}

impl Hash for Udaf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.fold.name.hash(state);
        self.fold.arguments.hash(state);
        self.fold.result.hash(state);
    }
}

impl AggregateUDFImpl for Udaf {
    fn name(&self) -> &str {
        &self.fold.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.fold.result.arrow())
    }

    fn is_nullable(&self) -> bool {
        true
    }

    fn accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn Accumulator>> {
        Ok(Box::new(Rows {
            fold: self.fold.clone(),
            distinct: args.is_distinct,
            batches: VecDeque::new(),
        }))
    }

    fn create_sliding_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> DataFusionResult<Box<dyn Accumulator>> {
        self.accumulator(args)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> DataFusionResult<Vec<FieldRef>> {
        Ok(self
            .fold
            .arguments
            .iter()
            .enumerate()
            .map(|(at, ty)| {
                let list = DataType::List(Arc::new(Field::new_list_field(ty.arrow(), true)));
                Arc::new(Field::new(format!("{}[{at}]", args.name), list, true))
            })
            .collect())
    }
}

/// The rows of a group so far, in the order they came.
#[derive(Debug)]
struct Rows {
    fold: Fold,
    distinct: bool,
    batches: VecDeque<Vec<ArrayRef>>,
}

impl Rows {
    fn rows(&self) -> Result<Vec<Vec<Value>>> {
        let arity = self.fold.arguments.len() - self.fold.order.len();
        let mut rows = Vec::new();
        for batch in &self.batches {
            let columns = batch
                .iter()
                .zip(&self.fold.arguments)
                .map(|(array, ty)| values(array, ty))
                .collect::<Result<Vec<_>>>()?;
            let count = columns.first().map_or(0, Vec::len);
            let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
            for _ in 0..count {
                let row: Vec<Value> = columns
                    .iter_mut()
                    .map(|column| column.next().unwrap_or(Value::Null))
                    .collect();
                let mut counted = row.iter().take(arity);
                if !(self.fold.skips_nulls && counted.any(Value::is_null)) {
                    rows.push(row);
                }
            }
        }
        if self.distinct {
            let mut seen = HashSet::new();
            rows.retain(|row| {
                let key: Vec<u8> = row
                    .iter()
                    .take(arity)
                    .zip(&self.fold.arguments)
                    .flat_map(|(value, ty)| key_of(value, ty))
                    .collect();
                seen.insert(key)
            });
        }
        if !self.fold.order.is_empty() {
            self.sort(&mut rows, arity);
        }
        Ok(rows)
    }

    /// Sorts by the keys at the end of the rows, which are then gone.
    fn sort(&self, rows: &mut [Vec<Value>], arity: usize) {
        let keys = self.fold.arguments.iter().skip(arity);
        let order: Vec<(&Type, bool, bool)> = keys
            .zip(&self.fold.order)
            .map(|(ty, (descending, nulls_first))| (ty, *descending, *nulls_first))
            .collect();
        rows.sort_by_cached_key(|row| {
            let keys = row.iter().skip(arity).zip(&order);
            let keys = keys.map(|(value, (ty, descending, nulls_first))| {
                let mut key = key_of(value, ty);
                if *descending {
                    // An end no byte is beyond: a key that starts another comes after it.
                    key = key.into_iter().map(|byte| !byte).collect();
                    key.push(u8::MAX);
                }
                (value.is_null() != *nulls_first, key)
            });
            keys.collect::<Vec<_>>()
        });
        for row in rows {
            row.truncate(arity);
        }
    }

    fn take(&mut self, arrays: &[ArrayRef]) -> DataFusionResult<()> {
        let arrays = arrays
            .iter()
            .zip(&self.fold.arguments)
            .map(|(array, ty)| canonical(array, ty).map_err(outward))
            .collect::<DataFusionResult<Vec<_>>>()?;
        if arrays.first().is_some_and(|array| !array.is_empty()) {
            self.batches.push_back(arrays);
        }
        Ok(())
    }
}

impl Accumulator for Rows {
    fn update_batch(&mut self, arrays: &[ArrayRef]) -> DataFusionResult<()> {
        self.take(arrays)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        let lists: Vec<&ListArray> = states
            .iter()
            .filter_map(|state| state.as_list_opt::<i32>())
            .collect();
        let rows = lists.first().map_or(0, |list| list.len());
        for row in 0..rows {
            if lists.iter().any(|list| list.is_null(row)) {
                continue;
            }
            let arrays: Vec<ArrayRef> = lists.iter().map(|list| list.value(row)).collect();
            self.take(&arrays)?;
        }
        Ok(())
    }

    // Frames move forward: what leaves them is what came first.
    fn retract_batch(&mut self, arrays: &[ArrayRef]) -> DataFusionResult<()> {
        let mut gone = arrays.first().map_or(0, |array| array.len());
        while gone > 0 {
            let Some(batch) = self.batches.front_mut() else {
                break;
            };
            let length = batch.first().map_or(0, |array| array.len());
            if length <= gone {
                self.batches.pop_front();
                gone -= length;
            } else {
                for array in batch.iter_mut() {
                    *array = array.slice(gone, length - gone);
                }
                gone = 0;
            }
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        self.fold
            .arguments
            .iter()
            .enumerate()
            .map(|(at, ty)| {
                let arrays: Vec<&dyn Array> = self
                    .batches
                    .iter()
                    .filter_map(|batch| batch.get(at).map(AsRef::as_ref))
                    .collect();
                let all = match arrays.is_empty() {
                    true => datafusion::arrow::array::new_empty_array(&ty.arrow()),
                    false => datafusion::arrow::compute::concat(&arrays)?,
                };
                let field = Arc::new(Field::new_list_field(ty.arrow(), true));
                let offsets = OffsetBuffer::from_lengths([all.len()]);
                let all = match all.data_type() {
                    have if *have == ty.arrow() => all,
                    _ => datafusion::arrow::compute::cast(&all, &ty.arrow())?,
                };
                let list = ListArray::try_new(field, offsets, all, None)?;
                Ok(ScalarValue::List(Arc::new(list)))
            })
            .collect()
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        self.rows()
            .and_then(|rows| (self.fold.kernel)(rows))
            .and_then(|value| scalar_of(value, &self.fold.result))
            .map_err(outward)
    }

    fn size(&self) -> usize {
        let arrays = self.batches.iter().flatten();
        size_of_val(self)
            + arrays
                .map(|array| array.get_array_memory_size())
                .sum::<usize>()
    }
}
