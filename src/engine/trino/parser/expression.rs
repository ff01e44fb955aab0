//! Expressions, loosest operator first.

use super::super::ast::{Call, Expression, Node, Pos, TypeName};
use super::super::error::SyntaxError;
use super::super::lexer::{Kind, Token};
use super::{Parsed, Parser};

const COMPARISONS: &[(&str, &str)] = &[
    ("=", "="),
    ("<>", "<>"),
    ("!=", "<>"),
    ("<=", "<="),
    (">=", ">="),
    ("<", "<"),
    (">", ">"),
];

impl Parser {
    pub(super) fn expression(&mut self) -> Parsed<Expression> {
        self.nested(Self::or)
    }

    fn or(&mut self) -> Parsed<Expression> {
        let pos = self.pos();
        let first = self.and()?;
        let mut terms = vec![first];
        while self.accept("OR") {
            terms.push(self.and()?);
        }
        Ok(Self::chain(pos, terms, Node::Or))
    }

    fn and(&mut self) -> Parsed<Expression> {
        let pos = self.pos();
        let first = self.not()?;
        let mut terms = vec![first];
        while self.accept("AND") {
            terms.push(self.not()?);
        }
        Ok(Self::chain(pos, terms, Node::And))
    }

    fn chain(
        pos: Pos,
        mut terms: Vec<Expression>,
        node: fn(Vec<Expression>) -> Node,
    ) -> Expression {
        match (terms.pop(), terms.is_empty()) {
            (Some(only), true) => only,
            (Some(last), false) => {
                terms.push(last);
                Self::node(pos, node(terms))
            }
            (None, _) => Self::node(pos, Node::Null),
        }
    }

    fn not(&mut self) -> Parsed<Expression> {
        self.expect_note("<expression>");
        if self.peek().is_word("NOT") {
            let pos = self.next().pos;
            let inner = self.nested(Self::not)?;
            return Ok(Self::node(pos, Node::Not(Box::new(inner))));
        }
        let value = self.sum()?;
        self.predicate(value)
    }

    /// At most one predicate follows a value: `a = b = c` is not in the grammar.
    fn predicate(&mut self, value: Expression) -> Parsed<Expression> {
        self.expect_note("<predicate>");
        let token = self.peek().clone();
        let pos = token.pos;
        let value = Box::new(value);
        for (symbol, operator) in COMPARISONS {
            if token.is_symbol(symbol) {
                self.next();
                return self.comparison(pos, operator, value);
            }
        }
        if token.is_word("IS") {
            self.next();
            let negated = self.accept("NOT");
            if self.accept("NULL") {
                return Ok(Self::node(pos, Node::IsNull(value, negated)));
            }
            self.expect("DISTINCT")?;
            self.expect("FROM")?;
            let other = Box::new(self.sum()?);
            return Ok(Self::node(pos, Node::IsDistinct(value, other, negated)));
        }
        let negated = token.is_word("NOT")
            && ["BETWEEN", "IN", "LIKE"]
                .iter()
                .any(|word| self.peek_at(1).is_some_and(|t| t.is_word(word)));
        if negated {
            self.next();
        }
        match self.peek().text.to_uppercase().as_str() {
            "BETWEEN" if self.peek().kind == Kind::Word => {
                self.next();
                let low = Box::new(self.sum()?);
                self.expect("AND")?;
                let high = Box::new(self.sum()?);
                Ok(Self::node(pos, Node::Between(value, low, high, negated)))
            }
            "IN" if self.peek().kind == Kind::Word => {
                self.next();
                self.in_predicate(pos, value, negated)
            }
            "LIKE" if self.peek().kind == Kind::Word => {
                self.next();
                let pattern = Box::new(self.sum()?);
                let escape = if self.accept("ESCAPE") {
                    Some(Box::new(self.sum()?))
                } else {
                    None
                };
                Ok(Self::node(pos, Node::Like(value, pattern, escape, negated)))
            }
            _ => Ok(*value),
        }
    }

