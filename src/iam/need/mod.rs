//! What an operation needs: the IAM actions it takes, and on which resources.
//!
//! The facts stand in `table.txt`, which explains itself; here they are read and applied to a
//! request. Pure: what only the emulator's state knows (the stream of a shard iterator, the path of
//! a role) is asked of a [`Directory`].

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::base::Call;

/// What the emulator's state knows beyond a request.
pub trait Directory {
    /// What a name, id or token stands for: the ARN of a `stream` (by iterator or id), `role`,
    /// `user` or `profile`; the work group of a query (`query-workgroup`) or of a named query
    /// (`named-workgroup`); the object with a query's results (`query-results`). `None` for what does not exist.
    fn find(&self, kind: &str, name: &str) -> Option<String>;
}

/// One thing that must be allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// E.g. `kinesis:PutRecord`.
    pub action: String,
    /// ARN, or `*`. One that ends in `/*` stands for all of them.
    pub resource: String,
    /// The beginning of ARNs among which the resource is one of many, where its own name was made up by
    /// a service or found by listing: another run of the same program meets other names there.
    pub within: Option<String>,
    /// Condition keys of this action alone.
    pub keys: Vec<(String, String)>,
}

/// What `service:operation` with this input needs; `None` for an operation that the table does not
/// know, which must be refused.
pub fn needs(
    operation: &str,
    call: &Call,
    input: &Value,
    directory: &dyn Directory,
) -> Option<Vec<Need>> {
    let table = table();
    let rows = table.rows.get(operation)?;
    let ask = Ask {
        call,
        input,
        directory,
    };
    let mut needs: Vec<Need> = Vec::new();
    for row in rows {
        let Some(action) = row.action else { continue };
        let met = row.conditions.iter().all(|(member, wanted)| {
            let given = ask.members(member);
            given.is_empty() != *wanted
        });
        if !met {
            continue;
        }
        let forms = table.kinds.get(row.kind).map(Vec::as_slice);
        for resource in ask.resources(forms.unwrap_or_default()) {
            let need = Need {
                action: action.to_owned(),
                within: row.in_folder.then(|| folder_of(&resource)),
                resource,
                keys: row.keys.clone(),
            };
            if !needs.contains(&need) {
                needs.push(need);
            }
        }
    }
    Some(needs)
}

/// Everything before the last name of a path.
fn folder_of(arn: &str) -> String {
    let end = arn.rfind('/').map_or(arn.len(), |at| at + 1);
    arn.get(..end).unwrap_or(arn).to_owned()
}

/// Every operation of the table.
pub fn operations() -> impl Iterator<Item = &'static str> {
    table().rows.keys().copied()
}

#[derive(Debug, Default)]
struct Table {
    /// Forms of each kind of resource.
    kinds: BTreeMap<&'static str, Vec<&'static str>>,
    rows: BTreeMap<&'static str, Vec<Row>>,
    /// Lines that could not be read; a test holds it empty.
    odd: Vec<&'static str>,
}

#[derive(Debug)]
struct Row {
    action: Option<&'static str>,
    kind: &'static str,
    /// Member, and whether it must be there.
    conditions: Vec<(&'static str, bool)>,
    keys: Vec<(String, String)>,
    /// Whether the resource has a name of its service's making, in a folder of the user's.
    in_folder: bool,
}

fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(include_str!("table.txt")));
    &TABLE
}

impl Table {
    fn read(text: &'static str) -> Self {
        let mut table = Self::default();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match (words.next(), words.next()) {
                (None, _) => {}
                (Some(first), _) if first.starts_with('#') => {}
                (Some("="), Some(kind)) => {
                    table.kinds.insert(kind, words.collect());
                }
                (Some(operation), Some(action)) => match Row::read(action, words) {
                    Some(row) => table.rows.entry(operation).or_default().push(row),
                    None => table.odd.push(line),
                },
                _ => table.odd.push(line),
            }
        }
        table
    }
}

impl Row {
    fn read(action: &'static str, mut words: impl Iterator<Item = &'static str>) -> Option<Self> {
        let mut row = Self {
            action: (action != "-").then_some(action),
            kind: words.next()?,
            conditions: Vec::new(),
            keys: Vec::new(),
            in_folder: false,
        };
        while let Some(word) = words.next() {
            let what = words.next()?;
            match word {
                "if" => row.conditions.push((what, true)),
                "in" if what == "folder" => row.in_folder = true,
                "unless" => row.conditions.push((what, false)),
                "with" => {
                    let (key, value) = what.split_once('=')?;
                    row.keys.push((key.to_owned(), value.to_owned()));
                }
                _ => return None,
            }
        }
        Some(row)
    }
}

/// One request.
struct Ask<'a> {
    call: &'a Call,
    input: &'a Value,
    directory: &'a dyn Directory,
}

