//! The `.metadata` object beside a result file: a protobuf message that JDBC 3 and PyAthena read.
//!
//! There is no public schema. Fields and which of them a column has were measured on live Athena
//! (2026-09): 1 query id, 2 kind of update, 3 count of changed rows (written even when it is 0),
//! 4 columns {1 catalog, 4 name, 5 label, 6 type, 7 precision, 8 scale, 9 nullable, 10 case
//! sensitive}. Most SHOW statements have an opaque blob there instead on AWS; clients read this
//! message in its place too, so we write it for them as well.

use bytes::Bytes;

use super::{ResultColumn, Shape};
use crate::athena::executions::QueryOrder;

/// `Nullable` of every column ever seen: unknown.
const NULLABLE_UNKNOWN: u64 = 3;

/// The message for a statement's result.
pub(super) fn encode(
    order: &QueryOrder,
    columns: &[ResultColumn],
    update_count: Option<i64>,
) -> Bytes {
    let class = &order.class;
    let shape = Shape::of(class);
    let mut message = Message::default();
    // What Athena's engine executed is named by the engine's id, the rest by the execution's.
    let by_engine = !class.literal && (class.statement_type != "UTILITY" || shape == Shape::Csv);
    message.text(
        1,
        if by_engine && !class.hive {
            &order.engine_id
        } else {
            &order.id
        },
    );
    if let Some(update) = update_type(class.substatement_type.as_deref(), shape) {
        message.text(2, update);
        message.number(
            3,
            update_count
                .and_then(|n| u64::try_from(n).ok())
                .unwrap_or(0),
        );
    } else if class.literal {
        message.text(2, "");
        message.number(3, 0);
    }
    for column in columns {
        message.message(4, &self::column(column));
    }
    message.0.into()
}

/// Trino's name of the kind of update.
fn update_type(substatement: Option<&str>, shape: Shape) -> Option<&str> {
    match shape {
        Shape::NewTable => Some("CREATE TABLE"),
        Shape::Inserted | Shape::Modified => substatement,
        Shape::Csv | Shape::Text => None,
    }
}

fn column(column: &ResultColumn) -> Message {
    let (with_precision, with_scale, with_case) = members(&column.type_name);
    let mut message = Message::default();
    message.text(1, "hive");
    message.text(4, &column.name);
    message.text(5, &column.name);
    message.text(6, &column.type_name);
    if with_precision {
        message.number(7, u64::try_from(column.precision).unwrap_or(0));
    }
    if with_scale {
        message.number(8, u64::try_from(column.scale).unwrap_or(0));
    }
    message.number(9, NULLABLE_UNKNOWN);
    if with_case {
        message.number(10, u64::from(column.case_sensitive));
    }
    message
}

/// Which of precision, scale and case sensitivity a type has: it depends on the type, not on the
/// value.
fn members(type_name: &str) -> (bool, bool, bool) {
    match type_name {
        "tinyint"
        | "smallint"
        | "integer"
        | "bigint"
        | "float"
        | "double"
        | "decimal"
        | "varchar"
        | "char"
        | "varbinary"
        | "timestamp"
        | "timestamp with time zone"
        | "time"
        | "time with time zone" => (true, true, true),
        "date" => (false, true, true),
        "boolean" | "interval day to second" | "interval year to month" => (false, false, true),
        _ => (false, false, false),
    }
}

/// A protobuf message under construction: varints and length-delimited fields are all it needs.
#[derive(Debug, Default)]
struct Message(Vec<u8>);

impl Message {
    fn number(&mut self, field: u64, value: u64) {
        self.varint(field << 3);
        self.varint(value);
    }

    fn text(&mut self, field: u64, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    fn message(&mut self, field: u64, message: &Self) {
        self.bytes(field, &message.0);
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint((field << 3) | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}
