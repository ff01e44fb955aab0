//! What is refused, and with which words.

use super::*;

/// Checks that a destination with these members is refused so.
fn check(members: &Value, code: &str, message: &str) {
    let error = create_turbine(&mut firehose(), members).unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        (code, message),
        "{members}"
    );
}

fn invalid(members: &Value, message: &str) {
    check(members, "InvalidArgumentException", message);
}

fn unsupported(members: &Value, what: &str) {
    let message = format!("{what} is not supported by windfarm; see docs/fidelity.md");
    invalid(members, &message);
}

#[test]
fn prefixes_are_refused_with_the_words_of_the_service() {
    let with_errors = |prefix: &str| json!({"Prefix": prefix, "ErrorOutputPrefix": "e/"});
    invalid(
        &json!({"Prefix": "!{timestamp:yyyy}/"}),
        "Ths supplied prefix(es) do not satisfy the following constraint: ErrorOutputPrefix \
         cannot be null or empty when Prefix contains expressions",
    );
    invalid(
        &with_errors("!{timestamp:yyyy-MM-ddTHH}/"),
        "Invalid conversion character used in the value of the expression in Prefix",
    );
    invalid(
        &json!({"ErrorOutputPrefix": "!{firehose:error-output-type}/!{timestamp:j}"}),
        "Invalid conversion character used in the value of the expression in ErrorOutputPrefix",
    );
    invalid(
        &with_errors("!{firehose:error-output-type}/"),
        "Prefix must not contain any occurrence of !{firehose:error-output-type}",
    );
    invalid(
        &with_errors("!{time:yyyy}/"),
        "Namespace to the left of colon (time) is an invalid keyword!",
    );
    for stray in [
        "!{",
        "!{timestamp:}",
        "a!{timestamp:yyyy",
        "!{yyyy}",
        "!{firehose:nothing}",
    ] {
        invalid(&with_errors(stray), "Invalid expression usage");
    }
    let long = "x".repeat(499);
    invalid(
        &json!({"Prefix": long}),
        "Length of evaluated prefix cannot be greater than 512",
    );
    invalid(
        &json!({"ErrorOutputPrefix": long}),
        "Length of evaluated ErrorOutputPrefix cannot be greater than 512",
    );
    let fits = json!({"Prefix": "x".repeat(498)});
    create_turbine(&mut firehose(), &fits).unwrap();
    let quoted = with_errors("!{timestamp:yyyy-MM-dd'T'HH}/");
    create_turbine(&mut firehose(), &quoted).unwrap();
    for zone in ["Asia/Nowhere", "asia/tokyo"] {
        assert!(create_turbine(&mut firehose(), &json!({"CustomTimeZone": zone})).is_err());
    }
}

#[test]
fn what_is_not_executed_is_refused_by_name() {
    unsupported(
        &json!({"DataFormatConversionConfiguration": {}}),
        "DataFormatConversionConfiguration",
    );
    unsupported(
        &json!({"EncryptionConfiguration": {"KMSEncryptionConfig": {"AWSKMSKeyARN": "arn:aws:kms:us-east-1:000000000000:key/k"}}}),
        "EncryptionConfiguration.KMSEncryptionConfig",
    );
    unsupported(
        &json!({"ProcessingConfiguration": {"Enabled": true, "Processors": [{"Type": "Lambda"}]}}),
        "ProcessingConfiguration.Processors of type Lambda",
    );
    // What is switched off does nothing on AWS either, and is kept.
    let off = json!({
        "DynamicPartitioningConfiguration": {"Enabled": false},
        "DataFormatConversionConfiguration": {"Enabled": false},
        "ProcessingConfiguration": {"Enabled": false, "Processors": [{"Type": "Lambda"}]},
        "S3BackupMode": "Disabled",
    });
    let mut firehose = firehose();
    create_turbine(&mut firehose, &off).unwrap();
    let described = describe(&mut firehose, start()).unwrap();
    let extended = &described["Destinations"][0]["ExtendedS3DestinationDescription"];
    for (name, value) in off.as_object().unwrap() {
        assert_eq!(&extended[name], value, "{name}");
    }
}

#[test]
fn processors_are_counted_and_need_their_surroundings() {
    let with = |processors: Value| json!({"ProcessingConfiguration": {"Enabled": true, "Processors": processors}});
    let number = "A maximum of 5 and a minimum of 1 processor needs to be supplied when \
                  processing is enabled.";
    invalid(&with(json!([])), number);
    let six = vec![json!({"Type": "AppendDelimiterToRecord"}); 6];
    invalid(&with(json!(six)), number);
    invalid(
        &with(json!([{"Type": "MetadataExtraction"}])),
        "class com.amazonaws.services.firehose.internal.model.MetadataExtractionProcessor can \
         only be present when Dynamic Partitioning is enabled.",
    );
    invalid(
        &json!({"S3BackupMode": "Enabled"}),
        "S3 backup destination configuration is required when enabling S3 backup.",
    );
    assert!(
        create_turbine(
            &mut firehose(),
            &json!({"BufferingHints": {"SizeInMBs": 1}})
        )
        .is_err()
    );
    assert!(
        create_turbine(
            &mut firehose(),
            &json!({"CloudWatchLoggingOptions": {"Enabled": true}})
        )
        .is_err()
    );
}