impl Ask<'_> {
    /// The resources of a kind, by the first of its forms whose members are all there.
    fn resources(&self, forms: &[&str]) -> Vec<String> {
        forms
            .iter()
            .map(|form| self.fill(form))
            .find(|resources| !resources.is_empty())
            .unwrap_or_else(|| vec!["*".to_owned()])
    }

    /// A form with its members filled in, once for each value they have.
    fn fill(&self, form: &str) -> Vec<String> {
        let Some((before, rest)) = form.split_once('{') else {
            return vec![form.to_owned()];
        };
        let Some((member, behind)) = rest.split_once('}') else {
            return vec![form.to_owned()];
        };
        let tails = self.fill(behind);
        let filled = self.values(member);
        let each = |value: &String| {
            let begun = format!("{before}{value}");
            tails
                .iter()
                .map(move |tail| format!("{begun}{tail}"))
                .collect::<Vec<_>>()
        };
        filled.iter().flat_map(each).collect()
    }

    fn values(&self, member: &str) -> Vec<String> {
        if let Some(member) = member.strip_suffix('~') {
            let given = self.values(member);
            return given.iter().map(|text| text.to_lowercase()).collect();
        }
        let (path, kind) = match member.split_once('@') {
            Some((path, kind)) => (path, Some(kind)),
            None => (member, None),
        };
        let given = match path {
            "account" => vec![self.call.account.to_string()],
            "region" => vec![self.call.region.to_string()],
            "caller" => vec![self.call.caller_arn.clone()],
            path => self.members(path),
        };
        match kind {
            None => given,
            Some(kind) => given
                .iter()
                .filter_map(|name| self.directory.find(kind, name))
                .collect(),
        }
    }

    /// The texts of a member; that one is there at all is told by an empty text for what is no text.
    fn members(&self, path: &str) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(name) = path.strip_prefix("..") {
            everywhere(self.input, name, &mut found);
            return found;
        }
        let mut at = vec![self.input];
        for step in path.split('.') {
            let (name, each) = match step.strip_suffix("[]") {
                Some(name) => (name, true),
                None => (step, false),
            };
            at = at
                .into_iter()
                .filter_map(|value| value.get(name))
                .flat_map(|value| match value {
                    Value::Array(items) if each => items.iter().collect(),
                    value => vec![value],
                })
                .collect();
        }
        for value in at {
            match value {
                Value::Null => {}
                Value::Array(items) if items.is_empty() => {}
                Value::Object(members) if members.is_empty() => {}
                Value::String(text) => found.push(text.clone()),
                _ => found.push(String::new()),
            }
        }
        found
    }
}

