//! Queries: WITH, set operations, SELECT blocks, FROM and windows.

use super::super::ast::{
    Body, Bound, Criteria, Expression, Frame, FrameUnit, GroupBy, GroupingElement, Join, JoinKind,
    Limit, NamedQuery, Node, Query, Relation, Select, SelectItem, SetOperation, SortItem, Window,
    WindowSpec,
};
use super::super::error::SyntaxError;
use super::super::lexer::Kind;
use super::{Parsed, Parser};

impl Parser {
    pub(super) fn query(&mut self) -> Parsed<Query> {
        self.nested(Self::query_here)
    }

    fn query_here(&mut self) -> Parsed<Query> {
        let pos = self.pos();
        let (mut with, mut recursive) = (Vec::new(), false);
        if self.accept("WITH") {
            recursive = self.accept("RECURSIVE");
            with = self.separated(Self::named_query)?;
        }
        let body = self.set_expression()?;
        let order_by = self.order_by()?;
        let mut offset = None;
        if self.accept("OFFSET") {
            offset = Some(self.row_count()?);
            if !self.accept("ROW") {
                self.accept("ROWS");
            }
        }
        let limit = self.limit()?;
        Ok(Query {
            with,
            recursive,
            body,
            order_by,
            offset,
            limit,
            pos,
        })
    }

    fn named_query(&mut self) -> Parsed<NamedQuery> {
        let name = self.identifier()?;
        let columns = if self.peek().is_symbol("(") {
            self.identifiers_in_parentheses()?
        } else {
            Vec::new()
        };
        self.expect("AS")?;
        self.expect_symbol("(")?;
        let query = self.query()?;
        self.expect_symbol(")")?;
        Ok(NamedQuery {
            name,
            columns,
            query,
        })
    }

    fn limit(&mut self) -> Parsed<Option<Limit>> {
        if self.accept("LIMIT") {
            if self.accept("ALL") {
                return Ok(None);
            }
            let count = self.row_count()?;
            return Ok(Some(Limit {
                count,
                with_ties: false,
            }));
        }
        if self.accept("FETCH") {
            if !self.accept("FIRST") {
                self.expect("NEXT")?;
            }
            let pos = self.pos();
            let count = if self.peek().is_word("ROW") || self.peek().is_word("ROWS") {
                Self::node(pos, Node::Integer("1".into()))
            } else {
                self.row_count()?
            };
            if !self.accept("ROW") {
                self.expect("ROWS")?;
            }
            let with_ties = if self.accept("WITH") {
                self.expect("TIES")?;
                true
            } else {
                self.expect("ONLY")?;
                false
            };
            return Ok(Some(Limit { count, with_ties }));
        }
        Ok(None)
    }

    fn row_count(&mut self) -> Parsed<Expression> {
        self.expect_note("<integer>");
        let token = self.peek().clone();
        match token.kind {
            Kind::Integer => {
                self.next();
                Ok(Self::node(token.pos, Node::Integer(token.text)))
            }
            _ if token.is_symbol("?") => {
                self.next();
                Ok(self.parameter(token.pos))
            }
            _ => Err(self.mismatch()),
        }
    }

    pub(super) fn order_by(&mut self) -> Parsed<Vec<SortItem>> {
        if !self.accept("ORDER") {
            return Ok(Vec::new());
        }
        self.expect("BY")?;
        self.separated(Self::sort_item)
    }

    fn sort_item(&mut self) -> Parsed<SortItem> {
        let expression = self.expression()?;
        let descending = !self.accept("ASC") && self.accept("DESC");
        let mut nulls_first = false;
        if self.accept("NULLS") {
            nulls_first = self.accept("FIRST");
            if !nulls_first {
                self.expect("LAST")?;
            }
        }
        Ok(SortItem {
            expression,
            descending,
            nulls_first,
        })
    }

    /// UNION and EXCEPT bind alike, INTERSECT tighter.
    fn set_expression(&mut self) -> Parsed<Body> {
        let mut left = self.intersect()?;
        let mut links = 0;
        loop {
            let pos = self.pos();
            let operation = if self.accept("UNION") {
                SetOperation::Union
            } else if self.accept("EXCEPT") {
                SetOperation::Except
            } else {
                return Ok(left);
            };
            links += 1;
            if links > super::MAX_DEPTH {
                return Err(self.too_large());
            }
            let all = self.accept("ALL");
            if !all {
                self.accept("DISTINCT");
            }
            let right = self.intersect()?;
            left = Body::Set {
                operation,
                all,
                left: Box::new(left),
                right: Box::new(right),
                pos,
            };
        }
    }

