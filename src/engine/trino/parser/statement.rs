//! Statements around queries: views, tables and files made of queries, prepared statements, EXPLAIN.

use super::super::ast::{
    CreateTableAs, CreateView, Explain, ExplainFormat, ExplainKind, Insert, Pos, Property,
    Statement, Unload,
};
use super::super::error::SyntaxError;
use super::super::lexer::Kind;
use super::{Parsed, Parser};

/// What may start a statement, as Athena lists it (measured).
const STATEMENT_STARTS: &str = "'ALTER', 'ANALYZE', 'CALL', 'COMMENT', 'COMMIT', 'CREATE', \
     'DEALLOCATE', 'DELETE', 'DENY', 'DESC', 'DESCRIBE', 'DROP', 'EXECUTE', 'EXPLAIN', 'GRANT', \
     'INSERT', 'MERGE', 'PREPARE', 'REFRESH', 'RESET', 'REVOKE', 'ROLLBACK', 'SET', 'SHOW', \
     'START', 'TRUNCATE', 'UNLOAD', 'UPDATE', 'USE', <query>";

/// First words of statements that are in the language but are not executed by this front end.
const OTHER_STATEMENTS: &[&str] = &[
    "ANALYZE", "CALL", "COMMENT", "COMMIT", "DELETE", "DENY", "DESC", "DESCRIBE", "GRANT", "MERGE",
    "MSCK", "OPTIMIZE", "REFRESH", "RESET", "REVOKE", "ROLLBACK", "SET", "START", "TRUNCATE",
    "UPDATE", "USE", "VACUUM",
];

/// Second words of statements that Hive's side executes, or nobody does: after the first word these
/// are possible in Trino's grammar (414, and Athena's `MULTI` and `PROTECTED`, measured).
const SECOND_WORDS: &[(&str, &[&str])] = &[
    ("ALTER", &["MATERIALIZED", "SCHEMA", "TABLE", "VIEW"]),
    (
        "CREATE",
        &[
            "MATERIALIZED",
            "MULTI",
            "OR",
            "PROTECTED",
            "ROLE",
            "SCHEMA",
            "TABLE",
            "VIEW",
        ],
    ),
    ("DROP", &["MATERIALIZED", "ROLE", "SCHEMA", "TABLE", "VIEW"]),
    (
        "SHOW",
        &[
            "CATALOGS",
            "COLUMNS",
            "CREATE",
            "CURRENT",
            "FUNCTIONS",
            "GRANT",
            "ROLE",
            "ROLES",
            "SCHEMAS",
            "SESSION",
            "STATS",
            "TABLES",
        ],
    ),
];

impl Parser {
    pub(super) fn statement(&mut self) -> Parsed<Statement> {
        let first = self.peek().clone();
        let word = match first.kind {
            Kind::Word => first.text.to_ascii_uppercase(),
            _ => String::new(),
        };
        match word.as_str() {
            "EXPLAIN" => return self.nested(Self::explain),
            "CREATE" => return self.create(),
            "DROP" => return self.drop(),
            "INSERT" => return self.insert(),
            "UNLOAD" => return self.unload(),
            "PREPARE" => return self.nested(Self::prepare),
            "EXECUTE" => return self.execute(),
            "DEALLOCATE" => return self.deallocate(),
            "ALTER" | "SHOW" => return self.of_two_words(),
            _ => {}
        }
        if OTHER_STATEMENTS.contains(&word.as_str()) {
            return Ok(self.unsupported(word, first.pos));
        }
        let starts_query =
            ["SELECT", "WITH", "VALUES", "TABLE"].contains(&word.as_str()) || first.is_symbol("(");
        if !starts_query {
            return Err(SyntaxError::new(
                first.pos,
                format!(
                    "mismatched input '{}'. Expecting: {STATEMENT_STARTS}",
                    first.text
                ),
            ));
        }
        Ok(Statement::Query(Box::new(self.query()?)))
    }

    /// The rest is not looked at.
    fn unsupported(&mut self, what: impl Into<String>, pos: Pos) -> Statement {
        self.at = self.tokens.len().saturating_sub(1);
        Statement::Unsupported {
            what: what.into(),
            pos,
        }
    }

