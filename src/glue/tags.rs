//! Tags of databases, crawlers and jobs, by ARN.

use std::collections::BTreeMap;

use crate::base::limits;
use crate::glue::Glue;
use crate::glue::api::{
    GetTagsRequest, GetTagsResponse, TagResourceRequest, TagResourceResponse, UntagResourceRequest,
    UntagResourceResponse,
};
use crate::glue::error::{Error, Result};

/// Tags by ARN. Resources without tags are not in it.
pub(crate) type Tags = BTreeMap<String, BTreeMap<String, String>>;

impl Glue {
    /// The tags of a resource, none for one that does not exist.
    pub fn tags_of(&self, arn: &str) -> BTreeMap<String, String> {
        self.tags.get(arn).cloned().unwrap_or_default()
    }

    /// GetTags.
    pub fn get_tags(&self, request: &GetTagsRequest) -> Result<GetTagsResponse> {
        self.check_resource(&request.resource_arn)?;
        let tags = self.tags.get(&request.resource_arn);
        Ok(GetTagsResponse {
            tags: Some(tags.cloned().unwrap_or_default()),
        })
    }

    /// TagResource: adds and replaces.
    pub fn tag_resource(&mut self, request: TagResourceRequest) -> Result<TagResourceResponse> {
        self.check_resource(&request.resource_arn)?;
        let mut tags = self
            .tags
            .get(&request.resource_arn)
            .cloned()
            .unwrap_or_default();
        tags.extend(request.tags_to_add);
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
            tags.retain(|key, _| !request.tags_to_remove.contains(key));
        }
        Ok(UntagResourceResponse {})
    }

    /// The ARN of `kind/name` here.
    pub(crate) fn arn(&self, kind: &str, name: &str) -> String {
        format!(
            "arn:aws:glue:{}:{}:{kind}/{name}",
            self.region, self.account
        )
    }

    /// Sets the tags of a new resource; earlier ones of the same name are gone.
    pub(crate) fn set_tags(&mut self, arn: String, tags: Option<BTreeMap<String, String>>) {
        self.tags.remove(&arn);
        if let Some(tags) = tags {
            self.tags.insert(arn, tags);
        }
    }

    /// Whether a resource has all of the tags of a list filter.
    pub(crate) fn has_tags(&self, arn: &str, wanted: Option<&BTreeMap<String, String>>) -> bool {
        wanted.is_none_or(|wanted| {
            let tags = self.tags.get(arn);
            wanted
                .iter()
                .all(|(key, value)| tags.and_then(|tags| tags.get(key)) == Some(value))
        })
    }

    fn check_resource(&self, arn: &str) -> Result<()> {
        let prefix = format!("arn:aws:glue:{}:{}:", self.region, self.account);
        let resource = arn
            .strip_prefix(&prefix)
            .and_then(|resource| resource.split_once('/'))
            .ok_or_else(|| Error::InvalidInput(format!("Invalid resource ARN: {arn}")))?;
        let exists = match resource {
            ("database", name) => self.catalog.database(name).is_some(),
            ("crawler", name) => self.crawlers.exists(name),
            ("job", name) => self.jobs.exists(name),
            (kind, _) => return Err(Error::Unsupported(format!("tags of a {kind}"))),
        };
        if exists {
            return Ok(());
        }
        Err(Error::EntityNotFound(format!("Resource {arn} not found.")))
    }
}

/// Refuses more tags than a resource may have.
pub(crate) fn check_count(tags: &BTreeMap<String, String>) -> Result<()> {
    if tags.len() > limits::glue::TAGS_MAX {
        return Err(Error::InvalidInput(format!(
            "A resource can have at most {} tags.",
            limits::glue::TAGS_MAX
        )));
    }
    Ok(())
}
