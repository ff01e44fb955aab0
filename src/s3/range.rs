//! Which bytes of an object a request wants.

use std::ops::Range;

use crate::s3::{Error, Result};

/// A byte range as requested, before the object's size is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// From the first to the last byte, both included; to the end without a last.
    From(u64, Option<u64>),
    /// That many last bytes.
    Last(u64),
}

impl ByteRange {
    /// Parses a `Range` header. `None` for what S3 ignores: anything malformed, reversed, or with
    /// more than one range.
    pub fn parse(header: &str) -> Option<Self> {
        let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
        let number = |text: &str| {
            (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
                .then(|| text.parse::<u64>().ok())
                .flatten()
        };
        match (first, last) {
            ("", last) => number(last).map(Self::Last),
            (first, "") => Some(Self::From(number(first)?, None)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::From(first, Some(last)))
            }
        }
    }

    /// The bytes of an object of `size` bytes, or InvalidRange when there are none.
    pub fn of(self, size: u64) -> Result<Range<u64>> {
        let range = match self {
            Self::From(first, last) => {
                first..last.map_or(size, |last| last.saturating_add(1).min(size))
            }
            Self::Last(count) => size.saturating_sub(count)..size,
        };
        if range.is_empty() {
            return Err(Error::InvalidRange {
                requested: self.to_string(),
                size,
            });
        }
        Ok(range)
    }
}

impl std::fmt::Display for ByteRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::From(first, Some(last)) => write!(f, "bytes={first}-{last}"),
            Self::From(first, None) => write!(f, "bytes={first}-"),
            Self::Last(count) => write!(f, "bytes=-{count}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_clamped_ignored_or_refused_as_s3_does() {
        let check = |header: &str, expected: Option<std::result::Result<Range<u64>, ()>>| {
            let found = ByteRange::parse(header).map(|range| range.of(10).map_err(|_| ()));
            assert_eq!(found, expected, "{header}");
        };
        check("bytes=0-8", Some(Ok(0..9)));
        check("bytes=0-0", Some(Ok(0..1)));
        check("bytes=2-", Some(Ok(2..10)));
        check("bytes=2-99", Some(Ok(2..10)));
        check("bytes=-3", Some(Ok(7..10)));
        check("bytes=-99", Some(Ok(0..10)));
        check("bytes=-0", Some(Err(())));
        check("bytes=10-", Some(Err(())));
        check("bytes=10-12", Some(Err(())));
        for ignored in [
            "bytes=1-0",
            "bytes=0-1,3-4",
            "bytes=-",
            "bytes=a-b",
            "0-1",
            "bytes=+1-2",
        ] {
            check(ignored, None);
        }
        assert!(ByteRange::From(0, None).of(0).is_err());
    }
}
