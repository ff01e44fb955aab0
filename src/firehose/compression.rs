//! Compression of object bodies.

use std::io::Write as _;

use bytes::Bytes;

use crate::firehose::{Error, Result};

/// What an object's body is packed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    Uncompressed,
    Gzip,
}

impl Compression {
    /// From a `CompressionFormat` (absent: UNCOMPRESSED).
    pub(super) fn parse(format: Option<&str>) -> Result<Self> {
        match format.unwrap_or("UNCOMPRESSED") {
            "UNCOMPRESSED" => Ok(Self::Uncompressed),
            "GZIP" => Ok(Self::Gzip),
            other => Err(Error::NotSupported(format!("CompressionFormat {other}"))),
        }
    }

    /// The `CompressionFormat`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Uncompressed => "UNCOMPRESSED",
            Self::Gzip => "GZIP",
        }
    }

    /// What a key ends in unless FileExtension is set.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Uncompressed => "",
            Self::Gzip => ".gz",
        }
    }

    /// The object's Content-Encoding.
    pub(super) fn content_encoding(self) -> Option<&'static str> {
        match self {
            Self::Uncompressed => None,
            Self::Gzip => Some("gzip"),
        }
    }

    /// The packed form of `plain`. The same bytes give the same result.
    ///
    /// # Errors
    /// None in practice: the writer is memory. The type is that of the packers.
    pub(super) fn pack(self, plain: Vec<u8>) -> std::io::Result<Bytes> {
        match self {
            Self::Uncompressed => Ok(plain.into()),
            Self::Gzip => {
                let level = flate2::Compression::default();
                let mut packer = flate2::write::GzEncoder::new(Vec::new(), level);
                packer.write_all(&plain)?;
                Ok(packer.finish()?.into())
            }
        }
    }
}
