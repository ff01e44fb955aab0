//! SQL/JSON functions: `JSON_EXISTS`, `JSON_VALUE`, `JSON_QUERY`, `JSON_OBJECT` and `JSON_ARRAY`.

use std::sync::Arc;

use super::super::ast::{
    Expression, JsonBehavior, JsonInput, JsonMaker, JsonPathCall, JsonPathFunction, Node, Pos,
    TypeName,
};
use super::super::cast::cast_value;
use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::json::Json;
use super::super::json::path::{Context, Item, Path, parse};
use super::super::types::{Type, VARCHAR};
use super::super::value::Value;
use super::combine::{apply, coerce};
use super::expression::Analyzer;
use super::scope::Typed;

/// How a value becomes JSON.
#[derive(Clone, Debug)]
enum Reading {
    /// Text or bytes of JSON.
    Json(Type),
    /// An SQL value.
    Value(Type),
}

fn input_error(why: impl std::fmt::Display) -> TrinoError {
    TrinoError::in_data(
        Code::JsonInputConversionError,
        format!("conversion to JSON failed: {why}"),
    )
}

/// Bytes in an encoding; `None` when they are not.
fn decoded(bytes: &[u8], encoding: &str) -> Option<String> {
    match encoding {
        "UTF16" => {
            let units = bytes.chunks(2).map(|pair| match pair {
                [low, high] => Some(u16::from_le_bytes([*low, *high])),
                _ => None,
            });
            String::from_utf16(&units.collect::<Option<Vec<u16>>>()?).ok()
        }
        "UTF32" => bytes
            .chunks(4)
            .map(|four| {
                let four = <[u8; 4]>::try_from(four).ok()?;
                char::from_u32(u32::from_le_bytes(four))
            })
            .collect(),
        _ => String::from_utf8(bytes.to_vec()).ok(),
    }
}

impl Reading {
    /// The item; `None` for JSON text that is NULL.
    fn item(&self, value: &Value, encoding: &str) -> Result<Option<Item>> {
        match (self, value) {
            (Self::Json(_), Value::Null) => Ok(None),
            (Self::Json(ty), value) => {
                let text = match value {
                    Value::Bytes(bytes) => decoded(bytes, encoding),
                    value => Some(super::super::cast::text_of(value, ty)),
                };
                let json = text.as_deref().and_then(Json::parse);
                json.map(|json| Some(Item::of(&json)))
                    .ok_or_else(|| input_error(""))
            }
            (Self::Value(_), Value::Null) => Ok(Some(Item::Null)),
            (Self::Value(ty), value) => Ok(Some(Item::Scalar(value.clone(), ty.clone()))),
        }
    }
}

/// Whether an expression yields text that is JSON by construction.
fn makes_json(expression: &Expression) -> bool {
    match &expression.kind {
        Node::JsonMaker(_) => true,
        Node::JsonPath(call) => call.function == JsonPathFunction::Query,
        _ => false,
    }
}

/// A call as its own name: no two that differ are taken for one.
fn shown(kind: Node) -> String {
    let pos = Pos::default();
    Expression { kind, pos }.to_string()
}

/// What to do without a result; a default is an argument of the function.
#[derive(Clone, Copy, Debug)]
enum Instead {
    Error,
    Value(usize),
}

/// A call as its function sees it.
struct PathCall {
    function: JsonPathFunction,
    path: Path,
    /// The readings of the first arguments: the input and what is passed, with encodings.
    readings: Vec<(Reading, String)>,
    names: Vec<String>,
    returning: Type,
    wrapper: Option<bool>,
    omit_quotes: bool,
    on_empty: Instead,
    on_error: Instead,
}

