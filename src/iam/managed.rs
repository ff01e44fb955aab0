//! The policies AWS itself manages, as far as this stack's users attach them.
//!
//! AWS has about 1,600; an ARN that is not listed here is answered as one that does not exist.
//! Policy ids and version numbers of AWS's policies are not public facts we can vouch for: ids are
//! derived from the name and every policy shows one version, `v1`. Two documents are too long and
//! too often changed to be repeated truthfully: reading them is refused by name.

use md5::{Digest as _, Md5};

/// One of AWS's policies.
#[derive(Debug)]
pub struct AwsPolicy {
    /// Path, `/` or `/service-role/`.
    pub path: &'static str,
    /// Name.
    pub name: &'static str,
    /// Its document, where it is short and stable.
    pub document: Option<&'static str>,
}

const fn simple(name: &'static str, document: &'static str) -> AwsPolicy {
    AwsPolicy {
        path: "/",
        name,
        document: Some(document),
    }
}

/// Sorted by name.
pub static AWS_POLICIES: [AwsPolicy; 8] = [
    AwsPolicy {
        path: "/",
        name: "AWSGlueConsoleFullAccess",
        document: None,
    },
    AwsPolicy {
        path: "/service-role/",
        name: "AWSGlueServiceRole",
        document: Some(GLUE_SERVICE_ROLE),
    },
    simple(
        "AdministratorAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    ),
    AwsPolicy {
        path: "/",
        name: "AmazonAthenaFullAccess",
        document: None,
    },
    simple(
        "AmazonKinesisFirehoseFullAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["firehose:*"],"Resource":"*"}]}"#,
    ),
    simple(
        "AmazonKinesisFullAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kinesis:*","Resource":"*"}]}"#,
    ),
    simple(
        "AmazonS3FullAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","s3-object-lambda:*"],"Resource":"*"}]}"#,
    ),
    simple(
        "CloudWatchLogsFullAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:*","cloudwatch:GenerateQuery"],"Resource":"*"}]}"#,
    ),
];

/// What a crawler's or job's role needs besides access to the data itself.
const GLUE_SERVICE_ROLE: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["glue:*","s3:GetBucketLocation","s3:ListBucket","s3:ListAllMyBuckets","s3:GetBucketAcl","ec2:DescribeVpcEndpoints","ec2:DescribeRouteTables","ec2:CreateNetworkInterface","ec2:DeleteNetworkInterface","ec2:DescribeNetworkInterfaces","ec2:DescribeSecurityGroups","ec2:DescribeSubnets","ec2:DescribeVpcAttribute","iam:ListRolePolicies","iam:GetRole","iam:GetRolePolicy","cloudwatch:PutMetricData"],"Resource":["*"]},{"Effect":"Allow","Action":["s3:CreateBucket"],"Resource":["arn:aws:s3:::aws-glue-*"]},{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:DeleteObject"],"Resource":["arn:aws:s3:::aws-glue-*/*","arn:aws:s3:::*/*aws-glue-*/*"]},{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::crawler-public*","arn:aws:s3:::aws-glue-*"]},{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":["arn:aws:logs:*:*:*:/aws-glue/*"]},{"Effect":"Allow","Action":["ec2:CreateTags","ec2:DeleteTags"],"Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["aws-glue-service-resource"]}},"Resource":["arn:aws:ec2:*:*:network-interface/*","arn:aws:ec2:*:*:security-group/*","arn:aws:ec2:*:*:instance/*"]}]}"#;

impl AwsPolicy {
    /// The policy of an ARN.
    pub fn by_arn(arn: &str) -> Option<&'static Self> {
        AWS_POLICIES.iter().find(|policy| policy.arn() == arn)
    }

    /// Its ARN: the account is `aws`.
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::aws:policy{}{}", self.path, self.name)
    }

    /// A stable id in IAM's form.
    pub fn id(&self) -> String {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let digest = Md5::digest(self.name);
        let tail: String = digest
            .iter()
            .chain(&digest)
            .take(17)
            .filter_map(|b| ALPHABET.get(usize::from(b % 32)))
            .map(|b| char::from(*b))
            .collect();
        format!("ANPA{tail}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::document::{Document, Place};

    #[test]
    fn the_documents_pass_the_grammar() {
        for policy in &AWS_POLICIES {
            if let Some(document) = policy.document {
                Document::parse(document, Place::Identity).unwrap();
            }
            assert_eq!(policy.id().len(), 21);
            assert!(std::ptr::eq(
                AwsPolicy::by_arn(&policy.arn()).unwrap(),
                policy
            ));
        }
        assert!(AwsPolicy::by_arn("arn:aws:iam::aws:policy/Nope").is_none());
    }
}
