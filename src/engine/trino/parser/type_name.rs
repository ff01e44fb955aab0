//! Types as they are written in casts and literals.

use super::super::ast::TypeName;
use super::super::lexer::Kind;
use super::{Parsed, Parser};

impl Parser {
    pub(super) fn type_name(&mut self) -> Parsed<TypeName> {
        self.nested(Self::type_name_here)
    }

    fn type_name_here(&mut self) -> Parsed<TypeName> {
        let mut type_name = self.type_primary()?;
        let mut links = 0;
        while self.at_words(&["ARRAY"]) {
            self.next();
            if self.accept_symbol("[") {
                self.number()?;
                self.expect_symbol("]")?;
            }
            links += 1;
            if links > super::MAX_DEPTH {
                return Err(self.too_large());
            }
            type_name = TypeName {
                base: "array".into(),
                numbers: Vec::new(),
                pos: type_name.pos,
                inner: vec![(None, type_name)],
            };
        }
        Ok(type_name)
    }

    fn type_primary(&mut self) -> Parsed<TypeName> {
        self.expect_note("<type>");
        let token = self.peek().clone();
        if !Self::is_name(&token) {
            return Err(self.mismatch());
        }
        let mut type_name = TypeName {
            base: match &token.kind {
                Kind::Quoted(name) => name.to_lowercase(),
                _ => token.text.to_lowercase(),
            },
            numbers: Vec::new(),
            inner: Vec::new(),
            pos: token.pos,
        };
        self.next();
        match type_name.base.as_str() {
            "row" => {
                self.expect_symbol("(")?;
                type_name.inner = self.separated(Self::row_field)?;
                self.expect_symbol(")")?;
            }
            "array" | "map" if self.peek().is_symbol("<") => {
                self.next();
                type_name.inner = self.separated(|p| Ok((None, p.type_name()?)))?;
                self.expect_symbol(">")?;
            }
            "double" => {
                if self.peek().is_word("PRECISION") {
                    self.next();
                }
            }
            "interval" => {
                let from = self.next().text.to_lowercase();
                self.expect("TO")?;
                let to = self.next().text.to_lowercase();
                type_name.base = format!("interval {from} to {to}");
            }
            "time" | "timestamp" => {
                self.type_numbers(&mut type_name)?;
                if self.at_words(&["WITH", "TIME", "ZONE"]) {
                    type_name.base.push_str(" with time zone");
                    self.at += 3;
                } else if self.at_words(&["WITHOUT", "TIME", "ZONE"]) {
                    self.at += 3;
                }
            }
            _ => self.type_parameters(&mut type_name)?,
        }
        Ok(type_name)
    }

    fn row_field(&mut self) -> Parsed<(Option<super::Identifier>, TypeName)> {
        // `a integer` has a name, `integer` has none: a name is followed by a type.
        let named = Self::is_name(self.peek())
            && self.peek_at(1).is_some_and(Self::is_name)
            && !self.at_words(&["DOUBLE", "PRECISION"])
            && !self.peek_at(1).is_some_and(|t| {
                t.is_word("ARRAY")
                    && !self
                        .peek_at(2)
                        .is_some_and(|t| t.is_symbol("(") || t.is_symbol("<"))
            })
            && !self.at_words(&["INTERVAL", "YEAR"])
            && !self.at_words(&["INTERVAL", "DAY"])
            && !self.at_words(&["TIMESTAMP", "WITHOUT"])
            && !self.at_words(&["TIME", "WITHOUT"]);
        let name = if named {
            Some(self.identifier()?)
        } else {
            None
        };
        Ok((name, self.type_name()?))
    }

    fn number(&mut self) -> Parsed<u32> {
        self.expect_note("<integer>");
        let token = self.peek().clone();
        match (token.kind, token.text.parse()) {
            (Kind::Integer, Ok(number)) => {
                self.next();
                Ok(number)
            }
            _ => Err(self.mismatch()),
        }
    }

    fn type_numbers(&mut self, type_name: &mut TypeName) -> Parsed<()> {
        if self.accept_symbol("(") {
            type_name.numbers = self.separated(Self::number)?;
            self.expect_symbol(")")?;
        }
        Ok(())
    }

    fn type_parameters(&mut self, type_name: &mut TypeName) -> Parsed<()> {
        if !self.peek().is_symbol("(") {
            return Ok(());
        }
        if self.peek_at(1).is_some_and(|t| t.kind == Kind::Integer) {
            return self.type_numbers(type_name);
        }
        self.next();
        type_name.inner = self.separated(|p| Ok((None, p.type_name()?)))?;
        self.expect_symbol(")")
    }
}
