//! CREATE TABLE AS, INSERT INTO and UNLOAD: what is written, entered, and read again.

use super::*;
use crate::engine::table::compression::Compression;

const TYPES: &str = "SELECT CAST(1 AS tinyint) ti, CAST(-2 AS smallint) si, 3 i, CAST(4 AS bigint) b, true t, \
     CAST(0.5 AS real) r, 1e300 x, DECIMAL '123456789012345678901.25' de, 'a\"b, c' s, CAST('v' AS varchar(5)) v, \
     DATE '1999-12-31' d, TIMESTAMP '2020-02-29 23:59:59.125' ts, X'00FF' bi, \
     ARRAY[1, NULL, 3] l, MAP(ARRAY['k'], ARRAY[ARRAY['w']]) m, CAST(ROW(7, 'q') AS row(a integer, b varchar)) ro";

#[tokio::test]
async fn every_type_comes_back_from_every_format() {
    let lake = Lake::new();
    let expected = lake.answer(TYPES).await;
    let nulls = "SELECT CAST(NULL AS integer) a, CAST(NULL AS varchar) b, CAST(NULL AS array(integer)) c, 1 d";
    for with in [
        "format = 'PARQUET'",
        "format = 'PARQUET', write_compression = 'SNAPPY'",
        "format = 'PARQUET', parquet_compression = 'ZSTD', compression_level = 5",
        "format = 'PARQUET', write_compression = 'LZ4'",
        "format = 'PARQUET', write_compression = 'NONE'",
        "format = 'JSON'",
        "format = 'JSON', write_compression = 'NONE'",
        "format = 'JSON', write_compression = 'BZIP2'",
        "format = 'TEXTFILE'",
        "format = 'TEXTFILE', write_compression = 'ZSTD'",
        "format = 'TEXTFILE', write_compression = 'SNAPPY', field_delimiter = '|'",
        "format = 'TEXTFILE', write_compression = 'DEFLATE', field_delimiter = '\\t'",
    ] {
        lake.check(
            &format!("CREATE TABLE t WITH ({with}) AS {TYPES}"),
            "1 rows",
        )
        .await;
        assert_eq!(lake.answer("SELECT * FROM t").await, expected, "{with}");
        lake.check("DROP TABLE t", "").await;
        lake.check(
            &format!("CREATE TABLE n WITH ({with}) AS {nulls}"),
            "1 rows",
        )
        .await;
        lake.check("SELECT * FROM n", "∅|∅|∅|1").await;
        lake.check("DROP TABLE n", "").await;
    }
}

