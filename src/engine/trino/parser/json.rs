//! SQL/JSON functions, and LISTAGG: calls with words of their own between the arguments.

use super::super::ast::{
    Call, Expression, Identifier, JsonBehavior, JsonInput, JsonMaker, JsonPathCall,
    JsonPathFunction, Node, Pos, TypeName,
};
use super::super::lexer::Kind;
use super::{Parsed, Parser};

impl Parser {
    fn json_input(&mut self) -> Parsed<JsonInput> {
        let value = self.expression()?;
        Ok(JsonInput {
            value,
            format: self.json_format()?,
        })
    }

    fn json_format(&mut self) -> Parsed<Option<String>> {
        if !self.at_words(&["FORMAT"]) {
            return Ok(None);
        }
        self.next();
        self.expect("JSON")?;
        if !self.accept("ENCODING") {
            return Ok(Some(String::new()));
        }
        for encoding in ["UTF8", "UTF16", "UTF32"] {
            if self.accept(encoding) {
                return Ok(Some(encoding.into()));
            }
        }
        Err(self.mismatch())
    }

    fn json_returning(&mut self) -> Parsed<Option<(TypeName, Option<String>)>> {
        if !self.accept("RETURNING") {
            return Ok(None);
        }
        let ty = self.type_name()?;
        Ok(Some((ty, self.json_format()?)))
    }

    /// A behaviour that ends in `ON EMPTY` or `ON ERROR`; none if another word follows.
    fn json_behavior(&mut self, when: &str) -> Parsed<Option<JsonBehavior>> {
        let start = self.at;
        let behavior = if self.accept("ERROR") {
            JsonBehavior::Error
        } else if self.accept("NULL") || self.accept("UNKNOWN") {
            JsonBehavior::Null
        } else if self.accept("TRUE") {
            JsonBehavior::Boolean(true)
        } else if self.accept("FALSE") {
            JsonBehavior::Boolean(false)
        } else if self.accept("EMPTY") {
            if self.accept("OBJECT") {
                JsonBehavior::EmptyObject
            } else {
                self.accept("ARRAY");
                JsonBehavior::EmptyArray
            }
        } else if self.accept("DEFAULT") {
            JsonBehavior::Default(self.expression()?)
        } else {
            return Ok(None);
        };
        if self.at_words(&["ON", when]) {
            self.at += 2;
            return Ok(Some(behavior));
        }
        self.at = start;
        Ok(None)
    }

    /// From the name on.
    pub(super) fn json_path_call(&mut self, word: &str) -> Parsed<Node> {
        self.next();
        self.expect_symbol("(")?;
        let function = match word {
            "JSON_EXISTS" => JsonPathFunction::Exists,
            "JSON_VALUE" => JsonPathFunction::Value,
            _ => JsonPathFunction::Query,
        };
        let input = self.json_input()?;
        self.expect_symbol(",")?;
        let path_pos = self.pos();
        let path = self.text()?;
        let mut passing = Vec::new();
        if self.accept("PASSING") {
            passing = self.separated(|parser| {
                let input = parser.json_input()?;
                parser.expect("AS")?;
                Ok((input, parser.identifier()?))
            })?;
        }
        let mut call = JsonPathCall {
            function,
            input,
            path,
            path_pos,
            passing,
            returning: None,
            wrapper: None,
            omit_quotes: None,
            on_empty: None,
            on_error: None,
        };
        if function != JsonPathFunction::Exists {
            call.returning = self.json_returning()?;
        }
        if function == JsonPathFunction::Query {
            call.wrapper = self.json_wrapper()?;
            if self.accept("KEEP") {
                call.omit_quotes = Some(false);
            } else if self.accept("OMIT") {
                call.omit_quotes = Some(true);
            }
            if call.omit_quotes.is_some() {
                self.expect("QUOTES")?;
                if self.at_words(&["ON", "SCALAR"]) {
                    self.at += 2;
                    self.accept("STRING");
                    self.accept("TEXT");
                }
            }
        }
        call.on_empty = self.json_behavior("EMPTY")?;
        call.on_error = self.json_behavior("ERROR")?;
        self.expect_symbol(")")?;
        Ok(Node::JsonPath(Box::new(call)))
    }

