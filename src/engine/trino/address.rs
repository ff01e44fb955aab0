//! The types `uuid` and `ipaddress`: sixteen bytes each, and their texts.

use std::net::{IpAddr, Ipv6Addr};

use super::error::{Code, Result, TrinoError};
use super::types::Type;
use super::value::Value;

fn refused(message: impl Into<String>) -> TrinoError {
    TrinoError::in_data(Code::InvalidCastArgument, message)
}

/// The text of a value.
pub fn shown(bytes: &[u8], ty: &Type) -> String {
    let Ok(bytes) = <[u8; 16]>::try_from(bytes) else {
        return hex::encode(bytes);
    };
    if *ty == Type::Uuid {
        return uuid::Uuid::from_bytes(bytes).hyphenated().to_string();
    }
    let address = Ipv6Addr::from(bytes);
    match address.to_ipv4_mapped() {
        Some(v4) => v4.to_string(),
        None => address.to_string(),
    }
}

/// CAST of text or bytes to one of the two types.
pub fn read(value: &Value, from: &Type, to: &Type) -> Result<Value> {
    match (value, to) {
        (Value::Text(text), Type::Uuid) => uuid_of(text),
        (Value::Text(text), Type::IpAddress) => address_of(text)
            .map(Value::Bytes)
            .ok_or_else(|| refused(format!("Cannot cast value to IPADDRESS: {text}"))),
        (Value::Bytes(bytes), Type::Uuid) if bytes.len() == 16 => Ok(Value::Bytes(bytes.clone())),
        (Value::Bytes(bytes), Type::Uuid) => Err(refused(format!(
            "Invalid UUID binary length: {}",
            bytes.len()
        ))),
        (Value::Bytes(bytes), Type::IpAddress) => match bytes.as_slice() {
            [a, b, c, d] => Ok(Value::Bytes(
                mapped(IpAddr::from([*a, *b, *c, *d])).octets().to_vec(),
            )),
            bytes if bytes.len() == 16 => Ok(Value::Bytes(bytes.to_vec())),
            bytes => Err(refused(format!(
                "Invalid IP address binary length: {}",
                bytes.len()
            ))),
        },
        _ => Err(refused(format!("Cannot cast {from} to {to}"))),
    }
}

fn mapped(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    }
}

/// The sixteen bytes of an address as written.
pub fn address_of(text: &str) -> Option<Vec<u8>> {
    let address: IpAddr = text.parse().ok()?;
    Some(mapped(address).octets().to_vec())
}

/// Five groups of hexadecimal digits.
fn uuid_of(text: &str) -> Result<Value> {
    if text.len() != 36 {
        return Err(refused(format!(
            "Invalid UUID string length: {}",
            text.len()
        )));
    }
    let refusal = || refused(format!("Cannot cast value to UUID: {text}"));
    let mut digits = String::with_capacity(32);
    let mut groups = text.split('-');
    for width in [8, 4, 4, 4, 12] {
        let group = groups.next().ok_or_else(refusal)?;
        if group.len() != width || !group.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(refusal());
        }
        digits.push_str(group);
    }
    if groups.next().is_some() {
        return Err(refusal());
    }
    hex::decode(digits).map(Value::Bytes).map_err(|_| refusal())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::trino::types::VARCHAR;

    fn check(text: &str, ty: Type, expected: Option<&str>) {
        let read = read(&Value::Text(text.into()), &VARCHAR, &ty).ok();
        let got = read.map(|value| match value {
            Value::Bytes(bytes) => shown(&bytes, &ty),
            other => format!("{other:?}"),
        });
        assert_eq!(got.as_deref(), expected, "{text}");
    }

    #[test]
    fn addresses_are_written_short_and_mapped_ones_as_ipv4() {
        check("::ffff:1.2.3.4", Type::IpAddress, Some("1.2.3.4"));
        check(
            "2001:db8:0:0:1:0:0:1",
            Type::IpAddress,
            Some("2001:db8::1:0:0:1"),
        );
        check("64:ff9b::10.0.0.0", Type::IpAddress, Some("64:ff9b::a00:0"));
        check("1.2.3", Type::IpAddress, None);
        check("facebook.com", Type::IpAddress, None);
    }

    #[test]
    fn uuids_have_five_groups() {
        let text = "6B5f5b65-67e4-43b0-8ee3-586cd49f58a0";
        check(text, Type::Uuid, Some(&text.to_lowercase()));
        check("6b5f5b65-67e4-43b0-8ee3-586cd49f58", Type::Uuid, None);
        check("6b5f5b6567e443b08ee3586cd49f58a0", Type::Uuid, None);
    }
}