    fn intersect(&mut self) -> Parsed<Body> {
        let mut left = self.query_primary()?;
        let mut links = 0;
        loop {
            let pos = self.pos();
            if !self.accept("INTERSECT") {
                return Ok(left);
            }
            links += 1;
            if links > super::MAX_DEPTH {
                return Err(self.too_large());
            }
            let all = self.accept("ALL");
            if !all {
                self.accept("DISTINCT");
            }
            let right = self.query_primary()?;
            left = Body::Set {
                operation: SetOperation::Intersect,
                all,
                left: Box::new(left),
                right: Box::new(right),
                pos,
            };
        }
    }

    fn query_primary(&mut self) -> Parsed<Body> {
        let pos = self.pos();
        if self.accept("SELECT") {
            return self.select(pos).map(|s| Body::Select(Box::new(s)));
        }
        if self.accept("TABLE") {
            return Ok(Body::Table(self.name()?, pos));
        }
        if self.accept("VALUES") {
            return Ok(Body::Values(self.separated(Self::expression)?, pos));
        }
        self.expect_note("<query>");
        if self.accept_symbol("(") {
            let query = self.query()?;
            self.expect_symbol(")")?;
            return Ok(Body::Nested(Box::new(query)));
        }
        Err(self.mismatch())
    }

    fn select(&mut self, pos: super::Pos) -> Parsed<Select> {
        let distinct = self.accept("DISTINCT");
        if !distinct {
            self.accept("ALL");
        }
        let items = self.separated(Self::select_item)?;
        let from = if self.accept("FROM") {
            self.separated(Self::relation)?
        } else {
            Vec::new()
        };
        let filter = if self.accept("WHERE") {
            Some(self.expression()?)
        } else {
            None
        };
        let mut group_by = None;
        if self.accept("GROUP") {
            self.expect("BY")?;
            let distinct = self.accept("DISTINCT");
            if !distinct {
                self.accept("ALL");
            }
            let elements = self.separated(Self::grouping_element)?;
            group_by = Some(GroupBy { distinct, elements });
        }
        let having = if self.accept("HAVING") {
            Some(self.expression()?)
        } else {
            None
        };
        let windows = if self.accept("WINDOW") {
            self.separated(|p| {
                let name = p.identifier()?;
                p.expect("AS")?;
                p.expect_symbol("(")?;
                let spec = p.window_spec()?;
                p.expect_symbol(")")?;
                Ok((name, spec))
            })?
        } else {
            Vec::new()
        };
        Ok(Select {
            distinct,
            items,
            from,
            filter,
            group_by,
            having,
            windows,
            pos,
        })
    }

    fn select_item(&mut self) -> Parsed<SelectItem> {
        let pos = self.pos();
        if self.accept_symbol("*") {
            return Ok(SelectItem::All(pos));
        }
        let expression = self.expression()?;
        if self.peek().is_symbol(".") && self.peek_at(1).is_some_and(|t| t.is_symbol("*")) {
            self.next();
            self.next();
            let aliases = if self.accept("AS") {
                self.identifiers_in_parentheses()?
            } else {
                Vec::new()
            };
            return Ok(SelectItem::AllOf(expression, aliases, pos));
        }
        let named = self.accept("AS");
        let alias = if named || (!self.starts_clause() && self.at_name()) {
            Some(self.identifier()?)
        } else {
            None
        };
        Ok(SelectItem::Expression(expression, alias))
    }

    fn grouping_element(&mut self) -> Parsed<GroupingElement> {
        if self.accept("ROLLUP") {
            return Ok(GroupingElement::Rollup(self.expressions_in_parentheses()?));
        }
        if self.accept("CUBE") {
            return Ok(GroupingElement::Cube(self.expressions_in_parentheses()?));
        }
        if self.at_words(&["GROUPING", "SETS"]) {
            self.next();
            self.next();
            self.expect_symbol("(")?;
            let sets = self.separated(Self::grouping_set)?;
            self.expect_symbol(")")?;
            return Ok(GroupingElement::Sets(sets));
        }
        Ok(GroupingElement::Simple(self.grouping_set()?))
    }

    /// `(a, b)`, `()` or `a`; what looks like a row is a set of its parts.
    fn grouping_set(&mut self) -> Parsed<Vec<Expression>> {
        if self.peek().is_symbol("(") && self.peek_at(1).is_some_and(|t| t.is_symbol(")")) {
            self.next();
            self.next();
            return Ok(Vec::new());
        }
        let bare = self.peek().is_symbol("(");
        let expression = self.expression()?;
        Ok(match expression.kind {
            Node::Row(parts) if bare => parts,
            _ => vec![expression],
        })
    }

    fn expressions_in_parentheses(&mut self) -> Parsed<Vec<Expression>> {
        self.expect_symbol("(")?;
        let mut all = Vec::new();
        if !self.accept_symbol(")") {
            all = self.separated(Self::expression)?;
            self.expect_symbol(")")?;
        }
        Ok(all)
    }

