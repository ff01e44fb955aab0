//! How files of text are compressed as a whole: read, and written by statements.
//!
//! Decided by a file's name alone, as Hive, Spark and Athena do. `.snappy` and `.lz4` files are those of
//! Hadoop's codecs, which wrap the format in blocks of their own.

use std::io::{self, Read, Write};

use bytes::{Buf, Bytes};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::engine::error::{Error, Result};

/// How a file as a whole is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip: `.gz`.
    Gzip,
    /// zlib, which Hadoop calls so: `.deflate`.
    Deflate,
    /// Zstandard at a level: `.zst`.
    Zstd(i32),
    /// bzip2: `.bz2`.
    Bzip2,
    /// Snappy in Hadoop's blocks: `.snappy`.
    Snappy,
}

/// Zstandard's own default.
const ZSTD_LEVEL: i32 = 3;
/// Bytes of a block of Hadoop's Snappy codec before compression.
const SNAPPY_BLOCK: usize = 256 * 1024;
/// A block that claims to be larger is none.
const SNAPPY_BLOCK_MAX: usize = 256 * 1024 * 1024;

impl Compression {
    /// By the file's extension; the error names one that is not read.
    pub fn of(key: &str) -> Result<Self> {
        let extension = key
            .rsplit('/')
            .next()
            .and_then(|name| name.rsplit_once('.'))
            .map_or("", |(_, extension)| extension);
        Ok(match extension {
            "gz" | "gzip" => Self::Gzip,
            "deflate" => Self::Deflate,
            "zst" => Self::Zstd(ZSTD_LEVEL),
            "bz2" => Self::Bzip2,
            "snappy" => Self::Snappy,
            "lz4" | "lzo" | "zip" => {
                return Err(Error::UnsupportedFormat(format!(
                    "`.{extension}` files such as {key} are not read by windfarm yet"
                )));
            }
            _ => Self::None,
        })
    }

    /// By the name that statements give it, in capitals; `level` is Zstandard's.
    pub fn parse(name: &str, level: Option<i32>) -> Option<Self> {
        Some(match name {
            "NONE" | "UNCOMPRESSED" => Self::None,
            "GZIP" => Self::Gzip,
            "DEFLATE" | "ZLIB" => Self::Deflate,
            "ZSTD" => Self::Zstd(level.unwrap_or(ZSTD_LEVEL)),
            "BZIP2" => Self::Bzip2,
            "SNAPPY" => Self::Snappy,
            _ => return None,
        })
    }

    /// What a file's name ends with.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Deflate => ".deflate",
            Self::Zstd(_) => ".zst",
            Self::Bzip2 => ".bz2",
            Self::Snappy => ".snappy",
        }
    }

    /// The bytes that were compressed into a body.
    ///
    /// # Errors
    /// What the first bytes make impossible; later ones fail the reading.
    pub fn reader(self, body: Bytes) -> io::Result<Box<dyn Read + Send>> {
        let body = body.reader();
        Ok(match self {
            Self::None => Box::new(body),
            Self::Gzip => Box::new(MultiGzDecoder::new(body)),
            Self::Deflate => Box::new(ZlibDecoder::new(body)),
            Self::Zstd(_) => Box::new(zstd::stream::read::Decoder::new(body)?),
            Self::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(body)),
            Self::Snappy => Box::new(SnappyBlocks {
                body: body.into_inner(),
                open: Bytes::new(),
                left: 0,
            }),
        })
    }

    /// Compresses a whole body.
    ///
    /// # Errors
    /// What the codec reports.
    pub fn pack(self, body: Vec<u8>) -> io::Result<Vec<u8>> {
        let fast = flate2::Compression::default();
        match self {
            Self::None => Ok(body),
            Self::Gzip => {
                let mut packed = GzEncoder::new(Vec::new(), fast);
                packed.write_all(&body)?;
                packed.finish()
            }
            Self::Deflate => {
                let mut packed = ZlibEncoder::new(Vec::new(), fast);
                packed.write_all(&body)?;
                packed.finish()
            }
            Self::Zstd(level) => zstd::stream::encode_all(body.as_slice(), level),
            Self::Bzip2 => {
                let mut packed =
                    bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
                packed.write_all(&body)?;
                packed.finish()
            }
            Self::Snappy => {
                let mut packed = Vec::new();
                for block in body.chunks(SNAPPY_BLOCK) {
                    let inner = snap::raw::Encoder::new().compress_vec(block)?;
                    for length in [block.len(), inner.len()] {
                        let length = u32::try_from(length).map_err(io::Error::other)?;
                        packed.extend_from_slice(&length.to_be_bytes());
                    }
                    packed.extend_from_slice(&inner);
                }
                Ok(packed)
            }
        }
    }
}