#[test]
fn sources_and_destinations_are_checked() {
    let check = |request: Value, code: &str, message: &str| {
        let error = create(&mut firehose(), request).unwrap_err();
        assert_eq!((error.code(), error.to_string().as_str()), (code, message));
    };
    let with = |members: Value| {
        let mut request = json!({
            "DeliveryStreamName": "turbine",
            "ExtendedS3DestinationConfiguration": destination(&json!({})),
        });
        for (name, value) in members.as_object().unwrap() {
            request[name] = value.clone();
        }
        request
    };
    let source = |name: &str, role: &str| {
        json!({
            "DeliveryStreamType": "KinesisStreamAsSource",
            "KinesisStreamSourceConfiguration": {
                "KinesisStreamARN": format!("arn:aws:kinesis:us-east-1:000000000000:stream/{name}"),
                "RoleARN": format!("arn:aws:iam::000000000000:role/{role}"),
            },
        })
    };
    let invalid = "InvalidArgumentException";
    check(
        json!({"DeliveryStreamName": "turbine"}),
        invalid,
        "Exactly one destination configuration is supported for a Firehose",
    );
    check(
        with(json!({"S3DestinationConfiguration": destination(&json!({}))})),
        invalid,
        "Exactly one destination configuration is supported for a Firehose",
    );
    check(
        with(json!({"DeliveryStreamType": "KinesisStreamAsSource"})),
        invalid,
        "KinesisSourceStreamConfig is mandatory for KinesisStreamAsSource stream type.",
    );
    check(
        with(json!({"DeliveryStreamType": "MSKAsSource"})),
        invalid,
        "DeliveryStreamType MSKAsSource is not supported by windfarm; see docs/fidelity.md",
    );
    check(
        with(json!({"DatabaseSourceConfiguration": {}})),
        invalid,
        "DatabaseSourceConfiguration is not supported by windfarm; see docs/fidelity.md",
    );
    check(
        with(source("windfarm", "no-trust")),
        invalid,
        "Firehose is unable to assume role arn:aws:iam::000000000000:role/no-trust. Please check \
         the role provided.",
    );
    check(
        with(source("no-stream", "role")),
        invalid,
        "The Kinesis stream arn:aws:kinesis:us-east-1:000000000000:stream/no-stream does not exist",
    );
    let role = |arn: &str| {
        with(json!({"ExtendedS3DestinationConfiguration": destination(&json!({"RoleARN": arn}))}))
    };
    check(
        role("arn:aws:iam::000000000000:role/no-trust"),
        invalid,
        "Firehose is unable to assume role arn:aws:iam::000000000000:role/no-trust. Please check \
         the role provided.",
    );
    check(
        role("arn:aws:iam::111111111111:role/other"),
        "AccessDeniedException",
        "Cross-account pass role is not allowed.",
    );
    let mut encrypted = source("windfarm", "role");
    encrypted["DeliveryStreamEncryptionConfigurationInput"] = json!({"KeyType": "AWS_OWNED_CMK"});
    assert_eq!(
        create(&mut firehose(), with(encrypted)).unwrap_err().code(),
        invalid
    );
    let sse = |members: Value| with(json!({"DeliveryStreamEncryptionConfigurationInput": members}));
    check(
        sse(
            json!({"KeyType": "AWS_OWNED_CMK", "KeyARN": "arn:aws:kms:us-east-1:000000000000:key/k"}),
        ),
        invalid,
        "KeyARN cannot be specified when KeyType is AWS_OWNED_CMK",
    );
    check(
        sse(
            json!({"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": "arn:aws:kms:us-east-1:000000000000:key/k"}),
        ),
        invalid,
        "DeliveryStreamEncryptionConfigurationInput.KeyType CUSTOMER_MANAGED_CMK is not supported \
         by windfarm; see docs/fidelity.md",
    );
}

#[test]
fn missing_and_existing_streams_are_named() {
    let mut firehose = firehose();
    let missing = describe(&mut firehose, start()).unwrap_err();
    assert_eq!(missing.code(), "ResourceNotFoundException");
    assert_eq!(
        missing.to_string(),
        "Firehose turbine under account 000000000000 not found."
    );
    create_turbine(&mut firehose, &json!({})).unwrap();
    let existing = create_turbine(&mut firehose, &json!({})).unwrap_err();
    assert_eq!(existing.code(), "ResourceInUseException");
    assert_eq!(
        existing.to_string(),
        "Firehose turbine under accountId 000000000000 already exists"
    );
}

#[test]
fn puts_that_are_too_large_store_nothing() {
    let mut firehose = firehose();
    create_turbine(&mut firehose, &json!({})).unwrap();
    let t = start();
    put(&mut firehose, t, &vec![0; 1_024_000]).unwrap();
    let large = put(&mut firehose, t, &vec![0; 1_024_001]).unwrap_err();
    assert_eq!(large.code(), "ValidationException");
    let one_large = put_batch(&mut firehose, t, &[vec![0; 1], vec![0; 1_024_001]]).unwrap_err();
    assert!(
        one_large.to_string().contains("'records.2.member.data'"),
        "{one_large}"
    );
    let sum = put_batch(&mut firehose, t, &vec![vec![0; 1_000_000]; 5]).unwrap_err();
    assert_eq!(sum.to_string(), "Records size exceeds 4 MB limit");
    assert!(put_batch(&mut firehose, t, &vec![vec![]; 501]).is_err());
    assert_eq!(
        put_batch(&mut firehose, t, &vec![vec![0; 8_388]; 500]).unwrap(),
        500
    );
    assert_eq!(firehose.counts("turbine").unwrap().accepted, 501);
}

#[test]
fn a_stream_with_a_source_takes_no_puts() {
    let mut firehose = firehose();
    create_with_source(&mut firehose, &json!({})).unwrap();
    let refused = put(&mut firehose, start(), b"x").unwrap_err();
    assert_eq!(refused.code(), "InvalidArgumentException");
    assert_eq!(
        refused.to_string(),
        "This operation is not permitted on KinesisStreamAsSource delivery stream type."
    );
}
