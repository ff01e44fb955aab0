//! Expressions: names, operators and the types they have.

use std::collections::HashMap;

use datafusion::logical_expr::{Expr, expr::InList};

use super::super::arithmetic;
use super::super::ast::{Expression, Identifier, Node, Pos, WindowSpec};
use super::super::cast::needs_today;
use super::super::error::{Code, Result, TrinoError};
use super::super::functions::{self, Resolution, nested};
use super::super::operators;
use super::super::types::Type;
use super::super::value::Value;
use super::aggregate::AggregateCall;
use super::combine::{
    and, apply, boolean, cannot_apply, case_of, cast, coerce, comparison, is_distinct, not,
};
use super::literal::{self, literal};
use super::scope::{Field, Lookup, Typed, column, lookup};
use super::subquery::Subquery;
use super::window::WindowCall;
use super::{Named, Planner, dotted};

/// What EXTRACT takes; some functions of these fields have more names.
const EXTRACT_FIELDS: &[&str] = &[
    "year",
    "quarter",
    "month",
    "week",
    "day",
    "day_of_month",
    "day_of_week",
    "dow",
    "day_of_year",
    "doy",
    "year_of_week",
    "yow",
    "hour",
    "minute",
    "second",
    "timezone_minute",
    "timezone_hour",
];

/// Calls gathered while expressions of a SELECT block are analyzed.
#[derive(Default)]
pub struct Gathered {
    /// Aggregate calls.
    pub aggregates: Vec<AggregateCall>,
    /// Window calls.
    pub windows: Vec<WindowCall>,
    /// GROUPING calls: arguments and the column that will hold the answer.
    pub groupings: Vec<(Vec<Expression>, String)>,
}

/// Analyzes the expressions of one clause.
pub struct Analyzer<'a> {
    pub(super) planner: &'a Planner<'a>,
    pub(super) named: &'a Named,
    pub(super) fields: &'a [Field],
    clause: &'static str,
    /// Present where aggregates and windows may stand.
    pub(super) gathered: Option<Gathered>,
    /// Windows of the WINDOW clause.
    pub(super) specs: HashMap<String, WindowSpec>,
    /// Subqueries met, to be joined before the expression is computed.
    pub(super) subqueries: Vec<Subquery>,
    /// Subqueries inside aggregate arguments, to be joined before aggregation.
    pub(super) inner_subqueries: Vec<Subquery>,
    pub(super) inside_aggregate: bool,
    pub(super) inside_window: bool,
    /// Arguments of the lambdas around, innermost last.
    pub(super) lambda: Vec<Field>,
    /// Types of all columns an expression may have used.
    pub(super) types: HashMap<String, Type>,
    /// Columns of the scope used outside aggregates, with the place of their use.
    pub(super) used: Vec<(String, String, Pos)>,
    /// Output columns, which ORDER BY looks at first.
    pub(super) aliases: Vec<(String, Typed)>,
    /// Whether a name was found among them.
    pub(super) alias_used: bool,
}

impl<'a> Analyzer<'a> {
    /// For a clause where neither aggregates nor windows may stand.
    pub fn new(
        planner: &'a Planner<'a>,
        named: &'a Named,
        fields: &'a [Field],
        clause: &'static str,
    ) -> Self {
        Self {
            planner,
            named,
            fields,
            clause,
            gathered: None,
            specs: HashMap::new(),
            subqueries: Vec::new(),
            inner_subqueries: Vec::new(),
            inside_aggregate: false,
            inside_window: false,
            lambda: Vec::new(),
            types: HashMap::new(),
            used: Vec::new(),
            aliases: Vec::new(),
            alias_used: false,
        }
    }

