//! Integrity: MD5 entity tags and the five additional checksums, of whole objects and of parts.
//!
//! Facts: "Checking object integrity in Amazon S3". Values travel as base64 of the big-endian
//! digest; a composite checksum is the digest of the parts' digests followed by `-N`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::CrcAlgorithm;
use md5::{Digest as _, Md5};
use sha1::Sha1;
use sha2::Sha256;

use crate::s3::{Body, Error, Result};

/// A checksum algorithm of S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// CRC-32 (ISO-HDLC); the SDKs' default.
    Crc32,
    /// CRC-32C (Castagnoli).
    Crc32c,
    /// CRC-64/NVME; what S3 computes when the client sends none.
    Crc64Nvme,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl Algorithm {
    /// All of them, in the order AWS lists them in its messages.
    pub const ALL: [Self; 5] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
    ];

    /// The name as the API spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// Lower-case name, as in header names and some messages.
    pub fn lower_name(self) -> String {
        self.name().to_ascii_lowercase()
    }

    /// Parses an API name in any case.
    pub fn parse(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                Error::InvalidRequest(
                    "Checksum algorithm provided is unsupported. Please try again with any of \
                     the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
                        .to_owned(),
                )
            })
    }

    const fn digest_len(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    const fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Self::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Self::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            Self::Sha1 | Self::Sha256 => None,
        }
    }

    /// What S3 uses for a multipart upload that names the algorithm and no type.
    pub const fn default_kind(self) -> ChecksumKind {
        match self {
            Self::Crc64Nvme => ChecksumKind::FullObject,
            _ => ChecksumKind::Composite,
        }
    }

    /// Whether a multipart object can carry this kind of checksum of this algorithm.
    pub const fn allows(self, kind: ChecksumKind) -> bool {
        match kind {
            ChecksumKind::FullObject => self.crc().is_some(),
            ChecksumKind::Composite => !matches!(self, Self::Crc64Nvme),
        }
    }

    /// The digest of a run of segments.
    pub fn digest<'a>(self, segments: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
        match self {
            Self::Sha1 => fold(Sha1::new(), segments),
            Self::Sha256 => fold(Sha256::new(), segments),
            Self::Crc32 | Self::Crc32c | Self::Crc64Nvme => {
                let mut digest =
                    crc_fast::Digest::new(self.crc().unwrap_or(CrcAlgorithm::Crc64Nvme));
                for segment in segments {
                    digest.update(segment);
                }
                self.crc_bytes(digest.finalize())
            }
        }
    }

    fn crc_bytes(self, value: u64) -> Vec<u8> {
        let bytes = value.to_be_bytes();
        bytes
            .get(bytes.len() - self.digest_len()..)
            .unwrap_or_default()
            .to_vec()
    }
}

fn fold<'a, D: md5::Digest>(
    mut digest: D,
    segments: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<u8> {
    for segment in segments {
        digest.update(segment);
    }
    digest.finalize().to_vec()
}

/// What a multipart object's checksum covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChecksumKind {
    /// The bytes of the whole object.
    FullObject,
    /// The digests of the parts.
    Composite,
}

impl ChecksumKind {
    /// The name as the API spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FullObject => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }
}

/// A stored checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// How it was computed.
    pub algorithm: Algorithm,
    /// What it covers.
    pub kind: ChecksumKind,
    /// Base64 of the digest, followed by `-N` when composite.
    pub value: String,
}

impl Checksum {
    /// The checksum of a whole body.
    pub fn of(algorithm: Algorithm, body: &Body) -> Self {
        let digest = algorithm.digest(body.segments().iter().map(|s| &s[..]));
        Self {
            algorithm,
            kind: ChecksumKind::FullObject,
            value: STANDARD.encode(digest),
        }
    }