    // --- FROM -------------------------------------------------------------------------------------

    fn relation(&mut self) -> Parsed<Relation> {
        self.nested(Self::relation_here)
    }

    fn relation_here(&mut self) -> Parsed<Relation> {
        let pos = self.pos();
        let mut left = self.sampled_relation()?;
        let mut links = 0;
        loop {
            if self.accept("CROSS") {
                self.expect("JOIN")?;
                let right = self.sampled_relation()?;
                left = Relation::Join(Box::new(Join {
                    kind: JoinKind::Cross,
                    left,
                    right,
                    criteria: Criteria::None,
                    pos,
                }));
            } else {
                let natural = self.accept("NATURAL");
                let Some(kind) = self.join_kind(natural)? else {
                    return Ok(left);
                };
                let (right, criteria) = if natural {
                    (self.sampled_relation()?, Criteria::Natural)
                } else {
                    let right = self.relation()?;
                    let criteria = if self.accept("ON") {
                        Criteria::On(self.expression()?)
                    } else {
                        self.expect("USING")?;
                        Criteria::Using(self.identifiers_in_parentheses()?)
                    };
                    (right, criteria)
                };
                left = Relation::Join(Box::new(Join {
                    kind,
                    left,
                    right,
                    criteria,
                    pos,
                }));
            }
            links += 1;
            if links > super::MAX_DEPTH {
                return Err(self.too_large());
            }
        }
    }

    fn join_kind(&mut self, required: bool) -> Parsed<Option<JoinKind>> {
        let kind = if self.accept("INNER") {
            JoinKind::Inner
        } else if self.accept("LEFT") {
            self.accept("OUTER");
            JoinKind::Left
        } else if self.accept("RIGHT") {
            self.accept("OUTER");
            JoinKind::Right
        } else if self.accept("FULL") {
            self.accept("OUTER");
            JoinKind::Full
        } else if self.accept("JOIN") {
            return Ok(Some(JoinKind::Inner));
        } else if required {
            return Err(self.mismatch());
        } else {
            return Ok(None);
        };
        self.expect("JOIN")?;
        Ok(Some(kind))
    }

    fn sampled_relation(&mut self) -> Parsed<Relation> {
        let relation = self.aliased_relation()?;
        self.refuse_suffix()?;
        if !self.accept("TABLESAMPLE") {
            return Ok(relation);
        }
        let method = self.identifier()?;
        self.expect_symbol("(")?;
        let percentage = self.expression()?;
        self.expect_symbol(")")?;
        Ok(Relation::Sampled(Box::new(relation), method, percentage))
    }

    /// What may follow a relation and is not built.
    fn refuse_suffix(&self) -> Parsed<()> {
        if self.peek().is_word("MATCH_RECOGNIZE")
            || self.at_words(&["FOR", "TIMESTAMP"])
            || self.at_words(&["FOR", "VERSION"])
        {
            // Named here, because the parser is what meets it; the rest of the statement is not read.
            return Err(SyntaxError::new(
                self.pos(),
                format!(
                    "{} is not supported by windfarm",
                    self.peek().text.to_uppercase()
                ),
            ));
        }
        Ok(())
    }

    fn aliased_relation(&mut self) -> Parsed<Relation> {
        let relation = self.relation_primary()?;
        self.refuse_suffix()?;
        if self.peek().is_word("TABLESAMPLE") {
            return Ok(relation);
        }
        let named = self.accept("AS");
        // `WINDOW`, `OFFSET` … are not reserved: they name the relation unless what follows makes
        // them clauses.
        if !named && self.starts_clause() {
            return Ok(relation);
        }
        if !named && !self.at_name() {
            return Ok(relation);
        }
        let alias = self.identifier()?;
        let columns = if self.peek().is_symbol("(") {
            self.identifiers_in_parentheses()?
        } else {
            Vec::new()
        };
        Ok(Relation::Aliased(Box::new(relation), alias, columns))
    }

    fn starts_clause(&self) -> bool {
        let follows = |keyword: &str, accepts: &dyn Fn(&super::Token) -> bool| {
            self.peek().is_word(keyword) && self.peek_at(1).is_some_and(accepts)
        };
        follows("LIMIT", &|t| {
            t.kind == Kind::Integer || t.is_word("ALL") || t.is_symbol("?")
        }) || follows("OFFSET", &|t| t.kind == Kind::Integer || t.is_symbol("?"))
            || follows("FETCH", &|t| t.is_word("FIRST") || t.is_word("NEXT"))
            || (self.peek().is_word("WINDOW")
                && self.peek_at(1).is_some_and(Self::is_name)
                && self.peek_at(2).is_some_and(|t| t.is_word("AS")))
    }

