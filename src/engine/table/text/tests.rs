//! Lines as each SerDe cuts them.

use super::*;
use crate::engine::testing::table;

/// Values of a line, joined by `|`; NULL is `∅`.
fn check(
    serde: &str,
    properties: &[(&str, &str)],
    columns: &[(&str, &str)],
    line: &str,
    expected: &str,
) {
    let found = match reader(serde, properties, columns).row(line) {
        Err(why) => why,
        Ok(Value::Object(members)) => columns
            .iter()
            .map(|(name, _)| {
                let found = members.iter().find(|(key, _)| key == name);
                found.map_or("∅".to_owned(), |(_, value)| shown(value))
            })
            .collect::<Vec<_>>()
            .join("|"),
        Ok(other) => format!("{other:?}"),
    };
    assert_eq!(found, expected, "{line}");
}

fn reader(serde: &str, properties: &[(&str, &str)], columns: &[(&str, &str)]) -> TextSerDe {
    let mut table = table("t", serde, "s3://lake/t/", columns, &[]);
    let descriptor = table.storage_descriptor.as_mut().unwrap();
    descriptor.serde_info.as_mut().unwrap().parameters = Some(
        properties
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
    );
    TextSerDe::of(&table).unwrap().unwrap()
}

fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Null => "∅".to_owned(),
        Value::Text { text, .. } => text.to_string(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(shown).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("{key}={}", shown(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}

const AB: &[(&str, &str)] = &[("a", "string"), ("b", "int")];

#[test]
fn lazy_fields_are_cut_at_the_delimiter_and_null_is_its_own_text() {
    let lazy = hive_layout::LAZY_SIMPLE_SERDE;
    check(lazy, &[], AB, "x\u{1}1", "x|1");
    let comma = &[("field.delim", ",")];
    check(lazy, comma, AB, "x,1,more", "x|1");
    check(lazy, comma, AB, "x", "x|∅");
    check(lazy, comma, AB, "\\N,", "∅|");
    check(lazy, comma, AB, "", "|∅");
    check(lazy, &[("field.delim", "9")], AB, "x\t1", "x|1");
    check(lazy, &[("serialization.format", ";")], AB, "x;1", "x|1");
    let nothing = &[("field.delim", ","), ("serialization.null.format", "")];
    check(lazy, nothing, AB, ",1", "∅|1");
    let rest = &[
        ("field.delim", ","),
        ("serialization.last.column.takes.rest", "true"),
    ];
    check(
        lazy,
        rest,
        &[("a", "string"), ("b", "string")],
        "x,1,2",
        "x|1,2",
    );
}

#[test]
fn lazy_escapes_hide_delimiters() {
    let escaped = &[("field.delim", ","), ("escape.delim", "\\")];
    check(
        hive_layout::LAZY_SIMPLE_SERDE,
        escaped,
        &[("a", "string"), ("b", "string")],
        "x\\,y\\\\,z\\n",
        "x,y\\|z\n",
    );
}

#[test]
fn lazy_nests_by_depth() {
    let columns = &[
        ("l", "array<int>"),
        ("m", "map<string,array<int>>"),
        ("s", "struct<a:int,b:string>"),
    ];
    let delimiters = &[
        ("field.delim", "|"),
        ("colelction.delim", ","),
        ("mapkey.delim", ":"),
    ];
    check(
        hive_layout::LAZY_SIMPLE_SERDE,
        delimiters,
        columns,
        "1,2|k:3\u{4}4,j:5|6,x",
        "[1, 2]|{k=[3, 4], j=[5]}|{a=6, b=x}",
    );
    check(
        hive_layout::LAZY_SIMPLE_SERDE,
        delimiters,
        columns,
        "|\\N|7",
        "[]|∅|{a=7}",
    );
}

#[test]
fn csv_quotes_escapes_and_types_are_those_of_the_java_library() {
    let csv = hive_layout::OPEN_CSV_SERDE;
    let three = &[("a", "string"), ("b", "string"), ("c", "string")];
    check(csv, &[], three, r#""x","y ""z""","""#, r#"x|y "z"|"#);
    check(csv, &[], three, r#"x, "y,z",w"#, "x|y,z|w");
    check(csv, &[], three, r#""a\"b","c\\d",e\f"#, r#"a"b|c\d|ef"#);
    let other = &[("separatorChar", "\t"), ("quoteChar", "'")];
    check(csv, other, three, "'x\ty'\tz", "x\ty|z|∅");
    let typed = &[("n", "bigint"), ("d", "date"), ("t", "timestamp")];
    check(
        csv,
        &[],
        typed,
        "12,18276,1579059880000",
        "12|2020-01-15|2020-01-15 03:44:40",
    );
    check(
        csv,
        &[],
        typed,
        ",18276,1",
        "Error parsing field value '' for field 0: For input string: \"\"",
    );
}

#[test]
fn a_pattern_must_fit_the_whole_line() {
    let regex = hive_layout::REGEX_SERDE;
    let pattern = &[("input.regex", r"(\w+) (\d*)")];
    check(regex, pattern, AB, "x 12", "x|12");
    check(regex, pattern, AB, "x 12 y", "∅|∅");
    let grok = hive_layout::GROK_SERDE;
    let format = &[
        ("input.format", "%{DAYWORD:a}: %{INT:b}(?: %{GREEDYDATA})?"),
        ("input.grokCustomPatterns", "DAYWORD [a-z]+day\nOTHER x"),
    ];
    check(grok, format, AB, "monday: -7 rest", "monday|-7");
    check(grok, format, AB, "month: 7", "∅|∅");
    let apache = &[("input.format", "%{COMMONAPACHELOG}")];
    check(
        grok,
        apache,
        &[
            ("clientip", "string"),
            ("verb", "string"),
            ("response", "int"),
        ],
        "10.0.0.1 - bob [10/Oct/2000:13:55:36 -0700] \"GET /x HTTP/1.0\" 200 2326",
        "10.0.0.1|GET|200",
    );
}

#[test]
fn what_is_not_executed_is_named() {
    let check = |serde: &str, key: &str, value: &str, expected: &str| {
        let mut table = table("t", serde, "s3://lake/t/", AB, &[]);
        let descriptor = table.storage_descriptor.as_mut().unwrap();
        descriptor.serde_info.as_mut().unwrap().parameters =
            Some(BTreeMap::from([(key.to_owned(), value.to_owned())]));
        let error = TextSerDe::of(&table).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let lazy = hive_layout::LAZY_SIMPLE_SERDE;
    check(lazy, "serialization.encoding", "latin1", "latin1");
    check(lazy, "field.delim", "||", "more than one byte");
    check(lazy, "timestamp.formats", "x", "timestamp.formats");
    check(hive_layout::REGEX_SERDE, "input.regex", "(?=x)", "(?=x)");
    check(hive_layout::REGEX_SERDE, "other", "x", "input.regex");
    check(hive_layout::GROK_SERDE, "input.format", "%{NOPE:a}", "NOPE");
}
