//! What kind of resource an ARN names: the ARN formats of the Service Authorization Reference, for
//! the services here.

use super::super::evaluate::like;

/// Where two fit, the first counts.
const TEMPLATES: [&str; 27] = [
    "arn:${Partition}:s3:::${BucketName}/${KeyName}",
    "arn:${Partition}:s3:::${BucketName}",
    "arn:${Partition}:kinesis:${Region}:${Account}:${StreamType}/${StreamName}/consumer/${ConsumerName}:${ConsumerCreationTimpstamp}",
    "arn:${Partition}:kinesis:${Region}:${Account}:stream/${StreamName}",
    "arn:${Partition}:firehose:${Region}:${Account}:deliverystream/${DeliveryStreamName}",
    "arn:${Partition}:glue:${Region}:${Account}:catalog",
    "arn:${Partition}:glue:${Region}:${Account}:database/${DatabaseName}",
    "arn:${Partition}:glue:${Region}:${Account}:table/${DatabaseName}/${TableName}",
    "arn:${Partition}:glue:${Region}:${Account}:userDefinedFunction/${DatabaseName}/${UserDefinedFunctionName}",
    "arn:${Partition}:glue:${Region}:${Account}:connection/${ConnectionName}",
    "arn:${Partition}:glue:${Region}:${Account}:crawler/${CrawlerName}",
    "arn:${Partition}:glue:${Region}:${Account}:job/${JobName}",
    "arn:${Partition}:glue:${Region}:${Account}:trigger/${TriggerName}",
    "arn:${Partition}:glue:${Region}:${Account}:workflow/${WorkflowName}",
    "arn:${Partition}:athena:${Region}:${Account}:workgroup/${WorkGroupName}",
    "arn:${Partition}:athena:${Region}:${Account}:datacatalog/${DataCatalogName}",
    "arn:${Partition}:iam::${Account}:user/${UserNameWithPath}",
    "arn:${Partition}:iam::${Account}:group/${GroupNameWithPath}",
    "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}",
    "arn:${Partition}:iam::${Account}:policy/${PolicyNameWithPath}",
    "arn:${Partition}:iam::${Account}:instance-profile/${InstanceProfileNameWithPath}",
    "arn:${Partition}:sts::${Account}:assumed-role/${RoleName}/${RoleSessionName}",
    "arn:${Partition}:sts::${Account}:federated-user/${FederatedUserName}",
    "arn:${Partition}:logs:${Region}:${Account}:log-group:${LogGroupName}:log-stream:${LogStreamName}",
    "arn:${Partition}:logs:${Region}:${Account}:log-group:${LogGroupName}",
    "arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}",
    "arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}",
];

/// The ARN format that all these resources have; `*` where they have none in common that is known.
pub(super) fn of(resources: &[String]) -> String {
    let mut kinds = resources.iter().map(|resource| {
        let mut templates = TEMPLATES.iter();
        templates.find(|template| like(&pattern(template), resource))
    });
    let first = kinds.next().flatten();
    first
        .filter(|first| kinds.all(|kind| kind == Some(first)))
        .map_or_else(|| "*".to_owned(), |template| (*template).to_owned())
}

/// `${…}` stands for any text.
fn pattern(template: &str) -> String {
    let mut parts = template.split("${");
    let mut pattern = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        pattern.push('*');
        pattern.push_str(part.split_once('}').map_or("", |(_, behind)| behind));
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(resources: &[&str], expected: &str) {
        let resources: Vec<String> = resources.iter().map(|arn| (*arn).to_owned()).collect();
        assert_eq!(of(&resources), expected, "{resources:?}");
    }

    #[test]
    fn resources_of_one_kind_have_its_format() {
        let object = "arn:${Partition}:s3:::${BucketName}/${KeyName}";
        check(&["arn:aws:s3:::lake/a/b", "arn:aws:s3:::pond/*"], object);
        check(
            &["arn:aws:s3:::lake"],
            "arn:${Partition}:s3:::${BucketName}",
        );
        check(&["arn:aws:s3:::lake", "arn:aws:s3:::lake/a"], "*");
        check(
            &["arn:aws:kinesis:us-east-1:000000000000:stream/wind/consumer/c:1"],
            TEMPLATES[2],
        );
        check(
            &["arn:aws:kinesis:us-east-1:000000000000:stream/wind"],
            TEMPLATES[3],
        );
        check(&["arn:aws:glue:us-east-1:1:table/d/t"], TEMPLATES[7]);
        check(&["arn:aws:ec2:us-east-1:1:instance/i"], "*");
        check(&["*"], "*");
        check(&[], "*");
    }
}
