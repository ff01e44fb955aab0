//! Functions of `uuid` and `ipaddress`.

use super::super::address::address_of;
use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::types::{Type, VARCHAR};
use super::super::value::Value;
use super::{Resolution, found};

fn invalid(message: impl Into<String>) -> TrinoError {
    TrinoError::in_data(Code::InvalidFunctionArgument, message)
}

/// Finds a function of this family.
pub fn resolve(name: &str, arguments: &[Type]) -> Resolution {
    match (name, arguments) {
        ("uuid", []) => found(
            Some(Function::random(name, vec![], Type::Uuid, |rng, _| {
                let mut bytes = [0; 16];
                rng.fill(&mut bytes);
                let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
                Ok(Value::Bytes(id.as_bytes().to_vec()))
            })),
            "uuid()",
        ),
        ("contains", [network, Type::IpAddress]) if network.is_text() => found(
            Some(
                Function::new(
                    name,
                    vec![VARCHAR, Type::IpAddress],
                    Type::Boolean,
                    |a| match a {
                        [Value::Text(network), Value::Bytes(address)] => {
                            contains(network, address).map(Value::Boolean)
                        }
                        _ => Ok(Value::Null),
                    },
                )
                .failing(),
            ),
            "contains(network, ipaddress)",
        ),
        _ => Resolution::Unknown,
    }
}

/// Whether a network such as `10.0.0.0/8` has an address.
fn contains(network: &str, address: &[u8]) -> Result<bool> {
    let (base, bits) = network
        .split_once('/')
        .ok_or_else(|| invalid("Invalid CIDR"))?;
    let start = address_of(base).ok_or_else(|| invalid("Invalid network IP address"))?;
    let bits: i64 = bits.parse().map_err(|_| invalid("Invalid CIDR"))?;
    let bits = u32::try_from(bits).map_err(|_| invalid("Invalid prefix length"))?;
    // A mapped IPv4 address has its bits after 96 others.
    let is_v4 = |bytes: &[u8]| bytes.starts_with(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]);
    let (before, width) = if is_v4(&start) { (96, 32) } else { (0, 128) };
    if bits > width {
        return Err(invalid("Prefix length exceeds address length"));
    }
    let number = |bytes: &[u8]| bytes.iter().fold(0_u128, |n, b| n << 8 | u128::from(*b));
    let beyond = u128::MAX.checked_shr(before + bits).unwrap_or(0);
    // Only of an IPv4 network must the start be written in full.
    if is_v4(&start) && number(&start) & beyond != 0 {
        return Err(invalid("Invalid CIDR"));
    }
    if is_v4(&start) != is_v4(address) {
        return Err(invalid("IP address version should be the same"));
    }
    Ok((number(&start) ^ number(address)) & !beyond == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(network: &str, address: &str, expected: Result<bool, &str>) {
        let got = contains(network, &address_of(address).unwrap()).map_err(|e| e.message);
        assert_eq!(got, expected.map_err(str::to_string), "{network} {address}");
    }

    #[test]
    fn a_network_has_the_addresses_that_share_its_prefix() {
        check("10.0.0.0/8", "10.255.255.255", Ok(true));
        check("10.0.0.0/8", "11.0.0.0", Ok(false));
        check("0.0.0.0/0", "255.255.255.255", Ok(true));
        check("::/0", "2001::", Ok(true));
        check("10.0.0.1/32", "10.0.0.1", Ok(true));
        check("64:ff9b::/64", "64:ff9b:0:0:f:f:f:f", Ok(true));
        check("2001:db8::1/64", "2001:db8::ffff", Ok(true));
        check("10.0.0.1/8", "10.0.0.1", Err("Invalid CIDR"));
        check("10.0.0.0", "10.0.0.1", Err("Invalid CIDR"));
        check(
            "::/0",
            "1.2.3.4",
            Err("IP address version should be the same"),
        );
        check("::/129", "::", Err("Prefix length exceeds address length"));
    }
}
