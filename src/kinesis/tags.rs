//! Tags of streams and consumers: the old operations by stream name, the new ones by ARN.

use std::collections::BTreeMap;

use crate::base::Call;
use crate::base::limits::kinesis as limits;
use crate::kinesis::api::{
    AddTagsToStreamRequest, ListTagsForResourceRequest, ListTagsForResourceResponse,
    ListTagsForStreamRequest, ListTagsForStreamResponse, RemoveTagsFromStreamRequest, Tag,
    TagResourceRequest, UntagResourceRequest,
};
use crate::kinesis::listing::page;
use crate::kinesis::{Address, Error, Kinesis, Result, address};

type Tags = BTreeMap<String, String>;

impl Kinesis {
    /// AddTagsToStream. The last value of a key wins.
    pub fn add_tags_to_stream(
        &mut self,
        call: &Call,
        request: AddTagsToStreamRequest,
    ) -> Result<()> {
        let name = self.begin(call, address!(request))?;
        let present = &self.stream(&name)?.tags;
        self.check_tags(&name, &request.tags, present)?;
        self.stream_mut(&name)?.tags.extend(request.tags);
        Ok(())
    }

    /// RemoveTagsFromStream. A key that is not there is no error.
    pub fn remove_tags_from_stream(
        &mut self,
        call: &Call,
        request: RemoveTagsFromStreamRequest,
    ) -> Result<()> {
        let name = self.begin(call, address!(request))?;
        self.check_tag_texts(&name, request.tag_keys.iter(), "remove tags from")?;
        let tags = &mut self.stream_mut(&name)?.tags;
        tags.retain(|key, _| !request.tag_keys.contains(key));
        Ok(())
    }

    /// ListTagsForStream, in order of the keys.
    pub fn list_tags_for_stream(
        &mut self,
        call: &Call,
        request: ListTagsForStreamRequest,
    ) -> Result<ListTagsForStreamResponse> {
        let name = self.begin(call, address!(request))?;
        let after = request.exclusive_start_tag_key;
        let (tags, has_more_tags) = page(
            self.stream(&name)?
                .tags
                .iter()
                .filter(|(key, _)| after.as_ref().is_none_or(|after| *key > after)),
            request
                .limit
                .and_then(|limit| usize::try_from(limit).ok())
                .unwrap_or(limits::LIST_TAGS_DEFAULT),
        );
        Ok(ListTagsForStreamResponse {
            tags: tags.into_iter().map(tag).collect(),
            has_more_tags,
        })
    }

    /// TagResource, on a stream or a consumer.
    pub fn tag_resource(&mut self, call: &Call, request: TagResourceRequest) -> Result<()> {
        let name = self.begin(
            call,
            of(&request.resource_arn, request.stream_id.as_deref()),
        )?;
        let present = self.tags_of(&name, &request.resource_arn)?.clone();
        self.check_tags(&name, &request.tags, &present)?;
        self.tags_of(&name, &request.resource_arn)?
            .extend(request.tags);
        Ok(())
    }

    /// UntagResource, on a stream or a consumer.
    pub fn untag_resource(&mut self, call: &Call, request: UntagResourceRequest) -> Result<()> {
        let name = self.begin(
            call,
            of(&request.resource_arn, request.stream_id.as_deref()),
        )?;
        self.check_tag_texts(&name, request.tag_keys.iter(), "remove tags from")?;
        self.tags_of(&name, &request.resource_arn)?
            .retain(|key, _| !request.tag_keys.contains(key));
        Ok(())
    }

    /// ListTagsForResource, of a stream or a consumer.
    pub fn list_tags_for_resource(
        &mut self,
        call: &Call,
        request: ListTagsForResourceRequest,
    ) -> Result<ListTagsForResourceResponse> {
        let name = self.begin(
            call,
            of(&request.resource_arn, request.stream_id.as_deref()),
        )?;
        let tags = self.tags_of(&name, &request.resource_arn)?;
        Ok(ListTagsForResourceResponse {
            tags: Some(tags.iter().map(tag).collect()),
        })
    }

    /// The tags of the stream or consumer an ARN names.
    fn tags_of(&mut self, name: &str, arn: &str) -> Result<&mut Tags> {
        let account = self.account.clone();
        let stream = self.stream_mut(name)?;
        if !Self::is_consumer_arn(arn) {
            return Ok(&mut stream.tags);
        }
        stream
            .consumer_mut(arn)
            .map(|consumer| &mut consumer.tags)
            .ok_or_else(|| Error::NotFound(format!("Consumer {arn}, account {account} not found.")))
    }

    /// Whether `new` may be added to the tags that are `present`.
    pub(super) fn check_tags(&self, stream: &str, new: &Tags, present: &Tags) -> Result<()> {
        self.check_tag_texts(
            stream,
            new.iter().flat_map(|(key, value)| [key, value]),
            "add tags to",
        )?;
        let added = new.keys().filter(|key| !present.contains_key(*key)).count();
        if present.len() + added > limits::MAX_TAGS {
            return Err(Error::InvalidArgument(format!(
                "Failed to add tags to stream {stream} under account {} because a given stream cannot \
                 have more than {} tags associated with it.",
                self.account,
                limits::MAX_TAGS
            )));
        }
        Ok(())
    }

    fn check_tag_texts<'a>(
        &self,
        stream: &str,
        mut texts: impl Iterator<Item = &'a String>,
        doing: &str,
    ) -> Result<()> {
        // AWS refuses `%` in a second check, with a text that no longer lists it as allowed.
        let mut percent = false;
        let invalid = texts.any(|text| {
            percent |= text.contains('%');
            !text.chars().all(allowed_in_tags)
        });
        if invalid {
            return Err(Error::InvalidArgument(
                "Some tags contain invalid characters. Valid characters: Unicode letters, digits, \
                 white space, _ . / = + - % @."
                    .to_owned(),
            ));
        }
        if percent {
            return Err(Error::InvalidArgument(format!(
                "Failed to {doing} stream {stream} under account {} because some tags contained \
                 illegal characters. The allowed characters are Unicode letters, white-spaces, \
                 '_',',','/','=','+','-','@'.",
                self.account
            )));
        }
        Ok(())
    }
}

/// "White space" is what separates words: tabs and line ends are refused, as recorded by kinesalite.
fn allowed_in_tags(character: char) -> bool {
    let space = character.is_whitespace() && !character.is_control();
    character.is_alphanumeric() || space || "_./=+-%@:".contains(character)
}

fn of<'a>(arn: &'a str, stream_id: Option<&'a str>) -> Address<'a> {
    Address {
        name: None,
        arn: Some(arn),
        stream_id,
    }
}

fn tag((key, value): (&String, &String)) -> Tag {
    Tag {
        key: key.clone(),
        value: Some(value.clone()),
    }
}