    fn comparison(
        &mut self,
        pos: Pos,
        operator: &'static str,
        left: Box<Expression>,
    ) -> Parsed<Expression> {
        for quantifier in ["ALL", "SOME", "ANY"] {
            if self.peek().is_word(quantifier)
                && self.peek_at(1).is_some_and(|t| t.is_symbol("("))
                && self.query_starts(2)
            {
                self.next();
                self.next();
                let query = self.query()?;
                self.expect_symbol(")")?;
                return Ok(Self::node(
                    pos,
                    Node::Quantified(operator, left, quantifier, Box::new(query)),
                ));
            }
        }
        let right = self.sum()?;
        Ok(Self::node(
            pos,
            Node::Comparison(operator, left, Box::new(right)),
        ))
    }

    fn in_predicate(
        &mut self,
        pos: Pos,
        value: Box<Expression>,
        negated: bool,
    ) -> Parsed<Expression> {
        self.expect_symbol("(")?;
        self.expect_note("<query>");
        if self.query_starts(0) {
            let query = self.query()?;
            self.expect_symbol(")")?;
            return Ok(Self::node(
                pos,
                Node::InQuery(value, Box::new(query), negated),
            ));
        }
        let list = self.separated(Self::expression)?;
        self.expect_symbol(")")?;
        Ok(Self::node(pos, Node::InList(value, list, negated)))
    }

    fn query_starts(&self, offset: usize) -> bool {
        ["SELECT", "WITH", "VALUES", "TABLE"]
            .iter()
            .any(|word| self.peek_at(offset).is_some_and(|t| t.is_word(word)))
    }

    fn binary(
        &mut self,
        operators: &[&'static str],
        operand: fn(&mut Self) -> Parsed<Expression>,
    ) -> Parsed<Expression> {
        let mut left = operand(self)?;
        let mut links = 0;
        'next: loop {
            for &operator in operators {
                let pos = self.pos();
                if self.accept_symbol(operator) {
                    links += 1;
                    // A chain is as deep as it is long.
                    if links + self.depth > super::MAX_DEPTH {
                        return Err(self.too_large());
                    }
                    let right = operand(self)?;
                    left = Self::node(
                        pos,
                        Node::Arithmetic(operator, Box::new(left), Box::new(right)),
                    );
                    continue 'next;
                }
            }
            return Ok(left);
        }
    }

    /// `||` binds loosest of the value operators.
    fn sum(&mut self) -> Parsed<Expression> {
        self.binary(&["||"], Self::addition)
    }

    fn addition(&mut self) -> Parsed<Expression> {
        self.binary(&["+", "-"], Self::product)
    }

    fn product(&mut self) -> Parsed<Expression> {
        self.binary(&["*", "/", "%"], Self::signed)
    }

    fn signed(&mut self) -> Parsed<Expression> {
        self.expect_note("<expression>");
        let pos = self.pos();
        for (symbol, negative) in [("-", true), ("+", false)] {
            if self.peek().is_symbol(symbol) {
                self.next();
                let inner = self.nested(Self::signed)?;
                return Ok(Self::node(pos, Node::Sign(negative, Box::new(inner))));
            }
        }
        self.zoned()
    }

    fn zoned(&mut self) -> Parsed<Expression> {
        let mut value = self.postfix()?;
        loop {
            self.expect_note("'AT'");
            if !self.at_words(&["AT", "TIME", "ZONE"]) {
                return Ok(value);
            }
            let pos = value.pos;
            self.at += 3;
            let zone = self.nested(Self::postfix)?;
            value = Self::node(pos, Node::AtTimeZone(Box::new(value), Box::new(zone)));
            if self.depth + 1 >= super::MAX_DEPTH {
                return Err(self.too_large());
            }
        }
    }

    fn postfix(&mut self) -> Parsed<Expression> {
        let mut base = self.primary()?;
        let mut links = 0;
        loop {
            if self.accept_symbol("[") {
                let index = self.expression()?;
                self.expect_symbol("]")?;
                let pos = base.pos;
                base = Self::node(pos, Node::Subscript(Box::new(base), Box::new(index)));
            } else if self.peek().is_symbol(".")
                && !self.peek_at(1).is_some_and(|t| t.is_symbol("*"))
            {
                self.next();
                let field = self.identifier()?;
                let pos = base.pos;
                base = Self::node(pos, Node::Field(Box::new(base), field));
            } else {
                self.expect_note("'.'");
                return Ok(base);
            }
            links += 1;
            if links > super::MAX_DEPTH {
                return Err(self.too_large());
            }
        }
    }

