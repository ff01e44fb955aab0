//! The tree of a query, every node with its place in the text.
//!
//! Equality ignores places and the case of names: two nodes are equal when they mean the same, which
//! is what "print, then parse again" and the matching of GROUP BY expressions need.

mod statement;

pub use statement::{
    CreateTableAs, CreateView, Explain, ExplainFormat, ExplainKind, Insert, Property, Statement,
    Unload,
};

/// A place in the text; all places compare equal.
#[derive(Clone, Copy, Debug, Default, Eq)]
pub struct Pos {
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
}

impl PartialEq for Pos {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A name as written. Trino compares names without case, quoted or not.
#[derive(Clone, Debug, Eq)]
pub struct Identifier {
    /// As written, quotes resolved.
    pub value: String,
    /// Whether it stood in double quotes.
    pub quoted: bool,
    /// Where.
    pub pos: Pos,
}

impl Identifier {
    /// The form under which names are compared.
    pub fn key(&self) -> String {
        self.value.to_lowercase()
    }
}

impl PartialEq for Identifier {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

/// `a.b.c`
pub type Name = Vec<Identifier>;

/// A query with its WITH, order and limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Named queries, in order.
    pub with: Vec<NamedQuery>,
    /// `WITH RECURSIVE`
    pub recursive: bool,
    /// What yields rows.
    pub body: Body,
    /// ORDER BY.
    pub order_by: Vec<SortItem>,
    /// OFFSET.
    pub offset: Option<Expression>,
    /// LIMIT or FETCH; `LIMIT ALL` is none.
    pub limit: Option<Limit>,
    /// Where it starts.
    pub pos: Pos,
}

/// `name (columns) AS (query)`
#[derive(Clone, Debug, PartialEq)]
pub struct NamedQuery {
    /// Its name.
    pub name: Identifier,
    /// Column names, if given.
    pub columns: Vec<Identifier>,
    /// Its rows.
    pub query: Query,
}

/// LIMIT or FETCH FIRST.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// Row count: a number or a parameter.
    pub count: Expression,
    /// `FETCH FIRST … WITH TIES`
    pub with_ties: bool,
}

/// What yields the rows of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// `SELECT …`
    Select(Box<Select>),
    /// `TABLE t`
    Table(Name, Pos),
    /// `VALUES …`
    Values(Vec<Expression>, Pos),
    /// `(query)`
    Nested(Box<Query>),
    /// `left UNION [ALL] right`
    Set {
        /// Which.
        operation: SetOperation,
        /// Whether duplicates stay.
        all: bool,
        /// Left rows.
        left: Box<Body>,
        /// Right rows.
        right: Box<Body>,
        /// Of the operator.
        pos: Pos,
    },
}

/// UNION, INTERSECT or EXCEPT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SetOperation {
    Union,
    Intersect,
    Except,
}

impl SetOperation {
    /// As written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Union => "UNION",
            Self::Intersect => "INTERSECT",
            Self::Except => "EXCEPT",
        }
    }
}

/// One SELECT block.
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    /// DISTINCT.
    pub distinct: bool,
    /// The select list.
    pub items: Vec<SelectItem>,
    /// FROM, several separated by commas.
    pub from: Vec<Relation>,
    /// WHERE.
    pub filter: Option<Expression>,
    /// GROUP BY.
    pub group_by: Option<GroupBy>,
    /// HAVING.
    pub having: Option<Expression>,
    /// WINDOW.
    pub windows: Vec<(Identifier, WindowSpec)>,
    /// Where it starts.
    pub pos: Pos,
}

/// One item of a select list.
#[derive(Clone, Debug, PartialEq)]
pub enum SelectItem {
    /// `expression [AS alias]`
    Expression(Expression, Option<Identifier>),
    /// `*`
    All(Pos),
    /// `expression.*  [AS (names)]`
    AllOf(Expression, Vec<Identifier>, Pos),
}

/// GROUP BY.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupBy {
    /// `GROUP BY DISTINCT`
    pub distinct: bool,
    /// Elements, multiplied with each other.
    pub elements: Vec<GroupingElement>,
}

/// One element of GROUP BY.
#[derive(Clone, Debug, PartialEq)]
pub enum GroupingElement {
    /// `a` or `(a, b)`
    Simple(Vec<Expression>),
    /// `ROLLUP (…)`
    Rollup(Vec<Expression>),
    /// `CUBE (…)`
    Cube(Vec<Expression>),
    /// `GROUPING SETS (…)`
    Sets(Vec<Vec<Expression>>),
}

/// What stands in FROM.
#[derive(Clone, Debug, PartialEq)]
pub enum Relation {
    /// A table, view or named query.
    Table(Name, Pos),
    /// `(query)`
    Subquery(Box<Query>),
    /// `LATERAL (query)`
    Lateral(Box<Query>, Pos),
    /// `UNNEST (…) [WITH ORDINALITY]`
    Unnest(Vec<Expression>, bool, Pos),
    /// `relation [AS] name [(columns)]`
    Aliased(Box<Relation>, Identifier, Vec<Identifier>),
    /// A join.
    Join(Box<Join>),
    /// `(relation)`
    Parenthesized(Box<Relation>),
    /// `relation TABLESAMPLE method (percentage)`
    Sampled(Box<Relation>, Identifier, Expression),
}

