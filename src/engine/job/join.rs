//! `Join`: rows of two inputs whose keys are equal.

use datafusion::common::JoinType;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlanBuilder};

use super::frame::Frame;
use super::members::Members;
use super::node::{Node, Transform};
use super::run::Run;
use super::transform::column;
use crate::engine::error::{Error, Result};
use crate::engine::spark::cast;

#[derive(Debug)]
struct Join {
    of: JoinType,
    left: Vec<String>,
    right: Vec<String>,
}

/// Parses `Join`; `inputs` say which keys belong to which side.
pub fn parse(mut members: Members, inputs: &[String]) -> std::result::Result<Node, String> {
    let of = match members.required("JoinType")?.as_str() {
        "equijoin" => JoinType::Inner,
        "left" => JoinType::Left,
        "right" => JoinType::Right,
        "outer" => JoinType::Full,
        "leftsemi" => JoinType::LeftSemi,
        "leftanti" => JoinType::LeftAnti,
        _ => return members.refuse("JoinType"),
    };
    let mut sides: Vec<(String, Vec<String>)> = Vec::new();
    for mut side in members.structures("Columns")? {
        let from = side.required("From")?;
        let keys = side.columns("Keys")?;
        side.finish()?;
        sides.push((from, keys));
    }
    let place = members.place().to_owned();
    members.finish()?;
    let keys = |at: usize| {
        let id = inputs.get(at);
        let side = sides.iter().find(|(from, _)| Some(from) == id);
        let keys = side.map(|(_, keys)| keys.clone()).unwrap_or_default();
        if keys.is_empty() {
            return Err(format!(
                "`Columns` of {place} has no keys for its input {}",
                at + 1
            ));
        }
        Ok(keys)
    };
    let (left, right) = (keys(0)?, keys(1)?);
    if left.len() != right.len() {
        return Err(format!(
            "`Columns` of {place} has {} keys on one side and {} on the other",
            left.len(),
            right.len()
        ));
    }
    Ok(Node::Transform(Box::new(Join { of, left, right })))
}

impl Transform for Join {
    fn apply(&self, _: &Run<'_>, inputs: &[Frame]) -> Result<Frame> {
        let [left, right] = inputs else {
            return Err(Error::Internal("a join of other than two".to_owned()));
        };
        let one_sided = matches!(self.of, JoinType::LeftSemi | JoinType::LeftAnti);
        if !one_sided {
            let names: Vec<String> = lower_names(left);
            if let Some(twice) = lower_names(right).iter().find(|name| names.contains(name)) {
                return Err(Error::Invalid(format!(
                    "both inputs of the join have a column `{twice}`: rename one of them first"
                )));
            }
        }
        let aliased = |frame: &Frame, name: &str| -> Result<Frame> {
            let plan = LogicalPlanBuilder::from(frame.plan().clone()).alias(name)?;
            Ok(Frame::new(plan.build()?))
        };
        let (left, right) = (aliased(left, "left_input")?, aliased(right, "right_input")?);
        let mut on = (Vec::new(), Vec::new());
        for (a, b) in self.left.iter().zip(&self.right) {
            let (a, b) = (column(&left, a)?, column(&right, b)?);
            let of = |frame: &Frame, key: &datafusion::common::Column| {
                let of = Expr::Column(key.clone()).get_type(frame.plan().schema())?;
                Ok::<_, Error>(cast::plain_type(&of))
            };
            let (of_a, of_b) = (of(&left, &a)?, of(&right, &b)?);
            if of_a != of_b {
                return Err(Error::Unsupported(format!(
                    "joining `{}` ({}) with `{}` ({}) is not executed by windfarm: map them to one type first",
                    a.name,
                    cast::name(&of_a),
                    b.name,
                    cast::name(&of_b)
                )));
            }
            if of_a.is_floating() {
                // Which zeros and NaNs are equal is not Spark's here.
                return Err(Error::Unsupported(format!(
                    "joining by `{}`, which is {}, is not executed by windfarm",
                    a.name,
                    cast::name(&of_a)
                )));
            }
            on.0.push(a);
            on.1.push(b);
        }
        let plan = LogicalPlanBuilder::from(left.plan().clone()).join(
            right.plan().clone(),
            self.of,
            on,
            None,
        )?;
        let columns = plan.schema().columns().into_iter();
        // One qualifier again: the next node sees one table.
        let columns = columns.map(|column| {
            let name = column.name.clone();
            Expr::Column(column).alias(name)
        });
        let plan = plan.project(columns.collect::<Vec<_>>())?.build()?;
        Ok(Frame::new(plan))
    }
}

fn lower_names(frame: &Frame) -> Vec<String> {
    let schema = frame.schema();
    schema
        .fields()
        .iter()
        .map(|f| f.name().to_lowercase())
        .collect()
}
