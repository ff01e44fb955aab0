//! The tree back into text that parses to the same tree.

mod layout;
mod statement;

pub use layout::formatted;

use std::fmt::{self, Display, Formatter};

use super::ast::{
    Body, Bound, Call, Criteria, Expression, Frame, FrameUnit, GroupingElement, Identifier,
    JoinKind, Node, Query, Relation, Select, SelectItem, SortItem, TypeName, Window, WindowSpec,
};

struct List<'a, T>(&'a [T]);

impl<T: Display> Display for List<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (i, item) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            item.fmt(f)?;
        }
        Ok(())
    }
}

struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0.replace('\'', "''"))
    }
}

struct Dotted<'a>(&'a [Identifier]);

impl Display for Dotted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (i, part) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(".")?;
            }
            part.fmt(f)?;
        }
        Ok(())
    }
}

impl Display for Identifier {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.quoted {
            write!(f, "\"{}\"", self.value.replace('"', "\"\""))
        } else {
            f.write_str(&self.value)
        }
    }
}

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (i, named) in self.with.iter().enumerate() {
            f.write_str(match (i, self.recursive) {
                (0, true) => "WITH RECURSIVE ",
                (0, false) => "WITH ",
                _ => ", ",
            })?;
            named.name.fmt(f)?;
            if !named.columns.is_empty() {
                write!(f, " ({})", List(&named.columns))?;
            }
            write!(f, " AS ({})", named.query)?;
        }
        if !self.with.is_empty() {
            f.write_str(" ")?;
        }
        self.body.fmt(f)?;
        if !self.order_by.is_empty() {
            write!(f, " ORDER BY {}", List(&self.order_by))?;
        }
        if let Some(offset) = &self.offset {
            write!(f, " OFFSET {offset} ROWS")?;
        }
        match &self.limit {
            None => Ok(()),
            Some(limit) if limit.with_ties => {
                write!(f, " FETCH FIRST {} ROWS WITH TIES", limit.count)
            }
            Some(limit) => write!(f, " LIMIT {}", limit.count),
        }
    }
}

impl Display for Body {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Select(select) => select.fmt(f),
            Self::Table(name, _) => write!(f, "TABLE {}", Dotted(name)),
            Self::Values(rows, _) => write!(f, "VALUES {}", List(rows)),
            Self::Nested(query) => write!(f, "({query})"),
            Self::Set {
                operation,
                all,
                left,
                right,
                ..
            } => {
                let all = if *all { " ALL" } else { "" };
                write!(f, "{left} {}{all} {right}", operation.name())
            }
        }
    }
}

impl Display for Select {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(if self.distinct {
            "SELECT DISTINCT "
        } else {
            "SELECT "
        })?;
        List(&self.items).fmt(f)?;
        if !self.from.is_empty() {
            write!(f, " FROM {}", List(&self.from))?;
        }
        if let Some(filter) = &self.filter {
            write!(f, " WHERE {filter}")?;
        }
        if let Some(group_by) = &self.group_by {
            let distinct = if group_by.distinct { "DISTINCT " } else { "" };
            write!(f, " GROUP BY {distinct}{}", List(&group_by.elements))?;
        }
        if let Some(having) = &self.having {
            write!(f, " HAVING {having}")?;
        }
        for (i, (name, spec)) in self.windows.iter().enumerate() {
            f.write_str(if i == 0 { " WINDOW " } else { ", " })?;
            write!(f, "{name} AS ({spec})")?;
        }
        Ok(())
    }
}

impl Display for SelectItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(_) => f.write_str("*"),
            Self::Expression(expression, None) => expression.fmt(f),
            Self::Expression(expression, Some(alias)) => write!(f, "{expression} AS {alias}"),
            Self::AllOf(expression, aliases, _) if aliases.is_empty() => {
                write!(f, "{expression}.*")
            }
            Self::AllOf(expression, aliases, _) => {
                write!(f, "{expression}.* AS ({})", List(aliases))
            }
        }
    }
}

impl Display for GroupingElement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simple(parts) => match parts.as_slice() {
                [only] => only.fmt(f),
                parts => write!(f, "({})", List(parts)),
            },
            Self::Rollup(parts) => write!(f, "ROLLUP ({})", List(parts)),
            Self::Cube(parts) => write!(f, "CUBE ({})", List(parts)),
            Self::Sets(sets) => {
                f.write_str("GROUPING SETS (")?;
                for (i, set) in sets.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    match set.as_slice() {
                        [only] => only.fmt(f)?,
                        set => write!(f, "({})", List(set))?,
                    }
                }
                f.write_str(")")
            }
        }
    }
}

