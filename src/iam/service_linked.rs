//! Service-linked roles: made for a service, trusted by it alone, and changed by it alone.
//!
//! The services they are for do not run here, so nothing uses such a role and deleting one succeeds
//! at once. AWS attaches a policy of the service to it; those policies are not part of this program
//! and nothing is attached.

use super::api::{
    CreateServiceLinkedRoleRequest, CreateServiceLinkedRoleResponse,
    DeleteServiceLinkedRoleRequest, DeleteServiceLinkedRoleResponse,
    GetServiceLinkedRoleDeletionStatusRequest, GetServiceLinkedRoleDeletionStatusResponse, Role,
};
use super::attachment::Grants;
use super::entity::{Tags, check_room, is_taken};
use super::role::{RoleState, no_role};
use super::{Error, Iam, Result};
use crate::base::limits::iam::{DEFAULT_MAX_SESSION_SECS, ROLES_MAX};
use crate::base::{AccountId, Arn, Call};

/// Where service-linked roles live, and they alone.
const PATH: &str = "/aws-service-role/";

/// A service that has such a role.
struct Linked {
    /// Its principal.
    service: &'static str,
    /// What stands behind `AWSServiceRoleFor`.
    name: &'static str,
    /// Whether the customer may have several, told apart by a suffix.
    suffix: bool,
}

const fn one(service: &'static str, name: &'static str) -> Linked {
    Linked {
        service,
        name,
        suffix: false,
    }
}

const fn many(service: &'static str, name: &'static str) -> Linked {
    Linked {
        service,
        name,
        suffix: true,
    }
}

/// The services whose roles' names are documented in their own guides under "Using service-linked
/// roles" and that deployments make by hand. Others are refused by name.
const LINKED: [Linked; 25] = [
    one("access-analyzer.amazonaws.com", "AccessAnalyzer"),
    many("autoscaling.amazonaws.com", "AutoScaling"),
    one("batch.amazonaws.com", "Batch"),
    one("cloudtrail.amazonaws.com", "CloudTrail"),
    one("config.amazonaws.com", "Config"),
    one(
        "dynamodb.application-autoscaling.amazonaws.com",
        "ApplicationAutoScaling_DynamoDBTable",
    ),
    one("ec2fleet.amazonaws.com", "EC2Fleet"),
    one("ecs.amazonaws.com", "ECS"),
    one("eks-nodegroup.amazonaws.com", "AmazonEKSNodegroup"),
    one("eks.amazonaws.com", "AmazonEKS"),
    one("elasticache.amazonaws.com", "ElastiCache"),
    one("elasticbeanstalk.amazonaws.com", "ElasticBeanstalk"),
    one("elasticloadbalancing.amazonaws.com", "ElasticLoadBalancing"),
    one("es.amazonaws.com", "AmazonElasticsearchService"),
    one("guardduty.amazonaws.com", "AmazonGuardDuty"),
    one("kafka.amazonaws.com", "Kafka"),
    one("lakeformation.amazonaws.com", "LakeFormationDataAccess"),
    one("opensearchservice.amazonaws.com", "AmazonOpenSearchService"),
    one("ops.apigateway.amazonaws.com", "APIGateway"),
    one("organizations.amazonaws.com", "Organizations"),
    one("rds.amazonaws.com", "RDS"),
    one("redshift.amazonaws.com", "Redshift"),
    one("spot.amazonaws.com", "EC2Spot"),
    one("spotfleet.amazonaws.com", "EC2SpotFleet"),
    one("storage-lens.s3.amazonaws.com", "S3StorageLens"),
];

fn linked(service: &str) -> Option<&'static Linked> {
    LINKED.iter().find(|linked| linked.service == service)
}

/// Refuses to change a role that is its service's to change.
///
/// # Errors
/// `UnmodifiableEntity`.
pub(super) fn protected(role: &RoleState) -> Result<()> {
    if !role.path.starts_with(PATH) {
        return Ok(());
    }
    Err(Error::UnmodifiableEntity(format!(
        "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS",
        role.name
    )))
}

/// Refuses the path of service-linked roles to others.
///
/// # Errors
/// `InvalidInput`.
pub(super) fn check_free_path(path: &str) -> Result<()> {
    if path.starts_with(PATH) {
        return Err(Error::InvalidInput(format!(
            "The path {PATH} is reserved for service-linked roles."
        )));
    }
    Ok(())
}

