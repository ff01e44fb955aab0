//! Compression of object bodies, with the names under which S3 readers find it.
//!
//! Formats, extensions and encodings: "CompressionFormat" in the API reference, and objects
//! observed. `Snappy` is not Snappy's own framing but that of snappy-java (xerial), `HADOOP_SNAPPY`
//! that of Hadoop's block compressor.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Crc;
use flate2::write::{DeflateEncoder, GzEncoder};

use crate::firehose::{Error, Result};

/// What an object's body is packed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    Uncompressed,
    Gzip,
    Zip,
    Snappy,
    HadoopSnappy,
}

/// Plain bytes of one block in both Snappy containers: snappy-java's default.
const SNAPPY_BLOCK_BYTES: usize = 32 * 1024;

/// What a snappy-java stream starts with: magic, version 1, readable from version 1.
const XERIAL_HEADER: &[u8; 16] = b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01";

impl Compression {
    /// From a `CompressionFormat` (absent: UNCOMPRESSED).
    pub(super) fn parse(format: Option<&str>) -> Result<Self> {
        match format.unwrap_or("UNCOMPRESSED") {
            "UNCOMPRESSED" => Ok(Self::Uncompressed),
            "GZIP" => Ok(Self::Gzip),
            "ZIP" => Ok(Self::Zip),
            "Snappy" => Ok(Self::Snappy),
            "HADOOP_SNAPPY" => Ok(Self::HadoopSnappy),
            other => Err(Error::NotSupported(format!("CompressionFormat {other}"))),
        }
    }

    /// The `CompressionFormat`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Uncompressed => "UNCOMPRESSED",
            Self::Gzip => "GZIP",
            Self::Zip => "ZIP",
            Self::Snappy => "Snappy",
            Self::HadoopSnappy => "HADOOP_SNAPPY",
        }
    }

    /// What a key ends in unless FileExtension is set.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Uncompressed => "",
            Self::Gzip => ".gz",
            Self::Zip => ".zip",
            Self::Snappy | Self::HadoopSnappy => ".snappy",
        }
    }

    /// The object's Content-Encoding.
    pub(super) fn content_encoding(self) -> Option<&'static str> {
        match self {
            Self::Uncompressed => None,
            Self::Gzip => Some("gzip"),
            Self::Zip => Some("zip"),
            Self::Snappy => Some("snappy-java"),
            Self::HadoopSnappy => Some("hadoop-snappy"),
        }
    }

    /// The packed form of `plain`; `entry` names it inside a ZIP archive. The same arguments give
    /// the same bytes.
    ///
    /// # Errors
    /// A packer's. They write into memory, so in practice only a body that the ZIP format cannot
    /// hold (4 GiB).
    pub(super) fn pack(self, plain: Vec<u8>, entry: &str) -> std::io::Result<Bytes> {
        match self {
            Self::Uncompressed => Ok(plain.into()),
            Self::Gzip => {
                let mut packer = GzEncoder::new(Vec::new(), flate2::Compression::default());
                packer.write_all(&plain)?;
                Ok(packer.finish()?.into())
            }
            Self::Zip => zip(&plain, entry),
            Self::Snappy => {
                let mut packed = XERIAL_HEADER.to_vec();
                snappy_blocks(&plain, &mut packed, false)?;
                Ok(packed.into())
            }
            Self::HadoopSnappy => {
                let mut packed = Vec::new();
                snappy_blocks(&plain, &mut packed, true)?;
                Ok(packed.into())
            }
        }
    }
}

/// Appends blocks: `[plain length]`, if wanted, packed length, packed bytes; lengths are big-endian.
fn snappy_blocks(plain: &[u8], packed: &mut Vec<u8>, plain_length: bool) -> std::io::Result<()> {
    let mut encoder = snap::raw::Encoder::new();
    for block in plain.chunks(SNAPPY_BLOCK_BYTES) {
        let body = encoder.compress_vec(block).map_err(std::io::Error::other)?;
        if plain_length {
            packed.extend_from_slice(&length32(block.len())?.to_be_bytes());
        }
        packed.extend_from_slice(&length32(body.len())?.to_be_bytes());
        packed.extend_from_slice(&body);
    }
    Ok(())
}

fn length32(length: usize) -> std::io::Result<u32> {
    u32::try_from(length).map_err(std::io::Error::other)
}

