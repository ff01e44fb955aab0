//! Record format conversion through the SDK: records in, Parquet out, read by our own Athena.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_firehose::primitives::Blob;
use aws_sdk_firehose::types::{
    BufferingHints, DataFormatConversionConfiguration, Deserializer,
    ExtendedS3DestinationConfiguration, HiveJsonSerDe, InputFormatConfiguration, OpenXJsonSerDe,
    OrcSerDe, OutputFormatConfiguration, ParquetCompression, ParquetSerDe, Record,
    SchemaConfiguration, Serializer,
};
use aws_sdk_glue::types::{Column, DatabaseInput, SerDeInfo, StorageDescriptor, TableInput};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use base64::Engine as _;
use serde_json::Value;
use windfarm::pipeline::query::query;
use windfarm::pipeline::{Clients, Plan};

use crate::world;

const COLUMNS: [(&str, &str); 5] = [
    ("site", "string"),
    ("rpm", "int"),
    ("wind", "decimal(6,2)"),
    ("at", "timestamp"),
    ("parts", "array<struct<name:string,celsius:double>>"),
];

struct Lake {
    clients: Clients,
    plan: Plan,
    role: String,
}

impl Lake {
    async fn new(seed: u64) -> Self {
        let clients = world::clients(&world::emulator(seed)).await;
        let plan = Plan::new("lake");
        world::bucket(&clients, "lake").await;
        let role = world::role(&clients, "firehose.amazonaws.com").await;
        let database = DatabaseInput::builder()
            .name(&plan.database)
            .build()
            .unwrap();
        let glue = clients.glue.create_database();
        glue.database_input(database).send().await.unwrap();
        Self {
            clients,
            plan,
            role,
        }
    }

