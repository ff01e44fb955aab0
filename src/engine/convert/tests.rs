//! Conversions, read back by the Parquet reader.

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::basic::{Compression, Encoding, PageType};
use datafusion::parquet::file::reader::{FileReader, SerializedFileReader};
use proptest::prelude::*;

use super::*;
use crate::glue::api::{Column, StorageDescriptor};

const OUTPUT: Output = Output {
    codec: Codec::Snappy,
    block_bytes: 256 * 1024 * 1024,
    page_bytes: 1024 * 1024,
    dictionary: false,
    version_2: false,
};

fn table(columns: &[(&str, &str)]) -> Table {
    let columns = columns.iter().map(|(name, of)| Column {
        name: (*name).to_owned(),
        r#type: Some((*of).to_owned()),
        ..Column::default()
    });
    Table {
        name: "turbine".to_owned(),
        storage_descriptor: Some(StorageDescriptor {
            columns: Some(columns.collect()),
            ..StorageDescriptor::default()
        }),
        ..Table::default()
    }
}

fn openx() -> Input {
    Input::OpenX {
        case_insensitive: true,
        dots_to_underscores: false,
        mappings: BTreeMap::new(),
    }
}

const TURBINE: [(&str, &str); 4] = [
    ("Site", "string"),
    ("rpm", "int"),
    ("at", "timestamp"),
    ("tags", "array<struct<k:string,v:double>>"),
];

fn conversion(input: &Input) -> Conversion {
    Conversion::new(&table(&TURBINE), input, OUTPUT).unwrap()
}

fn records(texts: &[&str]) -> Vec<Bytes> {
    let texts = texts.iter();
    texts
        .map(|text| Bytes::copy_from_slice(text.as_bytes()))
        .collect()
}

fn read(body: &Bytes) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(body.clone()).unwrap();
    reader.build().unwrap().map(Result::unwrap).collect()
}

/// Rows as text, cells separated by a bar.
fn rows(body: &Bytes) -> Vec<String> {
    let mut rows = Vec::new();
    for batch in read(body) {
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter();
            let cells = cells.map(|cell| array_value_to_string(cell, row).unwrap());
            rows.push(cells.collect::<Vec<_>>().join("|"));
        }
    }
    rows
}

#[test]
fn records_become_rows_with_the_types_of_the_table() {
    let outcome = conversion(&openx())
        .run(&records(&[
            r#"{"site":"sul","rpm":"12","at":"2025-04-30 14:35:00","tags":[{"k":"a","v":1}]}"#,
            r#"{"RPM":13,"unknown":{"x":1},"Site":7}{"site":"norte"}"#,
            r#"{}"#,
        ]))
        .unwrap();
    assert_eq!(outcome.refused, []);
    assert_eq!(outcome.rows, 4);
    assert_eq!(
        rows(&outcome.body),
        [
            "sul|12|2025-04-30T14:35:00|[{k: a, v: 1.0}]",
            "7|13||",
            "norte|||",
            "|||"
        ]
    );
    let batches = read(&outcome.body);
    let schema = batches[0].schema();
    let fields = schema.fields().iter();
    let types: Vec<_> = fields
        .map(|f| (f.name().as_str(), f.data_type().clone()))
        .collect();
    let expected: Vec<_> = [
        "string",
        "int",
        "timestamp",
        "array<struct<k:string,v:double>>",
    ]
    .iter()
    .map(|of| arrow_type(&of.parse().unwrap()))
    .collect();
    assert_eq!(
        types.iter().map(|t| t.0).collect::<Vec<_>>(),
        ["site", "rpm", "at", "tags"]
    );
    assert_eq!(types.into_iter().map(|t| t.1).collect::<Vec<_>>(), expected);
}