    /// The checksum of a multipart object, from its parts' checksums (all of `algorithm`) and sizes.
    /// `None` when the algorithm cannot be combined in this way.
    pub fn combine(
        algorithm: Algorithm,
        kind: ChecksumKind,
        parts: &[(&Checksum, u64)],
    ) -> Option<Self> {
        let digests = parts
            .iter()
            .map(|(checksum, size)| Some((STANDARD.decode(&checksum.value).ok()?, *size)))
            .collect::<Option<Vec<_>>>()?;
        let value = match kind {
            ChecksumKind::Composite => {
                let digest = algorithm.digest(digests.iter().map(|(digest, _)| &digest[..]));
                format!("{}-{}", STANDARD.encode(digest), parts.len())
            }
            ChecksumKind::FullObject => {
                let crc = algorithm.crc()?;
                let number =
                    |digest: &[u8]| digest.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
                let mut digests = digests.iter().map(|(digest, size)| (number(digest), *size));
                let (first, _) = digests.next()?;
                let all = digests.fold(first, |sum, (next, size)| {
                    crc_fast::checksum_combine(crc, sum, next, size)
                });
                STANDARD.encode(algorithm.crc_bytes(all))
            }
        };
        Some(Self {
            algorithm,
            kind,
            value,
        })
    }
}

/// What a client says about a body's integrity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Integrity {
    /// `Content-MD5`: base64 of 16 bytes.
    pub content_md5: Option<String>,
    /// `x-amz-checksum-*` headers and trailers.
    pub checksums: Vec<(Algorithm, String)>,
    /// `x-amz-sdk-checksum-algorithm`, which promises a checksum of that algorithm.
    pub promised: Option<Algorithm>,
}

impl Integrity {
    /// The one checksum the client sent, if any; two are refused.
    pub fn single(&self) -> Result<Option<(Algorithm, &str)>> {
        match &self.checksums[..] {
            [] if self.promised.is_some() => Err(Error::InvalidRequest(
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* \
                 or x-amz-trailer headers were found."
                    .to_owned(),
            )),
            [] => Ok(None),
            [(algorithm, value)] => Ok(Some((*algorithm, value))),
            _ => Err(Error::InvalidRequest(
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not \
                 allowed."
                    .to_owned(),
            )),
        }
    }

    /// Computes MD5 and the checksum to store (CRC64NVME when the client names none, or `wanted`)
    /// and refuses a body that does not match what the client said.
    pub fn verify(&self, body: &Body, wanted: Option<Algorithm>) -> Result<(Vec<u8>, Checksum)> {
        let sent = self.single()?;
        if let Some((algorithm, value)) = sent {
            let well_formed = STANDARD
                .decode(value)
                .is_ok_and(|digest| digest.len() == algorithm.digest_len());
            if !well_formed {
                return Err(Error::InvalidRequest(format!(
                    "Value for x-amz-checksum-{} header is invalid.",
                    algorithm.lower_name()
                )));
            }
        }
        let expected_md5 = match &self.content_md5 {
            Some(text) => Some(
                STANDARD
                    .decode(text)
                    .ok()
                    .filter(|digest| digest.len() == 16)
                    .ok_or_else(|| Error::InvalidDigest(text.clone()))?,
            ),
            None => None,
        };
        let md5 = md5(body);
        if let Some(expected) = expected_md5
            && expected != md5
        {
            return Err(Error::BadContentMd5 {
                expected: self.content_md5.clone().unwrap_or_default(),
                calculated: STANDARD.encode(&md5),
            });
        }
        let algorithm = sent
            .map(|(algorithm, _)| algorithm)
            .or(wanted)
            .unwrap_or(Algorithm::Crc64Nvme);
        let checksum = Checksum::of(algorithm, body);
        if let Some((algorithm, value)) = sent
            && checksum.value != value
        {
            return Err(Error::BadChecksum(algorithm));
        }
        Ok((md5, checksum))
    }
}

/// MD5 of a body.
pub fn md5(body: &Body) -> Vec<u8> {
    fold(Md5::new(), body.segments().iter().map(|s| &s[..]))
}

/// Lower-case hexadecimal MD5: the entity tag of a body uploaded in one piece, without quotes.
pub fn etag(md5: &[u8]) -> String {
    hex::encode(md5)
}