    fn json_wrapper(&mut self) -> Parsed<Option<bool>> {
        if self.accept("WITHOUT") {
            self.accept("ARRAY");
            self.expect("WRAPPER")?;
            return Ok(None);
        }
        if !self.accept("WITH") {
            return Ok(None);
        }
        let conditional = self.accept("CONDITIONAL");
        if !conditional {
            self.accept("UNCONDITIONAL");
        }
        self.accept("ARRAY");
        self.expect("WRAPPER")?;
        Ok(Some(!conditional))
    }

    /// From the name on.
    pub(super) fn json_maker(&mut self, object: bool) -> Parsed<Node> {
        self.next();
        self.expect_symbol("(")?;
        let mut maker = JsonMaker {
            object,
            parts: Vec::new(),
            keep_nulls: None,
            unique_keys: None,
            returning: None,
        };
        if !self.peek().is_symbol(")") && !self.at_words(&["RETURNING"]) {
            maker.parts = self.separated(|parser| match object {
                true => parser.json_member(),
                false => Ok((None, parser.json_input()?)),
            })?;
            for (word, keep) in [("NULL", true), ("ABSENT", false)] {
                if self.at_words(&[word, "ON", "NULL"]) {
                    self.at += 3;
                    maker.keep_nulls = Some(keep);
                }
            }
            for (word, unique) in [("WITH", true), ("WITHOUT", false)] {
                if object && self.at_words(&[word, "UNIQUE"]) {
                    self.at += 2;
                    self.accept("KEYS");
                    maker.unique_keys = Some(unique);
                }
            }
        }
        maker.returning = self.json_returning()?;
        self.expect_symbol(")")?;
        Ok(Node::JsonMaker(Box::new(maker)))
    }

    /// `KEY a VALUE b`, `a VALUE b` or `a : b`.
    fn json_member(&mut self) -> Parsed<(Option<Expression>, JsonInput)> {
        let keyed = self.at_words(&["KEY"])
            && !self
                .peek_at(1)
                .is_some_and(|t| t.is_symbol(":") || t.is_word("VALUE") || t.is_symbol("."));
        if keyed {
            self.next();
        }
        let key = self.expression()?;
        if !keyed && self.accept_symbol(":") {
            return Ok((Some(key), self.json_input()?));
        }
        self.expect("VALUE")?;
        Ok((Some(key), self.json_input()?))
    }

    /// `LISTAGG(…) WITHIN GROUP (ORDER BY …)`, as a call whose further arguments are what its words say.
    pub(super) fn listagg(&mut self, pos: Pos) -> Parsed<Expression> {
        let name = self.identifier_anyway();
        self.expect_symbol("(")?;
        let distinct = self.accept("DISTINCT");
        if !distinct {
            self.accept("ALL");
        }
        let mut arguments = vec![self.expression()?];
        let constant = |node: Node| Self::node(pos, node);
        arguments.push(if self.accept_symbol(",") {
            let pos = self.pos();
            Self::node(pos, Node::Text(self.text()?))
        } else {
            constant(Node::Text(String::new()))
        });
        let (mut truncates, mut filler, mut counts) = (false, "...".to_string(), true);
        if self.at_words(&["ON", "OVERFLOW"]) {
            self.at += 2;
            if self.accept("TRUNCATE") {
                truncates = true;
                if matches!(self.peek().kind, Kind::Text(_)) {
                    filler = self.text()?;
                }
                if self.accept("WITHOUT") {
                    counts = false;
                } else {
                    self.expect("WITH")?;
                }
                self.expect("COUNT")?;
            } else {
                self.expect("ERROR")?;
            }
        }
        arguments.push(constant(Node::Boolean(truncates)));
        arguments.push(constant(Node::Text(filler)));
        arguments.push(constant(Node::Boolean(counts)));
        self.expect_symbol(")")?;
        let mut order_by = Vec::new();
        if self.at_words(&["WITHIN", "GROUP"]) {
            self.at += 2;
            self.expect_symbol("(")?;
            order_by = self.order_by()?;
            self.expect_symbol(")")?;
        }
        let call = Call {
            name: vec![name],
            distinct,
            star: false,
            arguments,
            order_by,
            filter: None,
            ignore_nulls: false,
            over: None,
        };
        self.after_call(pos, call)
    }

    fn identifier_anyway(&mut self) -> Identifier {
        let token = self.next();
        Identifier {
            value: token.text.to_lowercase(),
            quoted: false,
            pos: token.pos,
        }
    }
}
