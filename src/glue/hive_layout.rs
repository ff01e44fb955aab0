//! How Hive writes tables down: names of partition folders, and the Java classes of formats.

use percent_encoding::percent_decode_str;

/// Characters that folder names must not have, beside control characters.
const ESCAPED: &str = "\"#%'*/:=?\\{[]^\u{7f}";

/// A partition value as a folder's name holds it: some characters as `%` and two hex digits.
pub fn escape(value: &str) -> String {
    let mut name = String::with_capacity(value.len());
    for c in value.chars() {
        if c < ' ' || ESCAPED.contains(c) {
            name.push_str(&format!("%{:02X}", u32::from(c)));
        } else {
            name.push(c);
        }
    }
    name
}

/// A folder name's value, the reverse of [`escape`]; `None` when the bytes are no text.
pub fn unescape(folder: &str) -> Option<String> {
    let text = percent_decode_str(folder).decode_utf8();
    text.ok().map(std::borrow::Cow::into_owned)
}

/// Input format of lines of text.
pub const TEXT_INPUT: &str = "org.apache.hadoop.mapred.TextInputFormat";
/// Output format of lines of text.
pub const TEXT_OUTPUT: &str = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat";
/// SerDe of delimited text.
pub const LAZY_SIMPLE_SERDE: &str = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe";
/// SerDe of JSON that a crawler names.
pub const OPENX_SERDE: &str = "org.openx.data.jsonserde.JsonSerDe";
/// Hive's own SerDe of JSON.
pub const HIVE_JSON_SERDE: &str = "org.apache.hive.hcatalog.data.JsonSerDe";
/// SerDe of quoted text.
pub const OPEN_CSV_SERDE: &str = "org.apache.hadoop.hive.serde2.OpenCSVSerde";
/// SerDe of text by a regular expression.
pub const REGEX_SERDE: &str = "org.apache.hadoop.hive.serde2.RegexSerDe";
/// The same under its older name.
pub const CONTRIB_REGEX_SERDE: &str = "org.apache.hadoop.hive.contrib.serde2.RegexSerDe";
/// SerDe of text by Grok patterns.
pub const GROK_SERDE: &str = "com.amazonaws.glue.serde.GrokSerDe";
/// Input format of Parquet.
pub const PARQUET_INPUT: &str = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat";
/// Output format of Parquet.
pub const PARQUET_OUTPUT: &str = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat";
/// SerDe of Parquet.
pub const PARQUET_SERDE: &str = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe";
/// Input format of ORC.
pub const ORC_INPUT: &str = "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat";
/// Output format of ORC.
pub const ORC_OUTPUT: &str = "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat";
/// SerDe of ORC.
pub const ORC_SERDE: &str = "org.apache.hadoop.hive.ql.io.orc.OrcSerde";
/// Input format of Avro.
pub const AVRO_INPUT: &str = "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat";
/// Output format of Avro.
pub const AVRO_OUTPUT: &str = "org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat";
/// SerDe of Avro.
pub const AVRO_SERDE: &str = "org.apache.hadoop.hive.serde2.avro.AvroSerDe";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_are_undone_where_they_are_escapes() {
        assert_eq!(escape("2025-04-30 14:35"), "2025-04-30 14%3A35");
        assert_eq!(escape("a/b=c"), "a%2Fb%3Dc");
        for (folder, value) in [
            ("2025-04-30 17%3A35", Some("2025-04-30 17:35")),
            ("100%", Some("100%")),
            ("a%zzb", Some("a%zzb")),
            ("%C3%A9", Some("é")),
            ("%FF", None),
        ] {
            assert_eq!(unescape(folder).as_deref(), value);
        }
    }

    proptest! {
        #[test]
        fn any_value_survives_its_folder_name(text in "\\PC{1,20}|[\\x00-\\x7f]{1,20}") {
            let folder = escape(&text);
            prop_assert!(!folder.contains('/'));
            prop_assert_eq!(unescape(&folder), Some(text));
        }
    }
}