    pub(super) fn parameter(&mut self, pos: Pos) -> Expression {
        let index = self.parameters;
        self.parameters += 1;
        Self::node(pos, Node::Parameter(index))
    }

    fn primary(&mut self) -> Parsed<Expression> {
        self.expect_note("<expression>");
        let token = self.peek().clone();
        let pos = token.pos;
        let literal = match &token.kind {
            Kind::Integer => Some(Node::Integer(token.text.clone())),
            Kind::Decimal => Some(Node::Decimal(token.text.clone())),
            Kind::Double => Some(Node::Double(token.text.clone())),
            Kind::Text(value) => Some(Node::Text(value.clone())),
            Kind::Binary(digits) => Some(Node::Binary(binary(pos, digits)?)),
            Kind::UnicodeText(value) => {
                self.next();
                return self.unicode_text(pos, value);
            }
            _ => None,
        };
        if let Some(node) = literal {
            self.next();
            return Ok(Self::node(pos, node));
        }
        if token.is_symbol("?") {
            self.next();
            return Ok(self.parameter(pos));
        }
        if token.is_symbol("(") {
            return self.parenthesized(pos);
        }
        if token.kind == Kind::Word
            && let Some(special) = self.special(&token)?
        {
            return Ok(special);
        }
        if !Self::is_name(&token) {
            return Err(self.mismatch());
        }
        self.named(&token)
    }

    fn parenthesized(&mut self, pos: Pos) -> Parsed<Expression> {
        if let Some(lambda) = self.lambda_with_parentheses(pos)? {
            return Ok(lambda);
        }
        self.next();
        if self.query_starts(0) {
            let query = self.query()?;
            self.expect_symbol(")")?;
            return Ok(Self::node(pos, Node::Subquery(Box::new(query))));
        }
        self.expect_note("<query>");
        let first = self.expression()?;
        if self.accept_symbol(",") {
            let mut parts = vec![first];
            parts.extend(self.separated(Self::expression)?);
            self.expect_symbol(")")?;
            return Ok(Self::node(pos, Node::Row(parts)));
        }
        self.expect_symbol(")")?;
        // A query in several pairs of parentheses is still one query.
        Ok(first)
    }

    /// `(x, y) -> …` and `() -> …`
    fn lambda_with_parentheses(&mut self, pos: Pos) -> Parsed<Option<Expression>> {
        let mut at = 1;
        while self.peek_at(at).is_some_and(Self::is_name) {
            at += 1;
            if self.peek_at(at).is_some_and(|t| t.is_symbol(",")) {
                at += 1;
            } else {
                break;
            }
        }
        let arrow = self.peek_at(at).is_some_and(|t| t.is_symbol(")"))
            && self.peek_at(at + 1).is_some_and(|t| t.is_symbol("->"));
        if !arrow {
            return Ok(None);
        }
        self.next();
        let mut names = Vec::new();
        if !self.accept_symbol(")") {
            names = self.separated(Self::identifier)?;
            self.expect_symbol(")")?;
        }
        self.expect_symbol("->")?;
        let body = Box::new(self.expression()?);
        Ok(Some(Self::node(pos, Node::Lambda(names, body))))
    }

