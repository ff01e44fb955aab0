//! What names mean at a place: the columns in reach, each with an identity of its own.

use datafusion::common::Column;
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::super::ast::Identifier;
use super::super::types::Type;
use super::super::value::Value;

/// A column of a relation. `id` is its name inside the plan, unique in the whole query; what the
/// user calls it is kept here alone, so equal output names and case never reach DataFusion.
#[derive(Clone, Debug)]
pub struct Field {
    /// Name, if it has one.
    pub name: Option<String>,
    /// Where it comes from: `[alias]` or `[catalog, database, table]`, in lower case.
    pub qualifier: Vec<String>,
    /// Name inside the plan.
    pub id: String,
    /// Its type.
    pub ty: Type,
}

/// What the identities of hidden columns end with.
pub const HIDDEN: char = '$';

impl Field {
    /// The column as an expression.
    pub fn typed(&self) -> Typed {
        Typed {
            expr: column(&self.id),
            ty: self.ty.clone(),
            fails: false,
            constant: None,
        }
    }

    /// Whether it is a table's hidden column such as `$path`, which `*` leaves out. Its identity says
    /// so: what a query makes of it has another and is an ordinary column.
    pub fn is_hidden(&self) -> bool {
        self.id.ends_with(HIDDEN)
    }

    /// Whether a (qualified) name can mean this column.
    fn answers(&self, parts: &[Identifier]) -> bool {
        let Some((last, prefix)) = parts.split_last() else {
            return false;
        };
        let named = self
            .name
            .as_ref()
            .is_some_and(|name| name.to_lowercase() == last.key());
        named && self.comes_from(prefix)
    }

    /// Whether a prefix such as `t` or `db.t` names where this column comes from.
    pub fn comes_from(&self, prefix: &[Identifier]) -> bool {
        prefix.len() <= self.qualifier.len()
            && self
                .qualifier
                .iter()
                .rev()
                .zip(prefix.iter().rev())
                .all(|(have, want)| *have == want.key())
    }
}

/// A column of the plan by its identity.
pub fn column(id: &str) -> Expr {
    Expr::Column(Column::new_unqualified(id))
}

/// An expression with its type.
#[derive(Clone, Debug)]
pub struct Typed {
    /// For the plan.
    pub expr: Expr,
    /// Its type.
    pub ty: Type,
    /// Whether some row can make it fail.
    pub fails: bool,
    /// Its value, if the same for every row.
    pub constant: Option<Value>,
}

/// Rows of a plan with the columns one may name.
#[derive(Clone, Debug)]
pub struct Relation {
    /// The rows.
    pub plan: LogicalPlan,
    /// The columns, in order.
    pub fields: Vec<Field>,
}

/// What looking a name up gives.
pub enum Lookup<'a> {
    /// One column.
    Found(&'a Field),
    /// Several.
    Ambiguous,
    /// None.
    Missing,
}

/// Looks a name up among fields.
pub fn lookup<'a>(fields: &'a [Field], parts: &[Identifier]) -> Lookup<'a> {
    let mut hits = fields.iter().filter(|field| field.answers(parts));
    match (hits.next(), hits.next()) {
        (Some(field), None) => Lookup::Found(field),
        (Some(_), Some(_)) => Lookup::Ambiguous,
        (None, _) => Lookup::Missing,
    }
}
