//! Concatenated JSON, cut and broken anywhere.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Checks that the books balance and returns rows and rejected texts.
fn check(input: &[u8]) -> (Vec<Value>, Vec<String>) {
    let found = read(input);
    let mut spans: Vec<(u64, usize)> = found.rows.iter().map(|r| (r.offset, r.len)).collect();
    spans.extend(found.rejected.iter().map(|r| (r.offset, r.bytes.len())));
    spans.sort_unstable();
    let (mut at, mut blank) = (0, 0);
    for (offset, len) in spans {
        let gap = &input[at..offset as usize];
        assert!(
            gap.iter().all(|b| is_blank(*b)),
            "{gap:?} is not accounted for"
        );
        blank += gap.len();
        at = offset as usize + len;
    }
    assert!(input[at..].iter().all(|b| is_blank(*b)));
    assert_eq!((blank + input.len() - at) as u64, found.blank);
    assert_eq!(found.bytes(), input.len() as u64);
    for reject in &found.rejected {
        let from = reject.offset as usize;
        assert_eq!(reject.bytes, input[from..from + reject.bytes.len()]);
        assert!(!reject.bytes.is_empty());
    }
    let rejected = found.rejected.iter();
    (
        found.rows.into_iter().map(|row| row.value).collect(),
        rejected
            .map(|r| String::from_utf8_lossy(&r.bytes).into_owned())
            .collect(),
    )
}

fn check_text(input: &str, rows: &[Value], rejected: &[&str]) {
    let found = check(input.as_bytes());
    assert_eq!(found.0, rows, "rows of {input}");
    assert_eq!(found.1, rejected, "rejects of {input}");
}

