//! STS: who am I, and temporary credentials.

use std::collections::BTreeSet;
use std::time::Duration;

use super::api::RoleLastUsed;
use super::document::{Document, Place};
use super::sts_api::{
    AssumeRoleRequest, AssumeRoleResponse, AssumedRoleUser, Credentials, FederatedUser,
    GetAccessKeyInfoRequest, GetAccessKeyInfoResponse, GetCallerIdentityResponse,
    GetFederationTokenRequest, GetFederationTokenResponse, GetSessionTokenRequest,
    GetSessionTokenResponse, PolicyDescriptorType, Tag,
};
use super::subject::session_arn;
use super::trust::Question;
use super::{Error, Iam, Result};
use crate::base::limits::iam::{
    DEFAULT_MAX_SESSION_SECS, DEFAULT_TOKEN_LIFETIME, ROLE_CHAINING_MAX_SECS, ROOT_TOKEN_LIFETIME,
};
use crate::base::{AccountId, Arn, Call, Timestamp};

/// Whom temporary credentials stand for.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    pub account: AccountId,
    /// Caller ARN of whoever uses them.
    pub arn: String,
    /// `UserId` of GetCallerIdentity.
    pub user_id: String,
}

/// By what right temporary credentials were given.
#[derive(Clone, Debug)]
pub(super) enum Issuer {
    /// GetSessionToken: the user or root itself.
    Owner,
    /// AssumeRole: ARN of the role.
    Role(String),
    /// GetFederationToken: ARN of the user or root that asked.
    Federation(String),
}

/// Policies given with a session.
#[derive(Clone, Debug)]
pub(super) struct SessionPolicies {
    /// A document of its own.
    pub document: Option<String>,
    /// Managed policies.
    pub arns: Vec<String>,
}

impl SessionPolicies {
    /// Those of a request; `None` when it has none.
    fn given(document: Option<&str>, arns: Option<&[PolicyDescriptorType]>) -> Option<Self> {
        let arns = arns.unwrap_or_default().iter();
        let arns: Vec<String> = arns.filter_map(|policy| policy.arn.clone()).collect();
        (document.is_some() || !arns.is_empty()).then(|| Self {
            document: document.map(str::to_owned),
            arns,
        })
    }
}

/// What a session is given besides its holder.
#[derive(Clone, Debug)]
struct Grant {
    issuer: Issuer,
    policies: Option<SessionPolicies>,
    tags: Vec<(String, String)>,
    source_identity: Option<String>,
}

impl Grant {
    fn by(issuer: Issuer) -> Self {
        Self {
            issuer,
            policies: None,
            tags: Vec::new(),
            source_identity: None,
        }
    }
}

/// Temporary credentials that are out.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub holder: Holder,
    pub issuer: Issuer,
    pub policies: Option<SessionPolicies>,
    /// Session tags.
    pub tags: Vec<(String, String)>,
    pub source_identity: Option<String>,
    pub expiration: Timestamp,
    /// What requests are signed with.
    pub secret: String,
    /// What must come with such requests.
    pub token: String,
}

impl Iam {
    /// GetCallerIdentity. Needs no permission.
    pub fn get_caller_identity(&self, call: &Call) -> GetCallerIdentityResponse {
        GetCallerIdentityResponse {
            user_id: Some(self.caller_id(call)),
            account: Some(call.account.to_string()),
            arn: Some(call.caller_arn.clone()),
        }
    }

    /// The unique id of a caller: a user's id, `ROLE_ID:session`, or the account for its root.
    fn caller_id(&self, call: &Call) -> String {
        let session = || {
            let sessions = self.sessions.values();
            sessions
                .map(|session| &session.holder)
                .find(|holder| holder.arn == call.caller_arn && holder.account == call.account)
                .map(|holder| holder.user_id.clone())
        };
        self.user_id(call, &call.caller_arn)
            .map(str::to_owned)
            .or_else(session)
            .unwrap_or_else(|| call.account.to_string())
    }

