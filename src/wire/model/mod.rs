//! The API model as data: what every operation of every service takes and answers.
//!
//! `fixtures/api-model/*.json` are facts without prose, generated from the AWS service descriptions
//! (`just api-model`). They are part of the binary and parsed a service at a time when its first
//! request arrives: starting costs nothing, and a service nobody calls takes no memory.
//!
//! * [`Facts`] is one service: its operations and shapes;
//! * [`fits`] tells at once what is right; [`validate`] checks a request against them and words the refusals as AWS does;
//! * [`pattern`] turns Java's regular expressions into ours.

mod fits;
pub mod pattern;
pub mod validate;

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use serde::Deserialize;

use crate::wire::service::{Protocol, Service};
use pattern::Pattern;

/// One service's API.
#[derive(Debug)]
pub struct Facts {
    /// Which service.
    pub service: Service,
    /// What the facts were made from, e.g. `botocore 1.44.5`.
    pub source: String,
    /// API version, e.g. `2010-05-08`: the `Version` of the Query protocol.
    pub version: String,
    /// XML namespace of Query replies; empty for JSON services.
    pub namespace: String,
    /// `X-Amz-Target` prefix; empty for services without.
    pub target: String,
    /// Protocol as the description names it.
    pub protocol: String,
    operations: BTreeMap<String, Operation>,
    shapes: Vec<Shape>,
    names: HashMap<String, ShapeId>,
}

/// Index of a shape inside its service's facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShapeId(usize);

/// One operation.
#[derive(Debug)]
pub struct Operation {
    /// Its name, e.g. `PutRecords`.
    pub name: String,
    /// The request's shape; none when it takes nothing.
    pub input: Option<ShapeId>,
    /// The reply's shape; none when it answers nothing.
    pub output: Option<ShapeId>,
    /// Element around the reply in Query XML.
    pub wrapper: Option<String>,
    /// Whether the reply is an event stream.
    pub streams: bool,
    /// Shapes of the errors it is documented to answer.
    pub errors: Vec<ShapeId>,
}

/// A type and its constraints.
#[derive(Debug)]
pub struct Shape {
    /// Its name in the service description.
    pub name: String,
    /// What it is made of.
    pub kind: Kind,
    /// Least length, count or value.
    pub min: Option<f64>,
    /// Greatest length, count or value.
    pub max: Option<f64>,
    /// The whole text must match this.
    pub pattern: Option<Pattern>,
    /// The only texts allowed, in the description's order; empty when any is.
    pub variants: Vec<String>,
}

/// What a shape is made of.
#[derive(Debug)]
pub enum Kind {
    /// Named members.
    Structure(Structure),
    /// Any number of one shape, and the XML name of an element.
    List(ShapeId, String),
    /// Texts to one shape: key and value.
    Map(ShapeId, ShapeId),
    /// Text.
    String,
    /// 32 bits (`integer`, `short`, `byte`).
    Integer,
    /// 64 bits.
    Long,
    /// `float` and `double`.
    Double,
    /// True or false.
    Boolean,
    /// Bytes: base64 in JSON and Query.
    Blob,
    /// An instant; `true` when it travels as ISO 8601 text even in JSON.
    Timestamp(bool),
    /// Any JSON.
    Document,
}

/// The members of a structure.
#[derive(Debug, Default)]
pub struct Structure {
    /// In the description's order.
    pub members: Vec<Member>,
    /// How many of them are required.
    pub required: usize,
    /// Exactly one member may be set.
    pub union: bool,
    /// Set for errors.
    pub error: Option<ErrorFacts>,
}

/// How an error shape travels.
#[derive(Clone, Debug, Default)]
pub struct ErrorFacts {
    /// The code clients see, where it differs from the shape's name.
    pub code: Option<String>,
    /// HTTP status, where it is not 400.
    pub status: Option<u16>,
}

/// One member of a structure.
#[derive(Debug)]
pub struct Member {
    /// Its name in JSON and Query.
    pub name: String,
    /// The name in constraint messages: lower-case first letter, or run of capitals.
    pub path: String,
    /// Its shape.
    pub shape: ShapeId,
    /// Whether a request without it is refused.
    pub required: bool,
    /// Whether clients fill it with a fresh token so that a repeated call is recognised.
    pub token: bool,
}