impl Display for Relation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(name, _) => Dotted(name).fmt(f),
            Self::Subquery(query) => write!(f, "({query})"),
            Self::Lateral(query, _) => write!(f, "LATERAL ({query})"),
            Self::Unnest(arrays, ordinality, _) => {
                write!(f, "UNNEST ({})", List(arrays))?;
                f.write_str(if *ordinality { " WITH ORDINALITY" } else { "" })
            }
            Self::Aliased(relation, alias, columns) if columns.is_empty() => {
                write!(f, "{relation} AS {alias}")
            }
            Self::Aliased(relation, alias, columns) => {
                write!(f, "{relation} AS {alias} ({})", List(columns))
            }
            Self::Parenthesized(relation) => write!(f, "({relation})"),
            Self::Sampled(relation, method, percentage) => {
                write!(f, "{relation} TABLESAMPLE {method} ({percentage})")
            }
            Self::Join(join) => {
                let natural = if join.criteria == Criteria::Natural {
                    "NATURAL "
                } else {
                    ""
                };
                let kind = match join.kind {
                    JoinKind::Cross => "CROSS",
                    JoinKind::Inner => "INNER",
                    JoinKind::Left => "LEFT",
                    JoinKind::Right => "RIGHT",
                    JoinKind::Full => "FULL",
                };
                write!(f, "{} {natural}{kind} JOIN {}", join.left, join.right)?;
                match &join.criteria {
                    Criteria::None | Criteria::Natural => Ok(()),
                    Criteria::On(condition) => write!(f, " ON {condition}"),
                    Criteria::Using(columns) => write!(f, " USING ({})", List(columns)),
                }
            }
        }
    }
}

impl Display for SortItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.expression.fmt(f)?;
        f.write_str(if self.descending { " DESC" } else { "" })?;
        f.write_str(if self.nulls_first { " NULLS FIRST" } else { "" })
    }
}

impl Display for WindowSpec {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(base) = &self.base {
            parts.push(base.to_string());
        }
        if !self.partition_by.is_empty() {
            parts.push(format!("PARTITION BY {}", List(&self.partition_by)));
        }
        if !self.order_by.is_empty() {
            parts.push(format!("ORDER BY {}", List(&self.order_by)));
        }
        if let Some(frame) = &self.frame {
            parts.push(frame.to_string());
        }
        f.write_str(&parts.join(" "))
    }
}

impl Display for Frame {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self.unit {
            FrameUnit::Rows => "ROWS ",
            FrameUnit::Range => "RANGE ",
            FrameUnit::Groups => "GROUPS ",
        })?;
        match &self.end {
            Some(end) => write!(f, "BETWEEN {} AND {end}", self.start),
            None => self.start.fmt(f),
        }
    }
}

impl Display for Bound {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnboundedPreceding => f.write_str("UNBOUNDED PRECEDING"),
            Self::Preceding(offset) => write!(f, "{offset} PRECEDING"),
            Self::CurrentRow => f.write_str("CURRENT ROW"),
            Self::Following(offset) => write!(f, "{offset} FOLLOWING"),
            Self::UnboundedFollowing => f.write_str("UNBOUNDED FOLLOWING"),
        }
    }
}

impl Display for TypeName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (base, zone) = match self.base.strip_suffix(" with time zone") {
            Some(base) => (base, " WITH TIME ZONE"),
            None => (self.base.as_str(), ""),
        };
        f.write_str(base)?;
        if !self.numbers.is_empty() {
            write!(f, "({})", List(&self.numbers))?;
        }
        if !self.inner.is_empty() {
            f.write_str("(")?;
            for (i, (name, inner)) in self.inner.iter().enumerate() {
                if i > 0 {
                    f.write_str(", ")?;
                }
                if let Some(name) = name {
                    write!(f, "{name} ")?;
                }
                inner.fmt(f)?;
            }
            f.write_str(")")?;
        }
        f.write_str(zone)
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Dotted(&self.name).fmt(f)?;
        f.write_str("(")?;
        if self.star {
            f.write_str("*")?;
        }
        f.write_str(if self.distinct { "DISTINCT " } else { "" })?;
        List(&self.arguments).fmt(f)?;
        if !self.order_by.is_empty() {
            write!(f, " ORDER BY {}", List(&self.order_by))?;
        }
        f.write_str(")")?;
        if let Some(filter) = &self.filter {
            write!(f, " FILTER (WHERE {filter})")?;
        }
        f.write_str(if self.ignore_nulls {
            " IGNORE NULLS"
        } else {
            ""
        })?;
        match &self.over {
            None => Ok(()),
            Some(Window::Named(name)) => write!(f, " OVER {name}"),
            Some(Window::Spec(spec)) => write!(f, " OVER ({spec})"),
        }
    }
}

/// An operand: in parentheses unless it cannot be misread.
struct Operand<'a>(&'a Expression);

impl Display for Operand<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let plain = matches!(
            self.0.kind,
            Node::Null
                | Node::Boolean(_)
                | Node::Text(_)
                | Node::Integer(_)
                | Node::Decimal(_)
                | Node::Double(_)
                | Node::Column(_)
                | Node::Call(_)
                | Node::Subquery(_)
                | Node::Row(_)
                | Node::Parameter(_)
                | Node::Cast { .. }
        );
        if plain {
            self.0.fmt(f)
        } else {
            write!(f, "({})", self.0)
        }
    }
}