    /// Forms that start with a keyword; `None` when the word is just a name here.
    fn special(&mut self, token: &Token) -> Parsed<Option<Expression>> {
        let pos = token.pos;
        let word = token.text.to_uppercase();
        let called = self.peek_at(1).is_some_and(|t| t.is_symbol("("));
        let node = match word.as_str() {
            "NULL" => self.keyword(Node::Null),
            "TRUE" => self.keyword(Node::Boolean(true)),
            "FALSE" => self.keyword(Node::Boolean(false)),
            "CASE" => self.case()?,
            "CAST" | "TRY_CAST" if called => self.cast(word == "TRY_CAST")?,
            "EXISTS" if called => {
                self.next();
                self.expect_symbol("(")?;
                let query = self.query()?;
                self.expect_symbol(")")?;
                Node::Exists(Box::new(query))
            }
            "ARRAY" if self.peek_at(1).is_some_and(|t| t.is_symbol("[")) => {
                self.next();
                self.next();
                let mut items = Vec::new();
                if !self.accept_symbol("]") {
                    items = self.separated(Self::expression)?;
                    self.expect_symbol("]")?;
                }
                Node::Array(items)
            }
            "ROW" if called => {
                self.next();
                self.next();
                let parts = self.separated(Self::expression)?;
                self.expect_symbol(")")?;
                Node::Row(parts)
            }
            "EXTRACT" if called => {
                self.next();
                self.next();
                let field = self.identifier()?;
                self.expect("FROM")?;
                let value = Box::new(self.sum()?);
                self.expect_symbol(")")?;
                Node::Extract(field, value)
            }
            "GROUPING" if called => {
                self.next();
                self.next();
                let mut arguments = Vec::new();
                if !self.accept_symbol(")") {
                    arguments = self.separated(Self::expression)?;
                    self.expect_symbol(")")?;
                }
                Node::Grouping(arguments)
            }
            "SUBSTRING" | "POSITION" | "TRIM" | "NORMALIZE" if called => {
                return self.string_form(&word, pos).map(Some);
            }
            "JSON_EXISTS" | "JSON_VALUE" | "JSON_QUERY" if called => self.json_path_call(&word)?,
            "JSON_OBJECT" | "JSON_ARRAY" if called => self.json_maker(word == "JSON_OBJECT")?,
            "LISTAGG" if called => return self.listagg(pos).map(Some),
            "INTERVAL" => match self.interval()? {
                Some(node) => node,
                None => return Ok(None),
            },
            "CURRENT_DATE" | "CURRENT_CATALOG" | "CURRENT_SCHEMA" | "CURRENT_USER"
            | "CURRENT_PATH" => self.keyword(Node::Current(word, None)),
            "CURRENT_TIME" | "CURRENT_TIMESTAMP" | "LOCALTIME" | "LOCALTIMESTAMP" => {
                self.next();
                let mut precision = None;
                if self.accept_symbol("(") {
                    let number = self.next();
                    precision = number.text.parse().ok();
                    if precision.is_none() {
                        self.at = self.at.saturating_sub(1);
                        self.expect_note("<integer>");
                        return Err(self.mismatch());
                    }
                    self.expect_symbol(")")?;
                }
                Node::Current(word, precision)
            }
            _ => return Ok(None),
        };
        Ok(Some(Self::node(pos, node)))
    }

    fn keyword(&mut self, node: Node) -> Node {
        self.next();
        node
    }

    fn case(&mut self) -> Parsed<Node> {
        self.next();
        let operand = if self.at_word("WHEN") {
            None
        } else {
            Some(Box::new(self.expression()?))
        };
        let mut branches = Vec::new();
        while self.accept("WHEN") {
            let condition = self.expression()?;
            self.expect("THEN")?;
            branches.push((condition, self.expression()?));
        }
        if branches.is_empty() {
            return Err(self.mismatch());
        }
        let otherwise = if self.accept("ELSE") {
            Some(Box::new(self.expression()?))
        } else {
            None
        };
        self.expect("END")?;
        Ok(Node::Case {
            operand,
            branches,
            otherwise,
        })
    }

    fn cast(&mut self, safe: bool) -> Parsed<Node> {
        self.next();
        self.expect_symbol("(")?;
        let value = Box::new(self.expression()?);
        self.expect("AS")?;
        let to = self.type_name()?;
        self.expect_symbol(")")?;
        Ok(Node::Cast { safe, value, to })
    }

    fn interval(&mut self) -> Parsed<Option<Node>> {
        let (sign, text) = match (self.peek_at(1), self.peek_at(2)) {
            (Some(a), _) if matches!(a.kind, Kind::Text(_)) => (None, a.kind.clone()),
            (Some(a), Some(b)) if matches!(b.kind, Kind::Text(_)) && a.kind == Kind::Symbol => {
                (Some(a.text.clone()), b.kind.clone())
            }
            _ => return Ok(None),
        };
        let Kind::Text(text) = text else {
            return Ok(None);
        };
        self.at += if sign.is_some() { 3 } else { 2 };
        let from = self.interval_field()?;
        let to = if self.accept("TO") {
            Some(self.interval_field()?)
        } else {
            None
        };
        Ok(Some(Node::Interval {
            negative: sign.as_deref() == Some("-"),
            text,
            from,
            to,
        }))
    }

