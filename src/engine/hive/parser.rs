//! Tokens into statements, by recursive descent.

use super::ast::{Alteration, Detail, PartitionSpec, Properties, Statement, TableName};
use super::error::{HiveError, Result};
use super::lexer::{Kind, Token, tokens};

/// Words that are names only in backquotes. "Reserved keywords in DDL statements", Athena guide.
const RESERVED: &str = " ALL ALTER AND ARRAY AS AUTHORIZATION BETWEEN BIGINT BINARY BOOLEAN BOTH BY CASE \
    CASHE CAST CHAR COLUMN COMMIT CONF CONSTRAINT CREATE CROSS CUBE CURRENT CURRENT_DATE \
    CURRENT_TIMESTAMP CURSOR DATABASE DATE DAYOFWEEK DECIMAL DELETE DESCRIBE DISTINCT DIV DOUBLE DROP ELSE \
    END EXCHANGE EXISTS EXTENDED EXTERNAL EXTRACT FALSE FETCH FLOAT FLOOR FOLLOWING FOR FOREIGN FROM FULL \
    FUNCTION GRANT GROUP GROUPING HAVING IF IMPORT IN INNER INSERT INT INTEGER INTERSECT INTERVAL INTO IS \
    JOIN LATERAL LEFT LESS LIKE LOCAL MACRO MAP MORE NONE NOT NULL NUMERIC OF ON ONLY OR ORDER OUT OUTER \
    OVER PARTIALSCAN PARTITION PERCENT PRECEDING PRECISION PRESERVE PRIMARY PROCEDURE RANGE READS REDUCE \
    REFERENCES REGEXP REVOKE RIGHT RLIKE ROLLBACK ROLLUP ROW ROWS SELECT SET SMALLINT START TABLE \
    TABLESAMPLE THEN TIME TIMESTAMP TO TRANSFORM TRIGGER TRUE TRUNCATE UNBOUNDED UNION UNIQUEJOIN UPDATE \
    USER USING UTC_TIMESTAMP VALUES VARCHAR VIEWS WHEN WHERE WINDOW WITH ";

pub(super) struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

/// Parses one statement; a semicolon may end it.
pub(super) fn parse(sql: &str) -> Result<Statement> {
    let mut parser = Parser {
        tokens: tokens(sql),
        at: 0,
    };
    let statement = parser.statement()?;
    if !matches!(statement, Statement::Unsupported(_)) {
        parser.symbol(';');
        if parser.token(0).is_some_and(|t| t.kind != Kind::End) {
            return Err(parser.unexpected());
        }
    }
    match statement {
        Statement::Unsupported(what) => Err(HiveError::Unsupported(what.to_owned())),
        statement => Ok(statement),
    }
}