#[test]
fn values_need_nothing_between_them() {
    let (a, b) = (json!({"a": 1}), json!({"b": {"c": [1, {}]}}));
    let rows = [a, b, json!([])];
    check_text(r#"{"a": 1}{"b": {"c": [1, {}]}}[]"#, &rows, &[]);
    check_text(
        " {\"a\": 1}\n\n\t{\"b\": {\"c\": [1, {}]}}\r\n[] ",
        &rows,
        &[],
    );
    check_text("", &[], &[]);
    check_text(" \n", &[], &[]);
}

#[test]
fn a_cut_off_record_does_not_take_the_next_one_along() {
    let (whole, next) = (
        r#"{"id": "1", "x": [true, -1.5e3], "n": null}"#,
        r#"{"id": "2"}"#,
    );
    // Right behind a colon, a bracket or a comma in an array the next record may be a nested one.
    let nested = |cut: &str| {
        let cut = cut.trim_end();
        cut.ends_with([':', '[']) || cut.ends_with("true,")
    };
    for at in 1..whole.len() {
        let cut = &whole[..at];
        let (rows, rejected) = check(format!("{cut}{next}{next}").as_bytes());
        if nested(cut) {
            assert!(rows.len() <= 1, "{cut}");
            assert_eq!(rejected.len(), 1, "{cut}");
        } else {
            assert_eq!(rows, [json!({"id": "2"}), json!({"id": "2"})], "{cut}");
            assert_eq!(rejected, [cut], "{cut}");
        }
        check_text(&format!("{next}{cut}"), &[json!({"id": "2"})], &[cut]);
    }
}

#[test]
fn what_is_not_json_is_rejected_and_reading_goes_on() {
    let ok = json!({"ok": true});
    for bad in [
        "x",
        "12",
        "\"text\"",
        "null",
        "\u{feff}",
        "INFO started ",
        "{'single': 1}",
        r#"{"a": 01}"#,
        r#"{"a": NaN}"#,
        r#"{"a": .5}"#,
        r#"{"a": 1.}"#,
        r#"{"a": +1}"#,
        r#"{"a": 1e}"#,
        r#"{"a": tru}"#,
        r#"{"a" 1}"#,
        r#"{"a": 1,}"#,
        r#"{,}"#,
        r#"[1,]"#,
        r#"{"a": [1}"#,
        r#"{"a": "\x"}"#,
        r#"{"a": "\u12g4"}"#,
        "{\"a\": \"line\nend\"}",
        "}",
        "]",
    ] {
        check_text(
            &format!("{bad}{{\"ok\": true}}"),
            std::slice::from_ref(&ok),
            &[bad],
        );
    }
}

#[test]
fn grammatical_but_unreadable_values_are_rejected_whole() {
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    for bad in [r#"{"a": 1e999}"#, r#"{"a": "\ud800"}"#, &deep] {
        let found = read(format!("{bad}{{}}").as_bytes());
        assert_eq!(found.rows.len(), 1);
        assert!(
            matches!(found.rejected[0].reason, Reason::Invalid(_)),
            "{bad}"
        );
    }
    let found = read(b"{\"a\": \"\xff\"}{}");
    assert_eq!((found.rows.len(), found.rejected.len()), (1, 1));
}

#[test]
fn objects_inside_a_broken_record_are_no_rows() {
    check_text(
        r#"{"a": {"inner": 1}, "b": [{"inner": 2}], oops}{"ok": true}"#,
        &[json!({"ok": true})],
        &[r#"{"a": {"inner": 1}, "b": [{"inner": 2}], oops}"#],
    );
}

#[test]
fn braces_in_strings_are_text() {
    check_text(
        r#"{"a": "{", "{": "}{", "b": "\"{"}{"c": "{ "}"#,
        &[json!({"a": "{", "{": "}{", "b": "\"{"}), json!({"c": "{ "})],
        &[],
    );
}

#[test]
fn reasons_say_what_is_wrong() {
    let reason = |input: &str| read(input.as_bytes()).rejected[0].reason.to_string();
    assert_eq!(reason("x"), "neither an object nor an array");
    assert_eq!(reason(r#"{"a": x}"#), "not JSON from byte 6 on");
    assert_eq!(reason(r#"{"a""#), "cut off at the end of the input");
    assert!(reason(r#"{"a": 1e999}"#).starts_with("not readable: number out of range"));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z{}\\[\\]\"\\\\: ,é\u{1F300}\n]{0,12}".prop_map(Value::from),
    ];
    let inner = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            object(inner).boxed(),
        ]
    });
    object(inner)
}

fn object(inner: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    prop::collection::vec(("[a-z{}\" ]{0,6}", inner), 0..4)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}

/// Texts made of the pieces that could confuse the reader, and arbitrary bytes.
fn mess() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            "\"",
            ":",
            ",",
            " ",
            "\n",
            "\\",
            "{\"",
            "\"a\":",
            "1",
            "-",
            "e5",
            "true",
            "null",
            "{\"a\": \"b\"}",
            "{\"id\": 1, \"x\": {\"y\": []}}",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 1..4),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn read_in_pieces(input: &[u8], sizes: &[usize]) -> Found {
    let (mut reader, mut all, mut rest) = (Reader::default(), Found::default(), input);
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let size = sizes.next().map_or(1, |size| (*size).clamp(1, rest.len()));
        let (head, tail) = rest.split_at(size);
        reader.feed(head);
        let part = reader.take();
        all.rows.extend(part.rows);
        all.rejected.extend(part.rejected);
        all.blank += part.blank;
        rest = tail;
    }
    let part = reader.finish();
    all.rows.extend(part.rows);
    all.rejected.extend(part.rejected);
    all.blank += part.blank;
    all
}

proptest! {
    #[test]
    fn written_values_come_back_whatever_stands_between_them_and_however_they_are_cut(
        values in prop::collection::vec((value(), "[ \n\r\t]{0,2}"), 0..12),
        sizes in prop::collection::vec(1usize..9, 1..5),
    ) {
        let mut input = String::new();
        for (value, blank) in &values {
            input.push_str(&value.to_string());
            input.push_str(blank);
        }
        let expected: Vec<_> = values.into_iter().map(|(value, _)| value).collect();
        let (rows, rejected) = check(input.as_bytes());
        prop_assert_eq!(&rows, &expected);
        prop_assert!(rejected.is_empty());
        let pieces = read_in_pieces(input.as_bytes(), &sizes);
        prop_assert_eq!(pieces, read(input.as_bytes()));
    }

    #[test]
    fn every_byte_of_any_input_is_accounted_for(
        input in mess(), sizes in prop::collection::vec(1usize..9, 1..5),
    ) {
        check(&input);
        prop_assert_eq!(read_in_pieces(&input, &sizes), read(&input));
    }

    #[test]
    fn the_grammar_agrees_with_a_full_parser(input in mess()) {
        // An input that is one object by serde_json's judgement is one row, and the other way round.
        let whole = serde_json::from_slice::<Value>(&input).ok();
        let container = whole.filter(|value| value.is_object() || value.is_array());
        let found = read(&input);
        let one = found.rejected.is_empty() && found.rows.len() == 1;
        prop_assert_eq!(one.then(|| found.rows[0].value.clone()), container);
    }
}