impl Iam {
    /// How the name of a service's role begins (a suffix may follow); `None` for a service that is
    /// not known to have one.
    pub fn linked_role_name(service: &str) -> Option<String> {
        linked(service).map(|linked| format!("AWSServiceRoleFor{}", linked.name))
    }

    /// ARN of the role that a task of [`Iam::delete_service_linked_role`] deleted.
    pub fn deleted_role_arn(account: &AccountId, task: &str) -> Option<String> {
        let (role, _) = task.strip_prefix("task/")?.rsplit_once('/')?;
        Some(Arn::global("iam", account, format!("role/{role}")).to_string())
    }

    /// CreateServiceLinkedRole.
    pub fn create_service_linked_role(
        &mut self,
        call: &Call,
        request: CreateServiceLinkedRoleRequest,
    ) -> Result<CreateServiceLinkedRoleResponse> {
        let service = request.aws_service_name;
        let linked = linked(&service).ok_or_else(|| {
            Error::NotImplemented(format!(
                "the role of {service} (iam:CreateServiceLinkedRole)"
            ))
        })?;
        let mut name = format!("AWSServiceRoleFor{}", linked.name);
        if let Some(suffix) = request.custom_suffix {
            if !linked.suffix {
                return Err(Error::InvalidInput(format!(
                    "Custom suffix is not allowed for {service}"
                )));
            }
            name = format!("{name}_{suffix}");
        }
        let path = format!("{PATH}{service}/");
        let arn = Self::arn(call, "role", &path, &name);
        let id = self.ids.iam("AROA");
        let roles = &mut self.account_mut(call).roles;
        if is_taken(roles, &name) {
            return Err(Error::InvalidInput(format!(
                "Service role name {name} has been taken in this account, please try a different \
                 suffix."
            )));
        }
        check_room(roles, ROLES_MAX, "RolesPerAccount")?;
        let trust_policy = serde_json::json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Action": ["sts:AssumeRole"],
                "Effect": "Allow",
                "Principal": {"Service": [service]},
            }],
        });
        let role = RoleState {
            path,
            name,
            id,
            arn,
            created: Self::instant(call),
            trust_policy: trust_policy.to_string(),
            description: request.description,
            max_session_secs: DEFAULT_MAX_SESSION_SECS,
            boundary: None,
            tags: Tags::default(),
            grants: Grants::default(),
            last_used: None,
        };
        let shown = Role {
            description: role.description.clone(),
            ..role.summary()
        };
        roles.insert(role.name.clone(), role);
        Ok(CreateServiceLinkedRoleResponse { role: Some(shown) })
    }

    /// DeleteServiceLinkedRole. The role is gone when this answers; its task has succeeded.
    pub fn delete_service_linked_role(
        &mut self,
        call: &Call,
        request: &DeleteServiceLinkedRoleRequest,
    ) -> Result<DeleteServiceLinkedRoleResponse> {
        let name = &request.role_name;
        let role = self.role(call, name)?;
        if !role.path.starts_with(PATH) {
            return Err(no_role(name));
        }
        let task = format!("task{}{name}/{}", role.path, self.ids.uuid());
        let account = self.account_mut(call);
        account.roles.remove(name);
        account.deletions.insert(task.clone());
        Ok(DeleteServiceLinkedRoleResponse {
            deletion_task_id: task,
        })
    }

    /// GetServiceLinkedRoleDeletionStatus.
    pub fn get_service_linked_role_deletion_status(
        &self,
        call: &Call,
        request: &GetServiceLinkedRoleDeletionStatusRequest,
    ) -> Result<GetServiceLinkedRoleDeletionStatusResponse> {
        let task = &request.deletion_task_id;
        let mut accounts = self.account(call).into_iter();
        if !accounts.any(|account| account.deletions.contains(task)) {
            return Err(Error::NoSuchEntity(format!(
                "Deletion task id {task} cannot be found."
            )));
        }
        Ok(GetServiceLinkedRoleDeletionStatusResponse {
            status: "SUCCEEDED".to_owned(),
            reason: None,
        })
    }
}