    /// The clause, as errors name it.
    pub(super) const fn clause_name(&self) -> &'static str {
        self.clause
    }

    /// A condition: boolean, or an error naming the clause.
    pub fn condition(&mut self, expression: &Expression, clause: &str) -> Result<Typed> {
        let typed = self.analyze(expression)?;
        match typed.ty {
            Type::Boolean | Type::Unknown => coerce(typed, &Type::Boolean),
            ty => Err(TrinoError::at(
                expression.pos,
                Code::TypeMismatch,
                format!("{clause} must evaluate to a boolean: actual type {ty}"),
            )),
        }
    }

    /// The terms of a condition that is a conjunction, else the condition itself.
    pub fn conjuncts(&mut self, expression: &Expression, clause: &str) -> Result<Vec<Typed>> {
        match &expression.kind {
            Node::And(terms) => terms
                .iter()
                .map(|term| self.boolean(term, "Logical"))
                .collect(),
            _ => Ok(vec![self.condition(expression, clause)?]),
        }
    }

    /// Analyzes an expression.
    pub fn analyze(&mut self, expression: &Expression) -> Result<Typed> {
        let pos = expression.pos;
        if let Some(literal) = literal::of_node(&expression.kind, pos)? {
            return Ok(literal);
        }
        match &expression.kind {
            Node::Parameter(index) => self.parameter(*index, pos),
            Node::Column(_) | Node::Field(..) => self.name(expression),
            Node::Call(call) => self.any_call(call, pos),
            Node::Lambda(..) => Err(TrinoError::at(
                pos,
                Code::TypeMismatch,
                "Lambda expression should always be used inside a function",
            )),
            Node::Sign(negative, inner) => self.sign(*negative, inner, pos),
            Node::Arithmetic(op, left, right) => self.arithmetic(op, left, right, pos),
            Node::Comparison(op, left, right) => {
                let (left, right) = (self.analyze(left)?, self.analyze(right)?);
                comparison(op, left, right, pos)
            }
            Node::And(terms) => self.logical(terms, true),
            Node::Or(terms) => self.logical(terms, false),
            Node::Not(inner) => {
                let inner = self.boolean(inner, "NOT")?;
                Ok(not(inner))
            }
            Node::IsNull(value, negated) => {
                let value = self.analyze(value)?;
                let constant = value
                    .constant
                    .as_ref()
                    .map(|v| Value::Boolean(v.is_null() != *negated));
                if let Some(constant) = constant {
                    return literal(constant, Type::Boolean);
                }
                let expr = if *negated {
                    value.expr.is_not_null()
                } else {
                    value.expr.is_null()
                };
                Ok(boolean(expr, value.fails))
            }
            Node::IsDistinct(left, right, negated) => {
                let (left, right) = (self.analyze(left)?, self.analyze(right)?);
                let distinct = is_distinct(left, right, pos)?;
                Ok(if *negated { not(distinct) } else { distinct })
            }
            Node::Between(value, low, high, negated) => {
                let value = self.analyze(value)?;
                let (low, high) = (self.analyze(low)?, self.analyze(high)?);
                let between = and(
                    vec![
                        comparison(">=", value.clone(), low, pos)?,
                        comparison("<=", value, high, pos)?,
                    ],
                    true,
                );
                Ok(if *negated { not(between) } else { between })
            }
            Node::InList(value, list, negated) => self.in_list(value, list, *negated, pos),
            Node::Like(value, pattern, escape, negated) => {
                let like = self.like(value, pattern, escape.as_deref(), pos)?;
                Ok(if *negated { not(like) } else { like })
            }
            Node::Case {
                operand,
                branches,
                otherwise,
            } => self.case(operand.as_deref(), branches, otherwise.as_deref(), pos),
            Node::Cast { safe, value, to } => {
                let value = self.analyze(value)?;
                let to = Type::resolve(to)?;
                if needs_today(&value.ty, &to) {
                    return self.today_at(value, to);
                }
                cast(value, &to, *safe, pos)
            }
            Node::Array(items) => self.array(items, pos),
            Node::Row(parts) => {
                let parts = self.all(parts)?;
                let ty = Type::Row(parts.iter().map(|p| (None, p.ty.clone())).collect());
                let types = parts.iter().map(|p| p.ty.clone()).collect();
                apply(operators::collect("row", types, ty), parts)
            }
            Node::Subscript(base, index) => self.subscript(base, index, pos),
            Node::Extract(field, value) => {
                let name = field.key();
                if !EXTRACT_FIELDS.contains(&name.as_str()) {
                    return Err(TrinoError::at(
                        pos,
                        Code::InvalidFunctionArgument,
                        format!("Invalid EXTRACT field: {}", field.value),
                    ));
                }
                let value = self.analyze(value)?;
                self.call(&name, vec![value], pos)
            }
            Node::AtTimeZone(value, zone) => {
                let (value, zone) = (self.analyze(value)?, self.analyze(zone)?);
                self.at_time_zone(value, zone, pos)
            }
            Node::Current(word, precision) => self.current(word, *precision, pos),
            Node::Grouping(arguments) => self.grouping(arguments, pos),
            Node::JsonPath(call) => self.json_path_call(call, pos),
            Node::JsonMaker(maker) => self.json_maker(maker, pos),
            Node::Exists(query) => self.exists(query, pos),
            Node::Subquery(query) => self.scalar_subquery(query, pos),
            Node::InQuery(value, query, negated) => {
                let inside = self.in_subquery(value, query, pos)?;
                Ok(if *negated { not(inside) } else { inside })
            }
            Node::Quantified(op, value, quantifier, query) => {
                self.quantified(op, value, quantifier, query, pos)
            }
            other => Err(TrinoError::unsupported(pos, format!("{other:?}"))),
        }
    }

    pub(super) fn all(&mut self, expressions: &[Expression]) -> Result<Vec<Typed>> {
        expressions.iter().map(|e| self.analyze(e)).collect()
    }

    fn parameter(&mut self, index: usize, pos: Pos) -> Result<Typed> {
        let Some(expression) = self.planner.parameters.get(index) else {
            return Err(TrinoError::at(
                pos,
                Code::InvalidParameterUsage,
                format!(
                    "Incorrect number of parameters: expected {} but found {}",
                    index + 1,
                    self.planner.parameters.len()
                ),
            ));
        };
        Analyzer::new(self.planner, self.named, &[], "parameter").analyze(expression)
    }

    // --- names ------------------------------------------------------------------------------------

    fn name(&mut self, expression: &Expression) -> Result<Typed> {
        if let Some(parts) = name_parts(expression)
            && let Some(found) = self.find(&parts, expression.pos)?
        {
            return Ok(found);
        }
        match &expression.kind {
            Node::Field(base, field) => {
                let inner = match (name_parts(base), self.name_or(base)) {
                    (_, Ok(inner)) => inner,
                    // What is missing is the whole name, not its first part.
                    (Some(_), Err(error)) if error.code == Code::ColumnNotFound => {
                        return Err(missing(
                            &name_parts(expression).unwrap_or_default(),
                            expression.pos,
                        ));
                    }
                    (_, Err(error)) => return Err(error),
                };
                self.row_field(inner, field, expression.pos)
            }
            _ => Err(missing(
                &name_parts(expression).unwrap_or_default(),
                expression.pos,
            )),
        }
    }

    fn name_or(&mut self, base: &Expression) -> Result<Typed> {
        self.analyze(base)
    }

    fn find(&mut self, parts: &[Identifier], pos: Pos) -> Result<Option<Typed>> {
        if let [first, _, ..] = parts
            && self
                .lambda
                .iter()
                .any(|argument| argument.name == Some(first.key()))
        {
            // A field of a lambda's argument, whatever relation has its name.
            return Ok(None);
        }
        if let [only] = parts
            && let Some(argument) = self
                .lambda
                .iter()
                .rev()
                .find(|field| field.name.as_ref().is_some_and(|name| *name == only.key()))
        {
            self.types.insert(argument.id.clone(), argument.ty.clone());
            return Ok(Some(argument.typed()));
        }
        if let [only] = parts
            && !self.inside_aggregate
        {
            let mut hits = self.aliases.iter().filter(|(name, _)| *name == only.key());
            if let Some((_, first)) = hits.next() {
                if hits.any(|(_, other)| other.expr != first.expr) {
                    return Err(ambiguous(parts, pos));
                }
                self.alias_used = true;
                return Ok(Some(first.clone()));
            }
        }
        match lookup(self.fields, parts) {
            Lookup::Found(field) => {
                self.types.insert(field.id.clone(), field.ty.clone());
                if !self.inside_aggregate {
                    self.used.push((field.id.clone(), dotted(parts), pos));
                }
                Ok(Some(field.typed()))
            }
            Lookup::Ambiguous => Err(ambiguous(parts, pos)),
            Lookup::Missing => self.planner.outer_name(parts, pos),
        }
    }

    fn row_field(&mut self, base: Typed, field: &Identifier, pos: Pos) -> Result<Typed> {
        let Type::Row(fields) = &base.ty else {
            return Err(TrinoError::at(
                pos,
                Code::TypeMismatch,
                format!("Expression is not of type ROW: {}", base.ty),
            ));
        };
        let hit = fields.iter().position(|(name, _)| {
            name.as_ref()
                .is_some_and(|n| n.to_lowercase() == field.key())
        });
        let Some((at, (_, ty))) = hit.and_then(|at| fields.get(at).map(|f| (at, f))) else {
            return Err(missing(std::slice::from_ref(field), pos));
        };
        let function = operators::row_field(base.ty.clone(), at, ty.clone());
        apply(function, vec![base])
    }

    // --- operators --------------------------------------------------------------------------------

    fn sign(&mut self, negative: bool, inner: &Expression, pos: Pos) -> Result<Typed> {
        // −2147483648 and −9223372036854775808 are literals, although their positives are not.
        if negative && let Node::Integer(digits) = &inner.kind {
            let value: i64 = format!("-{digits}").parse().map_err(|_| {
                TrinoError::at(
                    pos,
                    Code::InvalidLiteral,
                    format!("Invalid numeric literal: {digits}"),
                )
            })?;
            let ty = if digits.parse::<i32>().is_ok() {
                Type::Integer
            } else {
                Type::Bigint
            };
            return literal(Value::Int(value), ty);
        }
        let value = self.analyze(inner)?;
        let fits = value.ty.is_numeric()
            || matches!(
                value.ty,
                Type::IntervalDay | Type::IntervalYear | Type::Unknown
            );
        if !fits {
            let sign = if negative { '-' } else { '+' };
            return Err(TrinoError::at(
                pos,
                Code::TypeMismatch,
                match negative {
                    true => format!("Cannot negate {}", value.ty),
                    false => format!("Cannot apply operator: {sign}{}", value.ty),
                },
            ));
        }
        if !negative || value.ty == Type::Unknown {
            return Ok(value);
        }
        apply(operators::negate(value.ty.clone()), vec![value])
    }

    fn arithmetic(
        &mut self,
        op: &'static str,
        left: &Expression,
        right: &Expression,
        pos: Pos,
    ) -> Result<Typed> {
        let (left, right) = (self.analyze(left)?, self.analyze(right)?);
        if op == "||" {
            let types = [left.ty.clone(), right.ty.clone()];
            if nested::concat_is_ambiguous(&left.ty, &right.ty) {
                return Err(TrinoError::at(
                    pos,
                    Code::AmbiguousFunctionCall,
                    "Could not choose a best candidate operator. Explicit type casts must be added.",
                ));
            }
            return match functions::resolve("concat", &types) {
                Resolution::Found(function) => apply(function, vec![left, right]),
                _ => Err(cannot_apply(op, &left.ty, &right.ty, pos)),
            };
        }
        let Some(types) = arithmetic::resolve(op, &left.ty, &right.ty) else {
            return Err(cannot_apply(op, &left.ty, &right.ty, pos));
        };
        apply(operators::arithmetic(op, types), vec![left, right])
    }

    fn boolean(&mut self, expression: &Expression, what: &str) -> Result<Typed> {
        let value = self.analyze(expression)?;
        if !value.ty.coerces_to(&Type::Boolean) {
            return Err(TrinoError::at(
                expression.pos,
                Code::TypeMismatch,
                format!(
                    "{what} expression must evaluate to a boolean (actual: {})",
                    value.ty
                ),
            ));
        }
        coerce(value, &Type::Boolean)
    }

    fn logical(&mut self, terms: &[Expression], conjunction: bool) -> Result<Typed> {
        let terms = terms
            .iter()
            .map(|term| self.boolean(term, "Logical"))
            .collect::<Result<Vec<_>>>()?;
        Ok(and(terms, conjunction))
    }

    fn in_list(
        &mut self,
        value: &Expression,
        list: &[Expression],
        negated: bool,
        pos: Pos,
    ) -> Result<Typed> {
        let value = self.analyze(value)?;
        let items = self.all(list)?;
        let mut ty = value.ty.clone();
        for item in &items {
            ty = ty.common(&item.ty).ok_or_else(|| {
                TrinoError::at(
                    pos,
                    Code::TypeMismatch,
                    format!(
                        "IN value and list items must be the same type: {}",
                        value.ty
                    ),
                )
            })?;
        }
        let constant = items.iter().all(|item| item.constant.is_some());
        if ty.compares_natively() && constant && value.constant.is_none() {
            let value = coerce(value, &ty)?;
            let list = items
                .into_iter()
                .map(|item| coerce(item, &ty).map(|i| i.expr))
                .collect::<Result<_>>()?;
            let expr = Expr::InList(InList::new(Box::new(value.expr), list, negated));
            return Ok(boolean(expr, value.fails));
        }
        let value = coerce(value, &ty)?;
        let mut items = items
            .into_iter()
            .map(|item| coerce(item, &ty))
            .collect::<Result<Vec<_>>>()?;
        let columnless = |side: &Typed| side.expr.column_refs().is_empty();
        if columnless(&value) && items.iter().any(|i| i.fails) && items.iter().all(columnless) {
            // Trino interprets what no row decides, and then every element of the list.
            items.insert(0, value);
            let inside = apply(operators::among(ty, items.len()), items)?;
            return Ok(if negated { not(inside) } else { inside });
        }
        // For rows, constants are looked up first, and elements that are computed only without a match.
        items.sort_by_key(|item| item.constant.is_none());
        let equals = items
            .into_iter()
            .map(|item| comparison("=", value.clone(), item, pos))
            .collect::<Result<Vec<_>>>()?;
        let inside = and(equals, false);
        Ok(if negated { not(inside) } else { inside })
    }

    fn like(
        &mut self,
        value: &Expression,
        pattern: &Expression,
        escape: Option<&Expression>,
        pos: Pos,
    ) -> Result<Typed> {
        let mut arguments = vec![self.analyze(value)?, self.analyze(pattern)?];
        if let Some(escape) = escape {
            arguments.push(self.analyze(escape)?);
        }
        for argument in &arguments {
            if !argument.ty.is_text() && argument.ty != Type::Unknown {
                return Err(TrinoError::at(
                    pos,
                    Code::TypeMismatch,
                    format!(
                        "Left side of LIKE expression must evaluate to a varchar (actual: {})",
                        argument.ty
                    ),
                ));
            }
        }
        apply(operators::like(escape.is_some()), arguments)
    }

    fn case(
        &mut self,
        operand: Option<&Expression>,
        branches: &[(Expression, Expression)],
        otherwise: Option<&Expression>,
        pos: Pos,
    ) -> Result<Typed> {
        let operand = operand.map(|o| self.analyze(o)).transpose()?;
        let mut pairs = Vec::with_capacity(branches.len());
        for (when, then) in branches {
            let condition = match &operand {
                Some(operand) => {
                    let when_value = self.analyze(when)?;
                    comparison("=", operand.clone(), when_value, when.pos)?
                }
                None => {
                    let condition = self.analyze(when)?;
                    if !condition.ty.coerces_to(&Type::Boolean) {
                        return Err(TrinoError::at(
                            when.pos,
                            Code::TypeMismatch,
                            format!(
                                "CASE WHEN clause must evaluate to a boolean (actual: {})",
                                condition.ty
                            ),
                        ));
                    }
                    coerce(condition, &Type::Boolean)?
                }
            };
            pairs.push((condition, self.analyze(then)?));
        }
        let otherwise = otherwise.map(|o| self.analyze(o)).transpose()?;
        case_of(pairs, otherwise, pos)
    }

    fn array(&mut self, items: &[Expression], pos: Pos) -> Result<Typed> {
        let places: Vec<Pos> = items.iter().map(|item| item.pos).collect();
        let items = self.all(items)?;
        if items.len() > 254 {
            return Err(TrinoError::at(
                pos,
                Code::NotSupported,
                "Too many arguments for array constructor",
            ));
        }
        let mut ty = Type::Unknown;
        for (item, place) in items.iter().zip(places) {
            ty = ty.common(&item.ty).ok_or_else(|| {
                let mut all: Vec<String> = Vec::new();
                for item in &items {
                    let shown = item.ty.to_string();
                    if !all.contains(&shown) {
                        all.push(shown);
                    }
                }
                TrinoError::at(
                    place,
                    Code::TypeMismatch,
                    format!(
                        "All ARRAY elements must be the same type or coercible to a common type. Cannot find common type between {ty} and {}, all types (without duplicates): [{}]",
                        item.ty,
                        all.join(", ")
                    ),
                )
            })?;
        }
        let types = vec![ty.clone(); items.len()];
        apply(
            operators::collect("array", types, Type::Array(Box::new(ty))),
            items,
        )
    }

    fn subscript(&mut self, base: &Expression, index: &Expression, pos: Pos) -> Result<Typed> {
        let base = self.analyze(base)?;
        let index_value = self.analyze(index)?;
        if let Type::Row(fields) = &base.ty {
            let at = match index_value.constant {
                Some(Value::Int(at)) if at >= 1 => usize::try_from(at - 1).unwrap_or(usize::MAX),
                _ => {
                    return Err(TrinoError::at(
                        index.pos,
                        Code::InvalidFunctionArgument,
                        "Subscript expression on ROW requires a constant index starting at 1",
                    ));
                }
            };
            let Some((_, ty)) = fields.get(at) else {
                return Err(TrinoError::at(
                    index.pos,
                    Code::InvalidFunctionArgument,
                    format!("ROW index out of bounds: {}", at + 1),
                ));
            };
            let function = operators::row_field(base.ty.clone(), at, ty.clone());
            return apply(function, vec![base]);
        }
        match nested::subscript(&base.ty, &index_value.ty) {
            Some(function) => apply(function, vec![base, index_value]),
            None => Err(TrinoError::at(
                pos,
                Code::TypeMismatch,
                format!("Cannot use {} for subscript of {}", index_value.ty, base.ty),
            )),
        }
    }

    fn grouping(&mut self, arguments: &[Expression], pos: Pos) -> Result<Typed> {
        let id = self.planner.fresh();
        let Some(gathered) = &mut self.gathered else {
            return Err(TrinoError::at(
                pos,
                Code::MissingGroupBy,
                "A GROUPING() operation can only be used with a corresponding GROUPING SET/CUBE/ROLLUP/GROUP BY clause",
            ));
        };
        gathered.groupings.push((arguments.to_vec(), id.clone()));
        // One bit an argument.
        let ty = if arguments.len() <= 31 {
            Type::Integer
        } else {
            Type::Bigint
        };
        self.types.insert(id.clone(), ty.clone());
        Ok(Typed {
            expr: column(&id),
            ty,
            fails: false,
            constant: None,
        })
    }
}