#[tokio::test]
async fn a_new_table_lies_in_the_results_and_is_described_as_athena_does() {
    let lake = Lake::new();
    let order = lake.order("CREATE TABLE t WITH (format = 'JSON', write_compression = 'NONE') AS SELECT 1 a, 'x' b UNION ALL SELECT 2, NULL");
    let done = lake.run(&order).await.unwrap();
    assert_eq!(done.update_count, Some(2));
    let [file] = done.written.as_slice() else {
        panic!("{done:?}");
    };
    assert!(
        file.key
            .starts_with(&format!("tables/0/{}_", order.engine_id)),
        "{file}"
    );
    let body = lake.space.body("out", &file.key);
    let mut lines: Vec<&str> = std::str::from_utf8(&body).unwrap().lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, [r#"{"a":1,"b":"x"}"#, r#"{"a":2,"b":null}"#]);
    let table = lake.catalog.0.table("d", "t").unwrap();
    assert_eq!(table.table_type.as_deref(), Some("EXTERNAL_TABLE"));
    let storage = table.storage_descriptor.unwrap();
    assert_eq!(storage.location.as_deref(), Some("s3://out/tables/0/"));
    lake.check(
        "CREATE TABLE t AS SELECT 1 a",
        "TABLE_ALREADY_EXISTS: line 1:1: Destination table 'awsdatacatalog.d.t' already exists",
    )
    .await;
    lake.check("CREATE TABLE IF NOT EXISTS t AS SELECT 1 a", "0 rows")
        .await;
    lake.check(
        "CREATE TABLE u (x, y) AS SELECT a, b FROM t WITH NO DATA",
        "0 rows",
    )
    .await;
    lake.check("SELECT x, y FROM u", "").await;
    assert_eq!(lake.space.keys("out", "").len(), 1);
}

#[tokio::test]
async fn partitions_become_folders_and_entries() {
    let lake = Lake::new();
    lake.check(
        "CREATE TABLE t WITH (external_location = 's3://lake/t', partitioned_by = ARRAY['day', 'n'])
         AS SELECT * FROM (VALUES ('a', '2025-04-29', 1), ('b', '2025-04-30', 2), ('c', '2025-04-30', 2), ('d', NULL, 3), ('e', 'x/y', 4)) v (s, day, n)",
        "5 rows",
    )
    .await;
    lake.check(
        "SHOW PARTITIONS t",
        "day=2025-04-29/n=1;day=2025-04-30/n=2;day=__HIVE_DEFAULT_PARTITION__/n=3;day=x%2Fy/n=4",
    )
    .await;
    assert_eq!(lake.space.keys("lake", "t/day=2025-04-30/n=2/").len(), 1);
    let rows = lake.sorted("SELECT s, day, n FROM t").await;
    assert_eq!(
        rows,
        "a|2025-04-29|1;b|2025-04-30|2;c|2025-04-30|2;d|∅|3;e|x/y|4"
    );
    // Into a partition that exists, and into a new one.
    lake.check(
        "INSERT INTO t (n, day, s) VALUES (2, '2025-04-30', 'f'), (5, '2025-05-01', 'g')",
        "2 rows",
    )
    .await;
    assert_eq!(lake.space.keys("lake", "t/day=2025-04-30/n=2/").len(), 2);
    let rows = lake
        .sorted("SELECT s FROM t WHERE day >= '2025-04-30' AND n > 1")
        .await;
    assert_eq!(rows, "b;c;e;f;g");
    lake.check(
        "CREATE TABLE u WITH (external_location = 's3://lake/t/') AS SELECT 1 a",
        "HIVE_PATH_ALREADY_EXISTS: Target directory for table 'd.u' already exists: s3://lake/t/",
    )
    .await;
    // A partition that lies elsewhere gets its rows there.
    lake.check(
        "ALTER TABLE t ADD PARTITION (day = 'far', n = 9) LOCATION 's3://lake/far/'",
        "",
    )
    .await;
    lake.check("INSERT INTO t VALUES ('z', 'far', 9)", "1 rows")
        .await;
    assert_eq!(lake.space.keys("lake", "far/").len(), 1);
}

#[tokio::test]
async fn a_statement_writes_to_a_hundred_partitions_at_the_most() {
    let lake = Lake::new();
    let rows = |count: u32| {
        let rows: Vec<String> = (0..count).map(|n| format!("({n}, 'p{n}')")).collect();
        format!("SELECT * FROM (VALUES {}) v (a, p)", rows.join(", "))
    };
    let with = "WITH (external_location = 's3://lake/t/', partitioned_by = ARRAY['p'])";
    lake.check(
        &format!("CREATE TABLE t {with} AS {}", rows(101)),
        "HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers for partitions/buckets",
    )
    .await;
    assert!(lake.space.keys("lake", "").is_empty(), "nothing is left");
    lake.check("SHOW TABLES", "").await;
    lake.check(
        &format!("CREATE TABLE t {with} AS {}", rows(100)),
        "100 rows",
    )
    .await;
    lake.check("SELECT count(*), sum(a) FROM t", "100|4950")
        .await;
}

#[tokio::test]
async fn buckets_are_files_by_the_hash_of_their_columns() {
    let lake = Lake::new();
    lake.check(
        "CREATE TABLE t WITH (external_location = 's3://lake/t/', bucketed_by = ARRAY['a'], bucket_count = 4, format = 'JSON', write_compression = 'NONE')
         AS SELECT * FROM (VALUES 0, 1, 4, 5, 6) v (a)",
        "5 rows",
    )
    .await;
    let files = lake.space.keys("lake", "t/");
    let rows: Vec<String> = files
        .iter()
        .map(|key| String::from_utf8(lake.space.body("lake", key).to_vec()).unwrap())
        .collect();
    assert!(files[0].starts_with("t/000000_0_2025"), "{files:?}");
    assert_eq!(
        rows,
        [
            "{\"a\":0}\n{\"a\":4}\n",
            "{\"a\":1}\n{\"a\":5}\n",
            "{\"a\":6}\n"
        ]
    );
    lake.check("SELECT sum(a) FROM t", "16").await;
    lake.check(
        "INSERT INTO t VALUES 7",
        "NOT_SUPPORTED: INSERT INTO is not supported on bucketed tables: t",
    )
    .await;
}

#[tokio::test]
async fn inserted_rows_take_the_columns_types() {
    let lake = Lake::new();
    lake.check(
        "CREATE EXTERNAL TABLE t (a bigint, b varchar(3), c double, d array<bigint>)
         STORED AS PARQUET LOCATION 's3://lake/t/'",
        "",
    )
    .await;
    lake.check(
        "INSERT INTO t SELECT 1, 'xyz', CAST(2 AS real), ARRAY[3]",
        "1 rows",
    )
    .await;
    lake.check("INSERT INTO t (c, a) VALUES (5, 6), (7, NULL)", "2 rows")
        .await;
    lake.check("INSERT INTO t SELECT 1, 'x', 1, NULL WHERE false", "0 rows")
        .await;
    let rows = lake.sorted("SELECT * FROM t").await;
    assert_eq!(rows, "1|xyz|2.0|[3];6|∅|5.0|∅;∅|∅|7.0|∅");
    lake.check(
        "INSERT INTO t SELECT 1, 'long', 1, NULL",
        "INVALID_CAST_ARGUMENT: Cannot truncate non-space characters when casting from varchar(4) to varchar(3) on INSERT",
    )
    .await;
    lake.check(
        "INSERT INTO t VALUES (1, 'x')",
        "TYPE_MISMATCH: line 1:1: Insert query has mismatched column types: Table: [bigint, varchar(3), double, array(bigint)], Query: [integer, varchar(1)]",
    )
    .await;
    lake.check(
        "INSERT INTO t (a) VALUES 'x'",
        "TYPE_MISMATCH: line 1:1: Insert query has mismatched column types: Table: [bigint], Query: [varchar(1)]",
    )
    .await;
    lake.check(
        "INSERT INTO t (z) VALUES 1",
        "COLUMN_NOT_FOUND: line 1:1: Insert column name does not exist in target table: z",
    )
    .await;
    lake.check(
        "INSERT INTO t (a, A) VALUES (1, 2)",
        "DUPLICATE_COLUMN_NAME: line 1:1: Insert column name is specified more than once: a",
    )
    .await;
    lake.check(
        "INSERT INTO missing SELECT 1",
        "TABLE_NOT_FOUND: Table missing not found in database d",
    )
    .await;
    lake.check(
        "CREATE EXTERNAL TABLE j (a int) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://lake/j/'",
        "",
    )
    .await;
    lake.check(
        "INSERT INTO j SELECT 1",
        "HIVE_UNSUPPORTED_FORMAT: Output format org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat with SerDe org.openx.data.jsonserde.JsonSerDe is not supported",
    )
    .await;
}

#[tokio::test]
async fn text_tables_are_written_with_their_own_delimiters() {
    let lake = Lake::new();
    lake.check(
        "CREATE EXTERNAL TABLE t (a string, l array<int>) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' ESCAPED BY '\\\\'
         COLLECTION ITEMS TERMINATED BY ';' LOCATION 's3://lake/t/' TBLPROPERTIES ('write.compression' = 'NONE')",
        "",
    )
    .await;
    lake.check(
        "INSERT INTO t VALUES ('x,y', ARRAY[1, 2]), (NULL, NULL)",
        "2 rows",
    )
    .await;
    let [key] = lake.space.keys("lake", "t/").try_into().unwrap();
    assert_eq!(lake.space.body("lake", &key), "x\\,y,1;2\n\\N,\\N\n");
    lake.check("SELECT * FROM t", "x,y|[1, 2];∅|∅").await;
}

#[tokio::test]
async fn unload_writes_files_and_no_table() {
    let lake = Lake::new();
    let order = lake.order("UNLOAD (SELECT 'a,b' x, 1 n UNION ALL SELECT 'c', 2) TO 's3://lake/out' WITH (format = 'TEXTFILE', compression = 'NONE')");
    let done = lake.run(&order).await.unwrap();
    assert_eq!(done.update_count, Some(2));
    let keys = lake.space.keys("lake", "out/");
    assert_eq!(done.written.len(), keys.len());
    let mut lines: Vec<String> = keys
        .iter()
        .flat_map(|key| {
            let body = lake.space.body("lake", key);
            String::from_utf8(body.to_vec())
                .unwrap()
                .lines()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    lines.sort_unstable();
    assert_eq!(lines, ["a,b,1", "c,2"]);
    lake.check("SHOW TABLES", "").await;
    lake.check(
        "UNLOAD (SELECT 1 a) TO 's3://lake/out/' WITH (format = 'PARQUET')",
        "HIVE_PATH_ALREADY_EXISTS: Target directory already exists: s3://lake/out/",
    )
    .await;
    lake.check(
        "UNLOAD (SELECT 1 a, 'p' p) TO 's3://lake/out/' WITH (format = 'JSON', partitioned_by = ARRAY['p'])",
        "1 rows",
    )
    .await;
    let [packed] = lake.space.keys("lake", "out/p=p/").try_into().unwrap();
    assert!(packed.ends_with(".gz"), "{packed}");
    let mut text = String::new();
    let body = lake.space.body("lake", &packed);
    let mut reader = Compression::of(&packed).unwrap().reader(body).unwrap();
    std::io::Read::read_to_string(&mut reader, &mut text).unwrap();
    assert_eq!(text, "{\"a\":1}\n");
}

#[tokio::test]
async fn properties_are_acted_on_or_refused_by_name() {
    let lake = Lake::new();
    for (with, expected) in [
        (
            "format = 'ORC'",
            "NOT_SUPPORTED: line 1:31: Writing ORC files is not supported by windfarm",
        ),
        (
            "format = 'AVRO'",
            "NOT_SUPPORTED: line 1:31: Writing AVRO files is not supported by windfarm",
        ),
        (
            "format = 'CSV'",
            "INVALID_TABLE_PROPERTY: line 1:31: Unknown storage format: CSV",
        ),
        (
            "write_compression = 'LZO'",
            "NOT_SUPPORTED: line 1:42: Compression LZO of PARQUET files is not supported by windfarm",
        ),
        (
            "table_type = 'ICEBERG'",
            "NOT_SUPPORTED: line 1:35: CREATE TABLE AS of a table of type ICEBERG is not supported by windfarm",
        ),
        (
            "partitioning = ARRAY['a']",
            "NOT_SUPPORTED: line 1:22: The property 'partitioning' is not supported by windfarm",
        ),
        (
            "colour = 'red'",
            "INVALID_TABLE_PROPERTY: line 1:22: Catalog 'awsdatacatalog' table property 'colour' does not exist",
        ),
        (
            "field_delimiter = ','",
            "INVALID_TABLE_PROPERTY: line 1:40: Cannot specify field_delimiter table property for storage format: PARQUET",
        ),
        (
            "bucket_count = 2",
            "INVALID_TABLE_PROPERTY: line 1:37: bucketed_by and bucket_count must be specified together",
        ),
        (
            "bucketed_by = ARRAY['z'], bucket_count = 2",
            "INVALID_TABLE_PROPERTY: line 1:1: Bucketing columns [z] not present in schema",
        ),
        (
            "partitioned_by = ARRAY['z']",
            "INVALID_TABLE_PROPERTY: line 1:1: Partition columns [z] not present in schema",
        ),
        (
            "partitioned_by = ARRAY['a', 'b']",
            "INVALID_TABLE_PROPERTY: line 1:1: Table contains only partition columns",
        ),
        (
            "partitioned_by = ARRAY['a']",
            "HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns in the table and in the same order as the table properties: [a]",
        ),
        (
            "external_location = 'x'",
            "INVALID_TABLE_PROPERTY: line 1:42: External location is not a valid file system URI: x",
        ),
    ] {
        lake.check(
            &format!("CREATE TABLE t WITH ({with}) AS SELECT 1 a, 2 b"),
            expected,
        )
        .await;
    }
    lake.check("CREATE TABLE t AS SELECT TIMESTAMP '2020-01-01 00:00:00.123456' x", "NOT_SUPPORTED: Incorrect timestamp precision for timestamp(6); the configured precision is MILLISECONDS; column name: x").await;
    lake.check(
        "CREATE TABLE t AS SELECT INTERVAL '1' DAY x",
        "NOT_SUPPORTED: Unsupported Hive type: interval day to second",
    )
    .await;
    lake.check("CREATE TABLE t AS SELECT ROW(1, 2) x", "NOT_SUPPORTED: Anonymous row type is not supported in Hive. Please give each field a name: row(integer, integer)").await;
    let mut order =
        lake.order("CREATE TABLE t WITH (external_location = 's3://lake/t/') AS SELECT 1 a");
    order.is_location_enforced = true;
    let error = lake.run(&order).await.unwrap_err().to_string();
    assert!(
        error.contains("enforces a centralized output location"),
        "{error}"
    );
    lake.check("SHOW TABLES", "").await;
}

#[tokio::test]
async fn a_statement_that_fails_leaves_nothing() {
    let lake = Lake::new();
    lake.check(
        "CREATE TABLE s AS SELECT * FROM (VALUES 1, 2, 0) v (a)",
        "3 rows",
    )
    .await;
    let before = lake.space.keys("lake", "").len();
    lake.check(
        "CREATE TABLE t WITH (external_location = 's3://lake/t/') AS SELECT 1 / a x FROM s",
        "DIVISION_BY_ZERO: Division by zero",
    )
    .await;
    // The third of several files cannot be written.
    *lake.space.writes_left.lock().unwrap() = Some(2);
    let answer = lake
        .answer("CREATE TABLE t WITH (external_location = 's3://lake/t/', partitioned_by = ARRAY['p']) AS SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (3, 'c')) v (x, p)")
        .await;
    assert!(
        answer.starts_with("HIVE_FILESYSTEM_ERROR: Failed writing s3://lake/t/p=c/"),
        "{answer}"
    );
    *lake.space.writes_left.lock().unwrap() = None;
    assert_eq!(lake.space.keys("lake", "").len(), before);
    lake.check("SHOW TABLES", "s").await;
}

#[tokio::test]
async fn reading_stops_at_the_limit() {
    let lake = Lake::new();
    lake.check(
        "CREATE TABLE s WITH (format = 'JSON') AS SELECT 1 a",
        "1 rows",
    )
    .await;
    let mut order = lake.order("SELECT * FROM s");
    order.scan_limit_bytes = Some(1);
    let (result, bytes) = lake.engine.execute(&order).await;
    assert!(
        result
            .unwrap_err()
            .to_string()
            .contains("Bytes scanned limit was exceeded")
    );
    assert!(bytes > 1);
}
