//! `ApplyMapping`: chooses, renames and casts columns.

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlanBuilder};

use super::frame::Frame;
use super::members::Members;
use super::node::{Node, Transform};
use super::run::Run;
use super::transform::column;
use crate::engine::error::{Error, Result};
use crate::engine::spark::{cast, function::cast_expr};
use crate::engine::table::types::{arrow_type, is_scalar};
use crate::glue::hive_type::HiveType;

#[derive(Debug)]
struct ApplyMapping(Vec<Mapping>);

#[derive(Debug)]
struct Mapping {
    from: String,
    from_type: Option<HiveType>,
    to: String,
    to_type: HiveType,
}

/// Parses `ApplyMapping`.
pub fn parse(mut members: Members) -> std::result::Result<Node, String> {
    let mut mappings = Vec::new();
    for mut given in members.structures("Mapping")? {
        let path = given.texts("FromPath")?;
        let from = given.column("FromPath", path)?;
        if given.flag("Dropped")? == Some(true) {
            continue;
        }
        let to = given.text("ToKey")?.unwrap_or_else(|| from.clone());
        if to.contains('.') {
            return Err(format!(
                "`ToKey` of {} makes the nested field `{to}`, which windfarm does not execute yet",
                given.place()
            ));
        }
        let typed = |name: &str, text: &str| {
            let of = text.parse::<HiveType>();
            of.map_err(|error| format!("`{name}` of `{from}`: {error}"))
        };
        let from_type = given.text("FromType")?;
        let from_type = from_type.map(|text| typed("FromType", &text)).transpose()?;
        let to_type = match (given.text("ToType")?, &from_type) {
            (Some(text), _) => typed("ToType", &text)?,
            (None, Some(of)) => of.clone(),
            (None, None) => return Err(format!("`ToType` of {} is missing", given.place())),
        };
        given.finish()?;
        mappings.push(Mapping {
            from,
            from_type,
            to,
            to_type,
        });
    }
    if mappings.is_empty() {
        return Err(format!("`Mapping` of {} keeps no column", members.place()));
    }
    for (at, mapping) in mappings.iter().enumerate() {
        let mut later = mappings.iter().skip(at + 1);
        if later.any(|other| other.to.to_lowercase() == mapping.to.to_lowercase()) {
            return Err(format!(
                "`Mapping` of {} makes the column `{}` twice",
                members.place(),
                mapping.to
            ));
        }
    }
    members.finish()?;
    Ok(Node::Transform(Box::new(ApplyMapping(mappings))))
}

impl Transform for ApplyMapping {
    fn apply(&self, _: &Run<'_>, inputs: &[Frame]) -> Result<Frame> {
        let Some(frame) = inputs.first() else {
            return Err(Error::Internal("a transform without an input".to_owned()));
        };
        let columns = self.0.iter().map(|mapping| mapping.expr(frame));
        let plan = LogicalPlanBuilder::from(frame.plan().clone())
            .project(columns.collect::<Result<Vec<_>>>()?)?
            .build()?;
        Ok(Frame::new(plan))
    }
}

impl Mapping {
    fn expr(&self, frame: &Frame) -> Result<Expr> {
        let expr = Expr::Column(column(frame, &self.from)?);
        let actual = cast::plain_type(&expr.get_type(frame.plan().schema())?);
        if let Some(declared) = &self.from_type
            && actual != DataType::Null
            && arrow_type(declared) != actual
        {
            return Err(Error::Invalid(format!(
                "the mapping of `{}` says its type is {declared}, and it is {}",
                self.from,
                cast::name(&actual)
            )));
        }
        let to = arrow_type(&self.to_type);
        if actual == to {
            return Ok(expr.alias(&self.to));
        }
        if !is_scalar(&self.to_type) || !cast::is_castable(&actual, &to) {
            return Err(Error::Unsupported(format!(
                "mapping `{}` from {} to {} is not executed by windfarm yet",
                self.from,
                cast::name(&actual),
                self.to_type
            )));
        }
        Ok(cast_expr(expr, &to).alias(&self.to))
    }
}
