//! Recursive descent over the tokens of one statement.
//!
//! Every test for a token records what was tested for; the error at the furthest token then lists it
//! (`mismatched input 'x'. Expecting: …`) the way Trino does. Nesting is bounded, so no text can
//! exhaust the stack.

mod expression;
mod json;
mod query;
mod statement;
mod type_name;

use std::collections::BTreeSet;

use super::ast::{Expression, Identifier, Name, Node, Pos, Statement, TypeName};
use super::error::SyntaxError;
use super::lexer::{self, Kind, Token};

/// Nesting of expressions and queries beyond which a statement is refused. Trino runs until its stack
/// overflows; this keeps analysis and planning well inside a 2 MiB stack.
const MAX_DEPTH: usize = 64;

/// How often `((` may be read twice, first as a query and then as a join: each retry can double the work.
const MAX_RETRIES: usize = 8;

/// Words that are never names without quotes (the reserved words of Trino's grammar).
const RESERVED: &[&str] = &[
    "ALTER",
    "AND",
    "AS",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "CONSTRAINT",
    "CREATE",
    "CROSS",
    "CUBE",
    "CURRENT_CATALOG",
    "CURRENT_DATE",
    "CURRENT_PATH",
    "CURRENT_ROLE",
    "CURRENT_SCHEMA",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "DEALLOCATE",
    "DELETE",
    "DESCRIBE",
    "DISTINCT",
    "DROP",
    "ELSE",
    "END",
    "ESCAPE",
    "EXCEPT",
    "EXECUTE",
    "EXISTS",
    "EXTRACT",
    "FALSE",
    "FOR",
    "FROM",
    "FULL",
    "GROUP",
    "GROUPING",
    "HAVING",
    "IN",
    "INNER",
    "INSERT",
    "INTERSECT",
    "INTO",
    "IS",
    "JOIN",
    "JSON_ARRAY",
    "JSON_EXISTS",
    "JSON_OBJECT",
    "JSON_QUERY",
    "JSON_VALUE",
    "LEFT",
    "LIKE",
    "LISTAGG",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "NATURAL",
    "NORMALIZE",
    "NOT",
    "NULL",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "PREPARE",
    "RECURSIVE",
    "RIGHT",
    "ROLLUP",
    "SELECT",
    "SKIP",
    "TABLE",
    "THEN",
    "TRIM",
    "TRUE",
    "UESCAPE",
    "UNION",
    "UNNEST",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
    "WITH",
];

/// Parses one statement; a semicolon may follow it.
pub fn parse_statement(sql: &str) -> Result<Statement, SyntaxError> {
    let mut parser = Parser::new(sql)?;
    let statement = parser.statement()?;
    parser.accept_symbol_silently(";");
    parser.end()?;
    Ok(statement)
}

/// How many question marks a statement has.
///
/// # Errors
/// As [`parse_statement`].
pub fn count_parameters(sql: &str) -> Result<usize, SyntaxError> {
    let mut parser = Parser::new(sql)?;
    parser.statement()?;
    Ok(parser.parameters)
}

/// Parses an expression that stands alone, such as an execution parameter.
pub fn parse_expression(sql: &str) -> Result<Expression, SyntaxError> {
    let mut parser = Parser::new(sql)?;
    let expression = parser.expression()?;
    parser.end()?;
    if parser.parameters > 0 {
        return Err(SyntaxError::new(
            expression.pos,
            "mismatched input '?'. Expecting: <expression>",
        ));
    }
    Ok(expression)
}

/// Parses a type that stands alone, such as that of a stored view's column.
pub fn parse_type(text: &str) -> Result<TypeName, SyntaxError> {
    let mut parser = Parser::new(text)?;
    let name = parser.type_name()?;
    parser.end()?;
    Ok(name)
}

/// Parser state: place, the furthest failure's expectations, nesting.
pub(super) struct Parser {
    source: String,
    tokens: Vec<Token>,
    at: usize,
    expected_at: usize,
    expected: BTreeSet<String>,
    depth: usize,
    parameters: usize,
    tried_relations: usize,
}

/// What parsing functions return.
pub(super) type Parsed<T> = Result<T, SyntaxError>;

impl Parser {
    fn new(sql: &str) -> Parsed<Self> {
        Ok(Self {
            source: sql.to_owned(),
            tokens: lexer::tokens(sql)?,
            at: 0,
            expected_at: 0,
            expected: BTreeSet::new(),
            depth: 0,
            parameters: 0,
            tried_relations: 0,
        })
    }

    fn end(&mut self) -> Parsed<()> {
        if self.peek().kind == Kind::End {
            return Ok(());
        }
        self.expect_note("<EOF>");
        Err(self.mismatch())
    }

    // --- tokens -----------------------------------------------------------------------------------

    fn peek(&self) -> &Token {
        static END: Token = Token {
            kind: Kind::End,
            text: String::new(),
            pos: Pos { line: 1, column: 1 },
            glued: false,
        };
        self.tokens
            .get(self.at)
            .or_else(|| self.tokens.last())
            .unwrap_or(&END)
    }

