//! Hashes, checksums and forms of bytes.

use md5::Digest;

use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::types::{Type, VARCHAR};
use super::super::value::Value;
use super::{Resolution, failing, found, simple};

const BYTES: Type = Type::Varbinary;

fn invalid(message: impl Into<String>) -> TrinoError {
    TrinoError::in_data(Code::InvalidFunctionArgument, message)
}

fn bytes_of(value: Option<&Value>) -> &[u8] {
    match value {
        Some(Value::Bytes(bytes)) => bytes,
        Some(Value::Text(text)) => text.as_bytes(),
        _ => &[],
    }
}

/// Finds a function of this family.
pub fn resolve(name: &str, arguments: &[Type]) -> Resolution {
    let hash: fn(&[u8]) -> Vec<u8> = match name {
        "xxhash64" => |b| {
            use std::hash::Hasher;
            let mut hasher = twox_hash::XxHash64::with_seed(0);
            hasher.write(b);
            hasher.finish().to_be_bytes().to_vec()
        },
        "murmur3" => murmur3,
        "hmac_md5" | "hmac_sha1" | "hmac_sha256" | "hmac_sha512" => {
            return hmac(name, arguments);
        }
        _ => return other(name, arguments),
    };
    let function = super::fits(arguments, &[BYTES]).then(|| {
        Function::new(name, vec![BYTES], BYTES, move |a| {
            Ok(Value::Bytes(hash(bytes_of(a.first()))))
        })
    });
    found(function, "f(varbinary)")
}

fn other(name: &str, arguments: &[Type]) -> Resolution {
    match name {
        "crc32" => simple(name, arguments, &[BYTES], Type::Bigint, |a| {
            let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, bytes_of(a.first()));
            Ok(Value::Int(i64::try_from(sum).unwrap_or(0)))
        }),
        "to_big_endian_64" => simple(name, arguments, &[Type::Bigint], BYTES, |a| match a {
            [Value::Int(i)] => Ok(Value::Bytes(i.to_be_bytes().to_vec())),
            _ => Ok(Value::Null),
        }),
        "to_big_endian_32" => simple(name, arguments, &[Type::Integer], BYTES, |a| match a {
            [Value::Int(i)] => Ok(Value::Bytes((*i as i32).to_be_bytes().to_vec())),
            _ => Ok(Value::Null),
        }),
        "from_big_endian_64" => failing(name, arguments, &[BYTES], Type::Bigint, |a| {
            fixed(a, "expected 8-byte input, but got instead: ")
                .map(|b| Value::Int(i64::from_be_bytes(b)))
        }),
        "from_big_endian_32" => failing(name, arguments, &[BYTES], Type::Integer, |a| {
            fixed(a, "expected 4-byte input, but got instead: ")
                .map(|b| Value::Int(i64::from(i32::from_be_bytes(b))))
        }),
        "to_ieee754_64" => simple(name, arguments, &[Type::Double], BYTES, |a| match a {
            [Value::Double(x)] => Ok(Value::Bytes(one_nan(*x).to_be_bytes().to_vec())),
            _ => Ok(Value::Null),
        }),
        "to_ieee754_32" => simple(name, arguments, &[Type::Real], BYTES, |a| match a {
            [Value::Real(x)] if x.is_nan() => Ok(Value::Bytes(f32::NAN.to_be_bytes().to_vec())),
            [Value::Real(x)] => Ok(Value::Bytes(x.to_be_bytes().to_vec())),
            _ => Ok(Value::Null),
        }),
        "from_ieee754_64" => failing(name, arguments, &[BYTES], Type::Double, |a| {
            fixed(a, "Input floating-point value must be exactly 8 bytes long")
                .map(|b| Value::Double(f64::from_be_bytes(b)))
        }),
        "from_ieee754_32" => failing(name, arguments, &[BYTES], Type::Real, |a| {
            fixed(a, "Input floating-point value must be exactly 4 bytes long")
                .map(|b| Value::Real(f32::from_be_bytes(b)))
        }),
        "to_base32" => simple(name, arguments, &[BYTES], VARCHAR, |a| {
            Ok(Value::Text(to_base32(bytes_of(a.first()))))
        }),
        "from_base32" => {
            let parameter = match arguments {
                [Type::Varbinary] => BYTES,
                _ => VARCHAR,
            };
            failing(name, arguments, &[parameter], BYTES, |a| {
                from_base32(bytes_of(a.first())).map(Value::Bytes)
            })
        }
        "lpad" | "rpad" if matches!(arguments, [Type::Varbinary, ..]) => {
            let left = name == "lpad";
            let parameters = [BYTES, Type::Bigint, BYTES];
            let function = super::fits(arguments, &parameters).then(|| {
                Function::new(name, parameters.to_vec(), BYTES, move |a| pad(a, left)).failing()
            });
            found(function, "f(varbinary, bigint, varbinary)")
        }
        "substr" | "substring" if matches!(arguments, [Type::Varbinary, ..]) => {
            let mut parameters = vec![BYTES, Type::Bigint];
            if arguments.len() == 3 {
                parameters.push(Type::Bigint);
            }
            simple(name, arguments, &parameters, BYTES, |a| Ok(part(a)))
        }
        "reverse" if matches!(arguments, [Type::Varbinary]) => {
            simple(name, arguments, &[BYTES], BYTES, |a| {
                Ok(Value::Bytes(
                    bytes_of(a.first()).iter().rev().copied().collect(),
                ))
            })
        }
        "from_utf8" if arguments.len() == 2 => {
            found(lossy(arguments), "from_utf8(varbinary, replacement)")
        }
        _ => Resolution::Unknown,
    }
}

