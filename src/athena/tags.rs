//! Tags of work groups and data catalogs, by ARN.

use std::collections::BTreeMap;

use crate::athena::api::{
    ListTagsForResourceRequest, ListTagsForResourceResponse, Tag, TagResourceRequest,
    TagResourceResponse, UntagResourceRequest, UntagResourceResponse,
};
use crate::athena::error::{Error, Result};
use crate::athena::{Athena, data_catalogs, page};
use crate::base::limits;

/// Tags by ARN. Resources without tags are not in it.
pub(crate) type Tags = BTreeMap<String, BTreeMap<String, String>>;

impl Athena {
    /// The tags of a resource, none for one that does not exist.
    pub fn tags_of(&self, arn: &str) -> BTreeMap<String, String> {
        self.tags.get(arn).cloned().unwrap_or_default()
    }

    /// TagResource: adds and replaces.
    pub fn tag_resource(&mut self, request: TagResourceRequest) -> Result<TagResourceResponse> {
        self.check_resource(&request.resource_arn)?;
        let mut tags = self
            .tags
            .get(&request.resource_arn)
            .cloned()
            .unwrap_or_default();
        tags.extend(collected(request.tags)?);
        check_count(&tags)?;
        self.tags.insert(request.resource_arn, tags);
        Ok(TagResourceResponse {})
    }

    /// UntagResource; keys that are not there do not matter.
    pub fn untag_resource(
        &mut self,
        request: &UntagResourceRequest,
    ) -> Result<UntagResourceResponse> {
        self.check_resource(&request.resource_arn)?;
        if let Some(tags) = self.tags.get_mut(&request.resource_arn) {
            tags.retain(|key, _| !request.tag_keys.contains(key));
        }
        Ok(UntagResourceResponse {})
    }

    /// ListTagsForResource, in the order of the keys.
    pub fn list_tags_for_resource(
        &self,
        request: &ListTagsForResourceRequest,
    ) -> Result<ListTagsForResourceResponse> {
        self.check_resource(&request.resource_arn)?;
        let tags = self.tags.get(&request.resource_arn);
        let items = tags.into_iter().flatten().map(|(key, value)| {
            let tag = Tag {
                key: Some(key.clone()),
                value: Some(value.clone()),
            };
            (key.clone(), tag)
        });
        let size = page::size(request.max_results, limits::athena::TAGS_MAX);
        let scope = format!("ListTagsForResource {}", request.resource_arn);
        let (tags, next_token) = page::page(&scope, items, request.next_token.as_deref(), size)?;
        Ok(ListTagsForResourceResponse {
            tags: Some(tags),
            next_token,
        })
    }

    /// The ARN of `kind/name` here.
    pub(crate) fn arn(&self, kind: &str, name: &str) -> String {
        format!(
            "arn:aws:athena:{}:{}:{kind}/{name}",
            self.region, self.account
        )
    }

    /// Sets the tags of a new resource; earlier ones of the same name are gone.
    pub(crate) fn set_tags(&mut self, arn: String, tags: BTreeMap<String, String>) {
        self.tags.remove(&arn);
        if !tags.is_empty() {
            self.tags.insert(arn, tags);
        }
    }

    fn check_resource(&self, arn: &str) -> Result<()> {
        let prefix = format!("arn:aws:athena:{}:{}:", self.region, self.account);
        let exists = match arn
            .strip_prefix(&prefix)
            .and_then(|rest| rest.split_once('/'))
        {
            Some(("workgroup", name)) => self.work_groups.get(name).is_ok(),
            Some(("datacatalog", name)) => data_catalogs::is_glue(name),
            _ => false,
        };
        if exists {
            return Ok(());
        }
        Err(Error::ResourceNotFound(arn.to_owned()))
    }
}

/// The tags of a request by key.
pub(crate) fn collected(tags: Vec<Tag>) -> Result<BTreeMap<String, String>> {
    let mut by_key = BTreeMap::new();
    for tag in tags {
        let key = tag.key.filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| Error::invalid("A tag needs a key."))?;
        if by_key
            .insert(key.clone(), tag.value.unwrap_or_default())
            .is_some()
        {
            return Err(Error::invalid(format!("The tag key {key} stands twice.")));
        }
    }
    check_count(&by_key)?;
    Ok(by_key)
}

fn check_count(tags: &BTreeMap<String, String>) -> Result<()> {
    if tags.len() > limits::athena::TAGS_MAX {
        return Err(Error::invalid(format!(
            "A resource can have at most {} tags.",
            limits::athena::TAGS_MAX
        )));
    }
    Ok(())
}
