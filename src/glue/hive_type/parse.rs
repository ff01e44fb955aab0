//! Reading a type from its text. Struct field names may hold anything but `:`, `,`, `<` and `>`:
//! crawlers keep the names that the data has.

use std::str::FromStr;

use super::{HiveType, MAX_DECIMAL_DIGITS};

/// How deep types may nest; deeper texts are refused instead of exhausting the stack.
const MAX_DEPTH: usize = 64;

/// Why a text is not a type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a column type: {reason}")]
pub struct HiveTypeError {
    /// The whole text.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl FromStr for HiveType {
    type Err = HiveTypeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |reason: String| HiveTypeError {
            text: text.to_owned(),
            reason,
        };
        let mut rest = text;
        let parsed = parse_type(&mut rest, 0).map_err(fail)?;
        match rest.trim() {
            "" => Ok(parsed),
            left => Err(fail(format!("unexpected `{left}`"))),
        }
    }
}

fn parse_type(rest: &mut &str, depth: usize) -> Result<HiveType, String> {
    if depth > MAX_DEPTH {
        return Err(format!("more than {MAX_DEPTH} levels"));
    }
    let name = word(rest).to_ascii_lowercase();
    Ok(match name.as_str() {
        "void" | "null" => HiveType::Void,
        "boolean" => HiveType::Boolean,
        "tinyint" | "byte" => HiveType::TinyInt,
        "smallint" | "short" => HiveType::SmallInt,
        "int" | "integer" => HiveType::Int,
        "bigint" | "long" => HiveType::BigInt,
        "float" => HiveType::Float,
        "double" => HiveType::Double,
        "string" => HiveType::String,
        "binary" => HiveType::Binary,
        "date" => HiveType::Date,
        "timestamp" => HiveType::Timestamp,
        "char" => HiveType::Char(length(rest)?),
        "varchar" => HiveType::Varchar(length(rest)?),
        "decimal" => decimal(rest)?,
        "array" => {
            expect(rest, '<')?;
            let item = parse_type(rest, depth + 1)?;
            expect(rest, '>')?;
            HiveType::Array(Box::new(item))
        }
        "map" => {
            expect(rest, '<')?;
            let key = parse_type(rest, depth + 1)?;
            expect(rest, ',')?;
            let value = parse_type(rest, depth + 1)?;
            expect(rest, '>')?;
            HiveType::Map(Box::new(key), Box::new(value))
        }
        "struct" => HiveType::Struct(fields(rest, depth)?),
        "" => return Err("a type is missing".to_owned()),
        other => return Err(format!("unknown type `{other}`")),
    })
}

fn fields(rest: &mut &str, depth: usize) -> Result<Vec<(String, HiveType)>, String> {
    expect(rest, '<')?;
    let mut fields: Vec<(String, HiveType)> = Vec::new();
    if accept(rest, '>') {
        return Ok(fields);
    }
    loop {
        let end = rest
            .find([':', ',', '<', '>'])
            .ok_or("a struct is not closed")?;
        let (name, tail) = rest.split_at(end);
        *rest = tail;
        let name = name.trim();
        if name.is_empty() {
            return Err("a struct field has no name".to_owned());
        }
        if fields
            .iter()
            .any(|(seen, _)| seen.eq_ignore_ascii_case(name))
        {
            return Err(format!("the struct field `{name}` appears twice"));
        }
        expect(rest, ':')?;
        fields.push((name.to_owned(), parse_type(rest, depth + 1)?));
        if accept(rest, '>') {
            return Ok(fields);
        }
        expect(rest, ',')?;
    }
}

fn length(rest: &mut &str) -> Result<u32, String> {
    expect(rest, '(')?;
    let length = number(rest)?;
    expect(rest, ')')?;
    if length == 0 {
        return Err("a length must not be 0".to_owned());
    }
    Ok(length)
}

/// `decimal` alone is `decimal(10,0)`, as in Hive.
fn decimal(rest: &mut &str) -> Result<HiveType, String> {
    let (mut precision, mut scale) = (10, 0);
    if accept(rest, '(') {
        precision = number(rest)?;
        if accept(rest, ',') {
            scale = number(rest)?;
        }
        expect(rest, ')')?;
    }
    match (u8::try_from(precision), u8::try_from(scale)) {
        (Ok(precision), Ok(scale))
            if (1..=MAX_DECIMAL_DIGITS).contains(&precision) && scale <= precision =>
        {
            Ok(HiveType::Decimal { precision, scale })
        }
        _ => Err(format!("decimal({precision},{scale}) is out of range")),
    }
}

fn word<'a>(rest: &mut &'a str) -> &'a str {
    let text = rest.trim_start();
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let (word, tail) = text.split_at(end);
    *rest = tail;
    word
}

fn number(rest: &mut &str) -> Result<u32, String> {
    let digits = word(rest);
    digits
        .parse()
        .map_err(|_| format!("`{digits}` is not a number"))
}

fn accept(rest: &mut &str, wanted: char) -> bool {
    match rest.trim_start().strip_prefix(wanted) {
        Some(tail) => {
            *rest = tail;
            true
        }
        None => false,
    }
}

fn expect(rest: &mut &str, wanted: char) -> Result<(), String> {
    if accept(rest, wanted) {
        return Ok(());
    }
    Err(match rest.trim_start().chars().next() {
        Some(found) => format!("expected `{wanted}`, found `{found}`"),
        None => format!("expected `{wanted}` at the end"),
    })
}
