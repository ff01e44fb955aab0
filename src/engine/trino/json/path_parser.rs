//! Reading a JSON path.

use super::super::types::{Type, VARCHAR};
use super::super::value::Value;
use super::path::{Item, Node, Path, Predicate};

/// Characters before the fault, and what it is.
pub type Fault = (usize, String);

type Parsed<T> = Result<T, Fault>;

const MAX_DEPTH: usize = 200;

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Name,
    Text(String),
    Number,
    Symbol,
    End,
}

#[derive(Clone, Debug)]
struct Token {
    kind: Kind,
    text: String,
    at: usize,
}

/// Reads a path such as `lax $.a[0]`.
///
/// # Errors
/// Where it is no path, and why.
pub fn parse(source: &str) -> Parsed<Path> {
    let mut parser = Parser {
        tokens: tokens(source)?,
        at: 0,
        depth: 0,
    };
    let lax = match parser.peek().text.as_str() {
        "lax" => true,
        "strict" => false,
        _ => return Err(parser.mismatch(" expecting {'lax', 'strict'}")),
    };
    parser.at += 1;
    let root = parser.sum()?;
    match parser.peek().kind {
        Kind::End => Ok(Path { lax, root }),
        _ => Err(parser.mismatch("")),
    }
}

fn tokens(source: &str) -> Parsed<Vec<Token>> {
    let characters: Vec<char> = source.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    let get = |at: usize| characters.get(at).copied();
    while let Some(c) = get(at) {
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        let start = at;
        let kind = if c == '"' {
            let mut text = String::new();
            at += 1;
            loop {
                match get(at) {
                    Some('"') if get(at + 1) == Some('"') => {
                        text.push('"');
                        at += 2;
                    }
                    Some('"') => break,
                    Some(c) => {
                        text.push(c);
                        at += 1;
                    }
                    None => return Err((start, "mismatched input '\"'".into())),
                }
            }
            at += 1;
            Kind::Text(text)
        } else if c.is_ascii_digit() {
            let digits = |at: &mut usize| {
                while get(*at).is_some_and(|c| c.is_ascii_digit()) {
                    *at += 1;
                }
            };
            digits(&mut at);
            if get(at) == Some('.') && get(at + 1).is_some_and(|c| c.is_ascii_digit()) {
                at += 1;
                digits(&mut at);
            }
            if matches!(get(at), Some('e' | 'E')) {
                let signed = usize::from(matches!(get(at + 1), Some('+' | '-')));
                if get(at + 1 + signed).is_some_and(|c| c.is_ascii_digit()) {
                    at += 1 + signed;
                    digits(&mut at);
                }
            }
            Kind::Number
        } else if c.is_alphabetic() || c == '_' {
            while get(at).is_some_and(|c| c.is_alphanumeric() || c == '_') {
                at += 1;
            }
            Kind::Name
        } else {
            let two: String = characters.iter().skip(at).take(2).collect();
            let double = ["==", "<>", "!=", "<=", ">=", "&&", "||", ".."];
            at += if double.contains(&two.as_str()) { 2 } else { 1 };
            Kind::Symbol
        };
        let text = characters.iter().take(at).skip(start).collect();
        tokens.push(Token {
            kind,
            text,
            at: start,
        });
    }
    tokens.push(Token {
        kind: Kind::End,
        text: "<EOF>".into(),
        at: characters.len(),
    });
    Ok(tokens)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

const METHODS: &[&str] = &[
    "type", "size", "double", "ceiling", "floor", "abs", "keyvalue",
];

impl Parser {
    fn peek(&self) -> &Token {
        static END: Token = Token {
            kind: Kind::End,
            text: String::new(),
            at: 0,
        };
        self.tokens
            .get(self.at)
            .or_else(|| self.tokens.last())
            .unwrap_or(&END)
    }

    fn is(&self, text: &str) -> bool {
        let token = self.peek();
        matches!(token.kind, Kind::Symbol | Kind::Name) && token.text == text
    }

    fn accept(&mut self, text: &str) -> bool {
        let hit = self.is(text);
        if hit {
            self.at += 1;
        }
        hit
    }

    fn expect(&mut self, text: &str) -> Parsed<()> {
        if self.accept(text) {
            return Ok(());
        }
        Err(self.mismatch(&format!(" expecting '{text}'")))
    }

    fn mismatch(&self, expecting: &str) -> Fault {
        let token = self.peek();
        (
            token.at,
            format!("mismatched input '{}'{expecting}", token.text),
        )
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err((self.peek().at, "path is too complex".into()));
        }
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn sum(&mut self) -> Parsed<Node> {
        self.binary(&["+", "-"], Self::product)
    }

    fn product(&mut self) -> Parsed<Node> {
        self.binary(&["*", "/", "%"], Self::signed)
    }

    fn binary(
        &mut self,
        operators: &[&'static str],
        operand: fn(&mut Self) -> Parsed<Node>,
    ) -> Parsed<Node> {
        let mut left = operand(self)?;
        let mut links = 0;
        while let Some(op) = operators.iter().find(|op| self.is(op)) {
            self.at += 1;
            links += 1;
            if links > MAX_DEPTH {
                return Err((self.peek().at, "path is too complex".into()));
            }
            let right = operand(self)?;
            left = Node::Arithmetic(op, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn signed(&mut self) -> Parsed<Node> {
        for (symbol, negative) in [("-", true), ("+", false)] {
            if self.accept(symbol) {
                let inner = self.deeper(Self::signed)?;
                return Ok(Node::Sign(negative, Box::new(inner)));
            }
        }
        self.accessor()
    }

    fn accessor(&mut self) -> Parsed<Node> {
        let mut base = self.primary()?;
        let mut links = 0;
        loop {
            links += 1;
            if links > MAX_DEPTH {
                return Err((self.peek().at, "path is too complex".into()));
            }
            if self.accept("..") {
                let name = self.member()?;
                base = Node::Descendant(Box::new(base), name);
            } else if self.accept(".") {
                base = self.after_dot(base)?;
            } else if self.accept("[") {
                if self.accept("*") {
                    self.expect("]")?;
                    base = Node::AnyElement(Box::new(base));
                    continue;
                }
                let mut subscripts = Vec::new();
                loop {
                    let from = self.deeper(Self::sum)?;
                    let to = match self.accept("to") {
                        true => Some(self.deeper(Self::sum)?),
                        false => None,
                    };
                    subscripts.push((from, to));
                    if !self.accept(",") {
                        break;
                    }
                }
                self.expect("]")?;
                base = Node::Elements(Box::new(base), subscripts);
            } else if self.accept("?") {
                self.expect("(")?;
                let predicate = self.deeper(Self::or)?;
                self.expect(")")?;
                base = Node::Filter(Box::new(base), Box::new(predicate));
            } else {
                return Ok(base);
            }
        }
    }

    fn after_dot(&mut self, base: Node) -> Parsed<Node> {
        if self.accept("*") {
            return Ok(Node::AnyMember(Box::new(base)));
        }
        let token = self.peek().clone();
        let called = self
            .tokens
            .get(self.at + 1)
            .is_some_and(|next| next.kind == Kind::Symbol && next.text == "(");
        if token.kind == Kind::Name && called {
            let Some(method) = METHODS.iter().find(|name| **name == token.text) else {
                return Err(self.mismatch(""));
            };
            self.at += 2;
            self.expect(")")?;
            return Ok(Node::Method(Box::new(base), method));
        }
        let name = self.member()?;
        Ok(Node::Member(Box::new(base), name))
    }

    fn member(&mut self) -> Parsed<String> {
        let token = self.peek().clone();
        match token.kind {
            Kind::Name => {
                self.at += 1;
                Ok(token.text)
            }
            Kind::Text(text) => {
                self.at += 1;
                Ok(text)
            }
            _ => Err(self.mismatch("")),
        }
    }

    fn primary(&mut self) -> Parsed<Node> {
        let token = self.peek().clone();
        let literal = |value: Value, ty: Type| Node::Literal(Item::Scalar(value, ty));
        let node = match (&token.kind, token.text.as_str()) {
            (Kind::Text(text), _) => literal(Value::Text(text.clone()), VARCHAR),
            (Kind::Number, text) => Node::Literal(number(text)),
            (Kind::Name, "true") => literal(Value::Boolean(true), Type::Boolean),
            (Kind::Name, "false") => literal(Value::Boolean(false), Type::Boolean),
            (Kind::Name, "null") => Node::Literal(Item::Null),
            (Kind::Name, "last") => Node::Last,
            (Kind::Symbol, "@") => Node::Current,
            (Kind::Symbol, "$") => {
                self.at += 1;
                let next = self.peek().clone();
                if next.kind == Kind::Name && next.at == token.at + 1 {
                    self.at += 1;
                    return Ok(Node::Variable(next.text));
                }
                return Ok(Node::Context);
            }
            (Kind::Symbol, "(") => {
                self.at += 1;
                let inner = self.deeper(Self::sum)?;
                self.expect(")")?;
                return Ok(inner);
            }
            _ => return Err(self.mismatch("")),
        };
        self.at += 1;
        Ok(node)
    }

    fn or(&mut self) -> Parsed<Predicate> {
        let mut left = self.and()?;
        while self.accept("||") {
            left = Predicate::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed<Predicate> {
        let mut left = self.single()?;
        while self.accept("&&") {
            left = Predicate::And(Box::new(left), Box::new(self.single()?));
        }
        Ok(left)
    }

    fn single(&mut self) -> Parsed<Predicate> {
        if self.accept("!") {
            let inner = self.deeper(Self::delimited)?;
            return Ok(Predicate::Not(Box::new(inner)));
        }
        if self.is("exists") {
            return self.delimited();
        }
        if self.is("(") {
            // A parenthesis opens a predicate or a path; what follows tells.
            let start = self.at;
            if let Ok(inner) = self.deeper(Self::delimited) {
                if self.accept("is") {
                    self.expect("unknown")?;
                    return Ok(Predicate::IsUnknown(Box::new(inner)));
                }
                return Ok(inner);
            }
            self.at = start;
        }
        self.comparison()
    }

    fn delimited(&mut self) -> Parsed<Predicate> {
        if self.accept("exists") {
            self.expect("(")?;
            let node = self.deeper(Self::sum)?;
            self.expect(")")?;
            return Ok(Predicate::Exists(node));
        }
        self.expect("(")?;
        let inner = self.deeper(Self::or)?;
        self.expect(")")?;
        Ok(inner)
    }

    fn comparison(&mut self) -> Parsed<Predicate> {
        let left = self.deeper(Self::sum)?;
        for (symbol, op) in [
            ("==", "=="),
            ("<>", "<>"),
            ("!=", "<>"),
            ("<=", "<="),
            (">=", ">="),
            ("<", "<"),
            (">", ">"),
        ] {
            if self.accept(symbol) {
                let right = self.deeper(Self::sum)?;
                return Ok(Predicate::Comparison(op, left, right));
            }
        }
        if self.accept("starts") {
            self.expect("with")?;
            let start = self.deeper(Self::sum)?;
            return Ok(Predicate::StartsWith(left, start));
        }
        if self.accept("like_regex") {
            let pattern = self.literal_text()?;
            let flags = match self.accept("flag") {
                true => self.literal_text()?,
                false => String::new(),
            };
            let pattern = match flags.as_str() {
                "" => pattern,
                flags if flags.chars().all(|c| "imsx".contains(c)) => {
                    format!("(?{flags}){pattern}")
                }
                _ => return Err(self.mismatch("")),
            };
            return Ok(Predicate::LikeRegex(left, pattern));
        }
        Err(self.mismatch(""))
    }

    fn literal_text(&mut self) -> Parsed<String> {
        match self.peek().kind.clone() {
            Kind::Text(text) => {
                self.at += 1;
                Ok(text)
            }
            _ => Err(self.mismatch("")),
        }
    }
}

/// Exact if it has no exponent.
fn number(text: &str) -> Item {
    use super::super::text::{parse_decimal, parse_double};
    if text.contains(['e', 'E']) {
        let value = parse_double(text).unwrap_or(f64::NAN);
        return Item::Scalar(Value::Double(value), Type::Double);
    }
    if let Ok(whole) = text.parse::<i64>() {
        let narrow = i32::try_from(whole).is_ok();
        let ty = if narrow { Type::Integer } else { Type::Bigint };
        return Item::Scalar(Value::Int(whole), ty);
    }
    match parse_decimal(text) {
        Some((value, precision, scale)) => {
            Item::Scalar(Value::Decimal(value), Type::Decimal(precision, scale))
        }
        None => Item::Scalar(
            Value::Double(parse_double(text).unwrap_or(0.0)),
            Type::Double,
        ),
    }
}
