//! A second evaluator to compare with: slower, shorter, and written from the documentation's flow
//! chart over small alphabets instead of from [`super::decide`].

use serde_json::{Value, json};

/// A statement over the reference's small world.
#[derive(Clone, Debug)]
pub struct Rule {
    pub allow: bool,
    /// Index into [`ACTIONS`]; beyond it, all.
    pub action: usize,
    pub not_action: bool,
    /// Index into [`RESOURCES`]; beyond it, all.
    pub resource: usize,
    pub not_resource: bool,
    /// Index into [`PRINCIPALS`]: resource policies only.
    pub principal: usize,
    /// The value `aws:RequestedRegion` must have.
    pub region: Option<&'static str>,
}

pub const ACTIONS: [&str; 3] = ["s3:GetObject", "s3:PutObject", "kinesis:PutRecord"];
pub const RESOURCES: [&str; 3] = [
    "arn:aws:s3:::lake/a",
    "arn:aws:s3:::lake/b",
    "arn:aws:s3:::pond/a",
];
pub const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];
/// Own account by id and by ARN, a user, a role, its session, everybody.
pub const PRINCIPALS: [&str; 6] = [
    "111111111111",
    "arn:aws:iam::111111111111:root",
    "arn:aws:iam::111111111111:user/ann",
    "arn:aws:iam::111111111111:role/reader",
    "arn:aws:sts::111111111111:assumed-role/reader/s",
    "*",
];

impl Rule {
    pub fn document(&self, with_principal: bool) -> Value {
        let action = ACTIONS.get(self.action).copied().unwrap_or("*");
        let resource = RESOURCES.get(self.resource).copied().unwrap_or("*");
        let mut statement = json!({
            "Effect": if self.allow { "Allow" } else { "Deny" },
            (if self.not_action { "NotAction" } else { "Action" }): action,
            (if self.not_resource { "NotResource" } else { "Resource" }): [resource],
        });
        if with_principal {
            statement["Principal"] = json!({"AWS": PRINCIPALS[self.principal]});
        }
        if let Some(region) = self.region {
            statement["Condition"] = json!({"StringEquals": {"aws:RequestedRegion": region}});
        }
        statement
    }

    fn applies(&self, ask: &Ask) -> bool {
        let all = |index: usize, of: usize| index >= of;
        let action = all(self.action, ACTIONS.len()) || self.action == ask.action;
        let resource = all(self.resource, RESOURCES.len()) || self.resource == ask.resource;
        action != self.not_action
            && resource != self.not_resource
            && self.region.is_none_or(|region| region == ask.region)
    }
}

/// A question.
#[derive(Clone, Debug)]
pub struct Ask {
    pub action: usize,
    pub resource: usize,
    pub region: &'static str,
    pub is_session: bool,
    pub same_account: bool,
}

/// Everything that is said.
#[derive(Clone, Debug)]
pub struct World {
    pub identity: Vec<Rule>,
    pub boundary: Option<Vec<Rule>>,
    pub session: Option<Vec<Rule>>,
    pub resource: Vec<Rule>,
}

impl World {
    pub fn allows(&self, ask: &Ask) -> bool {
        let say = |rules: &[Rule], allow: bool| {
            rules
                .iter()
                .any(|rule| rule.allow == allow && rule.applies(ask))
        };
        // The principals that name the caller, from the whole account to the caller itself.
        let (role_like, itself): (&[usize], &[usize]) = if ask.is_session {
            (&[3, 5], &[4])
        } else {
            (&[5], &[2])
        };
        let resource_says = |allow: bool, principals: &[usize]| {
            self.resource.iter().any(|rule| {
                rule.allow == allow && rule.applies(ask) && principals.contains(&rule.principal)
            })
        };
        let everyone: Vec<usize> = [&[0, 1], role_like, itself].concat();
        let empty = Vec::new();
        let boundary = self.boundary.as_ref();
        let session = self.session.as_ref();
        if say(&self.identity, false)
            || say(boundary.unwrap_or(&empty), false)
            || say(session.unwrap_or(&empty), false)
            || resource_says(false, &everyone)
        {
            return false;
        }
        let limits = boundary.is_none_or(|rules| say(rules, true))
            && session.is_none_or(|rules| say(rules, true));
        let identity = say(&self.identity, true);
        if ask.same_account {
            resource_says(true, itself) || ((identity || resource_says(true, role_like)) && limits)
        } else {
            resource_says(true, &everyone) && identity && limits
        }
    }
}
