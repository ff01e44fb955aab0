//! From tokens to a typed predicate, by recursive descent.

use super::like::LikePattern;
use super::token::{Token, tokens};
use super::{Comparison, KeyType, Predicate, UsedKey, Value};
use crate::glue::api::Column;
use crate::glue::error::{Error, Result};

/// How deep parentheses and NOT may nest: far beyond any client, far below the stack.
const MAX_DEPTH: usize = 100;

/// Parses a whole expression; also gives the keys it uses, to whose list the predicate refers.
pub(super) fn parse(text: &str, keys: &[Column]) -> Result<(Predicate, Vec<UsedKey>)> {
    let unsupported = || Error::InvalidInput(format!("Unsupported expression '{text}'"));
    let mut parser = Parser {
        text,
        keys,
        used: Vec::new(),
        tokens: tokens(text).ok_or_else(unsupported)?,
        at: 0,
        depth: 0,
    };
    let predicate = parser.disjunction()?;
    if parser.at < parser.tokens.len() {
        return Err(unsupported());
    }
    Ok((predicate, parser.used))
}

struct Parser<'a> {
    text: &'a str,
    keys: &'a [Column],
    used: Vec<UsedKey>,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

/// A literal before its type is known: that of the key beside it.
enum Literal {
    Text(String),
    Number(String),
}

impl Parser<'_> {
    fn unsupported<T>(&self) -> Result<T> {
        Err(Error::InvalidInput(format!(
            "Unsupported expression '{}'",
            self.text
        )))
    }

    fn disjunction(&mut self) -> Result<Predicate> {
        let mut left = self.conjunction()?;
        while self.accept_word("or") {
            let right = self.conjunction()?;
            left = Predicate::Or(Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Predicate> {
        let mut left = self.negation()?;
        while self.accept_word("and") {
            let right = self.negation()?;
            left = Predicate::And(Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Predicate> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.unsupported();
        }
        let predicate = if self.accept_word("not") {
            Predicate::Not(Box::new(self.negation()?))
        } else if self.accept_sign("(") {
            let inner = self.disjunction()?;
            self.expect_sign(")")?;
            inner
        } else {
            self.condition()?
        };
        self.depth -= 1;
        Ok(predicate)
    }

    /// `key operator literal`, or the other way round.
    fn condition(&mut self) -> Result<Predicate> {
        if let Some(literal) = self.literal() {
            let Some(comparison) = self.comparison() else {
                return self.unsupported();
            };
            let key = self.key()?;
            let value = self.typed(key, literal)?;
            return Ok(Predicate::Compare(key, comparison.flipped(), value));
        }
        let key = self.key()?;
        if let Some(comparison) = self.comparison() {
            let value = self.value(key)?;
            return Ok(Predicate::Compare(key, comparison, value));
        }
        if self.accept_word("is") {
            let negated = self.accept_word("not");
            if !self.accept_word("null") {
                return self.unsupported();
            }
            return Ok(negate(negated, Predicate::IsNull(key)));
        }
        let negated = self.accept_word("not");
        let predicate = if self.accept_word("in") {
            self.expect_sign("(")?;
            let mut values = vec![self.value(key)?];
            while self.accept_sign(",") {
                values.push(self.value(key)?);
            }
            self.expect_sign(")")?;
            Predicate::In(key, values)
        } else if self.accept_word("between") {
            let low = self.value(key)?;
            if !self.accept_word("and") {
                return self.unsupported();
            }
            Predicate::Between(key, low, self.value(key)?)
        } else if self.accept_word("like") {
            let kind = self.kind(key);
            if kind != KeyType::Text {
                let title = kind.title();
                return Err(Error::InvalidInput(format!(
                    "{title} data type doesn't support operation 'LIKE'"
                )));
            }
            match self.literal() {
                Some(Literal::Text(pattern)) => Predicate::Like(key, LikePattern::new(&pattern)),
                _ => return self.unsupported(),
            }
        } else {
            return self.unsupported();
        };
        Ok(negate(negated, predicate))
    }

    /// The position in `used` of the key that is named next.
    fn key(&mut self) -> Result<usize> {
        let name = match self.tokens.get(self.at) {
            Some(Token::Word(name) | Token::Name(name)) => name.clone(),
            _ => return self.unsupported(),
        };
        self.at += 1;
        let position = self
            .keys
            .iter()
            .position(|key| key.name.eq_ignore_ascii_case(&name))
            .ok_or_else(|| Error::InvalidInput("Invalid partition expression!".to_owned()))?;
        if let Some(known) = self.used.iter().position(|key| key.position == position) {
            return Ok(known);
        }
        // Hive reads a key without a type as text.
        let declared = self
            .keys
            .get(position)
            .and_then(|key| key.r#type.as_deref());
        let kind = KeyType::of(declared.unwrap_or("string"))?;
        self.used.push(UsedKey { position, kind });
        Ok(self.used.len() - 1)
    }

    fn kind(&self, key: usize) -> KeyType {
        self.used.get(key).map_or(KeyType::Text, |key| key.kind)
    }

    fn value(&mut self, key: usize) -> Result<Value> {
        match self.literal() {
            Some(literal) => self.typed(key, literal),
            None => self.unsupported(),
        }
    }

    /// Numbers beside text keys compare as the text they were written as.
    fn typed(&self, key: usize, literal: Literal) -> Result<Value> {
        let kind = self.kind(key);
        let (Literal::Text(text) | Literal::Number(text)) = literal;
        kind.read(&text).ok_or_else(|| {
            let noun = kind.noun();
            Error::InvalidInput(format!("\"{text}\" is not {noun}."))
        })
    }

    /// A quoted text, a number, or `DATE '…'` and `TIMESTAMP '…'`.
    fn literal(&mut self) -> Option<Literal> {
        let literal = match (self.tokens.get(self.at)?, self.tokens.get(self.at + 1)) {
            (Token::Text(text), _) => Literal::Text(text.clone()),
            (Token::Number(number), _) => Literal::Number(number.clone()),
            (Token::Word(word), Some(Token::Text(text)))
                if word.eq_ignore_ascii_case("date") || word.eq_ignore_ascii_case("timestamp") =>
            {
                self.at += 1;
                Literal::Text(text.clone())
            }
            _ => return None,
        };
        self.at += 1;
        Some(literal)
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let Some(Token::Sign(sign)) = self.tokens.get(self.at) else {
            return None;
        };
        let comparison = match *sign {
            "=" => Comparison::Equal,
            "<>" | "!=" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            _ => return None,
        };
        self.at += 1;
        Some(comparison)
    }

    fn accept_word(&mut self, keyword: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.at += usize::from(found);
        found
    }

    fn accept_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Sign(s)) if *s == sign);
        self.at += usize::from(found);
        found
    }

    fn expect_sign(&mut self, sign: &str) -> Result<()> {
        if self.accept_sign(sign) {
            return Ok(());
        }
        self.unsupported()
    }
}

fn negate(negated: bool, predicate: Predicate) -> Predicate {
    if negated {
        Predicate::Not(Box::new(predicate))
    } else {
        predicate
    }
}
