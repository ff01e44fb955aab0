//! What depends on the moment a query starts: CURRENT_TIMESTAMP and its like, and times of day that are
//! given a date or a zone.

use super::super::ast::Pos;
use super::super::calendar::{Zoned, ZonedTime, round_picos, split_day};
use super::super::error::{Result, TrinoError};
use super::super::functions;
use super::super::operators;
use super::super::types::{MAX_PRECISION, Type, VARCHAR, beyond_precision};
use super::super::value::Value;
use super::combine::apply;
use super::expression::{Analyzer, text_literal};
use super::literal::literal;
use super::scope::Typed;

impl Analyzer<'_> {
    /// `value AT TIME ZONE zone`
    pub(super) fn at_time_zone(&mut self, value: Typed, zone: Typed, pos: Pos) -> Result<Typed> {
        if matches!(value.ty, Type::Time(_) | Type::TimeTz(_)) {
            let now = literal(Value::Int(self.planner.context.now.millis()), Type::Bigint)?;
            return self.call(functions::AT_TIME_ZONE, vec![value, zone, now], pos);
        }
        self.call("at_timezone", vec![value, zone], pos)
    }

    pub(super) fn current(
        &mut self,
        word: &str,
        precision: Option<u32>,
        pos: Pos,
    ) -> Result<Typed> {
        let now = Zoned::new(self.planner.context.now.millis(), 0);
        let p = match precision.map(u8::try_from) {
            None => 3,
            Some(Ok(p)) if p <= MAX_PRECISION => p,
            Some(_) => {
                let name = match word {
                    "CURRENT_TIME" => "time with time zone",
                    "LOCALTIME" => "time",
                    "CURRENT_TIMESTAMP" => "timestamp with time zone",
                    _ => "timestamp",
                };
                return Err(beyond_precision(pos, name, precision.unwrap_or_default()));
            }
        };
        let picos = round_picos(now.picos(), p);
        let (_, of_day) = split_day(picos);
        match word {
            "CURRENT_DATE" => {
                let days = i32::try_from(split_day(now.picos()).0).unwrap_or(0);
                literal(Value::Date(days), Type::Date)
            }
            "CURRENT_TIME" => {
                let time = ZonedTime {
                    picos: of_day,
                    offset: 0,
                };
                literal(Value::ZonedTime(time), Type::TimeTz(p))
            }
            "LOCALTIME" => literal(Value::Time(of_day), Type::Time(p)),
            "CURRENT_TIMESTAMP" => {
                let now = Zoned::at(picos, 0).unwrap_or(now);
                literal(Value::Zoned(now), Type::TimestampTz(p))
            }
            "LOCALTIMESTAMP" => literal(Value::Timestamp(picos), Type::Timestamp(p)),
            "CURRENT_CATALOG" => text_literal(self.planner.context.catalog),
            "CURRENT_SCHEMA" => match self.planner.context.database {
                Some(database) => text_literal(database),
                None => literal(Value::Null, VARCHAR),
            },
            _ => Err(TrinoError::unsupported(pos, word)),
        }
    }

    /// A time of day cast to a timestamp: on the day the query starts.
    pub(super) fn today_at(&self, value: Typed, to: Type) -> Result<Typed> {
        let (days, _) = split_day(Zoned::new(self.planner.context.now.millis(), 0).picos());
        apply(operators::on_day(value.ty.clone(), days, to), vec![value])
    }
}