    /// A statement of which only the first two words matter here.
    fn of_two_words(&mut self) -> Parsed<Statement> {
        let first = self.next();
        let word = first.text.to_ascii_uppercase();
        let second = self.second_word(&word)?;
        Ok(self.unsupported(format!("{word} {second}"), first.pos))
    }

    /// The second word, if the grammar has it after the first.
    fn second_word(&mut self, first: &str) -> Parsed<String> {
        let possible = SECOND_WORDS
            .iter()
            .find(|(word, _)| *word == first)
            .map_or(&[] as &[&str], |(_, possible)| possible);
        for word in possible {
            if self.at_word(word) {
                return Ok((*word).to_owned());
            }
        }
        Err(self.mismatch())
    }

    fn create(&mut self) -> Parsed<Statement> {
        let start = self.next();
        let second = self.second_word("CREATE")?;
        let mut replace = false;
        if second == "OR" {
            self.next();
            self.expect("REPLACE")?;
            replace = true;
            // `CREATE OR REPLACE TABLE` is no statement of Athena's (measured).
            for word in ["MATERIALIZED", "MULTI", "PROTECTED"] {
                if self.at_word(word) {
                    return Ok(self.unsupported(format!("CREATE {word} VIEW"), start.pos));
                }
            }
            self.expect("VIEW")?;
            return self.create_view(replace, start.pos);
        }
        match second.as_str() {
            "VIEW" => {
                self.next();
                self.create_view(replace, start.pos)
            }
            "TABLE" => {
                self.next();
                self.create_table_as(start.pos)
            }
            other => Ok(self.unsupported(format!("CREATE {other}"), start.pos)),
        }
    }

    fn create_view(&mut self, replace: bool, pos: Pos) -> Parsed<Statement> {
        let name = self.name()?;
        let comment = self.comment()?;
        let mut security = None;
        if self.accept("SECURITY") {
            let definer = self.accept("DEFINER");
            if !definer {
                self.expect("INVOKER")?;
            }
            security = Some(if definer { "DEFINER" } else { "INVOKER" }.to_owned());
        }
        self.expect("AS")?;
        let query = self.query()?;
        Ok(Statement::CreateView(Box::new(CreateView {
            replace,
            name,
            comment,
            security,
            query,
            pos,
        })))
    }

    fn comment(&mut self) -> Parsed<Option<String>> {
        self.accept("COMMENT").then(|| self.text()).transpose()
    }

    fn create_table_as(&mut self, pos: Pos) -> Parsed<Statement> {
        let if_not_exists = self.accept("IF");
        if if_not_exists {
            self.expect("NOT")?;
            self.expect("EXISTS")?;
        }
        let name = self.name()?;
        let columns = if self.peek().is_symbol("(") {
            self.identifiers_in_parentheses()?
        } else {
            Vec::new()
        };
        let comment = self.comment()?;
        let properties = self.properties()?;
        self.expect("AS")?;
        let query = self.query()?;
        let mut with_data = true;
        if self.accept("WITH") {
            with_data = !self.accept("NO");
            self.expect("DATA")?;
        }
        Ok(Statement::CreateTableAs(Box::new(CreateTableAs {
            if_not_exists,
            name,
            columns,
            comment,
            properties,
            query,
            with_data,
            pos,
        })))
    }

    /// `[WITH (name = value, …)]`
    fn properties(&mut self) -> Parsed<Vec<Property>> {
        if !self.accept("WITH") {
            return Ok(Vec::new());
        }
        self.expect_symbol("(")?;
        let properties = self.separated(|parser| {
            let name = parser.identifier()?;
            parser.expect_symbol("=")?;
            let value = parser.expression()?;
            Ok(Property { name, value })
        })?;
        self.expect_symbol(")")?;
        Ok(properties)
    }

    fn drop(&mut self) -> Parsed<Statement> {
        let start = self.next();
        let second = self.second_word("DROP")?;
        if second != "VIEW" {
            return Ok(self.unsupported(format!("DROP {second}"), start.pos));
        }
        self.next();
        let if_exists = self.accept("IF");
        if if_exists {
            self.expect("EXISTS")?;
        }
        Ok(Statement::DropView {
            name: self.name()?,
            if_exists,
            pos: start.pos,
        })
    }