/// The entity tag of a multipart object: MD5 of its parts' binary MD5s, and their number.
pub fn multipart_etag<'a>(part_md5s: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut count = 0;
    let digest = fold(
        Md5::new(),
        part_md5s
            .into_iter()
            .inspect(|_| count += 1)
            .collect::<Vec<_>>(),
    );
    format!("{}-{count}", hex::encode(digest))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(algorithm: Algorithm, text: &str, expected: &str) {
        assert_eq!(
            Checksum::of(algorithm, &Body::from(text.to_owned())).value,
            expected
        );
    }

    #[test]
    fn checksums_match_published_vectors() {
        check(Algorithm::Crc32, "0123456789", "poTHxg==");
        check(
            Algorithm::Sha256,
            "0123456789",
            "hNiYd/DUBB77a/kaFvAkjy/Vc+avBcGflr7bn4gveII=",
        );
        check(Algorithm::Crc64Nvme, "0123456789", "Ffmx7kz9nB0=");
        check(Algorithm::Crc32, "", "AAAAAA==");
        check(Algorithm::Crc64Nvme, "", "AAAAAAAAAAA=");
        let digest = Algorithm::Crc64Nvme.digest([&b"123456789"[..]]);
        assert_eq!(hex::encode(digest), "ae8b14860a799888");
        let castagnoli = Algorithm::Crc32c.digest([&b"123456789"[..]]);
        assert_eq!(hex::encode(castagnoli), "e3069283");
        let sha1 = Algorithm::Sha1.digest([&b"abc"[..]]);
        assert_eq!(
            hex::encode(sha1),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
    }

    #[test]
    fn a_multipart_etag_is_the_md5_of_the_parts_md5s() {
        let parts = [
            md5(&Body::from(vec![b'a'; 5 * 1024 * 1024])),
            md5(&Body::from(vec![b'b'; 10])),
        ];
        assert_eq!(
            multipart_etag(parts.iter().map(Vec::as_slice)),
            "8b0be7847da5564ae08e97af63b60885-2"
        );
    }

    #[test]
    fn a_body_that_is_not_what_the_client_said_is_refused() {
        let body = Body::from("0123456789");
        let say = |algorithm, value: &str| Integrity {
            checksums: vec![(algorithm, value.to_owned())],
            ..Integrity::default()
        };
        let refused = |integrity: Integrity| integrity.verify(&body, None).unwrap_err().to_string();
        assert_eq!(
            refused(say(Algorithm::Crc32, "AAAAAA==")),
            "The CRC32 you specified did not match the calculated checksum."
        );
        assert_eq!(
            refused(say(Algorithm::Crc32, "AAAAAAAA")),
            "Value for x-amz-checksum-crc32 header is invalid."
        );
        let two = Integrity {
            checksums: vec![
                (Algorithm::Crc32, "poTHxg==".to_owned()),
                (Algorithm::Sha1, String::new()),
            ],
            ..Integrity::default()
        };
        assert!(refused(two).starts_with("Expecting a single x-amz-checksum- header."));
        let promised = Integrity {
            promised: Some(Algorithm::Crc32),
            ..Integrity::default()
        };
        assert!(refused(promised).starts_with("x-amz-sdk-checksum-algorithm specified"));
        let md5_of = |text: &str| Integrity {
            content_md5: Some(text.to_owned()),
            ..Integrity::default()
        };
        assert!(matches!(
            md5_of("rubbish").verify(&body, None),
            Err(Error::InvalidDigest(_))
        ));
        assert!(matches!(
            md5_of("1B2M2Y8AsgTpgAmY7PhCfg==").verify(&body, None),
            Err(Error::BadContentMd5 { .. })
        ));
        let (_, stored) = Integrity::default().verify(&body, None).unwrap();
        assert_eq!(stored.algorithm, Algorithm::Crc64Nvme);
    }

    proptest! {
        #[test]
        fn combined_crcs_equal_the_crc_of_the_whole(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..6),
        ) {
            let whole: Body = parts.iter().map(|p| Bytes::from(p.clone())).collect();
            for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme] {
                let sums: Vec<(Checksum, u64)> = parts
                    .iter()
                    .map(|p| (Checksum::of(algorithm, &Body::from(p.clone())), p.len() as u64))
                    .collect();
                let sums: Vec<(&Checksum, u64)> = sums.iter().map(|(c, n)| (c, *n)).collect();
                let combined = Checksum::combine(algorithm, ChecksumKind::FullObject, &sums);
                prop_assert_eq!(combined, Some(Checksum::of(algorithm, &whole)));
            }
        }
    }
}