impl Facts {
    /// The facts of a service, parsed on first use.
    pub fn of(service: Service) -> &'static Self {
        static FACTS: [OnceLock<Facts>; Service::ALL.len()] =
            [const { OnceLock::new() }; Service::ALL.len()];
        // `ALL` lists the variants in declaration order (tested), so the cell always exists; the
        // fallback keeps this free of panics and can never be reached.
        static SPARE: OnceLock<Facts> = OnceLock::new();
        FACTS
            .get(service as usize)
            .unwrap_or(&SPARE)
            .get_or_init(|| Self::parse(service))
    }

    /// An operation by its exact name.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.get(name)
    }

    /// Every operation, by name.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.values()
    }

    /// A shape of these facts.
    pub fn shape(&self, id: ShapeId) -> &Shape {
        static NOTHING: Shape = Shape {
            name: String::new(),
            kind: Kind::Document,
            min: None,
            max: None,
            pattern: None,
            variants: Vec::new(),
        };
        self.shapes.get(id.0).unwrap_or(&NOTHING)
    }

    /// A shape by its name in the service description.
    pub fn shape_named(&self, name: &str) -> Option<&Shape> {
        self.names.get(name).map(|id| self.shape(*id))
    }

    /// The shape of an event in an operation's event stream.
    pub fn event(&self, operation: &Operation, name: &str) -> Option<ShapeId> {
        let members = |id: ShapeId| match &self.shape(id).kind {
            Kind::Structure(structure) => structure.members.as_slice(),
            _ => &[],
        };
        let outputs = members(operation.output?).iter();
        outputs
            .flat_map(|output| members(output.shape))
            .find(|event| event.name == name)
            .map(|event| event.shape)
    }

    /// Every shape.
    pub fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// The name of the member that carries an error's message: `message`, or `Message` where the
    /// service capitalises it. What is not modelled follows the service's own errors.
    pub fn message_member(&self, code: &str) -> &'static str {
        let of = |shape: &Shape| match &shape.kind {
            Kind::Structure(structure) => structure.members.iter().find_map(|m| match &*m.name {
                "Message" => Some("Message"),
                "message" => Some("message"),
                _ => None,
            }),
            _ => None,
        };
        if code == "SerializationException" {
            return "Message";
        }
        self.shape_named(code)
            .and_then(of)
            .unwrap_or(match self.service {
                Service::Athena | Service::Glue => "Message",
                _ => "message",
            })
    }

    fn parse(service: Service) -> Self {
        let text = match service {
            Service::Kinesis => include_str!("../../../fixtures/api-model/kinesis.json"),
            Service::Firehose => include_str!("../../../fixtures/api-model/firehose.json"),
            Service::S3 => include_str!("../../../fixtures/api-model/s3.json"),
            Service::Glue => include_str!("../../../fixtures/api-model/glue.json"),
            Service::Athena => include_str!("../../../fixtures/api-model/athena.json"),
            Service::Iam => include_str!("../../../fixtures/api-model/iam.json"),
            Service::Sts => include_str!("../../../fixtures/api-model/sts.json"),
            Service::Logs => include_str!("../../../fixtures/api-model/logs.json"),
        };
        // The file is part of the program and a test parses every one of them: an error here would
        // be a broken build, and leaves a service without operations rather than a crash.
        let raw: RawFacts<'_> = serde_json::from_str(text).unwrap_or_else(|error| {
            tracing::error!(%service, %error, "the API facts do not parse");
            RawFacts::default()
        });
        Self::resolve(service, raw)
    }

    fn resolve(service: Service, raw: RawFacts<'_>) -> Self {
        let names: HashMap<String, ShapeId> = raw
            .shapes
            .keys()
            .enumerate()
            .map(|(at, name)| ((*name).to_owned(), ShapeId(at)))
            .collect();
        let find = |name: &str| names.get(name).copied();
        let json = service.protocol() == Protocol::Json;
        let shapes = raw
            .shapes
            .iter()
            .map(|(name, shape)| shape.resolve(name, json, &find))
            .collect();
        let operations = raw
            .operations
            .into_iter()
            .map(|(name, operation)| {
                let resolved = Operation {
                    name: name.to_owned(),
                    input: operation.input.and_then(find),
                    output: operation.output.and_then(find),
                    wrapper: operation.wrapper.map(str::to_owned),
                    streams: operation.event == 1,
                    errors: operation.err.iter().filter_map(|e| find(e)).collect(),
                };
                (name.to_owned(), resolved)
            })
            .collect();
        Self {
            service,
            source: raw.source.to_owned(),
            version: raw.version.to_owned(),
            namespace: raw.namespace.to_owned(),
            target: raw.target.to_owned(),
            protocol: raw.protocol.to_owned(),
            operations,
            shapes,
            names,
        }
    }
}

