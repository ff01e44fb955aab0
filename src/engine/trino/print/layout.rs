//! A query over several lines: the layout in which Trino, and so Athena, keeps the text of a view.
//!
//! Each clause begins a line; lists of more than one item have a line an item, each further one behind
//! `, `; subqueries and joins are indented by three blanks. Expressions stand on one line.

use std::fmt::Write as _;

use super::{Dotted, List};
use crate::engine::trino::ast::{
    Body, Criteria, Identifier, JoinKind, Query, Relation, Select, SelectItem,
};

/// The text, with a line break at its end.
pub fn formatted(query: &Query) -> String {
    let mut layout = Layout(String::new());
    layout.query(query, 0);
    layout.0
}

struct Layout(String);

impl Layout {
    fn line(&mut self, indent: usize, text: &str) {
        self.start(indent);
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn start(&mut self, indent: usize) {
        for _ in 0..indent {
            self.0.push_str("   ");
        }
    }

    fn query(&mut self, query: &Query, indent: usize) {
        for (at, named) in query.with.iter().enumerate() {
            self.start(indent);
            self.0.push_str(match (at, query.recursive) {
                (0, true) => "WITH RECURSIVE\n",
                (0, false) => "WITH\n",
                _ => "",
            });
            self.start(indent);
            self.0.push_str(if at == 0 { "  " } else { ", " });
            let _ = write!(self.0, "{}", named.name);
            self.names(&named.columns);
            self.0.push_str(" AS (\n");
            self.query(&named.query, indent + 1);
            self.line(indent, ") ");
        }
        self.body(&query.body, indent);
        if !query.order_by.is_empty() {
            self.line(indent, &format!("ORDER BY {}", List(&query.order_by)));
        }
        if let Some(offset) = &query.offset {
            self.line(indent, &format!("OFFSET {offset} ROWS"));
        }
        if let Some(limit) = &query.limit {
            let text = if limit.with_ties {
                format!("FETCH FIRST {} ROWS WITH TIES", limit.count)
            } else {
                format!("LIMIT {}", limit.count)
            };
            self.line(indent, &text);
        }
    }

    fn names(&mut self, names: &[Identifier]) {
        if !names.is_empty() {
            let _ = write!(self.0, " ({})", List(names));
        }
    }

    fn body(&mut self, body: &Body, indent: usize) {
        match body {
            Body::Select(select) => self.select(select, indent),
            Body::Table(name, _) => self.line(indent, &format!("TABLE {}", Dotted(name))),
            Body::Values(rows, _) => self.items("VALUES", rows, indent),
            Body::Nested(query) => {
                self.line(indent, "(");
                self.query(query, indent + 1);
                self.line(indent, ") ");
            }
            Body::Set {
                operation,
                all,
                left,
                right,
                ..
            } => {
                self.body(left, indent);
                let all = if *all { " ALL" } else { "" };
                self.line(indent, &format!("{}{all}", operation.name()));
                self.body(right, indent);
            }
        }
    }

    fn items<T: std::fmt::Display>(&mut self, word: &str, items: &[T], indent: usize) {
        if let [only] = items {
            return self.line(indent, &format!("{word} {only}"));
        }
        self.line(indent, word);
        for (at, item) in items.iter().enumerate() {
            let before = if at == 0 { "  " } else { ", " };
            self.line(indent, &format!("{before}{item}"));
        }
    }

    fn select(&mut self, select: &Select, indent: usize) {
        let items: Vec<String> = select.items.iter().map(item).collect();
        let word = if select.distinct {
            "SELECT DISTINCT"
        } else {
            "SELECT"
        };
        self.items(word, &items, indent);
        if let Some((first, more)) = select.from.split_first() {
            self.line(indent, "FROM");
            self.start(indent);
            self.0.push_str("  ");
            self.relation(first, indent);
            for relation in more {
                self.0.push('\n');
                self.start(indent);
                self.0.push_str(", ");
                self.relation(relation, indent);
            }
            self.0.push('\n');
        }
        if let Some(filter) = &select.filter {
            self.line(indent, &format!("WHERE ({filter})"));
        }
        if let Some(group_by) = &select.group_by {
            let distinct = if group_by.distinct { "DISTINCT " } else { "" };
            let text = format!("GROUP BY {distinct}{}", List(&group_by.elements));
            self.line(indent, &text);
        }
        if let Some(having) = &select.having {
            self.line(indent, &format!("HAVING ({having})"));
        }
        for (at, (name, spec)) in select.windows.iter().enumerate() {
            let before = if at == 0 { "WINDOW " } else { ", " };
            self.line(indent, &format!("{before}{name} AS ({spec})"));
        }
    }

    fn relation(&mut self, relation: &Relation, indent: usize) {
        match relation {
            Relation::Subquery(query) => self.inside("(", query, indent),
            Relation::Lateral(query, _) => self.inside("LATERAL (", query, indent),
            Relation::Aliased(inner, alias, columns) => {
                self.relation(inner, indent);
                let _ = write!(self.0, " {alias}");
                self.names(columns);
            }
            Relation::Parenthesized(inner) => {
                self.0.push('(');
                self.relation(inner, indent);
                self.0.push(')');
            }
            Relation::Join(join) => {
                self.relation(&join.left, indent);
                self.0.push('\n');
                self.start(indent);
                self.0.push_str(match (&join.criteria, join.kind) {
                    (Criteria::Natural, _) => "NATURAL ",
                    _ => "",
                });
                self.0.push_str(match join.kind {
                    JoinKind::Cross => "CROSS JOIN ",
                    JoinKind::Inner => "INNER JOIN ",
                    JoinKind::Left => "LEFT JOIN ",
                    JoinKind::Right => "RIGHT JOIN ",
                    JoinKind::Full => "FULL JOIN ",
                });
                self.relation(&join.right, indent);
                let _ = match &join.criteria {
                    Criteria::None | Criteria::Natural => Ok(()),
                    Criteria::On(condition) => write!(self.0, " ON ({condition})"),
                    Criteria::Using(columns) => write!(self.0, " USING ({})", List(columns)),
                };
            }
            other => {
                let _ = write!(self.0, "{other}");
            }
        }
    }

    fn inside(&mut self, open: &str, query: &Query, indent: usize) {
        self.0.push_str(open);
        self.0.push('\n');
        self.query(query, indent + 1);
        self.start(indent);
        self.0.push(')');
    }
}

/// An item of a select list; Trino writes its alias without AS.
fn item(item: &SelectItem) -> String {
    match item {
        SelectItem::Expression(expression, Some(alias)) => format!("{expression} {alias}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::trino::ast::Statement;
    use crate::engine::trino::parse_statement;

    fn query(sql: &str) -> Query {
        match parse_statement(sql) {
            Ok(Statement::Query(query)) => *query,
            other => panic!("{sql}: {other:?}"),
        }
    }

    #[test]
    fn one_item_stays_on_its_line_and_more_get_lines_of_their_own() {
        // Measured on Athena: the text of `CREATE VIEW v AS SELECT 1 AS n`.
        assert_eq!(formatted(&query("select 1 as n")), "SELECT 1 n\n");
        let sql = "SELECT a, b + 1 AS c FROM t JOIN (SELECT x FROM u) v ON a = x, w WHERE a > 1 GROUP BY a ORDER BY 1 LIMIT 5";
        assert_eq!(
            formatted(&query(sql)),
            "SELECT\n  a\n, b + 1 c\nFROM\n  t\nINNER JOIN (\n   SELECT x\n   FROM\n     u\n) v ON (a = x)\n, w\nWHERE (a > 1)\nGROUP BY a\nORDER BY 1\nLIMIT 5\n"
        );
    }

    #[test]
    fn what_is_laid_out_means_what_it_meant() {
        for sql in [
            "SELECT 1",
            "WITH a AS (SELECT 1 x), b (y) AS (TABLE a) SELECT a.x, * FROM a, b WHERE x = y",
            "SELECT DISTINCT a FROM (SELECT 1 UNION ALL SELECT 2 EXCEPT (SELECT 3 LIMIT 1)) AS t (a)",
            "SELECT * FROM (a CROSS JOIN b) LEFT JOIN c USING (x) CROSS JOIN UNNEST(z) WITH ORDINALITY AS u (q, n)",
            "VALUES (1, 'it''s'), (2, NULL) ORDER BY 1 DESC OFFSET 1 LIMIT 2",
            "SELECT count(*), sum(x) OVER w FROM t GROUP BY ROLLUP (a, b) HAVING count(*) > 1 WINDOW w AS (ORDER BY z)",
            "SELECT a FROM t WHERE x OR y FETCH FIRST 5 ROWS WITH TIES",
        ] {
            let first = query(sql);
            let text = formatted(&first);
            // Parentheses around conditions are no part of the tree.
            assert_eq!(query(&text), first, "{text}");
        }
    }
}
