//! What queries can ask about tables and files.

use super::*;

#[tokio::test]
async fn files_tell_their_names_and_sizes_and_are_chosen_by_them() {
    let lake = Lake::new();
    for format in ["JSON", "PARQUET"] {
        lake.check(
            &format!("CREATE TABLE t WITH (format = '{format}', external_location = 's3://lake/{format}/', partitioned_by = ARRAY['p']) AS SELECT * FROM (VALUES (1, 'a'), (2, 'a'), (3, 'b')) v (x, p)"),
            "3 rows",
        )
        .await;
        let folder = format!("s3://lake/{format}/p=a/");
        lake.check(
            &format!("SELECT count(*), sum(x) FROM t WHERE \"$path\" LIKE '{folder}%'"),
            "2|3",
        )
        .await;
        lake.check(
            "SELECT count(DISTINCT \"$path\"), min(\"$file_size\") > 0 FROM t",
            "2|true",
        )
        .await;
        lake.check("SELECT x FROM t WHERE \"$partition\" = 'p=b'", "3")
            .await;
        assert_eq!(
            lake.sorted("SELECT * FROM t WHERE \"$file_size\" > 1")
                .await,
            "1|a;2|a;3|b"
        );
        assert_eq!(
            lake.sorted("SELECT w.* FROM t w (y, z) WHERE w.\"$path\" <> ''")
                .await,
            "1|a;2|a;3|b"
        );
        assert_eq!(
            lake.sorted("SELECT u.\"$partition\", p FROM t u").await,
            "p=a|a;p=a|a;p=b|b"
        );
        lake.check(
            "SELECT s FROM (SELECT \"$partition\" s FROM t) WHERE s = 'p=b'",
            "p=b",
        )
        .await;
        let missing = lake.answer("SELECT \"$nothing\" FROM t").await;
        assert!(missing.starts_with("COLUMN_NOT_FOUND"), "{missing}");
        lake.check("SELECT p FROM \"t$partitions\" ORDER BY p", "a;b")
            .await;
        lake.check("DROP TABLE t", "").await;
    }
}

#[tokio::test]
async fn only_files_whose_names_fit_are_read() {
    let lake = Lake::new();
    lake.check(
        "CREATE TABLE t WITH (format = 'JSON', external_location = 's3://lake/t/', partitioned_by = ARRAY['p']) AS SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v (x, p)",
        "2 rows",
    )
    .await;
    lake.space.reads.lock().unwrap().clear();
    lake.check("SELECT x FROM t WHERE \"$path\" LIKE '%/p=b/%'", "2")
        .await;
    assert_eq!(lake.space.reads.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn information_schema_tells_of_databases_tables_columns_and_views() {
    let lake = Lake::new();
    lake.check(
        "CREATE EXTERNAL TABLE t (a int COMMENT 'first', b array<string>) PARTITIONED BY (p date) LOCATION 's3://lake/t/'",
        "",
    )
    .await;
    lake.check("CREATE VIEW v AS SELECT 1 n", "").await;
    lake.check(
        "SELECT schema_name FROM information_schema.schemata ORDER BY 1",
        "d;e;information_schema",
    )
    .await;
    lake.check(
        "SELECT * FROM information_schema.tables ORDER BY table_name",
        "awsdatacatalog|d|t|BASE TABLE;awsdatacatalog|d|v|VIEW",
    )
    .await;
    lake.check(
        "SELECT column_name, ordinal_position, is_nullable, data_type, comment, extra_info FROM information_schema.columns WHERE table_schema = 'd' ORDER BY table_name, ordinal_position",
        "a|1|YES|integer|first|∅;b|2|YES|array(varchar)|∅|∅;p|3|YES|date|∅|partition key;n|1|YES|integer|∅|∅",
    )
    .await;
    lake.check(
        "SELECT table_name, view_definition FROM awsdatacatalog.information_schema.views",
        "v|SELECT 1 n",
    )
    .await;
    lake.check("SELECT count(*) FROM \"t$partitions\"", "0")
        .await;
    lake.check(
        "SELECT 1 FROM information_schema.nothing",
        "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.information_schema.nothing' does not exist",
    )
    .await;
}

#[tokio::test]
async fn tables_of_text_are_read_by_their_serde() {
    let lake = Lake::new();
    let put = |key: &str, body: &str| lake.space.put("lake", key, body.as_bytes());
    put("csv/a.csv", "id,name\r\n1,\"x, y\"\r\n2,\r\n");
    lake.check(
        "CREATE EXTERNAL TABLE c (id bigint, name string) ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' LOCATION 's3://lake/csv/' TBLPROPERTIES ('skip.header.line.count' = '1')",
        "",
    )
    .await;
    lake.check("SELECT * FROM c", "1|x, y;2|").await;
    put("csv/b.csv", "id,name\nthree,z\n");
    let answer = lake.answer("SELECT sum(id) FROM c").await;
    assert!(
        answer.starts_with("HIVE_BAD_DATA: Error parsing field value 'three' for field 0: For input string: \"three\""),
        "{answer}"
    );
    put(
        "lazy/a.tsv",
        "1\t0.5\ttrue\t2020-01-01\t2020-01-01 10:00:00.5\nx\tx\tx\tx\tx\n",
    );
    lake.check(
        "CREATE EXTERNAL TABLE l (i int, x double, t boolean, d date, s timestamp) ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' LOCATION 's3://lake/lazy/'",
        "",
    )
    .await;
    lake.check(
        "SELECT * FROM l",
        "1|0.5|true|2020-01-01|2020-01-01 10:00:00.500;∅|∅|∅|∅|∅",
    )
    .await;
    put("log/a.log", "GET 200\nbroken\n");
    lake.check(
        "CREATE EXTERNAL TABLE g (verb string, code int) ROW FORMAT SERDE 'com.amazonaws.glue.serde.GrokSerDe' WITH SERDEPROPERTIES ('input.format' = '%{WORD:verb} %{INT:code}') LOCATION 's3://lake/log/'",
        "",
    )
    .await;
    lake.check("SELECT * FROM g", "GET|200;∅|∅").await;
    put("hive/a.json", "{\"A\": 1}\n");
    lake.check(
        "CREATE EXTERNAL TABLE h (a int) ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe' LOCATION 's3://lake/hive/'",
        "",
    )
    .await;
    lake.check("SELECT a FROM h", "1").await;
}