impl Shape {
    /// The structure behind this shape, if it is one.
    pub fn structure(&self) -> Option<&Structure> {
        match &self.kind {
            Kind::Structure(structure) => Some(structure),
            _ => None,
        }
    }
}

/// `StreamName` → `streamName`, `ARN` → `arn`, `S3DestinationConfiguration` →
/// `s3DestinationConfiguration`, `KMSEncryptionConfig` → `kMSEncryptionConfig`: AWS lowers the first
/// letter, and a name that is nothing but capitals as a whole.
fn lower_camel(name: &str) -> String {
    if name.chars().all(|c| c.is_ascii_uppercase()) {
        return name.to_ascii_lowercase();
    }
    let mut chars = name.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

#[derive(Deserialize, Default)]
struct RawFacts<'a> {
    source: &'a str,
    protocol: &'a str,
    target: &'a str,
    version: &'a str,
    namespace: &'a str,
    #[serde(borrow)]
    operations: BTreeMap<&'a str, RawOperation<'a>>,
    #[serde(borrow)]
    shapes: BTreeMap<&'a str, RawShape<'a>>,
}

#[derive(Deserialize)]
struct RawOperation<'a> {
    #[serde(rename = "in")]
    input: Option<&'a str>,
    #[serde(rename = "out")]
    output: Option<&'a str>,
    wrapper: Option<&'a str>,
    #[serde(default)]
    event: u8,
    #[serde(borrow, default)]
    err: Vec<&'a str>,
}

#[derive(Deserialize)]
struct RawShape<'a> {
    t: &'a str,
    #[serde(borrow, default)]
    m: RawMembers<'a>,
    #[serde(borrow, default)]
    req: Vec<&'a str>,
    #[serde(borrow)]
    e: Option<RawRef<'a>>,
    #[serde(borrow)]
    k: Option<RawRef<'a>>,
    #[serde(borrow)]
    v: Option<RawRef<'a>>,
    min: Option<f64>,
    max: Option<f64>,
    pattern: Option<String>,
    #[serde(rename = "enum", default)]
    variants: Vec<String>,
    #[serde(default)]
    union: u8,
    #[serde(default)]
    document: u8,
    #[serde(default)]
    exc: u8,
    code: Option<String>,
    status: Option<u16>,
    ts: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawRef<'a> {
    Plain(&'a str),
    Full {
        s: &'a str,
        name: Option<&'a str>,
        #[serde(default)]
        token: u8,
    },
}

impl RawRef<'_> {
    fn shape(&self) -> &str {
        match self {
            Self::Plain(shape) | Self::Full { s: shape, .. } => shape,
        }
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Plain(_) => None,
            Self::Full { name, .. } => *name,
        }
    }

    fn token(&self) -> bool {
        matches!(self, Self::Full { token: 1, .. })
    }
}

/// Members in the order of the file, which a map would lose.
#[derive(Default)]
struct RawMembers<'a>(Vec<(&'a str, RawRef<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for RawMembers<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<'a>(std::marker::PhantomData<&'a ()>);
        impl<'de: 'a, 'a> serde::de::Visitor<'de> for Visitor<'a> {
            type Value = RawMembers<'a>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("members by name")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(map.size_hint().unwrap_or(0));
                while let Some(member) = map.next_entry::<&'a str, RawRef<'a>>()? {
                    members.push(member);
                }
                Ok(RawMembers(members))
            }
        }
        deserializer.deserialize_map(Visitor(std::marker::PhantomData))
    }
}

