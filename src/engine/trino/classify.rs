//! What kind of statement a text is, by its leading words: Athena reports it before it understands
//! the rest (`StatementType` and `SubstatementType` of `GetQueryExecution`).

use super::lexer::{self, Token};

/// `StatementType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementType {
    /// Definitions.
    Ddl,
    /// Queries and changes of data.
    Dml,
    /// SHOW and DESCRIBE.
    Utility,
}

impl StatementType {
    /// As the API writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ddl => "DDL",
            Self::Dml => "DML",
            Self::Utility => "UTILITY",
        }
    }
}

/// Which of Athena's two parsers a statement belongs to, and what it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// `StatementType`.
    pub statement_type: StatementType,
    /// `SubstatementType`.
    pub substatement_type: &'static str,
    /// Whether the Hive parser reads it (backquotes allowed, double quotes not).
    pub hive: bool,
}

/// Leading words → type, subtype, Hive's or not; the first row that fits wins. `*` skips one word,
/// `…` any number of them.
const CLASSES: &[(&str, StatementType, &str, bool)] = &[
    ("SELECT", StatementType::Dml, "SELECT", false),
    ("WITH", StatementType::Dml, "SELECT", false),
    ("VALUES", StatementType::Dml, "SELECT", false),
    ("TABLE", StatementType::Dml, "SELECT", false),
    ("(", StatementType::Dml, "SELECT", false),
    ("EXPLAIN", StatementType::Dml, "EXPLAIN", false),
    ("INSERT", StatementType::Dml, "INSERT", false),
    ("UPDATE", StatementType::Dml, "UPDATE", false),
    ("DELETE", StatementType::Dml, "DELETE", false),
    ("MERGE", StatementType::Dml, "MERGE", false),
    ("UNLOAD", StatementType::Dml, "UNLOAD", false),
    ("VACUUM", StatementType::Dml, "VACUUM_TABLE", false),
    ("OPTIMIZE", StatementType::Ddl, "OPTIMIZE", false),
    ("PREPARE", StatementType::Utility, "PREPARE", false),
    ("EXECUTE", StatementType::Dml, "EXECUTE", false),
    ("DEALLOCATE", StatementType::Utility, "DEALLOCATE", false),
    (
        "CREATE OR REPLACE VIEW",
        StatementType::Ddl,
        "CREATE_VIEW",
        false,
    ),
    ("CREATE VIEW", StatementType::Ddl, "CREATE_VIEW", false),
    (
        "CREATE DATABASE",
        StatementType::Ddl,
        "CREATE_DATABASE",
        true,
    ),
    ("CREATE SCHEMA", StatementType::Ddl, "CREATE_DATABASE", true),
    (
        "CREATE EXTERNAL TABLE",
        StatementType::Ddl,
        "CREATE_TABLE",
        true,
    ),
    ("CREATE TABLE", StatementType::Ddl, "CREATE_TABLE", true),
    ("DROP DATABASE", StatementType::Ddl, "DROP_DATABASE", true),
    ("DROP SCHEMA", StatementType::Ddl, "DROP_DATABASE", true),
    ("DROP TABLE", StatementType::Ddl, "DROP_TABLE", true),
    ("DROP VIEW", StatementType::Ddl, "DROP_VIEW", false),
    ("MSCK REPAIR", StatementType::Ddl, "MSCK_REPAIR", true),
    ("ALTER DATABASE", StatementType::Ddl, "ALTER_DATABASE", true),
    ("ALTER SCHEMA", StatementType::Ddl, "ALTER_DATABASE", true),
    (
        "ALTER TABLE … ADD PARTITION",
        StatementType::Ddl,
        "ALTER_TABLE_ADD_PARTITION",
        true,
    ),
    (
        "ALTER TABLE … ADD IF NOT EXISTS PARTITION",
        StatementType::Ddl,
        "ALTER_TABLE_ADD_PARTITION",
        true,
    ),
    (
        "ALTER TABLE … DROP PARTITION",
        StatementType::Ddl,
        "ALTER_TABLE_DROP_PARTITION",
        true,
    ),
    (
        "ALTER TABLE … DROP IF EXISTS PARTITION",
        StatementType::Ddl,
        "ALTER_TABLE_DROP_PARTITION",
        true,
    ),
    (
        "ALTER TABLE … RENAME TO PARTITION",
        StatementType::Ddl,
        "ALTER_TABLE_RENAME_PARTITION",
        true,
    ),
    (
        "ALTER TABLE … ADD COLUMNS",
        StatementType::Ddl,
        "ALTER_TABLE_ADD_COLUMN",
        true,
    ),
    (
        "ALTER TABLE … REPLACE COLUMNS",
        StatementType::Ddl,
        "ALTER_TABLE_REPLACE_COLUMN",
        true,
    ),
    (
        "ALTER TABLE … SET LOCATION",
        StatementType::Ddl,
        "ALTER_TABLE_SET_LOCATION",
        true,
    ),
    (
        "ALTER TABLE … SET TBLPROPERTIES",
        StatementType::Ddl,
        "ALTER_TABLE_PROPERTIES",
        true,
    ),
    (
        "ALTER TABLE … RENAME TO",
        StatementType::Ddl,
        "ALTER_TABLE_RENAME",
        true,
    ),
    ("ALTER TABLE", StatementType::Ddl, "ALTER_TABLE", true),
    (
        "SHOW CREATE VIEW",
        StatementType::Utility,
        "SHOW_CREATE_VIEW",
        true,
    ),
    (
        "SHOW CREATE TABLE",
        StatementType::Utility,
        "SHOW_CREATE_TABLE",
        true,
    ),
    ("SHOW COLUMNS", StatementType::Utility, "SHOW_COLUMNS", true),
    (
        "SHOW DATABASES",
        StatementType::Utility,
        "SHOW_DATABASES",
        true,
    ),
    (
        "SHOW SCHEMAS",
        StatementType::Utility,
        "SHOW_DATABASES",
        true,
    ),
    (
        "SHOW PARTITIONS",
        StatementType::Utility,
        "SHOW_PARTITIONS",
        true,
    ),
    ("SHOW TABLES", StatementType::Utility, "SHOW_TABLES", true),
    (
        "SHOW TBLPROPERTIES",
        StatementType::Utility,
        "SHOW_TABLE_PROPERTIES",
        true,
    ),
    ("SHOW VIEWS", StatementType::Utility, "SHOW_VIEWS", true),
    (
        "SHOW FUNCTIONS",
        StatementType::Utility,
        "SHOW_FUNCTIONS",
        false,
    ),
    ("DESCRIBE", StatementType::Utility, "DESCRIBE_TABLE", true),
    ("DESC", StatementType::Utility, "DESCRIBE_TABLE", true),
];

