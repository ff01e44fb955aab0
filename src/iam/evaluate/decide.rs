//! All policies together.

use super::policy::Principals;
use super::{Context, Policy, Statement};

/// What kind of policy spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Attached to the caller.
    Identity,
    /// Attached to what is acted on: a bucket's, a stream's.
    Resource,
    /// The caller's permissions boundary.
    Boundary,
    /// Given when the caller's session was made.
    Session,
    /// A role's trust policy.
    Trust,
}

impl Kind {
    /// As AWS's refusals name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity-based policy",
            Self::Resource => "resource-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
            Self::Trust => "role trust policy",
        }
    }
}

/// Under which names a caller may stand in a resource policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Unsigned.
    Anonymous,
    /// An account's root.
    Root,
    /// A user, by ARN.
    User(String),
    /// A role's session.
    Session {
        /// ARN of the role.
        role: String,
        /// ARN of the session.
        session: String,
    },
    /// A session that a user made under a name of its choice.
    Federated {
        /// ARN of the user or root that made it.
        issuer: String,
        /// ARN of the session.
        session: String,
    },
    /// An AWS service, e.g. `firehose.amazonaws.com`.
    Service(String),
}

/// Who asks, with everything that was granted.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The names.
    pub standing: Standing,
    /// The account; of no matter for the anonymous and for services.
    pub account: String,
    /// Identity policies.
    pub identity: Vec<Policy>,
    /// The permissions boundary; empty without one. AWS allows one, which must allow.
    pub boundary: Option<Policy>,
    /// The session policies, of which one must allow; `None` for a session without them.
    pub session: Option<Vec<Policy>>,
}

/// How close a resource policy comes to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    /// The caller's whole account: whom of it, its own policies say.
    Account,
    /// Everybody, or the role of the session.
    Wide,
    /// The very user or session.
    Exact,
}

impl Subject {
    /// Somebody in `account` to whom nothing was granted.
    pub fn new(account: impl Into<String>, standing: Standing) -> Self {
        Self {
            standing,
            account: account.into(),
            identity: Vec::new(),
            boundary: None,
            session: None,
        }
    }

    fn root_arn(&self) -> String {
        format!("arn:aws:iam::{}:root", self.account)
    }

    /// The closest of the names a statement lists under which the caller is found.
    fn found_in(&self, listed: &[(String, String)]) -> Option<Closeness> {
        listed
            .iter()
            .filter_map(|(kind, name)| self.answers_to(kind, name))
            .max()
    }

    fn answers_to(&self, kind: &str, name: &str) -> Option<Closeness> {
        use Closeness::{Account, Exact, Wide};

        if let Standing::Service(service) = &self.standing {
            let named = kind == "Service" && (name == service || name == "*");
            return (named || (kind == "AWS" && name == "*")).then_some(Exact);
        }
        if kind != "AWS" {
            return None;
        }
        if name == "*" {
            return Some(Wide);
        }
        if self.standing == Standing::Anonymous {
            return None;
        }
        if name == self.account || name == self.root_arn() {
            return Some(if self.standing == Standing::Root {
                Exact
            } else {
                Account
            });
        }
        match &self.standing {
            Standing::User(user) => (name == user).then_some(Exact),
            Standing::Session { role, session } => {
                if name == session {
                    Some(Exact)
                } else {
                    (name == role).then_some(Wide)
                }
            }
            Standing::Federated { issuer, session } => {
                if name == session {
                    Some(Exact)
                } else {
                    (name == issuer).then_some(Wide)
                }
            }
            Standing::Anonymous | Standing::Root | Standing::Service(_) => None,
        }
    }

    /// Whether `NotPrincipal` with Deny spares the caller: only when every name is listed, the
    /// account among them.
    fn is_spared_by(&self, listed: &[(String, String)]) -> bool {
        let has = |name: &str| listed.iter().any(|(kind, n)| kind == "AWS" && n == name);
        let account = has(&self.account) || has(&self.root_arn());
        match &self.standing {
            Standing::Anonymous => false,
            Standing::Root => account,
            Standing::User(user) => account && has(user),
            Standing::Session { role, session } => account && has(role) && has(session),
            Standing::Federated { issuer, session } => account && has(issuer) && has(session),
            Standing::Service(name) => listed
                .iter()
                .any(|(kind, n)| kind == "Service" && n == name),
        }
    }

    /// How close a statement of a resource policy comes; `None` when it is about others. A statement
    /// without principals is about nobody.
    fn closeness(&self, statement: &Statement) -> Option<Closeness> {
        match statement.principals.as_ref()? {
            Principals {
                listed,
                except: false,
            } => self.found_in(listed),
            Principals {
                listed,
                except: true,
            } if statement.allow => self.found_in(listed).is_none().then_some(Closeness::Wide),
            Principals { listed, .. } => (!self.is_spared_by(listed)).then_some(Closeness::Wide),
        }
    }
}