const fn one_nan(x: f64) -> f64 {
    if x.is_nan() { f64::NAN } else { x }
}

fn fixed<const N: usize>(a: &[Value], refusal: &str) -> Result<[u8; N]> {
    let bytes = bytes_of(a.first());
    <[u8; N]>::try_from(bytes).map_err(|_| {
        if refusal.ends_with(' ') {
            invalid(format!("{refusal}{}", bytes.len()))
        } else {
            invalid(refusal)
        }
    })
}

/// A keyed hash as RFC 2104 builds it.
fn keyed<D: Digest>(key: &[u8], message: &[u8], block: usize) -> Vec<u8> {
    let mut padded = if key.len() > block {
        D::digest(key).to_vec()
    } else {
        key.to_vec()
    };
    padded.resize(block, 0);
    let mixed = |with: u8| padded.iter().map(|b| b ^ with).collect::<Vec<u8>>();
    let mut inner = D::new();
    inner.update(mixed(0x36));
    inner.update(message);
    let mut outer = D::new();
    outer.update(mixed(0x5c));
    outer.update(inner.finalize());
    outer.finalize().to_vec()
}

fn hmac(name: &str, arguments: &[Type]) -> Resolution {
    let keyed: fn(&[u8], &[u8]) -> Vec<u8> = match name {
        "hmac_md5" => |k, m| keyed::<md5::Md5>(k, m, 64),
        "hmac_sha1" => |k, m| keyed::<sha1::Sha1>(k, m, 64),
        "hmac_sha256" => |k, m| keyed::<sha2::Sha256>(k, m, 64),
        _ => |k, m| keyed::<sha2::Sha512>(k, m, 128),
    };
    let function = super::fits(arguments, &[BYTES, BYTES]).then(|| {
        Function::new(name, vec![BYTES, BYTES], BYTES, move |a| {
            Ok(Value::Bytes(keyed(bytes_of(a.get(1)), bytes_of(a.first()))))
        })
    });
    found(function, "f(varbinary, key)")
}

