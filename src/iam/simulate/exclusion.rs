//! Which of a principal's policies a simulation leaves out.

use super::super::api::PolicyIdentifier;
use super::super::evaluate::like;
use super::super::{Error, Result};
use super::source::Origin;
use crate::base::Arn;

/// `PolicyExclusionList`, checked.
#[derive(Debug, Default)]
pub(super) struct Exclusions(Vec<PolicyIdentifier>);

impl Exclusions {
    /// # Errors
    /// `InvalidInput` for an identifier that names nothing or more than one thing, for an ARN that is
    /// no policy's, and for wildcards where none may be.
    pub(super) fn new(list: Option<Vec<PolicyIdentifier>>) -> Result<Self> {
        let list = list.unwrap_or_default();
        for identifier in &list {
            let named = usize::from(identifier.policy_type.is_some())
                + usize::from(identifier.policy_arn.is_some())
                + usize::from(identifier.inline_policy_identifier.is_some());
            if named != 1 {
                return Err(Error::InvalidInput(
                    "A policy identifier has exactly one of PolicyType, PolicyArn and \
                     InlinePolicyIdentifier."
                        .to_owned(),
                ));
            }
            if let Some(arn) = &identifier.policy_arn
                && !is_policy_pattern(arn)
            {
                return Err(Error::InvalidInput(format!("Invalid policy ARN: {arn}")));
            }
        }
        Ok(Self(list))
    }

    /// Whether a policy is left out.
    pub(super) fn leave_out(&self, origin: &Origin<'_>) -> bool {
        self.0.iter().any(|identifier| match origin {
            Origin::Inline {
                holder,
                entity,
                name,
            } => {
                let this_one = identifier.inline_policy_identifier.as_ref();
                identifier.policy_type.as_deref() == Some("inline")
                    || this_one.is_some_and(|inline| {
                        inline.policy_name == *name
                            && inline.attachment_type == holder.name()
                            && like(&inline.attachment_name, entity)
                    })
            }
            Origin::Managed(arn) => {
                let by_aws = arn.split(':').nth(4) == Some("aws");
                let kind = if by_aws {
                    "aws-managed"
                } else {
                    "user-managed"
                };
                let pattern = identifier.policy_arn.as_deref();
                identifier.policy_type.as_deref() == Some(kind)
                    || pattern.is_some_and(|pattern| like(pattern, arn))
            }
        })
    }

    /// Whether the permissions boundary is left out.
    pub(super) fn leave_out_boundary(&self) -> bool {
        let mut types = self.0.iter().map(|identifier| &identifier.policy_type);
        types.any(|kind| kind.as_deref() == Some("permission-boundary"))
    }
}

/// An ARN of a managed policy, whose resource alone may have wildcards: `*` once, `?` at will.
fn is_policy_pattern(text: &str) -> bool {
    let Ok(arn) = text.parse::<Arn>() else {
        return false;
    };
    let resource = arn.resource.strip_prefix("policy/");
    let plain = !arn.account.contains(['*', '?']) && !arn.region.contains(['*', '?']);
    let stars = text.matches('*').count();
    arn.service == "iam" && resource.is_some_and(|name| !name.is_empty()) && plain && stars <= 1
}

#[cfg(test)]
mod tests {
    use super::super::super::api::InlinePolicyIdentifierType;
    use super::super::super::attachment::Holder;
    use super::*;

    const AWS: &str = "arn:aws:iam::aws:policy/AmazonS3FullAccess";
    const OWN: &str = "arn:aws:iam::000000000000:policy/eng/reader";

    fn by_arn(arn: &str) -> PolicyIdentifier {
        PolicyIdentifier {
            policy_arn: Some(arn.to_owned()),
            ..PolicyIdentifier::default()
        }
    }

    fn by_type(kind: &str) -> PolicyIdentifier {
        PolicyIdentifier {
            policy_type: Some(kind.to_owned()),
            ..PolicyIdentifier::default()
        }
    }

    /// Which of an AWS policy, a policy of the customer's, an inline policy of the user `ann` and one
    /// of the group `ops` are left out.
    #[track_caller]
    fn check(identifier: PolicyIdentifier, expected: [bool; 4]) {
        let exclusions = Exclusions::new(Some(vec![identifier.clone()])).unwrap();
        let inline = |holder, entity| Origin::Inline {
            holder,
            entity,
            name: "p",
        };
        let left_out = [
            Origin::Managed(AWS),
            Origin::Managed(OWN),
            inline(Holder::User, "ann"),
            inline(Holder::Group, "ops"),
        ]
        .map(|origin| exclusions.leave_out(&origin));
        assert_eq!(left_out, expected, "{identifier:?}");
    }

    #[test]
    fn policies_are_left_out_by_type_arn_and_name() {
        check(by_type("inline"), [false, false, true, true]);
        check(by_type("aws-managed"), [true, false, false, false]);
        check(by_type("user-managed"), [false, true, false, false]);
        check(by_type("scp"), [false; 4]);
        check(by_arn(AWS), [true, false, false, false]);
        let pattern = "arn:aws:iam::000000000000:policy/eng/*?r";
        check(by_arn(pattern), [false, true, false, false]);
        let inline = |kind: &str, entity: &str| PolicyIdentifier {
            inline_policy_identifier: Some(InlinePolicyIdentifierType {
                policy_name: "p".to_owned(),
                attachment_type: kind.to_owned(),
                attachment_name: entity.to_owned(),
            }),
            ..PolicyIdentifier::default()
        };
        check(inline("user", "ann"), [false, false, true, false]);
        check(inline("group", "o?s"), [false, false, false, true]);
        check(inline("role", "ann"), [false; 4]);
        let boundary = Exclusions::new(Some(vec![by_type("permission-boundary")])).unwrap();
        assert!(boundary.leave_out_boundary());
        assert!(!Exclusions::default().leave_out_boundary());
    }

    #[test]
    fn what_identifies_nothing_is_refused() {
        let both = PolicyIdentifier {
            policy_type: Some("inline".to_owned()),
            ..by_arn(AWS)
        };
        for odd in [
            PolicyIdentifier::default(),
            both,
            by_arn("arn:aws:iam::*:policy/reader-policy"),
            by_arn("arn:aws:iam::aws:policy/a*b*"),
            by_arn("arn:aws:iam::000000000000:role/r"),
            by_arn("AmazonS3FullAccess-without-arn"),
        ] {
            let refused = Exclusions::new(Some(vec![odd]));
            assert!(matches!(refused, Err(Error::InvalidInput(_))));
        }
    }
}