    fn relation_primary(&mut self) -> Parsed<Relation> {
        let pos = self.pos();
        if self.accept("UNNEST") {
            self.expect_symbol("(")?;
            let arrays = self.separated(Self::expression)?;
            self.expect_symbol(")")?;
            let ordinality = self.peek().is_word("WITH");
            if ordinality {
                self.next();
                self.expect("ORDINALITY")?;
            }
            return Ok(Relation::Unnest(arrays, ordinality, pos));
        }
        if self.accept("LATERAL") {
            self.expect_symbol("(")?;
            let query = self.query()?;
            self.expect_symbol(")")?;
            return Ok(Relation::Lateral(Box::new(query), pos));
        }
        if self.accept_symbol("(") {
            return self.parenthesized_relation();
        }
        if self.peek().is_word("TABLE") && self.peek_at(1).is_some_and(|t| t.is_symbol("(")) {
            return Err(SyntaxError::new(
                pos,
                "TABLE functions are not supported by windfarm",
            ));
        }
        Ok(Relation::Table(self.name()?, pos))
    }

    /// `(query)` or `(relation)`: a query is tried first where one can start.
    fn parenthesized_relation(&mut self) -> Parsed<Relation> {
        let starts_query = ["SELECT", "WITH", "VALUES", "TABLE"]
            .iter()
            .any(|word| self.peek().is_word(word));
        if starts_query {
            let query = self.query()?;
            self.expect_symbol(")")?;
            return Ok(Relation::Subquery(Box::new(query)));
        }
        if !self.peek().is_symbol("(") {
            let relation = self.relation()?;
            self.expect_symbol(")")?;
            return Ok(Relation::Parenthesized(Box::new(relation)));
        }
        // `((…` may be either. What closes the inner parenthesis decides: a set operation or the end
        // of the outer one makes it a query; both are tried, the query first.
        let (at, parameters, depth) = (self.at, self.parameters, self.depth);
        let as_query = self.query().and_then(|query| {
            self.expect_symbol(")")?;
            Ok(query)
        });
        match as_query {
            Ok(query) => Ok(Relation::Subquery(Box::new(query))),
            Err(refused) if self.tried_relations >= super::MAX_RETRIES => Err(refused),
            Err(_) => {
                (self.at, self.parameters, self.depth) = (at, parameters, depth);
                self.tried_relations += 1;
                let relation = self.relation()?;
                self.expect_symbol(")")?;
                Ok(Relation::Parenthesized(Box::new(relation)))
            }
        }
    }

    // --- windows ----------------------------------------------------------------------------------

    pub(super) fn over(&mut self) -> Parsed<Window> {
        if self.accept_symbol("(") {
            let spec = self.window_spec()?;
            self.expect_symbol(")")?;
            return Ok(Window::Spec(Box::new(spec)));
        }
        Ok(Window::Named(self.identifier()?))
    }

    fn window_spec(&mut self) -> Parsed<WindowSpec> {
        let pos = self.pos();
        let starts_part = ["PARTITION", "ROWS", "RANGE", "GROUPS", "MEASURES"]
            .iter()
            .any(|word| self.peek().is_word(word));
        let base = if !starts_part && self.at_name() {
            Some(self.identifier()?)
        } else {
            None
        };
        let mut partition_by = Vec::new();
        if self.accept("PARTITION") {
            self.expect("BY")?;
            partition_by = self.separated(Self::expression)?;
        }
        let order_by = self.order_by()?;
        let frame = self.frame()?;
        Ok(WindowSpec {
            base,
            partition_by,
            order_by,
            frame,
            pos,
        })
    }

    fn frame(&mut self) -> Parsed<Option<Frame>> {
        let pos = self.pos();
        let unit = if self.accept("ROWS") {
            FrameUnit::Rows
        } else if self.accept("RANGE") {
            FrameUnit::Range
        } else if self.accept("GROUPS") {
            FrameUnit::Groups
        } else {
            return Ok(None);
        };
        let (start, end) = if self.accept("BETWEEN") {
            let start = self.bound()?;
            self.expect("AND")?;
            (start, Some(self.bound()?))
        } else {
            (self.bound()?, None)
        };
        Ok(Some(Frame {
            unit,
            start,
            end,
            pos,
        }))
    }

    fn bound(&mut self) -> Parsed<Bound> {
        if self.accept("UNBOUNDED") {
            if self.accept("PRECEDING") {
                return Ok(Bound::UnboundedPreceding);
            }
            self.expect("FOLLOWING")?;
            return Ok(Bound::UnboundedFollowing);
        }
        if self.at_words(&["CURRENT", "ROW"]) {
            self.next();
            self.next();
            return Ok(Bound::CurrentRow);
        }
        let offset = self.expression()?;
        if self.accept("PRECEDING") {
            return Ok(Bound::Preceding(offset));
        }
        self.expect("FOLLOWING")?;
        Ok(Bound::Following(offset))
    }
}