/// MurmurHash3 of 128 bits, for 64-bit machines, seed 0.
fn murmur3(bytes: &[u8]) -> Vec<u8> {
    const C1: u64 = 0x87c3_7b91_1142_53d5;
    const C2: u64 = 0x4cf5_ad43_2745_937f;
    let mix1 = |k: u64| k.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2);
    let mix2 = |k: u64| k.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1);
    let word = |bytes: &[u8]| {
        bytes
            .iter()
            .rev()
            .fold(0_u64, |word, byte| word << 8 | u64::from(*byte))
    };
    let (mut h1, mut h2) = (0_u64, 0_u64);
    let mut blocks = bytes.chunks_exact(16);
    for block in &mut blocks {
        let (low, high) = block.split_at(8);
        h1 = (h1 ^ mix1(word(low))).rotate_left(27).wrapping_add(h2);
        h1 = h1.wrapping_mul(5).wrapping_add(0x52dc_e729);
        h2 = (h2 ^ mix2(word(high))).rotate_left(31).wrapping_add(h1);
        h2 = h2.wrapping_mul(5).wrapping_add(0x3849_5ab5);
    }
    let tail = blocks.remainder();
    let (low, high) = tail.split_at(tail.len().min(8));
    h2 ^= mix2(word(high));
    h1 ^= mix1(word(low));
    let length = bytes.len() as u64;
    h1 ^= length;
    h2 ^= length;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    let finish = |mut h: u64| {
        h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        h = (h ^ (h >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        h ^ (h >> 33)
    };
    h1 = finish(h1);
    h2 = finish(h2);
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    [h1.to_le_bytes(), h2.to_le_bytes()].concat()
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn to_base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(5) {
        let bits =
            chunk.iter().fold(0_u64, |n, b| n << 8 | u64::from(*b)) << (8 * (5 - chunk.len()));
        let used = (chunk.len() * 8).div_ceil(5);
        for at in 0..8 {
            let digit = BASE32.get((bits >> (35 - 5 * at)) as usize & 31);
            out.push(match digit {
                Some(digit) if at < used => char::from(*digit),
                _ => '=',
            });
        }
    }
    out
}

fn from_base32(text: &[u8]) -> Result<Vec<u8>> {
    let end = text.iter().rposition(|b| *b != b'=').map_or(0, |at| at + 1);
    let digits = text.get(..end).unwrap_or_default();
    if !matches!(digits.len() % 8, 0 | 2 | 4 | 5 | 7) {
        return Err(invalid(format!("Invalid input length {}", digits.len())));
    }
    let (mut bits, mut held, mut out) = (0_u32, 0, Vec::new());
    for digit in digits {
        let value = BASE32
            .iter()
            .position(|d| d == digit)
            .ok_or_else(|| invalid(format!("Unrecognized character: {}", char::from(*digit))))?;
        bits = bits << 5 | value as u32;
        held += 5;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Ok(out)
}

fn pad(a: &[Value], left: bool) -> Result<Value> {
    let [Value::Bytes(bytes), Value::Int(size), Value::Bytes(with)] = a else {
        return Ok(Value::Null);
    };
    if !(0..=i64::from(i32::MAX)).contains(size) {
        return Err(invalid(format!(
            "Target length must be in the range [0..{}]",
            i32::MAX
        )));
    }
    if with.is_empty() {
        return Err(invalid("Padding bytes must not be empty"));
    }
    let size = usize::try_from(*size).unwrap_or(0);
    if bytes.len() >= size {
        return Ok(Value::Bytes(bytes.iter().take(size).copied().collect()));
    }
    let padding = with.iter().cycle().take(size - bytes.len());
    Ok(Value::Bytes(if left {
        padding.chain(bytes).copied().collect()
    } else {
        bytes.iter().chain(padding).copied().collect()
    }))
}

fn part(a: &[Value]) -> Value {
    let bytes = bytes_of(a.first());
    let int = |at: usize| match a.get(at) {
        Some(Value::Int(i)) => Some(*i),
        _ => None,
    };
    let length = bytes.len() as i64;
    let start = match int(1) {
        Some(start) if start > 0 => start - 1,
        Some(start) if start < 0 => length.saturating_add(start),
        _ => return Value::Bytes(Vec::new()),
    };
    let (Ok(start), Ok(count)) = (
        usize::try_from(start),
        usize::try_from(int(2).unwrap_or(length)),
    ) else {
        return Value::Bytes(Vec::new());
    };
    Value::Bytes(bytes.iter().skip(start).take(count).copied().collect())
}

/// `from_utf8` with a replacement: a text of at most one character, or a code point.
fn lossy(arguments: &[Type]) -> Option<Function> {
    let replacement = match arguments {
        [Type::Varbinary, ty] if ty.is_text() => VARCHAR,
        [Type::Varbinary, ty] if ty.coerces_to(&Type::Bigint) => Type::Bigint,
        _ => return None,
    };
    let function = Function::new("from_utf8", vec![BYTES, replacement], VARCHAR, |a| {
        let by = match a.get(1) {
            Some(Value::Text(text)) if text.chars().count() <= 1 => text.clone(),
            Some(Value::Text(_)) => {
                return Err(invalid(
                    "Replacement character string must empty or a single character",
                ));
            }
            Some(Value::Int(point)) => u32::try_from(*point)
                .ok()
                .and_then(char::from_u32)
                .map(String::from)
                .ok_or_else(|| invalid("Invalid replacement character"))?,
            _ => return Ok(Value::Null),
        };
        let mut out = String::new();
        for chunk in bytes_of(a.first()).utf8_chunks() {
            out.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                out.push_str(&by);
            }
        }
        Ok(Value::Text(out))
    });
    Some(function.failing())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_agree_with_their_test_vectors() {
        assert_eq!(
            hex::encode(murmur3(b"hashme")),
            "93192fe805be23041c8318f67ec4f2bc"
        );
        assert_eq!(murmur3(b""), vec![0; 16]);
        assert_eq!(
            hex::encode(keyed::<md5::Md5>(
                b"Jefe",
                b"what do ya want for nothing?",
                64
            )),
            "750c783e6ab0b503eaa86e310a5db738"
        );
    }

    #[test]
    fn base32_goes_both_ways() {
        for text in [
            "",
            "f",
            "fo",
            "foo",
            "foob",
            "fooba",
            "foobar",
            "hello world",
        ] {
            let there = to_base32(text.as_bytes());
            assert_eq!(from_base32(there.as_bytes()).unwrap(), text.as_bytes());
        }
        assert_eq!(to_base32(b"hello world"), "NBSWY3DPEB3W64TMMQ======");
        assert_eq!(
            from_base32(b"M1======").unwrap_err().message,
            "Unrecognized character: 1"
        );
    }
}