    /// AssumeRole, if the role's trust policy allows the caller. A role that does not exist and a
    /// role that does not trust give the same refusal, as on AWS.
    pub fn assume_role(
        &mut self,
        call: &Call,
        request: AssumeRoleRequest,
    ) -> Result<AssumeRoleResponse> {
        refuse_mfa(&request.serial_number, &request.token_code)?;
        if request
            .provided_contexts
            .as_ref()
            .is_some_and(|c| !c.is_empty())
        {
            return Err(Error::NotImplemented(
                "sts:AssumeRole ProvidedContexts".to_owned(),
            ));
        }
        let is_role = |arn: &Arn| arn.service == "iam" && arn.resource.starts_with("role/");
        if !request
            .role_arn
            .parse::<Arn>()
            .is_ok_and(|arn| is_role(&arn))
        {
            return Err(Error::Validation(format!(
                "{} is invalid",
                request.role_arn
            )));
        }
        check_session_policies(request.policy.as_deref(), request.policy_arns.as_deref())?;
        check_session_tags(
            request.tags.as_deref(),
            request.transitive_tag_keys.as_deref(),
        )?;
        let denied = || {
            Error::AccessDenied(format!(
                "User: {} is not authorized to perform: sts:AssumeRole on resource: {}",
                call.caller_arn, request.role_arn
            ))
        };
        let role = self.role_by_arn(&request.role_arn).ok_or_else(denied)?;
        if !trusts(&role.trust_policy, call, request.external_id.as_deref()) {
            return Err(denied());
        }
        let chained = call.caller_arn.contains(":assumed-role/");
        let limit = if chained {
            ROLE_CHAINING_MAX_SECS
        } else {
            role.max_session_secs
        };
        let secs = request.duration_seconds.unwrap_or(DEFAULT_MAX_SESSION_SECS);
        if secs > limit {
            return Err(Error::Validation(if chained {
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed \
                 by role chaining"
                    .to_owned()
            } else {
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
                    .to_owned()
            }));
        }
        let (role_name, role_id) = (role.name.clone(), role.id.clone());
        let account = request
            .role_arn
            .split(':')
            .nth(4)
            .and_then(AccountId::parse)
            .unwrap_or_default();
        let session = &request.role_session_name;
        let user = AssumedRoleUser {
            arn: session_arn(&account, &role_name, session),
            assumed_role_id: format!("{role_id}:{session}"),
        };
        if let Some(role) = self
            .accounts
            .get_mut(&account)
            .and_then(|a| a.roles.get_mut(&role_name))
        {
            role.last_used = Some(RoleLastUsed {
                last_used_date: Some(Self::instant(call)),
                region: Some(call.region.to_string()),
            });
        }
        let lifetime = Duration::from_secs(u64::try_from(secs).unwrap_or(0));
        let holder = Holder {
            account,
            arn: user.arn.clone(),
            user_id: user.assumed_role_id.clone(),
        };
        let grant = Grant {
            issuer: Issuer::Role(request.role_arn.clone()),
            policies: SessionPolicies::given(
                request.policy.as_deref(),
                request.policy_arns.as_deref(),
            ),
            tags: pairs(request.tags.as_deref()),
            source_identity: request.source_identity.clone(),
        };
        Ok(AssumeRoleResponse {
            credentials: Some(self.issue(call, holder, grant, lifetime)),
            assumed_role_user: Some(user),
            packed_policy_size: packed_size(
                request.policy.as_deref(),
                request.policy_arns.as_deref(),
                request.tags.as_deref(),
            ),
            source_identity: request.source_identity,
            ..AssumeRoleResponse::default()
        })
    }

