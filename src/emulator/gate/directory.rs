//! What names in requests stand for, and the policies that resources have of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Gate, Refusal};
use crate::base::{AccountId, Arn, Call, Region};
use crate::emulator::site::Site;
use crate::iam::evaluate::{Kind, Policy};
use crate::iam::need::{self, Need};

/// What the emulator's state knows beyond a request.
pub(super) struct Directory<'a> {
    pub gate: &'a Gate,
    pub call: &'a Call,
}

impl need::Directory for Directory<'_> {
    fn find(&self, kind: &str, name: &str) -> Option<String> {
        let account = &self.call.account;
        match kind {
            "role" => self.gate.iam().role_arn(account, name),
            "user" => self.gate.iam().user_arn(account, name),
            "profile" => self.gate.iam().profile_arn(account, name),
            _ => {
                let site = self.gate.site(account, &self.call.region)?;
                in_site(&site, kind, name)
            }
        }
    }
}

fn in_site(site: &Site, kind: &str, name: &str) -> Option<String> {
    match kind {
        "stream" => site.kinesis().stream_of_iterator(name),
        "query-workgroup" => site.athena().work_group_of_query(name),
        "named-workgroup" => site.athena().work_group_of_named_query(name),
        "query-results" => {
            let location = site.athena().result_location(name)?;
            let path = location.strip_prefix("s3://")?;
            Some(format!("arn:aws:s3:::{path}"))
        }
        _ => None,
    }
}

/// What is acted on.
pub(super) struct Resource {
    /// The account it belongs to, where that is known.
    pub owner: Option<String>,
    /// Its own policy.
    pub policy: Option<Policy>,
    pub kind: Kind,
}

impl Gate {
    fn site(&self, account: &AccountId, region: &Region) -> Option<Arc<Site>> {
        self.sites.upgrade()?.known(account, region)
    }

    /// Owner and policy of what a need names.
    pub(super) fn resource(&self, need: &Need) -> Result<Resource, Refusal> {
        let arn: Option<Arn> = need.resource.parse().ok();
        let mut resource = Resource {
            owner: None,
            policy: None,
            kind: Kind::Resource,
        };
        let Some(arn) = arn else {
            return Ok(resource);
        };
        if !arn.account.is_empty() {
            resource.owner = Some(arn.account.clone());
        }
        let document = match arn.service.as_str() {
            "s3" => {
                let bucket = arn.resource.split('/').next().unwrap_or_default();
                resource.owner = self.s3.owner(bucket).map(|owner| owner.to_string());
                self.s3.policy(bucket).ok()
            }
            "kinesis" => self.stream_policy(&arn),
            "iam" if need.action.starts_with("sts:") => {
                resource.kind = Kind::Trust;
                self.iam().trust_policy(&need.resource)
            }
            _ => None,
        };
        if let Some(document) = document {
            let policy = Policy::parse(&document).map_err(|unreadable| {
                Refusal::Unjudged(format!(
                    "judging by the policy of {}: {unreadable};",
                    need.resource
                ))
            })?;
            resource.policy = Some(policy);
        }
        Ok(resource)
    }

    /// Condition keys of a resource's own tags, and the name they have for its service. Only looked up
    /// for policies that ask.
    pub(super) fn tags(&self, resource: &str) -> Vec<(String, String)> {
        let Ok(arn) = resource.parse::<Arn>() else {
            return Vec::new();
        };
        let name = arn.resource_name();
        if arn.service == "s3" {
            let Some((bucket, key)) = arn.resource.split_once('/') else {
                return Vec::new();
            };
            let stored = self.s3.object_tags(bucket, key, None);
            let tags = stored.map(|stored| stored.tags.0.clone());
            let tags = tags.unwrap_or_default().into_iter();
            return tags
                .map(|(key, value)| (format!("s3:ExistingObjectTag/{key}"), value))
                .collect();
        }
        if arn.service == "iam" {
            let tags = self.iam().tags_of(resource).into_iter();
            return tags
                .flat_map(|(key, value)| {
                    [
                        (format!("aws:ResourceTag/{key}"), value.clone()),
                        (format!("iam:ResourceTag/{key}"), value),
                    ]
                })
                .collect();
        }
        let region = Region::new(arn.region.as_str());
        let site = AccountId::parse(&arn.account).and_then(|account| self.site(&account, &region));
        let Some(site) = site else {
            return Vec::new();
        };
        let tags = match arn.service.as_str() {
            "kinesis" => site.kinesis().tags_of_stream(name).unwrap_or_default(),
            "firehose" => site.firehose().tags_of(name),
            "glue" => site.glue.lock().tags_of(resource),
            "athena" => site.athena().tags_of(resource),
            _ => BTreeMap::new(),
        };
        let tags = tags.into_iter();
        tags.map(|(key, value)| (format!("aws:ResourceTag/{key}"), value))
            .collect()
    }

    fn stream_policy(&self, arn: &Arn) -> Option<String> {
        let account = AccountId::parse(&arn.account)?;
        let site = self.site(&account, &Region::new(arn.region.as_str()))?;
        let name = arn.resource.strip_prefix("stream/")?;
        // A consumer of the stream has no policy of the stream's.
        site.kinesis().resource_policy_of(name)
    }
}