/// Two relations joined.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// Which rows stay.
    pub kind: JoinKind,
    /// Left side.
    pub left: Relation,
    /// Right side.
    pub right: Relation,
    /// On what.
    pub criteria: Criteria,
    /// Where the join starts: its left side.
    pub pos: Pos,
}

/// Which rows of a join stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum JoinKind {
    Cross,
    Inner,
    Left,
    Right,
    Full,
}

/// On what a join matches.
#[derive(Clone, Debug, PartialEq)]
pub enum Criteria {
    /// CROSS JOIN
    None,
    /// `ON expression`
    On(Expression),
    /// `USING (columns)`
    Using(Vec<Identifier>),
    /// `NATURAL JOIN`
    Natural,
}

/// One ORDER BY key.
#[derive(Clone, Debug, PartialEq)]
pub struct SortItem {
    /// The key.
    pub expression: Expression,
    /// DESC.
    pub descending: bool,
    /// NULLS FIRST; Trino's default is last, in both directions.
    pub nulls_first: bool,
}

/// `OVER (…)` or a named window.
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    /// `OVER w`
    Named(Identifier),
    /// `OVER (…)`
    Spec(Box<WindowSpec>),
}

/// The inside of `OVER (…)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WindowSpec {
    /// A window this one starts from.
    pub base: Option<Identifier>,
    /// PARTITION BY.
    pub partition_by: Vec<Expression>,
    /// ORDER BY.
    pub order_by: Vec<SortItem>,
    /// Frame, if written.
    pub frame: Option<Frame>,
    /// Where.
    pub pos: Pos,
}

/// A window frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// ROWS, RANGE or GROUPS.
    pub unit: FrameUnit,
    /// Start.
    pub start: Bound,
    /// End; CURRENT ROW when not written.
    pub end: Option<Bound>,
    /// Where.
    pub pos: Pos,
}

/// What a frame counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum FrameUnit {
    Rows,
    Range,
    Groups,
}

/// One end of a frame.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Bound {
    UnboundedPreceding,
    Preceding(Expression),
    CurrentRow,
    Following(Expression),
    UnboundedFollowing,
}

/// An expression with its place. The place is Trino's: an operator's for comparisons and arithmetic,
/// the first token otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// What it is.
    pub kind: Node,
    /// Where.
    pub pos: Pos,
}

/// Kinds of expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `NULL`
    Null,
    /// `TRUE`, `FALSE`
    Boolean(bool),
    /// `'…'`
    Text(String),
    /// `X'…'`
    Binary(Vec<u8>),
    /// Digits.
    Integer(String),
    /// `1.5` as written.
    Decimal(String),
    /// `1.5E3` as written.
    Double(String),
    /// `DATE '…'`, `BIGINT '…'`
    Typed(TypeName, String),
    /// `INTERVAL [+-]'…' from [TO to]`
    Interval {
        /// Minus sign before the text.
        negative: bool,
        /// The text.
        text: String,
        /// First field, in capitals.
        from: String,
        /// Last field, in capitals.
        to: Option<String>,
    },
    /// `?`, counted from 0
    Parameter(usize),
    /// `a`
    Column(Identifier),
    /// `base.field`
    Field(Box<Expression>, Identifier),
    /// `base[index]`
    Subscript(Box<Expression>, Box<Expression>),
    /// `f(…)`
    Call(Box<Call>),
    /// `x -> …`
    Lambda(Vec<Identifier>, Box<Expression>),
    /// Unary minus or plus.
    Sign(bool, Box<Expression>),
    /// `+ - * / %` and `||`
    Arithmetic(&'static str, Box<Expression>, Box<Expression>),
    /// `= <> < <= > >=`
    Comparison(&'static str, Box<Expression>, Box<Expression>),
    /// `a = ALL (query)`
    Quantified(&'static str, Box<Expression>, &'static str, Box<Query>),
    /// AND chain.
    And(Vec<Expression>),
    /// OR chain.
    Or(Vec<Expression>),
    /// NOT.
    Not(Box<Expression>),
    /// `IS [NOT] NULL`
    IsNull(Box<Expression>, bool),
    /// `IS [NOT] DISTINCT FROM`
    IsDistinct(Box<Expression>, Box<Expression>, bool),
    /// `[NOT] BETWEEN`
    Between(Box<Expression>, Box<Expression>, Box<Expression>, bool),
    /// `[NOT] IN (list)`
    InList(Box<Expression>, Vec<Expression>, bool),
    /// `[NOT] IN (query)`
    InQuery(Box<Expression>, Box<Query>, bool),
    /// `[NOT] LIKE [ESCAPE]`
    Like(
        Box<Expression>,
        Box<Expression>,
        Option<Box<Expression>>,
        bool,
    ),
    /// `EXISTS (query)`
    Exists(Box<Query>),
    /// `(query)`
    Subquery(Box<Query>),
    /// `CASE [operand] WHEN … END`
    Case {
        /// Simple form's operand.
        operand: Option<Box<Expression>>,
        /// WHEN, THEN.
        branches: Vec<(Expression, Expression)>,
        /// ELSE.
        otherwise: Option<Box<Expression>>,
    },
    /// CAST or TRY_CAST
    Cast {
        /// TRY_CAST
        safe: bool,
        /// What.
        value: Box<Expression>,
        /// To.
        to: TypeName,
    },
    /// `ARRAY[…]`
    Array(Vec<Expression>),
    /// `ROW(…)` or `(a, b)`
    Row(Vec<Expression>),
    /// `EXTRACT(field FROM value)`
    Extract(Identifier, Box<Expression>),
    /// `value AT TIME ZONE zone`
    AtTimeZone(Box<Expression>, Box<Expression>),
    /// `CURRENT_DATE` and its like, in capitals, with a precision.
    Current(String, Option<u32>),
    /// `GROUPING(a, b)`
    Grouping(Vec<Expression>),
    /// `JSON_EXISTS`, `JSON_VALUE`, `JSON_QUERY`
    JsonPath(Box<JsonPathCall>),
    /// `JSON_OBJECT`, `JSON_ARRAY`
    JsonMaker(Box<JsonMaker>),
}

/// A value read as JSON, or passed to JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonInput {
    /// The value.
    pub value: Expression,
    /// `FORMAT JSON [ENCODING …]`: the encoding, empty when none is written.
    pub format: Option<String>,
}