#[test]
fn a_record_is_refused_alone_and_whole() {
    let outcome = conversion(&openx())
        .run(&records(&[
            r#"{"rpm":1}"#,
            "this is no json",
            r#"{"rpm":2}{"rpm":"oops"}{"rpm":3}"#,
            r#"{"tags":[{"v":1},{"v":"oops"}],"site":"lost"}"#,
            " \n",
            "42",
            r#"[{"rpm":4},{"rpm":5}]"#,
            r#"{"rpm":6} x"#,
            r#"{"rpm":7}"#,
        ]))
        .unwrap();
    assert_eq!(rows(&outcome.body), ["|1||", "|7||"]);
    assert_eq!(outcome.rows, 2);
    let refused: Vec<_> = outcome
        .refused
        .iter()
        .map(|refused| (refused.index, refused.kind, refused.message.as_str()))
        .collect();
    assert_eq!(
        refused,
        [
            (
                1,
                Refusal::Malformed,
                "Encountered malformed JSON. Unrecognized token 'this' at line 1, column 1"
            ),
            (
                2,
                Refusal::Mismatch,
                "Data does not match the schema. For input string: \"oops\""
            ),
            (
                3,
                Refusal::Mismatch,
                "Data does not match the schema. For input string: \"oops\""
            ),
            (
                4,
                Refusal::Mismatch,
                "The record was empty or contained only whitespace."
            ),
            (
                5,
                Refusal::Mismatch,
                "The input JSON contained a primitive at the top level. The top level must be an object or array."
            ),
            (
                6,
                Refusal::Mismatch,
                "An array of JSON documents is not a valid input."
            ),
            (
                7,
                Refusal::Malformed,
                "Encountered malformed JSON. Unrecognized token 'x' at line 1, column 11"
            ),
        ]
    );
    let bytes = conversion(&openx())
        .run(&[Bytes::from_static(b"{\"site\":\"\xff\"}")])
        .unwrap();
    assert_eq!(bytes.refused[0].kind, Refusal::Malformed);
    assert_eq!(rows(&bytes.body), Vec::<String>::new());
}

#[test]
fn keys_are_found_as_the_serde_is_told() {
    let mapped = Input::OpenX {
        case_insensitive: false,
        dots_to_underscores: true,
        mappings: BTreeMap::from([("Site".to_owned(), "wind.Site".to_owned())]),
    };
    let record = r#"{"wind.Site":"a","RPM":1,"rpm":2,"tags":[{"K":"x","v":0.5}]}"#;
    let outcome = conversion(&mapped).run(&records(&[record])).unwrap();
    assert_eq!(rows(&outcome.body), ["a|2||[{k: , v: 0.5}]"]);

    let hive = Input::Hive {
        timestamp_formats: vec!["dd/MM/yyyy".to_owned()],
    };
    let outcome = conversion(&hive)
        .run(&records(&[
            r#"{"SITE":"a","site":"b","at":"30/04/2025"}"#,
            r#"{"rpm":"1"}"#,
        ]))
        .unwrap();
    assert_eq!(rows(&outcome.body), ["b||2025-04-30T00:00:00|"]);
    assert_eq!(outcome.refused.len(), 1);
}

