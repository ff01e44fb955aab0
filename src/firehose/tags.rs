//! Tags of delivery streams.

use std::collections::BTreeMap;

use crate::base::Call;
use crate::base::limits::firehose::TAGS_MAX;
use crate::firehose::api::{
    ListTagsForDeliveryStreamRequest, ListTagsForDeliveryStreamResponse, Tag,
    TagDeliveryStreamRequest, TagDeliveryStreamResponse, UntagDeliveryStreamRequest,
    UntagDeliveryStreamResponse,
};
use crate::firehose::{Error, Firehose, Result};

/// Adds `tags` to `to`, the last value of a key winning, or refuses when there are too many.
pub(super) fn add(to: &mut BTreeMap<String, Option<String>>, tags: &[Tag]) -> Result<()> {
    let mut all = to.clone();
    all.extend(tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())));
    if all.len() > TAGS_MAX {
        return Err(Error::LimitExceeded(format!(
            "A delivery stream can have at most {TAGS_MAX} tags"
        )));
    }
    *to = all;
    Ok(())
}

impl Firehose {
    /// The tags of a delivery stream by name; one without a value has an empty one.
    pub fn tags_of(&self, name: &str) -> BTreeMap<String, String> {
        let tags = self.streams.get(name).map(|stream| stream.tags.clone());
        let tags = tags.unwrap_or_default().into_iter();
        tags.map(|(key, value)| (key, value.unwrap_or_default()))
            .collect()
    }

    /// TagDeliveryStream: all tags or none.
    pub fn tag_delivery_stream(
        &mut self,
        call: &Call,
        request: &TagDeliveryStreamRequest,
    ) -> Result<TagDeliveryStreamResponse> {
        let stream = self.stream(&request.delivery_stream_name, call.now)?;
        add(&mut stream.tags, &request.tags)?;
        Ok(TagDeliveryStreamResponse {})
    }

    /// UntagDeliveryStream. Keys that are not there are ignored.
    pub fn untag_delivery_stream(
        &mut self,
        call: &Call,
        request: &UntagDeliveryStreamRequest,
    ) -> Result<UntagDeliveryStreamResponse> {
        let stream = self.stream(&request.delivery_stream_name, call.now)?;
        stream.tags.retain(|key, _| !request.tag_keys.contains(key));
        Ok(UntagDeliveryStreamResponse {})
    }

    /// ListTagsForDeliveryStream, by key.
    pub fn list_tags_for_delivery_stream(
        &mut self,
        call: &Call,
        request: &ListTagsForDeliveryStreamRequest,
    ) -> Result<ListTagsForDeliveryStreamResponse> {
        let limit = usize::try_from(request.limit.unwrap_or(50)).unwrap_or(0);
        let stream = self.stream(&request.delivery_stream_name, call.now)?;
        let mut rest = stream.tags.iter().filter(|(key, _)| {
            request
                .exclusive_start_tag_key
                .as_ref()
                .is_none_or(|start| *key > start)
        });
        let tags = rest
            .by_ref()
            .take(limit)
            .map(|(key, value)| Tag {
                key: key.clone(),
                value: value.clone(),
            })
            .collect();
        Ok(ListTagsForDeliveryStreamResponse {
            tags,
            has_more_tags: rest.next().is_some(),
        })
    }
}
