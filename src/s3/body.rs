//! The bytes of an object.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

/// An immutable run of bytes in one or more segments.
///
/// An upload is one segment; a multipart object is the list of its parts' segments. Cloning and
/// slicing share the bytes, so a ranged read of a large object copies nothing.
#[derive(Clone, Debug)]
pub struct Body {
    segments: Arc<[Bytes]>,
    len: u64,
}

impl Body {
    /// Number of bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The segments in order. None of them is empty.
    pub fn segments(&self) -> &[Bytes] {
        &self.segments
    }

    /// The bodies behind one another.
    pub fn concat<'a>(bodies: impl IntoIterator<Item = &'a Body>) -> Self {
        bodies
            .into_iter()
            .flat_map(|body| body.segments.iter().cloned())
            .collect()
    }

    /// The bytes in `range`, clamped to the body's end.
    #[must_use]
    pub fn slice(&self, range: Range<u64>) -> Self {
        let mut at = 0u64;
        let mut picked = Vec::new();
        for segment in self.segments.iter() {
            let len = segment.len() as u64;
            let from = range.start.saturating_sub(at).min(len);
            let to = range.end.saturating_sub(at).min(len);
            if from < to {
                // Both are at most `len`, which was a usize.
                picked.push(segment.slice(from as usize..to as usize));
            }
            at += len;
            if at >= range.end {
                break;
            }
        }
        picked.into_iter().collect()
    }

    /// All bytes as one run; copies only when there is more than one segment.
    pub fn to_bytes(&self) -> Bytes {
        match &*self.segments {
            [] => Bytes::new(),
            [one] => one.clone(),
            many => {
                let mut all = BytesMut::with_capacity(many.iter().map(Bytes::len).sum());
                for segment in many {
                    all.extend_from_slice(segment);
                }
                all.freeze()
            }
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        std::iter::empty().collect()
    }
}

impl FromIterator<Bytes> for Body {
    fn from_iter<T: IntoIterator<Item = Bytes>>(segments: T) -> Self {
        let segments: Arc<[Bytes]> = segments.into_iter().filter(|s| !s.is_empty()).collect();
        let len = segments.iter().map(|s| s.len() as u64).sum();
        Self { segments, len }
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        std::iter::once(bytes.into()).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_slice_of_segments_is_the_slice_of_their_concatenation(
            segments in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..6),
            start in 0u64..60,
            length in 0u64..60,
        ) {
            let whole: Vec<u8> = segments.concat();
            let bodies: Vec<Body> = segments.into_iter().map(Body::from).collect();
            let body = Body::concat(&bodies);
            prop_assert_eq!(body.len(), whole.len() as u64);
            prop_assert_eq!(&body.to_bytes()[..], &whole[..]);
            let (from, to) = (
                (start as usize).min(whole.len()),
                ((start + length) as usize).min(whole.len()),
            );
            let slice = body.slice(start..start + length);
            prop_assert_eq!(&slice.to_bytes()[..], &whole[from..to]);
            prop_assert_eq!(slice.len(), (to - from) as u64);
        }
    }
}