    fn table(&self, name: &str, columns: &[(&str, &str)]) -> TableInput {
        let columns = columns.iter();
        let columns =
            columns.map(|(name, of)| Column::builder().name(*name).r#type(*of).build().unwrap());
        let serde = SerDeInfo::builder()
            .serialization_library("org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe");
        let storage = StorageDescriptor::builder()
            .location(format!("s3://lake/{name}/"))
            .input_format("org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat")
            .output_format("org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat")
            .serde_info(serde.build())
            .set_columns(Some(columns.collect()));
        TableInput::builder()
            .name(name)
            .table_type("EXTERNAL_TABLE")
            .storage_descriptor(storage.build())
            .build()
            .unwrap()
    }

    async fn create_table(&self, name: &str, columns: &[(&str, &str)]) {
        let call = self
            .clients
            .glue
            .create_table()
            .database_name(&self.plan.database);
        call.table_input(self.table(name, columns))
            .send()
            .await
            .unwrap();
    }

    fn schema(&self, table: &str, version: Option<&str>) -> SchemaConfiguration {
        SchemaConfiguration::builder()
            .role_arn(&self.role)
            .database_name(&self.plan.database)
            .table_name(table)
            .set_version_id(version.map(str::to_owned))
            .build()
    }

    /// Creates a delivery stream that converts to objects under its own name.
    async fn create_stream(
        &self,
        name: &str,
        schema: SchemaConfiguration,
        from: Deserializer,
        to: Serializer,
    ) -> Result<(), String> {
        let conversion = DataFormatConversionConfiguration::builder()
            .schema_configuration(schema)
            .input_format_configuration(
                InputFormatConfiguration::builder()
                    .deserializer(from)
                    .build(),
            )
            .output_format_configuration(
                OutputFormatConfiguration::builder().serializer(to).build(),
            );
        let hints = BufferingHints::builder()
            .size_in_mbs(64)
            .interval_in_seconds(60);
        let destination = ExtendedS3DestinationConfiguration::builder()
            .role_arn(&self.role)
            .bucket_arn("arn:aws:s3:::lake")
            .prefix(format!("{name}/"))
            .error_output_prefix(format!("errors/{name}/!{{firehose:error-output-type}}/"))
            .buffering_hints(hints.build())
            .data_format_conversion_configuration(conversion.build())
            .build()
            .unwrap();
        let call = self
            .clients
            .firehose
            .create_delivery_stream()
            .delivery_stream_name(name);
        let made = call
            .extended_s3_destination_configuration(destination)
            .send()
            .await;
        made.map_err(|error| {
            let error = error.into_service_error();
            format!("{}: {}", error.code().unwrap(), error.message().unwrap())
        })?;
        self.pass(5).await;
        Ok(())
    }

    async fn pass(&self, seconds: u64) {
        let mut me = self.clients.clock.join();
        me.sleep(Duration::from_secs(seconds)).await;
    }

    async fn put(&self, stream: &str, records: &[&str]) {
        let records = records.iter().map(|record| {
            let blob = Blob::new(record.as_bytes());
            Record::builder().data(blob).build().unwrap()
        });
        let call = self
            .clients
            .firehose
            .put_record_batch()
            .delivery_stream_name(stream);
        let put = call
            .set_records(Some(records.collect()))
            .send()
            .await
            .unwrap();
        assert_eq!(put.failed_put_count(), 0);
    }

    /// Keys under a prefix, with the encodings of their objects.
    async fn objects(&self, prefix: &str) -> BTreeMap<String, Option<String>> {
        let s3 = &self.clients.s3;
        let listed = s3
            .list_objects_v2()
            .bucket("lake")
            .prefix(prefix)
            .send()
            .await
            .unwrap();
        let mut objects = BTreeMap::new();
        for object in listed.contents() {
            let key = object.key().unwrap();
            let head = s3
                .head_object()
                .bucket("lake")
                .key(key)
                .send()
                .await
                .unwrap();
            objects.insert(key.to_owned(), head.content_encoding().map(str::to_owned));
        }
        objects
    }

    async fn lines(&self, key: &str) -> Vec<Value> {
        let got = self
            .clients
            .s3
            .get_object()
            .bucket("lake")
            .key(key)
            .send()
            .await
            .unwrap();
        let body = got.body.collect().await.unwrap().to_vec();
        let text = String::from_utf8(body).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    async fn rows(&self, sql: &str) -> Vec<String> {
        let answer = query(&self.clients, &self.plan, sql).await.unwrap();
        let cells = |row: &Vec<Option<String>>| {
            let cells = row.iter().map(|cell| cell.as_deref().unwrap_or("NULL"));
            cells.collect::<Vec<_>>().join("|")
        };
        answer.rows.iter().map(cells).collect()
    }
}

fn openx() -> Deserializer {
    let serde = OpenXJsonSerDe::builder().build();
    Deserializer::builder().open_x_json_ser_de(serde).build()
}

fn hive() -> Deserializer {
    let serde = HiveJsonSerDe::builder()
        .timestamp_formats("dd/MM/yyyy HH:mm")
        .build();
    Deserializer::builder().hive_json_ser_de(serde).build()
}

fn parquet() -> Serializer {
    let serde = ParquetSerDe::builder().build();
    Serializer::builder().parquet_ser_de(serde).build()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_become_parquet_that_athena_reads_and_the_rest_becomes_error_lines() {
    let lake = Lake::new(1).await;
    lake.create_table("turbine", &COLUMNS).await;
    let schema = lake.schema("turbine", None);
    lake.create_stream("turbine", schema, openx(), parquet())
        .await
        .unwrap();
    lake.put(
        "turbine",
        &[
            r#"{"Site":"sul","RPM":"12","wind":8.125,"at":"2025-04-30 20:00:00.5","parts":[{"name":"gearbox","celsius":61}]}"#,
            r#"{"site":"sul","rpm":13}{"site":"norte","rpm":14,"at":1746043200,"more":{}}"#,
            r#"{"site":"norte","rpm":"fast"}"#,
            "not json at all",
            r#"{"site":{"at":1}}"#,
        ],
    )
    .await;
    lake.pass(200).await;

    let objects = lake.objects("turbine/").await;
    let (key, encoding) = objects.first_key_value().unwrap();
    assert_eq!(objects.len(), 1, "{objects:?}");
    assert!(
        key.starts_with("turbine/2025/04/30/19/turbine-1-2025-04-30-19-30-"),
        "{key}"
    );
    assert!(key.ends_with(".parquet"), "{key}");
    assert_eq!(encoding.as_deref(), Some("hadoop-snappy"));

    let rows = lake
        .rows("select site, rpm, wind, at, parts[1].celsius from turbine order by rpm nulls last")
        .await;
    assert_eq!(
        rows,
        [
            "sul|12|8.13|2025-04-30 20:00:00.500|61.0",
            "sul|13|NULL|NULL|NULL",
            "norte|14|NULL|2025-04-30 20:00:00.000|NULL",
            "{\"at\":1}|NULL|NULL|NULL|NULL",
        ]
    );
    let types = lake
        .rows("select typeof(site), typeof(rpm), typeof(wind), typeof(at), typeof(parts) from turbine limit 1")
        .await;
    assert_eq!(
        types,
        ["varchar|integer|decimal(6,2)|timestamp(3)|array(row(name varchar, celsius double))"]
    );

    let errors = lake.objects("errors/").await;
    let (key, encoding) = errors.first_key_value().unwrap();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(
        key.starts_with("errors/turbine/format-conversion-failed/turbine-1-"),
        "{key}"
    );
    assert_eq!(*encoding, None);
    let lines = lake.lines(key).await;
    let told: Vec<(String, String)> = lines
        .iter()
        .map(|line| {
            let raw = line["rawData"].as_str().unwrap();
            let raw = base64::engine::general_purpose::STANDARD
                .decode(raw)
                .unwrap();
            let code = line["lastErrorCode"].as_str().unwrap().to_owned();
            (code, String::from_utf8(raw).unwrap())
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                "DataFormatConversion.MalformedData".to_owned(),
                r#"{"site":"norte","rpm":"fast"}"#.to_owned()
            ),
            (
                "DataFormatConversion.ParseError".to_owned(),
                "not json at all".to_owned()
            ),
        ]
    );
    // Five records: three converted (one of two objects), two refused.
    assert_eq!(
        lines[0]["lastErrorMessage"],
        "Data does not match the schema. For input string: \"fast\""
    );
    assert_eq!(lines[0]["attemptsMade"], 1);
    assert_eq!(lines[0]["sequenceNumber"], Value::Null);
    let table = &lines[0]["dataCatalogTable"];
    assert_eq!(
        (
            &table["databaseName"],
            &table["tableName"],
            &table["versionId"]
        ),
        (
            &lake.plan.database.clone().into(),
            &"turbine".into(),
            &"LATEST".into()
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_is_that_of_the_delivery_unless_a_version_is_fixed() {
    let lake = Lake::new(2).await;
    lake.create_table("latest", &COLUMNS[..2]).await;
    lake.create_table("fixed", &COLUMNS[..2]).await;
    let schema = lake.schema("latest", Some("LATEST"));
    lake.create_stream("latest", schema, hive(), parquet())
        .await
        .unwrap();
    let schema = lake.schema("fixed", Some("0"));
    lake.create_stream("fixed", schema, hive(), parquet())
        .await
        .unwrap();
    let record = r#"{"site":"sul","rpm":12,"at":"30/04/2025 20:00"}"#;
    for table in ["latest", "fixed"] {
        lake.put(table, &[record]).await;
        let columns = [COLUMNS[0], COLUMNS[1], COLUMNS[3]];
        let call = lake
            .clients
            .glue
            .update_table()
            .database_name(&lake.plan.database);
        call.table_input(lake.table(table, &columns))
            .send()
            .await
            .unwrap();
    }
    lake.pass(200).await;
    assert_eq!(
        lake.rows("select * from latest").await,
        ["sul|12|2025-04-30 20:00:00.000"]
    );
    assert_eq!(lake.rows("select * from fixed").await, ["sul|12|NULL"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_goes_away_holds_records_back_until_it_is_there_again() {
    let lake = Lake::new(3).await;
    lake.create_table("turbine", &COLUMNS).await;
    let gzip = ParquetSerDe::builder()
        .compression(ParquetCompression::Gzip)
        .build();
    let gzip = Serializer::builder().parquet_ser_de(gzip).build();
    let schema = lake.schema("turbine", None);
    lake.create_stream("turbine", schema, openx(), gzip)
        .await
        .unwrap();
    let call = lake
        .clients
        .glue
        .delete_table()
        .database_name(&lake.plan.database);
    call.name("turbine").send().await.unwrap();
    lake.put("turbine", &[r#"{"rpm":12}"#]).await;
    lake.pass(3_600).await;
    assert_eq!(lake.objects("").await.len(), 0);
    lake.create_table("turbine", &COLUMNS).await;
    lake.pass(600).await;
    let objects = lake.objects("turbine/").await;
    assert_eq!(
        objects.values().collect::<Vec<_>>(),
        [&None],
        "not Snappy: {objects:?}"
    );
    assert_eq!(lake.rows("select rpm from turbine").await, ["12"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_converted_is_refused_when_the_stream_is_made() {
    let lake = Lake::new(4).await;
    lake.create_table("turbine", &COLUMNS).await;
    lake.create_table("blob", &[("body", "binary")]).await;
    let orc = || {
        Serializer::builder()
            .orc_ser_de(OrcSerDe::builder().build())
            .build()
    };
    let padded = ParquetSerDe::builder().max_padding_bytes(8).build();
    let padded = || Serializer::builder().parquet_ser_de(padded.clone()).build();
    let weeks = HiveJsonSerDe::builder()
        .timestamp_formats("xxxx-ww")
        .build();
    let weeks = || {
        Deserializer::builder()
            .hive_json_ser_de(weeks.clone())
            .build()
    };
    let elsewhere = SchemaConfiguration::builder()
        .role_arn(&lake.role)
        .database_name(&lake.plan.database)
        .table_name("turbine")
        .region("eu-west-1")
        .build();
    let of = |table: &str, version: Option<&str>| lake.schema(table, version);
    let cases = [
        (
            of("turbine", None),
            openx(),
            orc(),
            "OrcSerDe is not supported",
        ),
        (
            of("turbine", None),
            openx(),
            padded(),
            "MaxPaddingBytes other than 0 is not supported",
        ),
        (of("turbine", None), weeks(), parquet(), "`xxxx`"),
        (
            elsewhere,
            openx(),
            parquet(),
            "SchemaConfiguration.Region other than",
        ),
        (of("none", None), openx(), parquet(), "could not be found"),
        (
            of("turbine", Some("7")),
            openx(),
            parquet(),
            "could not be found",
        ),
        (
            of("blob", None),
            openx(),
            parquet(),
            "not supported by org.openx.data.JsonSerDe",
        ),
    ];
    for (schema, from, to, why) in cases {
        let refused = lake
            .create_stream("refused", schema, from, to)
            .await
            .unwrap_err();
        assert!(
            refused.starts_with("InvalidArgumentException: "),
            "{refused}"
        );
        assert!(refused.contains(why), "{refused}");
    }
}