/// What policies say about one action on one resource.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// Who asks.
    pub subject: &'a Subject,
    /// E.g. `kinesis:PutRecord`, in any case of letters.
    pub action: &'a str,
    /// ARN of what is acted on, or `*`.
    pub resource: &'a str,
    /// The account that owns it, where it is known.
    pub owner: Option<&'a str>,
    /// The resource's own policy.
    pub resource_policy: Option<&'a Policy>,
    /// [`Kind::Trust`] for a role that is to be assumed: its policy must allow, whoever asks.
    pub resource_kind: Kind,
    /// The request's condition keys.
    pub context: &'a Context,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may be done.
    Allowed,
    /// A statement denies it.
    DeniedBy(Kind),
    /// No statement of this kind of policy allows it.
    NotAllowedBy(Kind),
}

impl Verdict {
    /// Whether it may be done.
    pub fn is_allowed(self) -> bool {
        self == Self::Allowed
    }

    /// The end of AWS's refusal: the reason. Empty when it is allowed. "Troubleshoot access denied
    /// error messages", IAM guide.
    pub fn reason(self, action: &str) -> String {
        match self {
            Self::Allowed => String::new(),
            Self::DeniedBy(kind) => {
                let article = if kind == Kind::Identity { "an" } else { "a" };
                format!("with an explicit deny in {article} {}", kind.name())
            }
            Self::NotAllowedBy(kind) => {
                format!("because no {} allows the {action} action", kind.name())
            }
        }
    }
}

/// A statement that took part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matched {
    /// The kind of its policy.
    pub kind: Kind,
    /// Which policy of that kind, in the subject's order.
    pub policy: usize,
    /// Which statement of it.
    pub statement: usize,
    /// Whether it allows.
    pub allow: bool,
}

impl Case<'_> {
    /// The answer of all policies together.
    pub fn decide(&self) -> Verdict {
        self.explain().0
    }

    /// The answer, and every statement that is about this case and this caller.
    pub fn explain(&self) -> (Verdict, Vec<Matched>) {
        let action = self.action.to_ascii_lowercase();
        let mut matched = Vec::new();
        let mut allows = |kind: Kind, policies: &[Policy]| {
            let mut allowed = false;
            for (number, policy) in policies.iter().enumerate() {
                for (place, statement) in policy.about(&action, self.resource, self.context) {
                    allowed |= statement.allow;
                    matched.push(Matched {
                        kind,
                        policy: number,
                        statement: place,
                        allow: statement.allow,
                    });
                }
            }
            allowed
        };
        let identity = allows(Kind::Identity, &self.subject.identity);
        let boundary = self
            .subject
            .boundary
            .as_ref()
            .is_none_or(|boundary| allows(Kind::Boundary, std::slice::from_ref(boundary)));
        let session = self
            .subject
            .session
            .as_ref()
            .is_none_or(|policies| allows(Kind::Session, policies));
        let mut resource = None;
        for (place, statement) in self
            .resource_policy
            .iter()
            .flat_map(|policy| policy.about(&action, self.resource, self.context))
        {
            let Some(closeness) = self.subject.closeness(statement) else {
                continue;
            };
            if statement.allow {
                resource = resource.max(Some(closeness));
            }
            matched.push(Matched {
                kind: self.resource_kind,
                policy: 0,
                statement: place,
                allow: statement.allow,
            });
        }
        let verdict = match matched.iter().find(|matched| !matched.allow) {
            Some(denial) => Verdict::DeniedBy(denial.kind),
            None => self.combine(identity, boundary, session, resource),
        };
        (verdict, matched)
    }

    /// Steps 2 to 5 of the module's list: nothing denies.
    fn combine(
        &self,
        identity: bool,
        boundary: bool,
        session: bool,
        resource: Option<Closeness>,
    ) -> Verdict {
        let subject = self.subject;
        let outsider = matches!(subject.standing, Standing::Anonymous | Standing::Service(_));
        if outsider {
            // Nothing is attached to them.
            return match resource {
                Some(_) => Verdict::Allowed,
                None => Verdict::NotAllowedBy(self.resource_kind),
            };
        }
        let foreign = self.owner.is_some_and(|owner| owner != subject.account);
        if (foreign || self.resource_kind == Kind::Trust) && resource.is_none() {
            return Verdict::NotAllowedBy(self.resource_kind);
        }
        if !foreign && resource == Some(Closeness::Exact) {
            return Verdict::Allowed;
        }
        let stands_in = !foreign && resource == Some(Closeness::Wide);
        let root = subject.standing == Standing::Root;
        if !(identity || stands_in || root) {
            return Verdict::NotAllowedBy(Kind::Identity);
        }
        if !boundary {
            return Verdict::NotAllowedBy(Kind::Boundary);
        }
        if !session {
            return Verdict::NotAllowedBy(Kind::Session);
        }
        Verdict::Allowed
    }
}