    /// GetSessionToken: temporary credentials of the caller itself.
    pub fn get_session_token(
        &mut self,
        call: &Call,
        request: &GetSessionTokenRequest,
    ) -> Result<GetSessionTokenResponse> {
        refuse_mfa(&request.serial_number, &request.token_code)?;
        if call.caller_arn.contains(":assumed-role/")
            || call.caller_arn.contains(":federated-user/")
        {
            return Err(Error::AccessDenied(
                "Cannot call GetSessionToken with session credentials".to_owned(),
            ));
        }
        let holder = Holder {
            account: call.account.clone(),
            arn: call.caller_arn.clone(),
            user_id: self.caller_id(call),
        };
        let lifetime = token_lifetime(call, request.duration_seconds);
        Ok(GetSessionTokenResponse {
            credentials: Some(self.issue(call, holder, Grant::by(Issuer::Owner), lifetime)),
            ..GetSessionTokenResponse::default()
        })
    }

    /// GetFederationToken: temporary credentials under a name of the caller's choice.
    pub fn get_federation_token(
        &mut self,
        call: &Call,
        request: &GetFederationTokenRequest,
    ) -> Result<GetFederationTokenResponse> {
        check_session_policies(request.policy.as_deref(), request.policy_arns.as_deref())?;
        check_session_tags(request.tags.as_deref(), None)?;
        if call.caller_arn.contains(":assumed-role/")
            || call.caller_arn.contains(":federated-user/")
        {
            return Err(Error::AccessDenied(
                "Cannot call GetFederationToken with session credentials".to_owned(),
            ));
        }
        let user = FederatedUser {
            federated_user_id: format!("{}:{}", call.account, request.name),
            arn: Arn::global(
                "sts",
                &call.account,
                format!("federated-user/{}", request.name),
            )
            .to_string(),
        };
        let holder = Holder {
            account: call.account.clone(),
            arn: user.arn.clone(),
            user_id: user.federated_user_id.clone(),
        };
        let lifetime = token_lifetime(call, request.duration_seconds);
        let grant = Grant {
            policies: SessionPolicies::given(
                request.policy.as_deref(),
                request.policy_arns.as_deref(),
            ),
            tags: pairs(request.tags.as_deref()),
            ..Grant::by(Issuer::Federation(call.caller_arn.clone()))
        };
        Ok(GetFederationTokenResponse {
            credentials: Some(self.issue(call, holder, grant, lifetime)),
            federated_user: Some(user),
            packed_policy_size: packed_size(
                request.policy.as_deref(),
                request.policy_arns.as_deref(),
                request.tags.as_deref(),
            )
            .or(Some(0)),
            ..GetFederationTokenResponse::default()
        })
    }

    /// GetAccessKeyInfo: the account of any access key, made here or not.
    pub fn get_access_key_info(
        &self,
        request: &GetAccessKeyInfoRequest,
    ) -> GetAccessKeyInfoResponse {
        let id = &request.access_key_id;
        let account = match (self.keys.get(id), self.sessions.get(id)) {
            (Some(key), _) => key.account.clone(),
            (_, Some(session)) => session.holder.account.clone(),
            _ => AccountId::parse(id).unwrap_or_default(),
        };
        GetAccessKeyInfoResponse {
            account: Some(account.to_string()),
        }
    }

    /// Hands out credentials and forgets those that have expired.
    fn issue(
        &mut self,
        call: &Call,
        holder: Holder,
        grant: Grant,
        lifetime: Duration,
    ) -> Credentials {
        self.sessions
            .retain(|_, session| call.now < session.expiration);
        let access_key_id = self.access_key_id("ASIA");
        let session = Session {
            holder,
            issuer: grant.issuer,
            policies: grant.policies,
            tags: grant.tags,
            source_identity: grant.source_identity,
            expiration: Self::instant(call) + lifetime,
            secret: self.ids.alphanumeric(40),
            token: self.ids.alphanumeric(356),
        };
        let credentials = Credentials {
            access_key_id: access_key_id.clone(),
            secret_access_key: session.secret.clone(),
            session_token: session.token.clone(),
            expiration: session.expiration,
        };
        self.sessions.insert(access_key_id, session);
        credentials
    }
}