impl Analyzer<'_> {
    /// A value to be read as JSON text, or to be passed as it is.
    fn json_argument(
        &mut self,
        input: &JsonInput,
        text_is_json: bool,
    ) -> Result<(Typed, Reading, String)> {
        let value = self.analyze(&input.value)?;
        let pos = input.value.pos;
        let json = input.format.is_some() || text_is_json || makes_json(&input.value);
        let encoding = input.format.clone().unwrap_or_default();
        if json {
            let binary = value.ty == Type::Varbinary;
            let readable = match encoding.as_str() {
                "" => value.ty.is_text() || binary || value.ty == Type::Unknown,
                _ => binary,
            };
            if !readable {
                let shown = match encoding.as_str() {
                    "" => "JSON".to_string(),
                    encoding => format!("JSON ENCODING {encoding}"),
                };
                return Err(TrinoError::at(
                    pos,
                    Code::TypeMismatch,
                    format!(
                        "Cannot read input of type {} as JSON using formatting {shown}",
                        value.ty
                    ),
                ));
            }
            let value = if value.ty == Type::Unknown {
                coerce(value, &VARCHAR)?
            } else {
                value
            };
            let ty = value.ty.clone();
            return Ok((value, Reading::Json(ty), encoding));
        }
        let value = match &value.ty {
            Type::Unknown => coerce(value, &VARCHAR)?,
            ty if ty.is_numeric()
                || ty.is_text()
                || matches!(
                    ty,
                    Type::Boolean | Type::Date | Type::Timestamp(_) | Type::TimestampTz(_)
                ) =>
            {
                value
            }
            ty if super::super::cast::can_cast(ty, &VARCHAR) => {
                super::combine::cast(value, &VARCHAR, false, pos)?
            }
            ty => {
                return Err(TrinoError::at(
                    pos,
                    Code::NotSupported,
                    format!("Unsupported type of value passed to JSON: {ty}"),
                ));
            }
        };
        let ty = value.ty.clone();
        Ok((value, Reading::Value(ty), encoding))
    }

    fn json_result(
        &self,
        returning: Option<&(TypeName, Option<String>)>,
        pos: Pos,
    ) -> Result<(Type, String)> {
        let Some((name, format)) = returning else {
            return Ok((VARCHAR, String::new()));
        };
        let ty = Type::resolve(name)?;
        let encoding = format.clone().unwrap_or_default();
        if ty.is_text() && encoding.is_empty() || ty == Type::Varbinary {
            return Ok((ty, encoding));
        }
        Err(TrinoError::at(
            pos,
            Code::TypeMismatch,
            format!("Cannot output JSON value as {ty} using formatting JSON"),
        ))
    }

    /// `JSON_EXISTS`, `JSON_VALUE` and `JSON_QUERY`.
    pub(super) fn json_path_call(&mut self, call: &JsonPathCall, pos: Pos) -> Result<Typed> {
        let path = parse(&call.path).map_err(|(before, message)| {
            let column = call.path_pos.column + 1 + u32::try_from(before).unwrap_or(0);
            let at = Pos {
                column,
                ..call.path_pos
            };
            TrinoError::at(at, Code::InvalidPath, message)
        })?;
        let (value, reading, encoding) = self.json_argument(&call.input, true)?;
        let (mut arguments, mut readings) = (vec![value], vec![(reading, encoding)]);
        let mut names: Vec<String> = Vec::new();
        for (input, name) in &call.passing {
            let (value, reading, encoding) = self.json_argument(input, false)?;
            let key = if name.quoted {
                name.value.clone()
            } else {
                name.value.to_uppercase()
            };
            if names.contains(&key) {
                return Err(TrinoError::at(
                    name.pos,
                    Code::DuplicateColumnName,
                    format!("{key} JSON path parameter is specified more than once"),
                ));
            }
            names.push(key);
            arguments.push(value);
            readings.push((reading, encoding));
        }
        for name in path.variables() {
            if !names.contains(&name) {
                let hint = match names.iter().any(|have| *have == name.to_uppercase()) {
                    true => format!(". Try quoting \"{name}\" in the PASSING clause to match case"),
                    false => String::new(),
                };
                return Err(TrinoError::at(
                    call.path_pos,
                    Code::InvalidPath,
                    format!("no value passed for parameter {name}{hint}"),
                ));
            }
        }
        let returning = match call.function {
            JsonPathFunction::Exists => Type::Boolean,
            JsonPathFunction::Query => self.json_result(call.returning.as_ref(), pos)?.0,
            JsonPathFunction::Value => match &call.returning {
                None => VARCHAR,
                Some((name, _)) => self.json_value_result(Type::resolve(name)?, pos)?,
            },
        };
        if call.wrapper.is_some() && call.omit_quotes.is_some() {
            return Err(TrinoError::at(
                pos,
                Code::InvalidFunctionArgument,
                "OMIT QUOTES behavior specified with WITH ARRAY WRAPPER behavior",
            ));
        }
        let on_empty = self.json_instead(call.on_empty.as_ref(), &returning, &mut arguments)?;
        let by_default = match call.function {
            JsonPathFunction::Exists => JsonBehavior::Boolean(false),
            _ => JsonBehavior::Null,
        };
        let on_error = call.on_error.as_ref().unwrap_or(&by_default);
        let on_error = self.json_instead(Some(on_error), &returning, &mut arguments)?;
        let types = arguments.iter().map(|a| a.ty.clone()).collect();
        let prepared = Arc::new(PathCall {
            function: call.function,
            path,
            readings,
            names,
            returning: returning.clone(),
            wrapper: call.wrapper,
            omit_quotes: call.omit_quotes == Some(true),
            on_empty,
            on_error,
        });
        let function = Function::new(
            shown(Node::JsonPath(Box::new(call.clone()))),
            types,
            returning,
            move |a| prepared.run(a),
        );
        apply(function.seeing_nulls().failing(), arguments)
    }

    fn json_value_result(&self, ty: Type, pos: Pos) -> Result<Type> {
        let scalar = ty.is_numeric()
            || ty.is_text()
            || matches!(
                ty,
                Type::Boolean | Type::Date | Type::Timestamp(_) | Type::TimestampTz(_)
            );
        if scalar {
            return Ok(ty);
        }
        Err(TrinoError::at(
            pos,
            Code::TypeMismatch,
            format!("Invalid return type of function JSON_VALUE: {ty}"),
        ))
    }

    fn json_instead(
        &mut self,
        behavior: Option<&JsonBehavior>,
        returning: &Type,
        arguments: &mut Vec<Typed>,
    ) -> Result<Instead> {
        let constant = |text: &str| super::expression::text_literal(text);
        let value = match behavior.unwrap_or(&JsonBehavior::Null) {
            JsonBehavior::Error => return Ok(Instead::Error),
            JsonBehavior::Null => super::literal::literal(Value::Null, Type::Unknown)?,
            JsonBehavior::Boolean(b) => super::literal::literal(Value::Boolean(*b), Type::Boolean)?,
            JsonBehavior::EmptyArray => constant("[]")?,
            JsonBehavior::EmptyObject => constant("{}")?,
            JsonBehavior::Default(expression) => {
                let value = self.analyze(expression)?;
                if !value.ty.coerces_to(returning) {
                    return Err(TrinoError::at(
                        expression.pos,
                        Code::TypeMismatch,
                        format!(
                            "Function JSON_VALUE default value must evaluate to a {returning} (actual: {})",
                            value.ty
                        ),
                    ));
                }
                value
            }
        };
        arguments.push(if *returning == Type::Varbinary && value.ty.is_text() {
            super::combine::cast(coerce(value, &VARCHAR)?, returning, false, Pos::default())?
        } else {
            coerce(value, returning)?
        });
        Ok(Instead::Value(arguments.len() - 1))
    }

    /// `JSON_OBJECT` and `JSON_ARRAY`.
    pub(super) fn json_maker(&mut self, maker: &JsonMaker, pos: Pos) -> Result<Typed> {
        let mut arguments = Vec::new();
        let mut parts: Vec<(Reading, String)> = Vec::new();
        for (key, input) in &maker.parts {
            if let Some(key) = key {
                let key_value = self.analyze(key)?;
                if !key_value.ty.is_text() && key_value.ty != Type::Unknown {
                    return Err(TrinoError::at(
                        key.pos,
                        Code::InvalidFunctionArgument,
                        format!("Invalid type of JSON object key: {}", key_value.ty),
                    ));
                }
                arguments.push(coerce(key_value, &VARCHAR)?);
            }
            let (value, reading, encoding) = self.json_argument(input, false)?;
            arguments.push(value);
            parts.push((reading, encoding));
        }
        let (returning, encoding) = self.json_result(maker.returning.as_ref(), pos)?;
        let object = maker.object;
        let keep_nulls = maker.keep_nulls.unwrap_or(object);
        let types = arguments.iter().map(|a| a.ty.clone()).collect();
        let made = returning.clone();
        let function = Function::new(
            shown(Node::JsonMaker(Box::new(maker.clone()))),
            types,
            returning,
            move |a| {
                let json = match object {
                    true => made_object(a, &parts, keep_nulls)?,
                    false => made_array(a, &parts, keep_nulls)?,
                };
                output(&json.to_string(), &made, &encoding)
            },
        );
        apply(function.seeing_nulls().failing(), arguments)
    }
}