impl Parser {
    pub(super) fn token(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).or(self.tokens.last())
    }

    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    /// The error of not knowing what to do with the token at hand: names it and the next two.
    pub(super) fn unexpected(&self) -> HiveError {
        let near: Vec<String> = (0..3)
            .filter_map(|ahead| self.token(ahead))
            .map(|token| format!("'{}'", token.text))
            .collect();
        let (line, column) = self.token(0).map_or((1, 0), |t| (t.line, t.column));
        HiveError::Parse {
            line,
            column,
            message: format!("cannot recognize input near {}", near.join(" ")),
            quoted_name: false,
        }
    }

    fn is_at(&self, words: &str) -> bool {
        words
            .split(' ')
            .enumerate()
            .all(|(ahead, word)| self.token(ahead).is_some_and(|t| t.is_word(word)))
    }

    /// Takes these words if they come next.
    pub(super) fn words(&mut self, words: &str) -> bool {
        let found = self.is_at(words);
        if found {
            self.at += words.split(' ').count();
        }
        found
    }

    pub(super) fn expect(&mut self, words: &str) -> Result<()> {
        for word in words.split(' ') {
            if !self.words(word) {
                return Err(self.unexpected());
            }
        }
        Ok(())
    }

    pub(super) fn symbol(&mut self, symbol: char) -> bool {
        let found = self.token(0).is_some_and(|t| t.is_symbol(symbol));
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn expect_symbol(&mut self, symbol: char) -> Result<()> {
        if self.symbol(symbol) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    pub(super) fn name(&mut self) -> Result<String> {
        let mut error = self.unexpected();
        let Some(token) = self.token(0) else {
            return Err(error);
        };
        let name = match &token.kind {
            Kind::Name(name) if !name.is_empty() => name.clone(),
            Kind::Word if !RESERVED.contains(&format!(" {} ", token.text.to_ascii_uppercase())) => {
                token.text.clone()
            }
            _ => {
                if token.is_double_quoted()
                    && let HiveError::Parse { quoted_name, .. } = &mut error
                {
                    *quoted_name = true;
                }
                return Err(error);
            }
        };
        self.advance();
        Ok(name.to_lowercase())
    }

    pub(super) fn text(&mut self) -> Result<String> {
        match self.token(0).map(|t| t.kind.clone()) {
            Some(Kind::Text(text)) => {
                self.advance();
                Ok(text)
            }
            _ => Err(self.unexpected()),
        }
    }

    pub(super) fn number(&mut self) -> Result<i32> {
        let number = self.token(0).and_then(|t| t.text.parse().ok());
        match number {
            Some(number) => {
                self.advance();
                Ok(number)
            }
            None => Err(self.unexpected()),
        }
    }

    /// `[database.]table`. A database and table in one pair of backquotes are one name to Hive.
    pub(super) fn table_name(&mut self) -> Result<TableName> {
        let first = self.name()?;
        if self.symbol('.') {
            return Ok(TableName {
                database: Some(first),
                table: self.name()?,
            });
        }
        Ok(TableName {
            database: None,
            table: first,
        })
    }

    /// The same for a view; its name may stand in double quotes, too (measured on Athena).
    fn view_name(&mut self) -> Result<TableName> {
        let mut parts = vec![self.view_part()?];
        while self.symbol('.') {
            parts.push(self.view_part()?);
        }
        let table = parts.pop().unwrap_or_default();
        Ok(TableName {
            database: parts.pop(),
            table,
        })
    }

    fn view_part(&mut self) -> Result<String> {
        match self.token(0) {
            Some(token) if token.is_double_quoted() => Ok(self.text()?.to_lowercase()),
            _ => self.name(),
        }
    }

    pub(super) fn list<T>(&mut self, item: fn(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.expect_symbol('(')?;
        let mut items = vec![item(self)?];
        while self.symbol(',') {
            items.push(item(self)?);
        }
        self.expect_symbol(')')?;
        Ok(items)
    }

    pub(super) fn properties(&mut self) -> Result<Properties> {
        self.list(|parser| {
            let key = parser.text()?;
            parser.expect_symbol('=')?;
            Ok((key, parser.text()?))
        })
    }

    /// `(column = value, …)`; values are texts or bare numbers.
    fn partition_spec(&mut self) -> Result<PartitionSpec> {
        self.list(|parser| {
            let column = parser.name()?;
            parser.expect_symbol('=')?;
            let minus = if parser.symbol('-') { "-" } else { "" };
            let token = parser.token(0).cloned();
            match token.map(|token| (token.kind, token.text)) {
                Some((Kind::Text(text), _)) if minus.is_empty() => {
                    parser.advance();
                    Ok((column, text))
                }
                Some((Kind::Word, digits)) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                    parser.advance();
                    Ok((column, format!("{minus}{digits}")))
                }
                _ => Err(parser.unexpected()),
            }
        })
    }

    fn statement(&mut self) -> Result<Statement> {
        if self.words("CREATE") {
            if self.words("DATABASE") || self.words("SCHEMA") {
                return self.create_database();
            }
            return self.create_table();
        }
        if self.words("DROP") {
            return self.drop();
        }
        if self.words("ALTER TABLE") {
            return self.alter_table();
        }
        if self.is_at("ALTER DATABASE") || self.is_at("ALTER SCHEMA") {
            return Ok(Statement::Unsupported("ALTER DATABASE"));
        }
        if self.words("MSCK") {
            self.expect("REPAIR TABLE")?;
            return Ok(Statement::RepairTable(self.table_name()?));
        }
        if self.words("SHOW") {
            return self.show();
        }
        if self.words("DESCRIBE") || self.words("DESC") {
            return self.describe();
        }
        Err(self.unexpected())
    }

    fn create_database(&mut self) -> Result<Statement> {
        let if_not_exists = self.words("IF NOT EXISTS");
        let name = self.name()?;
        let comment = self.words("COMMENT").then(|| self.text()).transpose()?;
        let location = self.words("LOCATION").then(|| self.text()).transpose()?;
        let properties = self
            .words("WITH DBPROPERTIES")
            .then(|| self.properties())
            .transpose()?;
        Ok(Statement::CreateDatabase {
            if_not_exists,
            name,
            comment,
            location,
            properties: properties.unwrap_or_default(),
        })
    }

    fn drop(&mut self) -> Result<Statement> {
        if self.words("TABLE") {
            return Ok(Statement::DropTable {
                if_exists: self.words("IF EXISTS"),
                name: self.table_name()?,
            });
        }
        if !self.words("DATABASE") && !self.words("SCHEMA") {
            return Err(self.unexpected());
        }
        let if_exists = self.words("IF EXISTS");
        let name = self.name()?;
        let cascade = self.words("CASCADE");
        if !cascade {
            self.words("RESTRICT");
        }
        Ok(Statement::DropDatabase {
            if_exists,
            name,
            cascade,
        })
    }

    fn alter_table(&mut self) -> Result<Statement> {
        let name = self.table_name()?;
        if self.words("RENAME TO") || self.is_at("CHANGE") || self.is_at("DROP COLUMN") {
            return Ok(Statement::Unsupported(
                "ALTER TABLE RENAME TO, CHANGE COLUMN or DROP COLUMN (Iceberg tables)",
            ));
        }
        let alteration = if self.words("PARTITION") {
            let from = self.partition_spec()?;
            if self.words("SET LOCATION") {
                Alteration::SetLocation {
                    partition: Some(from),
                    location: self.text()?,
                }
            } else {
                self.expect("RENAME TO PARTITION")?;
                let to = self.partition_spec()?;
                Alteration::RenamePartition { from, to }
            }
        } else if self.words("ADD COLUMNS") {
            Alteration::AddColumns(self.list(Self::column)?)
        } else if self.words("REPLACE COLUMNS") {
            Alteration::ReplaceColumns(self.list(Self::column)?)
        } else if self.words("SET LOCATION") {
            Alteration::SetLocation {
                partition: None,
                location: self.text()?,
            }
        } else if self.words("SET TBLPROPERTIES") {
            Alteration::SetProperties(self.properties()?)
        } else if self.words("ADD") {
            self.add_partitions()?
        } else {
            self.expect("DROP")?;
            self.drop_partitions()?
        };
        Ok(Statement::AlterTable { name, alteration })
    }

    fn add_partitions(&mut self) -> Result<Alteration> {
        let if_not_exists = self.words("IF NOT EXISTS");
        let mut partitions = Vec::new();
        while partitions.is_empty() || self.is_at("PARTITION") {
            self.expect("PARTITION")?;
            let spec = self.partition_spec()?;
            let location = self.words("LOCATION").then(|| self.text()).transpose()?;
            partitions.push((spec, location));
        }
        Ok(Alteration::AddPartitions {
            if_not_exists,
            partitions,
        })
    }

    fn drop_partitions(&mut self) -> Result<Alteration> {
        let if_exists = self.words("IF EXISTS");
        let mut specs = Vec::new();
        while specs.is_empty() || self.symbol(',') {
            self.expect("PARTITION")?;
            specs.push(self.partition_spec()?);
        }
        Ok(Alteration::DropPartitions { if_exists, specs })
    }

    fn show(&mut self) -> Result<Statement> {
        if self.words("DATABASES") || self.words("SCHEMAS") {
            let pattern = self.words("LIKE").then(|| self.text()).transpose()?;
            return Ok(Statement::ShowDatabases(pattern));
        }
        let views = self.is_at("VIEWS");
        if self.words("TABLES") || self.words("VIEWS") {
            let database = (self.words("IN") || self.words("FROM"))
                .then(|| self.name())
                .transpose()?;
            let like = self.words("LIKE");
            let is_text = self
                .token(0)
                .is_some_and(|t| matches!(t.kind, Kind::Text(_)));
            let pattern = (like || is_text).then(|| self.text()).transpose()?;
            return Ok(Statement::ShowTables {
                views,
                database,
                pattern,
            });
        }
        if self.words("COLUMNS") {
            if !self.words("IN") {
                self.expect("FROM")?;
            }
            let mut name = self.table_name()?;
            if self.words("IN") || self.words("FROM") {
                name.database = Some(self.name()?);
            }
            return Ok(Statement::ShowColumns(name));
        }
        if self.words("PARTITIONS") {
            return Ok(Statement::ShowPartitions(self.table_name()?));
        }
        if self.words("TBLPROPERTIES") {
            let name = self.table_name()?;
            let keyed = self.symbol('(');
            let key = keyed.then(|| self.text()).transpose()?;
            if keyed {
                self.expect_symbol(')')?;
            }
            return Ok(Statement::ShowProperties { name, key });
        }
        if self.words("CREATE TABLE") {
            return Ok(Statement::ShowCreateTable(self.table_name()?));
        }
        if self.words("CREATE VIEW") {
            return Ok(Statement::ShowCreateView(self.view_name()?));
        }
        Err(self.unexpected())
    }

    fn describe(&mut self) -> Result<Statement> {
        let detail = if self.words("FORMATTED") {
            Detail::Formatted
        } else if self.words("EXTENDED") {
            Detail::Extended
        } else {
            Detail::Columns
        };
        let name = self.table_name()?;
        let at_end = self
            .token(0)
            .is_some_and(|t| t.kind == Kind::End || t.is_symbol(';'));
        if !at_end && (self.is_at("PARTITION") || self.name().is_ok()) {
            return Ok(Statement::Unsupported("DESCRIBE of a partition or column"));
        }
        if detail == Detail::Extended {
            return Ok(Statement::Unsupported("DESCRIBE EXTENDED"));
        }
        Ok(Statement::Describe { name, detail })
    }
}