    fn peek_at(&self, offset: usize) -> Option<&Token> {
        self.tokens.get(self.at.saturating_add(offset))
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        if token.kind != Kind::End {
            self.at += 1;
        }
        token
    }

    fn pos(&self) -> Pos {
        self.peek().pos
    }

    fn expect_note(&mut self, what: &str) {
        if self.at > self.expected_at {
            self.expected_at = self.at;
            self.expected.clear();
        }
        if self.at == self.expected_at {
            self.expected.insert(what.to_string());
        }
    }

    /// Looks for a keyword and notes that it was possible here.
    fn at_word(&mut self, keyword: &str) -> bool {
        self.expect_note(&format!("'{keyword}'"));
        self.peek().is_word(keyword)
    }

    fn at_words(&self, keywords: &[&str]) -> bool {
        keywords
            .iter()
            .enumerate()
            .all(|(i, word)| self.peek_at(i).is_some_and(|t| t.is_word(word)))
    }

    fn accept(&mut self, keyword: &str) -> bool {
        let found = self.at_word(keyword);
        if found {
            self.at += 1;
        }
        found
    }

    fn expect(&mut self, keyword: &str) -> Parsed<()> {
        if self.accept(keyword) {
            Ok(())
        } else {
            Err(self.mismatch())
        }
    }

    fn accept_symbol(&mut self, symbol: &str) -> bool {
        self.expect_note(&format!("'{symbol}'"));
        self.accept_symbol_silently(symbol)
    }

    fn accept_symbol_silently(&mut self, symbol: &str) -> bool {
        let found = self.peek().is_symbol(symbol);
        if found {
            self.at += 1;
        }
        found
    }

    fn expect_symbol(&mut self, symbol: &str) -> Parsed<()> {
        if self.accept_symbol(symbol) {
            Ok(())
        } else {
            Err(self.mismatch())
        }
    }

    /// The error at the current token, listing what was possible there.
    fn mismatch(&mut self) -> SyntaxError {
        let token = self.peek().clone();
        match token.kind {
            Kind::Backquoted => {
                return SyntaxError::new(
                    token.pos,
                    "backquoted identifiers are not supported; use double quotes to quote identifiers",
                );
            }
            Kind::DigitWord => {
                return SyntaxError::new(
                    token.pos,
                    "identifiers must not start with a digit; surround the identifier with double quotes",
                );
            }
            _ => {}
        }
        let mut message = format!("mismatched input '{}'", token.text);
        if self.expected_at == self.at && !self.expected.is_empty() {
            // Trino sorts the texts with their quotes on, rules in angle brackets after the words.
            let all: Vec<_> = self.expected.iter().map(String::as_str).collect();
            message = format!("{message}. Expecting: {}", all.join(", "));
        }
        SyntaxError::new(token.pos, message)
    }

    /// Runs one level deeper, or refuses.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            return Err(self.too_large());
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn too_large(&self) -> SyntaxError {
        SyntaxError::new(
            self.pos(),
            "statement is too large (stack overflow while parsing)",
        )
    }

    // --- names ------------------------------------------------------------------------------------

    fn is_name(token: &Token) -> bool {
        match token.kind {
            Kind::Word => !RESERVED
                .iter()
                .any(|word| word.eq_ignore_ascii_case(&token.text)),
            Kind::Quoted(_) => true,
            _ => false,
        }
    }

    fn at_name(&mut self) -> bool {
        self.expect_note("<identifier>");
        Self::is_name(self.peek())
    }

    fn identifier(&mut self) -> Parsed<Identifier> {
        if !self.at_name() {
            return Err(self.mismatch());
        }
        let token = self.next();
        Ok(match token.kind {
            Kind::Quoted(value) => Identifier {
                value,
                quoted: true,
                pos: token.pos,
            },
            _ => Identifier {
                value: token.text,
                quoted: false,
                pos: token.pos,
            },
        })
    }

    fn name(&mut self) -> Parsed<Name> {
        let mut name = vec![self.identifier()?];
        while self.accept_symbol(".") {
            name.push(self.identifier()?);
        }
        Ok(name)
    }

    fn identifiers_in_parentheses(&mut self) -> Parsed<Vec<Identifier>> {
        self.expect_symbol("(")?;
        let names = self.separated(Self::identifier)?;
        self.expect_symbol(")")?;
        Ok(names)
    }

    fn separated<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.accept_symbol(",") {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn text(&mut self) -> Parsed<String> {
        self.expect_note("<string>");
        match self.peek().kind.clone() {
            Kind::Text(value) => {
                self.next();
                Ok(value)
            }
            _ => Err(self.mismatch()),
        }
    }

    fn node(pos: Pos, kind: Node) -> Expression {
        Expression { kind, pos }
    }
}

#[cfg(test)]
mod tests;