fn made_array(a: &[Value], parts: &[(Reading, String)], keep_nulls: bool) -> Result<Json> {
    let mut items = Vec::with_capacity(a.len());
    for (value, (reading, encoding)) in a.iter().zip(parts) {
        if value.is_null() && !keep_nulls {
            continue;
        }
        let item = reading.item(value, encoding)?;
        items.push(item.map_or(Json::Null, |item| item.json()));
    }
    Ok(Json::Array(items))
}

fn made_object(a: &[Value], parts: &[(Reading, String)], keep_nulls: bool) -> Result<Json> {
    let mut members: Vec<(String, Json)> = Vec::new();
    for (pair, (reading, encoding)) in a.chunks(2).zip(parts) {
        let [key, value] = pair else { continue };
        let Value::Text(key) = key else {
            return Err(TrinoError::in_data(
                Code::InvalidFunctionArgument,
                "null value passed for JSON object key to JSON_OBJECT function",
            ));
        };
        if value.is_null() && !keep_nulls {
            continue;
        }
        if members.iter().any(|(have, _)| have == key) {
            return Err(TrinoError::in_data(
                Code::NotSupported,
                "cannot construct a JSON object with duplicate key",
            ));
        }
        let item = reading.item(value, encoding)?;
        members.push((key.clone(), item.map_or(Json::Null, |item| item.json())));
    }
    Ok(Json::Object(members))
}