/// What a function of JSON paths does without a result.
#[derive(Clone, Debug, PartialEq)]
pub enum JsonBehavior {
    /// `ERROR`
    Error,
    /// `NULL`, and `UNKNOWN`
    Null,
    /// `TRUE` or `FALSE`
    Boolean(bool),
    /// `EMPTY ARRAY`
    EmptyArray,
    /// `EMPTY OBJECT`
    EmptyObject,
    /// `DEFAULT expression`
    Default(Expression),
}

/// Which of the functions of JSON paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum JsonPathFunction {
    Exists,
    Value,
    Query,
}

/// A call of a function of JSON paths.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPathCall {
    /// Which.
    pub function: JsonPathFunction,
    /// What is looked at.
    pub input: JsonInput,
    /// The path's text.
    pub path: String,
    /// Where the path stands.
    pub path_pos: Pos,
    /// PASSING.
    pub passing: Vec<(JsonInput, Identifier)>,
    /// RETURNING, with its FORMAT.
    pub returning: Option<(TypeName, Option<String>)>,
    /// `WITH [CONDITIONAL | UNCONDITIONAL] WRAPPER`: whether it is unconditional.
    pub wrapper: Option<bool>,
    /// `OMIT QUOTES`; none when nothing is said of quotes.
    pub omit_quotes: Option<bool>,
    /// ON EMPTY.
    pub on_empty: Option<JsonBehavior>,
    /// ON ERROR.
    pub on_error: Option<JsonBehavior>,
}

/// A call of `JSON_OBJECT` (with keys) or `JSON_ARRAY` (without).
#[derive(Clone, Debug, PartialEq)]
pub struct JsonMaker {
    /// Whether it makes an object.
    pub object: bool,
    /// Members or elements.
    pub parts: Vec<(Option<Expression>, JsonInput)>,
    /// `NULL ON NULL` or `ABSENT ON NULL`: whether NULLs stay.
    pub keep_nulls: Option<bool>,
    /// `WITH UNIQUE KEYS` or `WITHOUT`.
    pub unique_keys: Option<bool>,
    /// RETURNING, with its FORMAT.
    pub returning: Option<(TypeName, Option<String>)>,
}

/// A function call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Its name.
    pub name: Name,
    /// DISTINCT arguments.
    pub distinct: bool,
    /// `f(*)`
    pub star: bool,
    /// Arguments.
    pub arguments: Vec<Expression>,
    /// ORDER BY inside the call.
    pub order_by: Vec<SortItem>,
    /// FILTER (WHERE …)
    pub filter: Option<Expression>,
    /// IGNORE NULLS
    pub ignore_nulls: bool,
    /// OVER …
    pub over: Option<Window>,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeName {
    /// In lower case: `decimal`, `array`, `row`, `timestamp with time zone` …
    pub base: String,
    /// Numbers, such as 10 and 2 of `decimal(10, 2)`.
    pub numbers: Vec<u32>,
    /// Types inside, with names for the fields of rows.
    pub inner: Vec<(Option<Identifier>, TypeName)>,
    /// Where.
    pub pos: Pos,
}
