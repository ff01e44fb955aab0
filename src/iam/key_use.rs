//! When access keys and roles were last used.
//!
//! Only the front door sees requests, so it tells: [`Iam::key_used`]. A key that it never told of was
//! never used.

use super::api::{
    AccessKeyLastUsed, GetAccessKeyLastUsedRequest, GetAccessKeyLastUsedResponse, RoleLastUsed,
};
use super::user::no_key;
use super::{Iam, Result};
use crate::base::{AccountId, Call, Region, Timestamp};

/// The last request that was signed with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyUse {
    /// In whole seconds.
    at: Timestamp,
    /// E.g. `kinesis`.
    service: String,
    region: Region,
}

/// What stands for a service and a region where there was no use.
const NOT_AVAILABLE: &str = "N/A";

impl Iam {
    /// Notes that a request to `service` (its signing name) came in under an access key. A key of a
    /// role's session counts as a use of the role; a key made elsewhere is nobody's to note.
    pub fn key_used(&mut self, access_key: &str, call: &Call, service: &str) {
        let at = Self::instant(call);
        if let Some(key) = self.keys.get_mut(access_key) {
            let known = key.last_use.as_ref().is_some_and(|last| {
                last.at == at && last.service == service && last.region == call.region
            });
            if !known {
                key.last_use = Some(KeyUse {
                    at,
                    service: service.to_owned(),
                    region: call.region.clone(),
                });
            }
            return;
        }
        let Some(session) = self.sessions.get(access_key) else {
            return;
        };
        let resource = session.holder.arn.split_once(":assumed-role/");
        let name = resource.and_then(|(_, session)| session.split('/').next());
        let account = self.accounts.get_mut(&session.holder.account);
        if let (Some(name), Some(account)) = (name, account)
            && let Some(role) = account.roles.get_mut(name)
        {
            role.last_used = Some(RoleLastUsed {
                last_used_date: Some(at),
                region: Some(call.region.to_string()),
            });
        }
    }

    /// ARN of the user or root whose access key this is, in the account alone.
    pub fn key_owner(&self, account: &AccountId, access_key: &str) -> Option<String> {
        let key = self.keys.get(access_key)?;
        (key.account == *account).then(|| self.key_owner_arn(key))
    }

    /// GetAccessKeyLastUsed, of a user's or the root's key.
    pub fn get_access_key_last_used(
        &self,
        call: &Call,
        request: &GetAccessKeyLastUsedRequest,
    ) -> Result<GetAccessKeyLastUsedResponse> {
        let id = &request.access_key_id;
        let key = self.keys.get(id);
        let key = key
            .filter(|key| key.account == call.account)
            .ok_or_else(|| no_key(id))?;
        let last = key.last_use.as_ref();
        let or_not = |text: Option<String>| text.unwrap_or_else(|| NOT_AVAILABLE.to_owned());
        Ok(GetAccessKeyLastUsedResponse {
            user_name: key.user.clone(),
            access_key_last_used: Some(AccessKeyLastUsed {
                last_used_date: last.map(|last| last.at),
                service_name: or_not(last.map(|last| last.service.clone())),
                region: or_not(last.map(|last| last.region.to_string())),
            }),
        })
    }
}