/// Whether the trust policy lets the caller assume its role: by name, or through its account.
fn trusts(trust_policy: &str, call: &Call, external_id: Option<&str>) -> bool {
    let account = &call.account;
    let mut names = vec![
        call.caller_arn.clone(),
        format!("arn:aws:iam::{account}:root"),
        account.to_string(),
    ];
    // A session is trusted under its role's name as well; the path is not known from its ARN.
    if let Some((_, session)) = call.caller_arn.split_once(":assumed-role/")
        && let Some((role, _)) = session.split_once('/')
    {
        names.push(format!("arn:aws:iam::{account}:role/{role}"));
    }
    Question {
        action: "sts:assumerole",
        kind: "AWS",
        names: &names,
        // A missing external id is a value no policy asks for.
        context: &[("sts:ExternalId", external_id.unwrap_or(""))],
    }
    .allowed_by(trust_policy)
}

fn refuse_mfa(serial: &Option<String>, code: &Option<String>) -> Result<()> {
    if serial.is_some() || code.is_some() {
        return Err(Error::NotImplemented(
            "multi-factor authentication (SerialNumber, TokenCode)".to_owned(),
        ));
    }
    Ok(())
}

fn token_lifetime(call: &Call, secs: Option<i32>) -> Duration {
    let root = call.caller_arn.ends_with(":root");
    let asked = secs
        .and_then(|secs| u64::try_from(secs).ok())
        .map(Duration::from_secs);
    match asked {
        // AWS shortens what the root asks for.
        Some(asked) if root => asked.min(ROOT_TOKEN_LIFETIME),
        Some(asked) => asked,
        None if root => ROOT_TOKEN_LIFETIME,
        None => DEFAULT_TOKEN_LIFETIME,
    }
}

fn check_session_policies(
    policy: Option<&str>,
    arns: Option<&[PolicyDescriptorType]>,
) -> Result<()> {
    if let Some(policy) = policy {
        Document::parse(policy, Place::Identity)?;
    }
    for arn in arns
        .unwrap_or_default()
        .iter()
        .filter_map(|p| p.arn.as_deref())
    {
        if !arn.parse::<Arn>().is_ok_and(|arn| arn.service == "iam") {
            return Err(Error::Validation(
                "Invalid ARN:  Could not be parsed!".to_owned(),
            ));
        }
    }
    Ok(())
}

fn pairs(tags: Option<&[Tag]>) -> Vec<(String, String)> {
    let tags = tags.unwrap_or_default().iter();
    tags.map(|tag| (tag.key.clone(), tag.value.clone()))
        .collect()
}

fn check_session_tags(tags: Option<&[Tag]>, transitive: Option<&[String]>) -> Result<()> {
    let mut keys = BTreeSet::new();
    for tag in tags.unwrap_or_default() {
        if !keys.insert(tag.key.to_lowercase()) {
            return Err(Error::InvalidParameterValue(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive."
                    .to_owned(),
            ));
        }
    }
    let mut transitive = transitive.unwrap_or_default().iter();
    if transitive.any(|key| !keys.contains(&key.to_lowercase())) {
        return Err(Error::InvalidParameterValue(
            "The specified transitive tag key must be included in the requested tags.".to_owned(),
        ));
    }
    Ok(())
}

/// Percent of the packed limit that policies and tags use. AWS's packing is not public; this counts
/// plain characters against the 2,048 that plain policies may have.
fn packed_size(
    policy: Option<&str>,
    arns: Option<&[PolicyDescriptorType]>,
    tags: Option<&[Tag]>,
) -> Option<i32> {
    let chars = policy.map_or(0, str::len)
        + arns
            .unwrap_or_default()
            .iter()
            .filter_map(|p| p.arn.as_ref())
            .map(String::len)
            .sum::<usize>()
        + tags
            .unwrap_or_default()
            .iter()
            .map(|tag| tag.key.len() + tag.value.len())
            .sum::<usize>();
    (chars > 0).then(|| {
        i32::try_from((chars * 100).div_ceil(2_048))
            .unwrap_or(100)
            .clamp(1, 100)
    })
}