#[test]
fn the_file_is_written_as_asked() {
    let scattered = (0..60_000u64).map(|at| at * at * 2_654_435_761 % 2_147_483_647);
    let lines: Vec<String> = scattered.map(|rpm| format!("{{\"rpm\":{rpm}}}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let lines = records(&lines);
    let file = |output: Output| {
        let table = table(&[("rpm", "int")]);
        let outcome = Conversion::new(&table, &openx(), output)
            .unwrap()
            .run(&lines)
            .unwrap();
        assert_eq!(outcome.rows, 60_000);
        SerializedFileReader::new(outcome.body).unwrap()
    };
    let plain = file(OUTPUT);
    let group = plain.metadata().row_group(0);
    assert_eq!(plain.metadata().num_row_groups(), 1);
    assert_eq!(plain.metadata().file_metadata().version(), 1);
    assert_eq!(group.column(0).compression(), Compression::SNAPPY);
    assert!(
        !group
            .column(0)
            .encodings()
            .any(|encoding| encoding == Encoding::RLE_DICTIONARY)
    );

    let other = file(Output {
        codec: Codec::Gzip,
        block_bytes: 64 * 1024,
        page_bytes: 4 * 1024,
        dictionary: true,
        version_2: true,
    });
    assert!(other.metadata().num_row_groups() > 1, "blocks are small");
    assert_eq!(other.metadata().file_metadata().version(), 2);
    let group = other.metadata().row_group(0);
    assert!(matches!(
        group.column(0).compression(),
        Compression::GZIP(_)
    ));
    let pages: Vec<PageType> = other
        .get_row_group(0)
        .unwrap()
        .get_column_page_reader(0)
        .unwrap()
        .map(|page| page.unwrap().page_type())
        .collect();
    assert!(pages.contains(&PageType::DICTIONARY_PAGE), "{pages:?}");
    assert!(
        pages
            .iter()
            .filter(|page| **page == PageType::DATA_PAGE_V2)
            .count()
            > 1
    );
}

#[test]
fn tables_that_cannot_be_converted_to_are_refused_beforehand() {
    let refused = |columns: &[(&str, &str)], input: &Input, what: &str| {
        let error = Conversion::new(&table(columns), input, OUTPUT).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    };
    let hive = |format: &str| Input::Hive {
        timestamp_formats: vec![format.to_owned()],
    };
    refused(&[], &openx(), "has no columns");
    refused(&[("a", "uniontype<int>")], &openx(), "column `a`");
    refused(
        &[("a", "array<binary>")],
        &openx(),
        "not supported by org.openx.data.JsonSerDe",
    );
    refused(&[("a", "map<int,string>")], &openx(), "keys of type int");
    refused(&[("a", "int"), ("A", "int")], &openx(), "one key `a`");
    refused(&[("a", "timestamp")], &hive("yyyy ww"), "`ww`");
    assert!(Conversion::new(&table(&[("a", "binary")]), &hive("millis"), OUTPUT).is_ok());
}

fn record() -> impl Strategy<Value = String> {
    let member = prop_oneof![
        "[a-z]{0,3}".prop_map(|text| format!("\"site\":\"{text}\"")),
        any::<i64>().prop_map(|number| format!("\"rpm\":{number}")),
        any::<i16>().prop_map(|number| format!("\"RPM\":\"{number}\"")),
        Just("\"rpm\":\"oops\"".to_owned()),
        Just("\"tags\":[{\"v\":1},{\"v\":{}}]".to_owned()),
        Just("\"tags\":[{\"k\":\"x\",\"v\":1},null]".to_owned()),
        Just("\"tags\":{\"k\":1}".to_owned()),
        Just("broken".to_owned()),
    ];
    let object = prop::collection::vec(member, 0..4)
        .prop_map(|members| format!("{{{}}}", members.join(",")));
    prop::collection::vec(object, 0..3).prop_map(|objects| objects.concat())
}

proptest! {
    /// The reference is the conversion of each record by itself.
    #[test]
    fn records_are_converted_together_as_they_are_alone(texts in prop::collection::vec(record(), 0..20)) {
        let conversion = conversion(&openx());
        let records: Vec<Bytes> = texts.into_iter().map(Bytes::from).collect();
        let together = conversion.run(&records).unwrap();
        let mut alone = Vec::new();
        let mut refused = Vec::new();
        for (index, record) in records.iter().enumerate() {
            let one = conversion.run(std::slice::from_ref(record)).unwrap();
            let its_rows = rows(&one.body);
            prop_assert!(one.refused.is_empty() || its_rows.is_empty(), "whole or not at all");
            alone.extend(its_rows);
            refused.extend(one.refused.into_iter().map(|refused| Refused { index, ..refused }));
        }
        prop_assert_eq!(rows(&together.body), alone);
        prop_assert_eq!(&together.refused, &refused);
        prop_assert_eq!(conversion.run(&records).unwrap(), together);
    }
}