/// JSON text as the type that is wanted.
fn output(text: &str, ty: &Type, encoding: &str) -> Result<Value> {
    match (ty, encoding) {
        (Type::Varbinary, "UTF16") => Ok(Value::Bytes(
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        )),
        (Type::Varbinary, "UTF32") => Ok(Value::Bytes(
            text.chars()
                .flat_map(|c| u32::from(c).to_le_bytes())
                .collect(),
        )),
        (Type::Varbinary, _) => Ok(Value::Bytes(text.as_bytes().to_vec())),
        (ty, _) => cast_value(Value::Text(text.to_string()), &VARCHAR, ty),
    }
}

impl PathCall {
    fn run(&self, a: &[Value]) -> Result<Value> {
        let failed = |error: TrinoError| match self.on_error {
            Instead::Error => Err(error),
            Instead::Value(at) => Ok(a.get(at).cloned().unwrap_or(Value::Null)),
        };
        if a.first().is_none_or(Value::is_null) {
            return Ok(Value::Null);
        }
        let items = match self.items(a) {
            Ok(items) => items,
            Err(error) => return failed(error),
        };
        let made = match self.function {
            JsonPathFunction::Exists => return Ok(Value::Boolean(!items.is_empty())),
            JsonPathFunction::Query => self.query(&items),
            JsonPathFunction::Value => self.value(&items),
        };
        match made {
            Ok(Some(value)) => Ok(value),
            Ok(None) => match self.on_empty {
                Instead::Value(at) => Ok(a.get(at).cloned().unwrap_or(Value::Null)),
                Instead::Error if self.function == JsonPathFunction::Query => {
                    Err(output_error("JSON path found no items"))
                }
                Instead::Error => Err(value_error("JSON path found no items")),
            },
            Err(error) => failed(error),
        }
    }

    fn items(&self, a: &[Value]) -> Result<Vec<Item>> {
        let mut read = Vec::with_capacity(self.readings.len());
        for (value, (reading, encoding)) in a.iter().zip(&self.readings) {
            read.push(reading.item(value, encoding)?);
        }
        let mut read = read.into_iter();
        let item = read.next().flatten().unwrap_or(Item::Null);
        let variables: Vec<(String, Option<Item>)> = self.names.iter().cloned().zip(read).collect();
        let context = Context {
            item: &item,
            variables: &variables,
        };
        self.path.evaluate(&context).map_err(|why| {
            TrinoError::in_data(
                Code::PathEvaluationError,
                format!("path evaluation failed: {why}"),
            )
        })
    }

    /// `None` without an item.
    fn query(&self, items: &[Item]) -> Result<Option<Value>> {
        let json = match (items, self.wrapper) {
            ([], _) => return Ok(None),
            ([only], None) => only.json(),
            ([only @ (Item::Array(_) | Item::Object(_))], Some(false)) => only.json(),
            (_, None) => return Err(output_error("JSON path found multiple items")),
            (items, Some(_)) => Json::Array(items.iter().map(Item::json).collect()),
        };
        let text = match &json {
            Json::Text(text) if self.omit_quotes => text.clone(),
            json => json.to_string(),
        };
        output(&text, &self.returning, "").map(Some)
    }

    fn value(&self, items: &[Item]) -> Result<Option<Value>> {
        match items {
            [] => Ok(None),
            [Item::Null] => Ok(Some(Value::Null)),
            [Item::Scalar(value, ty)] => {
                let possible = super::super::cast::can_cast(ty, &self.returning);
                let cast = possible
                    .then(|| cast_value(value.clone(), ty, &self.returning))
                    .and_then(Result::ok);
                cast.map(Some).ok_or_else(|| {
                    value_error("cast value returned by JSON path to the result type failed")
                })
            }
            [_] => Err(value_error(
                "JSON path found an item that cannot be converted to an SQL value",
            )),
            _ => Err(value_error("JSON path found multiple items")),
        }
    }
}

fn output_error(why: &str) -> TrinoError {
    TrinoError::in_data(
        Code::JsonOutputConversionError,
        format!("conversion from JSON failed: {why}"),
    )
}

fn value_error(why: &str) -> TrinoError {
    TrinoError::in_data(
        Code::JsonValueResultError,
        format!("cannot extract SQL scalar from JSON: {why}"),
    )
}