/// Every text member of this name, wherever it stands.
fn everywhere(value: &Value, name: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(text) if key == name => {
                        if !found.contains(text) {
                            found.push(text.clone());
                        }
                    }
                    value => everywhere(value, name, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| everywhere(item, name, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::base::Timestamp;

    /// Knows everything by a made-up ARN, save for what is called `missing`.
    struct Known;

    impl Directory for Known {
        fn find(&self, kind: &str, name: &str) -> Option<String> {
            (name != "missing").then(|| match kind {
                "query-workgroup" | "named-workgroup" => format!("group-of-{name}"),
                kind => format!("arn:of:{kind}/{name}"),
            })
        }
    }

    #[track_caller]
    fn check(operation: &str, input: Value, expected: &[(&str, &str)]) {
        let call = Call::root(Timestamp::from_secs(0));
        let needs = needs(operation, &call, &input, &Known).unwrap();
        let needs: Vec<(&str, &str)> = needs
            .iter()
            .map(|need| (need.action.as_str(), need.resource.as_str()))
            .collect();
        assert_eq!(needs, expected, "{operation} {input}");
    }

    #[test]
    fn the_table_can_be_read() {
        let table = table();
        assert_eq!(table.odd, [""; 0]);
        for (operation, rows) in &table.rows {
            for row in rows {
                let known = row.kind == "*" || table.kinds.contains_key(row.kind);
                assert!(known, "{operation}: {}", row.kind);
            }
        }
    }

    #[test]
    fn what_the_table_does_not_know_has_no_answer() {
        let call = Call::root(Timestamp::from_secs(0));
        assert_eq!(needs("s3:RenameObject", &call, &json!({}), &Known), None);
    }

    #[test]
    fn streams_are_found_by_name_arn_and_iterator() {
        let arn = "arn:aws:kinesis:us-east-1:000000000000:stream/wind";
        let put = [("kinesis:PutRecords", arn)];
        check("kinesis:PutRecords", json!({"StreamName": "wind"}), &put);
        check("kinesis:PutRecords", json!({"StreamARN": arn}), &put);
        check(
            "kinesis:GetRecords",
            json!({"ShardIterator": "i"}),
            &[("kinesis:GetRecords", "arn:of:stream/i")],
        );
        check(
            "kinesis:CreateStream",
            json!({"StreamName": "wind", "Tags": {"a": "b"}}),
            &[
                ("kinesis:CreateStream", arn),
                ("kinesis:AddTagsToStream", arn),
            ],
        );
        check(
            "kinesis:ListStreams",
            json!({}),
            &[("kinesis:ListStreams", "*")],
        );
    }

    #[test]
    fn roles_that_are_handed_on_need_pass_role() {
        let stream = "arn:aws:firehose:us-east-1:000000000000:deliverystream/d";
        let input = json!({
            "DeliveryStreamName": "d",
            "KinesisStreamSourceConfiguration": {"RoleARN": "arn:r1", "KinesisStreamARN": "arn:s"},
            "ExtendedS3DestinationConfiguration": {"RoleARN": "arn:r2", "S3BackupConfiguration": {"RoleARN": "arn:r1"}},
        });
        check(
            "firehose:CreateDeliveryStream",
            input,
            &[
                ("firehose:CreateDeliveryStream", stream),
                ("iam:PassRole", "arn:r1"),
                ("iam:PassRole", "arn:r2"),
            ],
        );
        let call = Call::root(Timestamp::from_secs(0));
        let input = json!({"Name": "c", "Role": "glueRole"});
        let needs = needs("glue:CreateCrawler", &call, &input, &Known).unwrap();
        let passed = needs
            .iter()
            .find(|need| need.action == "iam:PassRole")
            .unwrap();
        assert_eq!(passed.resource, "arn:of:role/glueRole");
        let service = (
            "iam:PassedToService".to_owned(),
            "glue.amazonaws.com".to_owned(),
        );
        assert_eq!(passed.keys, [service]);
    }

    #[test]
    fn what_lies_in_the_catalog_needs_what_it_lies_in() {
        let glue = |kind: &str| format!("arn:aws:glue:us-east-1:000000000000:{kind}");
        let (catalog, database) = (glue("catalog"), glue("database/d"));
        let table = |of: &str| glue(&format!("table/d/{of}"));
        check(
            "glue:GetTable",
            json!({"DatabaseName": "D", "Name": "T"}),
            &[
                ("glue:GetTable", &catalog),
                ("glue:GetTable", &database),
                ("glue:GetTable", &table("t")),
            ],
        );
        check(
            "glue:GetTables",
            json!({"DatabaseName": "d"}),
            &[
                ("glue:GetTables", &catalog),
                ("glue:GetTables", &database),
                ("glue:GetTables", &table("*")),
            ],
        );
        check(
            "glue:BatchDeleteTable",
            json!({"DatabaseName": "d", "TablesToDelete": ["a", "b"]}),
            &[
                ("glue:BatchDeleteTable", &catalog),
                ("glue:BatchDeleteTable", &database),
                ("glue:BatchDeleteTable", &table("a")),
                ("glue:BatchDeleteTable", &table("b")),
            ],
        );
    }

    #[test]
    fn queries_are_asked_about_in_their_work_group() {
        let group = |name: &str| format!("arn:aws:athena:us-east-1:000000000000:workgroup/{name}");
        check(
            "athena:StartQueryExecution",
            json!({"QueryString": "SELECT 1"}),
            &[("athena:StartQueryExecution", &group("primary"))],
        );
        check(
            "athena:GetQueryExecution",
            json!({"QueryExecutionId": "q"}),
            &[("athena:GetQueryExecution", &group("group-of-q"))],
        );
    }

    #[test]
    fn objects_need_the_rights_that_are_not_named_like_the_operation() {
        let object = ("arn:aws:s3:::lake/a", "arn:aws:s3:::lake");
        let of_key = json!({"Bucket": "lake", "Key": "a"});
        check(
            "s3:HeadObject",
            of_key.clone(),
            &[("s3:GetObject", object.0)],
        );
        check("s3:UploadPart", of_key, &[("s3:PutObject", object.0)]);
        check(
            "s3:GetObject",
            json!({"Bucket": "lake", "Key": "a", "VersionId": "v"}),
            &[("s3:GetObjectVersion", object.0)],
        );
        check(
            "s3:ListObjectsV2",
            json!({"Bucket": "lake", "Prefix": "x"}),
            &[("s3:ListBucket", object.1)],
        );
        check(
            "s3:CopyObject",
            json!({"Bucket": "lake", "Key": "a", "CopySource": "pond/b", "Tagging": "t=1"}),
            &[
                ("s3:GetObject", "arn:aws:s3:::pond/b"),
                ("s3:PutObject", object.0),
                ("s3:PutObjectTagging", object.0),
            ],
        );
        check("s3:ListBuckets", json!({}), &[("s3:ListAllMyBuckets", "*")]);
    }

    #[test]
    fn entities_are_found_with_their_paths() {
        check(
            "iam:CreateRole",
            json!({"RoleName": "r", "Path": "/eng/"}),
            &[("iam:CreateRole", "arn:aws:iam::000000000000:role/eng/r")],
        );
        check(
            "iam:GetRole",
            json!({"RoleName": "r"}),
            &[("iam:GetRole", "arn:of:role/r")],
        );
        check(
            "iam:GetRole",
            json!({"RoleName": "missing"}),
            &[("iam:GetRole", "arn:aws:iam::000000000000:role/missing")],
        );
        check(
            "iam:GetUser",
            json!({}),
            &[("iam:GetUser", "arn:aws:iam::000000000000:root")],
        );
        check("sts:GetCallerIdentity", json!({}), &[]);
    }
}