impl RawShape<'_> {
    fn resolve(&self, name: &str, json: bool, find: &impl Fn(&str) -> Option<ShapeId>) -> Shape {
        let target = |raw: &Option<RawRef<'_>>| raw.as_ref().and_then(|raw| find(raw.shape()));
        let kind = match self.t {
            _ if self.document == 1 => Kind::Document,
            "structure" => Kind::Structure(Structure {
                members: self
                    .m
                    .0
                    .iter()
                    .filter_map(|(name, raw)| {
                        Some(Member {
                            name: (*name).to_owned(),
                            path: lower_camel(name),
                            shape: find(raw.shape())?,
                            required: self.req.contains(name),
                            token: raw.token(),
                        })
                    })
                    .collect(),
                required: self.req.len(),
                union: self.union == 1,
                error: (self.exc == 1).then(|| ErrorFacts {
                    code: self.code.clone(),
                    status: self.status,
                }),
            }),
            "list" => target(&self.e).map_or(Kind::Document, |element| {
                let name = self.e.as_ref().and_then(RawRef::name);
                Kind::List(element, name.unwrap_or("member").to_owned())
            }),
            "map" => match (target(&self.k), target(&self.v)) {
                (Some(key), Some(value)) => Kind::Map(key, value),
                _ => Kind::Document,
            },
            "integer" | "short" | "byte" => Kind::Integer,
            "long" | "biginteger" => Kind::Long,
            "double" | "float" | "bigdecimal" => Kind::Double,
            "boolean" => Kind::Boolean,
            "blob" => Kind::Blob,
            "timestamp" => Kind::Timestamp(json && self.ts == Some("iso8601")),
            _ => Kind::String,
        };
        Shape {
            name: name.to_owned(),
            kind,
            min: self.min,
            max: self.max,
            pattern: self.pattern.as_deref().map(Pattern::new),
            variants: self.variants.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_its_facts() {
        for (at, service) in Service::ALL.into_iter().enumerate() {
            assert_eq!(service as usize, at, "`ALL` follows the declaration");
            let facts = Facts::of(service);
            assert!(facts.operations().count() >= 11, "{service}");
            assert!(facts.source.starts_with("botocore "), "{}", facts.source);
            assert_eq!(service.target().unwrap_or(""), facts.target, "{service}");
            let protocol = match service.protocol() {
                Protocol::Json => "json",
                Protocol::Query => "query",
                Protocol::RestXml => "rest-xml",
            };
            assert_eq!(facts.protocol, protocol);
            for shape in facts.shapes() {
                if let Kind::List(id, _) = &shape.kind {
                    assert!(!facts.shape(*id).name.is_empty());
                }
            }
        }
        assert_eq!(Facts::of(Service::Glue).operations().count(), 314);
    }

    #[test]
    fn members_keep_the_descriptions_order_and_aws_paths() {
        let facts = Facts::of(Service::Kinesis);
        let put = facts.shape_named("PutRecordInput").unwrap();
        let names: Vec<&str> = put
            .structure()
            .unwrap()
            .members
            .iter()
            .map(|m| m.path.as_str())
            .collect();
        assert_eq!(
            names.get(..3),
            Some(&["streamName", "data", "partitionKey"][..])
        );
        assert_eq!(lower_camel("ARN"), "arn");
        assert_eq!(lower_camel("RoleARN"), "roleARN");
        assert_eq!(
            lower_camel("S3DestinationConfiguration"),
            "s3DestinationConfiguration"
        );
    }

    #[test]
    fn the_message_member_follows_the_service() {
        for (service, code, member) in [
            (Service::Kinesis, "ResourceNotFoundException", "message"),
            (Service::Kinesis, "ValidationException", "message"),
            (Service::Kinesis, "SerializationException", "Message"),
            (Service::Glue, "EntityNotFoundException", "Message"),
            (Service::Athena, "InvalidRequestException", "Message"),
            (Service::Firehose, "NotImplemented", "message"),
        ] {
            assert_eq!(Facts::of(service).message_member(code), member, "{code}");
        }
    }

    #[test]
    fn tokens_and_streams_are_known() {
        let athena = Facts::of(Service::Athena);
        let start = athena.shape_named("StartQueryExecutionInput").unwrap();
        let token = |m: &&Member| m.token;
        let structure = start.structure().unwrap();
        assert_eq!(
            structure.members.iter().find(token).unwrap().name,
            "ClientRequestToken"
        );
        let kinesis = Facts::of(Service::Kinesis);
        assert!(kinesis.operation("SubscribeToShard").unwrap().streams);
        assert!(!kinesis.operation("GetRecords").unwrap().streams);
    }
}