    fn insert(&mut self) -> Parsed<Statement> {
        let start = self.next();
        self.expect("INTO")?;
        let table = self.name()?;
        let listed = self.peek().is_symbol("(")
            && self.peek_at(1).is_some_and(|token| {
                Self::is_name(token)
                    && !["SELECT", "WITH", "TABLE"].iter().any(|w| token.is_word(w))
            });
        let columns = if listed {
            self.identifiers_in_parentheses()?
        } else {
            Vec::new()
        };
        let query = self.query()?;
        Ok(Statement::Insert(Box::new(Insert {
            table,
            columns,
            query,
            pos: start.pos,
        })))
    }

    fn unload(&mut self) -> Parsed<Statement> {
        let start = self.next();
        self.expect_symbol("(")?;
        let query = self.query()?;
        self.expect_symbol(")")?;
        self.expect("TO")?;
        let location = self.text()?;
        let properties = self.properties()?;
        Ok(Statement::Unload(Box::new(Unload {
            query,
            location,
            properties,
            pos: start.pos,
        })))
    }

    fn prepare(&mut self) -> Parsed<Statement> {
        self.next();
        let name = self.identifier()?;
        self.expect("FROM")?;
        let from = self.pos();
        let inner = self.statement()?;
        if matches!(
            inner,
            Statement::Prepare { .. } | Statement::Execute { .. } | Statement::Deallocate { .. }
        ) {
            return Err(SyntaxError::new(
                from,
                "Invalid statement type for prepared statement",
            ));
        }
        let to = self.pos();
        Ok(Statement::Prepare {
            name,
            text: self.source_between(from, to),
        })
    }

    /// The text from a place up to another, without the blanks at its end.
    fn source_between(&self, from: Pos, to: Pos) -> String {
        let (mut line, mut column) = (1, 1);
        let mut text = String::new();
        for c in self.source.chars() {
            if (line, column) >= (to.line, to.column) {
                break;
            }
            if (line, column) >= (from.line, from.column) {
                text.push(c);
            }
            if c == '\n' {
                (line, column) = (line + 1, 1);
            } else {
                column += 1;
            }
        }
        text.trim_end().to_owned()
    }

    fn execute(&mut self) -> Parsed<Statement> {
        self.next();
        let name = self.identifier()?;
        let parameters = if self.accept("USING") {
            self.separated(Self::expression)?
        } else {
            Vec::new()
        };
        Ok(Statement::Execute { name, parameters })
    }

    fn deallocate(&mut self) -> Parsed<Statement> {
        self.next();
        self.expect("PREPARE")?;
        Ok(Statement::Deallocate {
            name: self.identifier()?,
        })
    }

    fn explain(&mut self) -> Parsed<Statement> {
        let start = self.next();
        let analyze = self.accept("ANALYZE");
        let verbose = analyze && self.accept("VERBOSE");
        let (mut format, mut kind) = (None, None);
        let has_options = self.peek().is_symbol("(")
            && matches!(self.peek_at(1), Some(t) if t.is_word("FORMAT") || t.is_word("TYPE"));
        if has_options {
            self.next();
            loop {
                if self.accept("FORMAT") {
                    format = Some(self.explain_format()?);
                } else {
                    self.expect("TYPE")?;
                    kind = Some(self.explain_kind()?);
                }
                if !self.accept_symbol(",") {
                    break;
                }
            }
            self.expect_symbol(")")?;
        }
        let from = self.pos();
        match self.statement()? {
            Statement::Explain(_) => Err(SyntaxError::new(
                from,
                "mismatched input 'EXPLAIN'. Expecting: <query>",
            )),
            Statement::Unsupported { what, pos } => Ok(Statement::Unsupported {
                what: format!("EXPLAIN {what}"),
                pos,
            }),
            statement => Ok(Statement::Explain(Box::new(Explain {
                analyze,
                verbose,
                format,
                kind,
                statement,
                pos: start.pos,
            }))),
        }
    }

    fn explain_format(&mut self) -> Parsed<ExplainFormat> {
        use ExplainFormat::{Graphviz, Json, Text};
        for format in [Graphviz, Json, Text] {
            if self.accept(format.name()) {
                return Ok(format);
            }
        }
        Err(self.mismatch())
    }

    fn explain_kind(&mut self) -> Parsed<ExplainKind> {
        use ExplainKind::{Distributed, Io, Logical, Validate};
        for kind in [Distributed, Io, Logical, Validate] {
            if self.accept(kind.name()) {
                return Ok(kind);
            }
        }
        Err(self.mismatch())
    }
}