fn chain(f: &mut Formatter<'_>, terms: &[Expression], word: &str) -> fmt::Result {
    for (i, term) in terms.iter().enumerate() {
        if i > 0 {
            write!(f, " {word} ")?;
        }
        Operand(term).fmt(f)?;
    }
    Ok(())
}

const fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Node::Null => f.write_str("NULL"),
            Node::Boolean(value) => f.write_str(if *value { "TRUE" } else { "FALSE" }),
            Node::Text(text) => Text(text).fmt(f),
            Node::Binary(bytes) => write!(f, "X'{}'", hex::encode_upper(bytes)),
            Node::Integer(text) | Node::Decimal(text) | Node::Double(text) => f.write_str(text),
            Node::Typed(type_name, text) => write!(f, "{type_name} {}", Text(text)),
            Node::Interval {
                negative,
                text,
                from,
                to,
            } => {
                let sign = if *negative { "-" } else { "" };
                write!(f, "INTERVAL {sign}{} {from}", Text(text))?;
                to.iter().try_for_each(|to| write!(f, " TO {to}"))
            }
            Node::Parameter(_) => f.write_str("?"),
            Node::Column(name) => name.fmt(f),
            Node::Field(base, name) => write!(f, "{}.{name}", Postfix(base)),
            Node::Subscript(base, index) => write!(f, "{}[{index}]", Postfix(base)),
            Node::Call(call) => call.fmt(f),
            Node::Lambda(names, body) => write!(f, "({}) -> {body}", List(names)),
            Node::Sign(negative, inner) => {
                write!(f, "{}{}", if *negative { "-" } else { "+" }, Operand(inner))
            }
            Node::Arithmetic(op, left, right) | Node::Comparison(op, left, right) => {
                write!(f, "{} {op} {}", Operand(left), Operand(right))
            }
            Node::Quantified(op, left, quantifier, query) => {
                write!(f, "{} {op} {quantifier} ({query})", Operand(left))
            }
            Node::And(terms) => chain(f, terms, "AND"),
            Node::Or(terms) => chain(f, terms, "OR"),
            Node::Not(inner) => write!(f, "NOT {}", Operand(inner)),
            Node::IsNull(value, negated) => {
                write!(f, "{} IS {}NULL", Operand(value), not(*negated))
            }
            Node::IsDistinct(left, right, negated) => write!(
                f,
                "{} IS {}DISTINCT FROM {}",
                Operand(left),
                not(*negated),
                Operand(right)
            ),
            Node::Between(value, low, high, negated) => write!(
                f,
                "{} {}BETWEEN {} AND {}",
                Operand(value),
                not(*negated),
                Operand(low),
                Operand(high)
            ),
            Node::InList(value, list, negated) => {
                write!(f, "{} {}IN ({})", Operand(value), not(*negated), List(list))
            }
            Node::InQuery(value, query, negated) => {
                write!(f, "{} {}IN ({query})", Operand(value), not(*negated))
            }
            Node::Like(value, pattern, escape, negated) => {
                write!(
                    f,
                    "{} {}LIKE {}",
                    Operand(value),
                    not(*negated),
                    Operand(pattern)
                )?;
                escape
                    .iter()
                    .try_for_each(|escape| write!(f, " ESCAPE {}", Operand(escape)))
            }
            Node::Exists(query) => write!(f, "EXISTS ({query})"),
            Node::Subquery(query) => write!(f, "({query})"),
            Node::Case {
                operand,
                branches,
                otherwise,
            } => {
                f.write_str("CASE")?;
                operand.iter().try_for_each(|o| write!(f, " {o}"))?;
                for (when, then) in branches {
                    write!(f, " WHEN {when} THEN {then}")?;
                }
                otherwise.iter().try_for_each(|o| write!(f, " ELSE {o}"))?;
                f.write_str(" END")
            }
            Node::Cast { safe, value, to } => {
                write!(
                    f,
                    "{}CAST({value} AS {to})",
                    if *safe { "TRY_" } else { "" }
                )
            }
            Node::Array(items) => write!(f, "ARRAY[{}]", List(items)),
            Node::Row(parts) => write!(f, "ROW({})", List(parts)),
            Node::Extract(field, value) => write!(f, "EXTRACT({field} FROM {})", Operand(value)),
            Node::AtTimeZone(value, zone) => {
                write!(f, "{} AT TIME ZONE {}", Postfix(value), Postfix(zone))
            }
            Node::Current(word, None) => f.write_str(word),
            Node::Current(word, Some(precision)) => write!(f, "{word}({precision})"),
            Node::Grouping(arguments) => write!(f, "GROUPING({})", List(arguments)),
            Node::JsonPath(call) => super::print_json::path_call(f, call),
            Node::JsonMaker(maker) => super::print_json::maker(f, maker),
        }
    }
}

/// What a subscript or field is taken of.
struct Postfix<'a>(&'a Expression);

impl Display for Postfix<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0.kind {
            Node::Field(..) | Node::Subscript(..) => self.0.fmt(f),
            _ => Operand(self.0).fmt(f),
        }
    }
}
