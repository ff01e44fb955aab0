//! Transforms that choose, name or combine rows and columns without computing values.

use datafusion::common::Column;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};

use super::frame::Frame;
use super::members::Members;
use super::node::{Node, Transform};
use super::run::Run;
use crate::engine::error::{Error, Result};
use crate::engine::spark::cast;

/// The column of that name: as written, or else without regard to case.
pub fn column(frame: &Frame, name: &str) -> Result<Column> {
    let columns = frame.plan().schema().columns();
    let exact = columns.iter().find(|column| column.name == name);
    let found = exact.or_else(|| {
        let mut folded = columns.iter();
        folded.find(|column| column.name.to_lowercase() == name.to_lowercase())
    });
    found.cloned().ok_or_else(|| {
        let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
        Error::Invalid(format!(
            "there is no column `{name}`; there are: {}",
            names.join(", ")
        ))
    })
}

fn project(frame: &Frame, columns: Vec<Expr>) -> Result<Frame> {
    let plan = LogicalPlanBuilder::from(frame.plan().clone()).project(columns)?;
    Ok(Frame::new(plan.build()?))
}

fn only(inputs: &[Frame]) -> Result<&Frame> {
    inputs
        .first()
        .ok_or_else(|| Error::Internal("a transform without an input".to_owned()))
}

#[derive(Debug)]
struct SelectFields(Vec<String>);

/// Parses `SelectFields`.
pub fn select_fields(mut members: Members) -> std::result::Result<Node, String> {
    let node = SelectFields(members.columns("Paths")?);
    members.finish()?;
    Ok(Node::Transform(Box::new(node)))
}

impl Transform for SelectFields {
    fn apply(&self, _: &Run<'_>, inputs: &[Frame]) -> Result<Frame> {
        let frame = only(inputs)?;
        let columns = self
            .0
            .iter()
            .map(|name| Ok(Expr::Column(column(frame, name)?)));
        project(frame, columns.collect::<Result<_>>()?)
    }
}

#[derive(Debug)]
struct DropFields(Vec<String>);

/// Parses `DropFields`.
pub fn drop_fields(mut members: Members) -> std::result::Result<Node, String> {
    let node = DropFields(members.columns("Paths")?);
    members.finish()?;
    Ok(Node::Transform(Box::new(node)))
}

impl Transform for DropFields {
    fn apply(&self, _: &Run<'_>, inputs: &[Frame]) -> Result<Frame> {
        let frame = only(inputs)?;
        // A field that is not there needs no dropping, as for a dynamic frame.
        let dropped: Vec<Column> = self
            .0
            .iter()
            .filter_map(|n| column(frame, n).ok())
            .collect();
        let kept = frame.plan().schema().columns().into_iter();
        let kept = kept.filter(|column| !dropped.contains(column));
        project(frame, kept.map(Expr::Column).collect())
    }
}

#[derive(Debug)]
struct RenameField {
    from: String,
    to: String,
}

/// Parses `RenameField`.
pub fn rename_field(mut members: Members) -> std::result::Result<Node, String> {
    let path = members.texts("SourcePath")?;
    let from = members.column("SourcePath", path)?;
    let path = members.texts("TargetPath")?;
    let to = members.column("TargetPath", path)?;
    members.finish()?;
    Ok(Node::Transform(Box::new(RenameField { from, to })))
}

impl Transform for RenameField {
    fn apply(&self, _: &Run<'_>, inputs: &[Frame]) -> Result<Frame> {
        let frame = only(inputs)?;
        let renamed = column(frame, &self.from)?;
        if renamed.name != self.to && column(frame, &self.to).is_ok_and(|other| other != renamed) {
            return Err(Error::Invalid(format!(
                "there is a column `{}` already",
                self.to
            )));
        }
        let columns = frame.plan().schema().columns().into_iter().map(|column| {
            let is_renamed = column == renamed;
            let expr = Expr::Column(column);
            if is_renamed {
                expr.alias(&self.to)
            } else {
                expr
            }
        });
        project(frame, columns.collect())
    }
}

#[derive(Debug)]
struct DropDuplicates(Vec<String>);

/// Parses `DropDuplicates`.
pub fn drop_duplicates(mut members: Members) -> std::result::Result<Node, String> {
    let node = DropDuplicates(members.columns("Columns")?);
    members.finish()?;
    Ok(Node::Transform(Box::new(node)))
}

impl Transform for DropDuplicates {
    fn apply(&self, _: &Run<'_>, inputs: &[Frame]) -> Result<Frame> {
        let frame = only(inputs)?;
        let builder = LogicalPlanBuilder::from(frame.plan().clone());
        let plan = if self.0.is_empty() {
            builder.distinct()?
        } else {
            // The first row of each key in the order of the input is kept; Spark keeps any.
            let keys = self
                .0
                .iter()
                .map(|name| Ok(Expr::Column(column(frame, name)?)));
            let all = frame
                .plan()
                .schema()
                .columns()
                .into_iter()
                .map(Expr::Column);
            builder.distinct_on(keys.collect::<Result<_>>()?, all.collect(), None)?
        };
        Ok(Frame::new(plan.build()?))
    }
}

#[derive(Debug)]
struct Union {
    distinct: bool,
}

/// Parses `Union`.
pub fn union(mut members: Members) -> std::result::Result<Node, String> {
    let distinct = match members.required("UnionType")?.as_str() {
        "ALL" => false,
        "DISTINCT" => true,
        _ => return members.refuse("UnionType"),
    };
    members.finish()?;
    Ok(Node::Transform(Box::new(Union { distinct })))
}

impl Transform for Union {
    fn apply(&self, _: &Run<'_>, inputs: &[Frame]) -> Result<Frame> {
        let [first, second] = inputs else {
            return Err(Error::Internal("a union of other than two".to_owned()));
        };
        // Columns meet by their position, as in SQL's UNION, which is what Glue generates.
        let (left, right) = (first.schema(), second.schema());
        if left.fields().len() != right.fields().len() {
            return Err(Error::Invalid(format!(
                "the inputs of a union have {} and {} columns",
                left.fields().len(),
                right.fields().len()
            )));
        }
        for (a, b) in left.fields().iter().zip(right.fields()) {
            if cast::plain_type(a.data_type()) != cast::plain_type(b.data_type()) {
                return Err(Error::Unsupported(format!(
                    "a union of the columns `{}` ({}) and `{}` ({}) is not executed by windfarm: map them to one type first",
                    a.name(),
                    cast::name(a.data_type()),
                    b.name(),
                    cast::name(b.data_type())
                )));
            }
        }
        let names = first.plan().schema().columns().into_iter();
        let aligned = second.plan().schema().columns().into_iter().zip(names);
        let aligned = aligned.map(|(from, to)| Expr::Column(from).alias(to.name));
        let second = project(second, aligned.collect())?;
        let builder = LogicalPlanBuilder::from(first.plan().clone());
        let plan = if self.distinct {
            builder.union_distinct(second.plan().clone())?
        } else {
            builder.union(second.plan().clone())?
        };
        Ok(Frame::new(plan.build()?))
    }
}