pub fn text_literal(text: &str) -> Result<Typed> {
    let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    literal(Value::Text(text.into()), Type::Varchar(Some(length)))
}

/// `a.b.c` as parts, if the expression is nothing else.
pub fn name_parts(expression: &Expression) -> Option<Vec<Identifier>> {
    match &expression.kind {
        Node::Column(name) => Some(vec![name.clone()]),
        Node::Field(base, name) => {
            let mut parts = name_parts(base)?;
            parts.push(name.clone());
            Some(parts)
        }
        _ => None,
    }
}

pub fn ambiguous(parts: &[Identifier], pos: Pos) -> TrinoError {
    TrinoError::at(
        pos,
        Code::AmbiguousName,
        format!("Column '{}' is ambiguous", dotted(parts)),
    )
}

/// Columns Athena's tables have beside those of the catalog.
const HIDDEN_COLUMNS: &[&str] = &[
    "$path",
    "$file_size",
    "$file_modified_time",
    "$partition",
    "$bucket",
    "$row_id",
];

fn missing(parts: &[Identifier], pos: Pos) -> TrinoError {
    if let Some(last) = parts.last()
        && HIDDEN_COLUMNS.contains(&last.key().as_str())
    {
        return TrinoError::unsupported(pos, format!("Hidden column \"{}\"", last.value));
    }
    TrinoError::at(
        pos,
        Code::ColumnNotFound,
        format!(
            "Column '{}' cannot be resolved or requester is not authorized to access requested resources",
            dotted(parts)
        ),
    )
}