/// The class of a text, or `None` when no statement of Athena starts like it.
pub fn classify(sql: &str) -> Option<Class> {
    let tokens = lexer::tokens(sql).ok()?;
    let (_, statement_type, substatement_type, hive) = CLASSES
        .iter()
        .find(|(words, ..)| starts(&tokens, &words.split(' ').collect::<Vec<_>>()))?;
    let class = Class {
        statement_type: *statement_type,
        substatement_type,
        hive: *hive,
    };
    if class.substatement_type == "CREATE_TABLE" && is_ctas(&tokens) {
        return Some(Class {
            statement_type: StatementType::Ddl,
            substatement_type: "CREATE_TABLE_AS_SELECT",
            hive: false,
        });
    }
    Some(class)
}

fn starts(tokens: &[Token], words: &[&str]) -> bool {
    match (words.split_first(), tokens.split_first()) {
        (None, _) => true,
        (Some((&"…", rest)), _) => {
            (0..tokens.len()).any(|skip| tokens.get(skip..).is_some_and(|tail| starts(tail, rest)))
        }
        (Some((word, rest)), Some((token, tail))) => {
            (token.is_word(word) || token.is_symbol(word)) && starts(tail, rest)
        }
        (Some(_), None) => false,
    }
}

/// `CREATE TABLE … AS query`: an AS outside all parentheses, with a query after it.
fn is_ctas(tokens: &[Token]) -> bool {
    let mut depth = 0_i32;
    tokens.windows(2).any(|pair| {
        let [token, next] = pair else { return false };
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth -= 1;
        }
        depth == 0
            && token.is_word("AS")
            && (next.is_symbol("(")
                || ["SELECT", "WITH", "VALUES", "TABLE"]
                    .iter()
                    .any(|w| next.is_word(w)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &str, expected: Option<&str>) {
        let class =
            classify(sql).map(|c| format!("{} {}", c.statement_type.name(), c.substatement_type));
        assert_eq!(class.as_deref(), expected, "{sql}");
    }

    #[test]
    fn leading_words_decide_after_comments() {
        check("SELECT(1)", Some("DML SELECT"));
        check(
            "-- c\n/* d */ with a as (select 1) table a",
            Some("DML SELECT"),
        );
        check("(SELECT 1)", Some("DML SELECT"));
        check("explain select 1", Some("DML EXPLAIN"));
        check(
            "create table t with (format = 'PARQUET') as select 1 a",
            Some("DDL CREATE_TABLE_AS_SELECT"),
        );
        check(
            "CREATE EXTERNAL TABLE `t` (`a` int)",
            Some("DDL CREATE_TABLE"),
        );
        check(
            "ALTER TABLE db.t ADD IF NOT EXISTS PARTITION (dt='1')",
            Some("DDL ALTER_TABLE_ADD_PARTITION"),
        );
        check(
            "create database `x`  comment '';",
            Some("DDL CREATE_DATABASE"),
        );
        check("SHOW TABLES IN d", Some("UTILITY SHOW_TABLES"));
        check("desc t", Some("UTILITY DESCRIBE_TABLE"));
        check("SELEC 1", None);
        check("", None);
    }
}