/// Hadoop's Snappy: blocks of a length (of the text) and chunks, each a length and raw Snappy, until the
/// block's length is reached.
struct SnappyBlocks {
    body: Bytes,
    open: Bytes,
    /// Bytes of the block at hand that its further chunks hold.
    left: usize,
}

impl SnappyBlocks {
    fn length(&mut self) -> io::Result<usize> {
        if self.body.len() < 4 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let length = usize::try_from(self.body.get_u32()).map_err(io::Error::other)?;
        if length > SNAPPY_BLOCK_MAX {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "not a file of Hadoop's Snappy codec",
            ));
        }
        Ok(length)
    }
}

impl Read for SnappyBlocks {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.open.is_empty() {
            if self.left == 0 {
                if self.body.is_empty() {
                    return Ok(0);
                }
                self.left = self.length()?;
                continue;
            }
            let length = self.length()?;
            if self.body.len() < length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let chunk = self.body.split_to(length);
            let text = snap::raw::Decoder::new().decompress_vec(&chunk)?;
            self.left = self.left.saturating_sub(text.len());
            self.open = Bytes::from(text);
        }
        let length = self.open.len().min(into.len());
        self.open.split_to(length).copy_to_slice(
            into.get_mut(..length)
                .ok_or_else(|| io::Error::other("a buffer shrank"))?,
        );
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Compression; 6] = [
        Compression::None,
        Compression::Gzip,
        Compression::Deflate,
        Compression::Zstd(ZSTD_LEVEL),
        Compression::Bzip2,
        Compression::Snappy,
    ];

    #[test]
    fn compression_goes_by_the_name() {
        assert_eq!(Compression::of("a/b.json.gz").unwrap(), Compression::Gzip);
        assert_eq!(Compression::of("a.gz/b").unwrap(), Compression::None);
        for one in ALL {
            let key = format!("t/part-0{}", one.extension());
            assert_eq!(Compression::of(&key).unwrap(), one);
        }
        let refused = Compression::of("a/b.lz4").unwrap_err().to_string();
        assert!(
            refused.starts_with("HIVE_UNSUPPORTED_FORMAT: `.lz4`"),
            "{refused}"
        );
    }

    #[test]
    fn what_is_packed_is_read_again_and_what_is_cut_off_fails() {
        let text: Vec<u8> = (0..600_000_u32).flat_map(|n| n.to_le_bytes()).collect();
        for one in ALL {
            for body in [&text[..], &text[..5], &[]] {
                let packed = Bytes::from(one.pack(body.to_vec()).unwrap());
                let mut back = Vec::new();
                let mut reader = one.reader(packed.clone()).unwrap();
                reader.read_to_end(&mut back).unwrap();
                assert_eq!(back, body, "{one:?}");
                if one != Compression::None && body.len() > 5 {
                    let cut = packed.slice(..packed.len() / 2);
                    let read = one
                        .reader(cut)
                        .and_then(|mut reader| reader.read_to_end(&mut Vec::new()));
                    assert!(read.is_err(), "{one:?}");
                }
            }
        }
    }

    #[test]
    fn concatenated_members_are_one_file() {
        for one in [
            Compression::Gzip,
            Compression::Bzip2,
            Compression::Zstd(3),
            Compression::Snappy,
        ] {
            let mut packed = one.pack(b"a\n".to_vec()).unwrap();
            packed.extend(one.pack(b"b\n".to_vec()).unwrap());
            let mut back = String::new();
            let mut reader = one.reader(packed.into()).unwrap();
            reader.read_to_string(&mut back).unwrap();
            assert_eq!(back, "a\nb\n", "{one:?}");
        }
    }
}