/// An archive of one deflated entry, dated 1980-01-01 (the format's zero). Layout: PKWARE's
/// APPNOTE, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end).
fn zip(plain: &[u8], entry: &str) -> std::io::Result<Bytes> {
    let mut crc = Crc::new();
    crc.update(plain);
    let mut packer = DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(plain)?;
    let body = packer.finish()?;
    let name_length = u16::try_from(entry.len()).map_err(std::io::Error::other)?;

    // What local header and central directory have in common: version needed 2.0, no flags,
    // deflate, time, date, CRC, sizes, length of the name, no extra field.
    let mut facts = Vec::new();
    for half in [20u16, 0, 8, 0, 0x21] {
        facts.extend_from_slice(&half.to_le_bytes());
    }
    for word in [crc.sum(), length32(body.len())?, length32(plain.len())?] {
        facts.extend_from_slice(&word.to_le_bytes());
    }
    facts.extend_from_slice(&name_length.to_le_bytes());
    facts.extend_from_slice(&0u16.to_le_bytes());

    let mut archive = b"PK\x03\x04".to_vec();
    archive.extend_from_slice(&facts);
    archive.extend_from_slice(entry.as_bytes());
    archive.extend_from_slice(&body);
    let directory_at = length32(archive.len())?;
    archive.extend_from_slice(b"PK\x01\x02");
    archive.extend_from_slice(&20u16.to_le_bytes());
    archive.extend_from_slice(&facts);
    // No comment, disk 0, no attributes, local header at 0.
    archive.extend_from_slice(&[0; 14]);
    archive.extend_from_slice(entry.as_bytes());
    let directory_length = length32(archive.len())? - directory_at;
    archive.extend_from_slice(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    archive.extend_from_slice(&directory_length.to_le_bytes());
    archive.extend_from_slice(&directory_at.to_le_bytes());
    archive.extend_from_slice(&[0; 2]);
    Ok(archive.into())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn bodies() -> Vec<Vec<u8>> {
        let noise = (0..100_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8);
        vec![
            Vec::new(),
            b"abc".to_vec(),
            vec![b'x'; 70_000],
            noise.collect(),
        ]
    }

    fn be(bytes: &[u8]) -> usize {
        u32::from_be_bytes(bytes.try_into().unwrap()) as usize
    }

    fn le(bytes: &[u8]) -> usize {
        bytes
            .iter()
            .rev()
            .fold(0, |acc, b| acc << 8 | usize::from(*b))
    }

    #[test]
    fn snappy_java_streams_unpack_block_by_block() {
        for plain in bodies() {
            let packed = Compression::Snappy.pack(plain.clone(), "").unwrap();
            assert_eq!(&packed[..16], XERIAL_HEADER);
            let (mut rest, mut unpacked) = (&packed[16..], Vec::new());
            while !rest.is_empty() {
                let (head, tail) = rest.split_at(4);
                let (block, tail) = tail.split_at(be(head));
                unpacked.extend(snap::raw::Decoder::new().decompress_vec(block).unwrap());
                rest = tail;
            }
            assert_eq!(unpacked, plain);
        }
    }

    #[test]
    fn hadoop_blocks_say_their_plain_length_first() {
        for plain in bodies() {
            let packed = Compression::HadoopSnappy.pack(plain.clone(), "").unwrap();
            let (mut rest, mut unpacked) = (&packed[..], Vec::new());
            while !rest.is_empty() {
                let length = be(&rest[..4]);
                let (block, tail) = rest[8..].split_at(be(&rest[4..8]));
                let block = snap::raw::Decoder::new().decompress_vec(block).unwrap();
                assert_eq!(block.len(), length);
                unpacked.extend(block);
                rest = tail;
            }
            assert_eq!(unpacked, plain);
        }
    }

    #[test]
    fn a_zip_archive_has_one_deflated_entry() {
        for plain in bodies() {
            let packed = Compression::Zip.pack(plain.clone(), "entry").unwrap();
            assert_eq!(&packed[..4], b"PK\x03\x04");
            assert_eq!(le(&packed[26..28]), 5);
            assert_eq!(&packed[30..35], b"entry");
            let body = &packed[35..35 + le(&packed[18..22])];
            let mut unpacked = Vec::new();
            flate2::read::DeflateDecoder::new(body)
                .read_to_end(&mut unpacked)
                .unwrap();
            assert_eq!(unpacked, plain);
            assert_eq!(le(&packed[22..26]), plain.len());

            let end = &packed[packed.len() - 22..];
            assert_eq!(&end[..4], b"PK\x05\x06");
            let directory = le(&end[16..20]);
            assert_eq!(directory, 35 + body.len());
            assert_eq!(directory + le(&end[12..16]), packed.len() - 22);
            assert_eq!(&packed[directory..directory + 4], b"PK\x01\x02");
            assert_eq!(&packed[directory + 46..packed.len() - 22], b"entry");
        }
    }
}