    fn interval_field(&mut self) -> Parsed<String> {
        for field in ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"] {
            if self.accept(field) {
                return Ok(field.into());
            }
        }
        Err(self.mismatch())
    }

    /// `SUBSTRING(a FROM b FOR c)`, `POSITION(a IN b)`, `TRIM(BOTH a FROM b)`, `NORMALIZE(a, NFC)`.
    fn string_form(&mut self, word: &str, pos: Pos) -> Parsed<Expression> {
        let name = self.next();
        self.expect_symbol("(")?;
        let mut function = word.to_lowercase();
        let mut arguments = Vec::new();
        match word {
            "POSITION" => {
                let needle = self.sum()?;
                self.expect("IN")?;
                arguments.extend([self.sum()?, needle]);
                function = "strpos".into();
            }
            "TRIM" => {
                let mut side = "trim";
                for (keyword, called) in [
                    ("BOTH", "trim"),
                    ("LEADING", "ltrim"),
                    ("TRAILING", "rtrim"),
                ] {
                    if self.accept(keyword) {
                        side = called;
                    }
                }
                function = side.into();
                if !self.accept("FROM") {
                    let first = self.sum()?;
                    if self.accept("FROM") {
                        arguments.push(self.sum()?);
                        arguments.push(first);
                    } else if self.accept_symbol(",") {
                        arguments.push(first);
                        arguments.push(self.sum()?);
                    } else {
                        arguments.push(first);
                    }
                } else {
                    arguments.push(self.sum()?);
                }
            }
            "NORMALIZE" => {
                arguments.push(self.sum()?);
                if self.accept_symbol(",") {
                    let form = self.identifier()?;
                    arguments.push(Self::node(form.pos, Node::Text(form.value)));
                }
            }
            _ => {
                arguments.push(self.expression()?);
                if self.accept("FROM") {
                    arguments.push(self.sum()?);
                    if self.accept("FOR") {
                        arguments.push(self.sum()?);
                    }
                } else {
                    while self.accept_symbol(",") {
                        arguments.push(self.expression()?);
                    }
                }
            }
        }
        self.expect_symbol(")")?;
        Ok(Self::call(pos, &function, name.pos, arguments))
    }

    fn call(pos: Pos, function: &str, name_pos: Pos, arguments: Vec<Expression>) -> Expression {
        Self::node(
            pos,
            Node::Call(Box::new(Call {
                name: vec![super::Identifier {
                    value: function.into(),
                    quoted: false,
                    pos: name_pos,
                }],
                distinct: false,
                star: false,
                arguments,
                order_by: Vec::new(),
                filter: None,
                ignore_nulls: false,
                over: None,
            })),
        )
    }

    /// Names: columns, typed literals, calls and one-argument lambdas.
    fn named(&mut self, token: &Token) -> Parsed<Expression> {
        let pos = token.pos;
        if let Some(typed) = self.typed_literal(token)? {
            return Ok(typed);
        }
        let first = self.identifier()?;
        if self.accept_symbol_silently("->") {
            let body = Box::new(self.expression()?);
            return Ok(Self::node(pos, Node::Lambda(vec![first], body)));
        }
        // A qualified name is a call only if a parenthesis follows it.
        let mut length = 0;
        while self.peek_at(length).is_some_and(|t| t.is_symbol("."))
            && self.peek_at(length + 1).is_some_and(Self::is_name)
        {
            length += 2;
        }
        if self.peek_at(length).is_some_and(|t| t.is_symbol("(")) {
            let mut name = vec![first];
            while self.accept_symbol_silently(".") {
                name.push(self.identifier()?);
            }
            return self.call_arguments(pos, name);
        }
        self.expect_note("'('");
        Ok(Self::node(pos, Node::Column(first)))
    }

    fn typed_literal(&mut self, token: &Token) -> Parsed<Option<Expression>> {
        if token.kind != Kind::Word {
            return Ok(None);
        }
        let words = if self.at_words(&["DOUBLE", "PRECISION"]) {
            2
        } else {
            1
        };
        let Some(Kind::Text(text)) = self.peek_at(words).map(|t| t.kind.clone()) else {
            return Ok(None);
        };
        self.at += words + 1;
        let type_name = TypeName {
            base: token.text.to_lowercase(),
            numbers: Vec::new(),
            inner: Vec::new(),
            pos: token.pos,
        };
        Ok(Some(Self::node(token.pos, Node::Typed(type_name, text))))
    }

    fn call_arguments(&mut self, pos: Pos, name: Vec<super::Identifier>) -> Parsed<Expression> {
        self.expect_symbol("(")?;
        let mut call = Call {
            name,
            distinct: false,
            star: false,
            arguments: Vec::new(),
            order_by: Vec::new(),
            filter: None,
            ignore_nulls: false,
            over: None,
        };
        if self.peek().is_symbol("*") {
            self.next();
            call.star = true;
        } else if !self.peek().is_symbol(")") {
            call.distinct = self.accept("DISTINCT");
            if !call.distinct && !self.peek_at(1).is_some_and(|t| t.is_symbol("(")) {
                self.accept("ALL");
            }
            call.arguments = self.separated(Self::expression)?;
        }
        if !call.star {
            call.order_by = self.order_by()?;
        }
        self.expect_symbol(")")?;
        self.after_call(pos, call)
    }

    /// FILTER, the treatment of NULLs and OVER.
    pub(super) fn after_call(&mut self, pos: Pos, mut call: Call) -> Parsed<Expression> {
        if self.at_words(&["FILTER"]) && self.peek_at(1).is_some_and(|t| t.is_symbol("(")) {
            self.next();
            self.next();
            self.expect("WHERE")?;
            call.filter = Some(self.expression()?);
            self.expect_symbol(")")?;
        }
        for (words, ignore) in [(["IGNORE", "NULLS"], true), (["RESPECT", "NULLS"], false)] {
            if self.at_words(&words) {
                self.at += 2;
                call.ignore_nulls = ignore;
            }
        }
        if self.at_words(&["OVER"]) {
            self.next();
            call.over = Some(self.over()?);
        }
        Ok(Self::node(pos, Node::Call(Box::new(call))))
    }

    fn unicode_text(&mut self, pos: Pos, raw: &str) -> Parsed<Expression> {
        let mut escape = '\\';
        if self.peek().is_word("UESCAPE") {
            self.next();
            let text = self.text()?;
            let mut characters = text.chars();
            match (characters.next(), characters.next()) {
                (Some(c), None)
                    if !c.is_ascii_hexdigit() && c != '"' && c != '+' && c != '\'' && c != ' ' =>
                {
                    escape = c;
                }
                _ => return Err(SyntaxError::new(pos, "Invalid Unicode escape character")),
            }
        }
        let text = unescape(raw, escape)
            .ok_or_else(|| SyntaxError::new(pos, "Invalid escaped character"))?;
        Ok(Self::node(pos, Node::Text(text)))
    }
}

/// `\0041` and `\+01F600`, with the escape doubled for itself.
fn unescape(raw: &str, escape: char) -> Option<String> {
    let mut out = String::new();
    let mut rest = raw.chars();
    while let Some(c) = rest.next() {
        if c != escape {
            out.push(c);
            continue;
        }
        let next = rest.next()?;
        if next == escape {
            out.push(escape);
            continue;
        }
        let (mut digits, length) = if next == '+' {
            (String::new(), 6)
        } else {
            (next.to_string(), 4)
        };
        while digits.chars().count() < length {
            digits.push(rest.next()?);
        }
        out.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
    }
    Some(out)
}

/// Hex digits, in pairs; blanks are allowed between them.
fn binary(pos: Pos, text: &str) -> Parsed<Vec<u8>> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if digits.chars().any(|c| !c.is_ascii_hexdigit()) {
        return Err(SyntaxError::new(
            pos,
            "Binary literal can only contain hexadecimal digits",
        ));
    }
    hex::decode(&digits)
        .map_err(|_| SyntaxError::new(pos, "Binary literal must contain an even number of digits"))
}
