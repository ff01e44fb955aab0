//! The columns of a result as Athena reports them.

use crate::athena::api::ColumnInfo;

/// A column of a result.
///
/// [`ResultColumn::of`] makes one from Trino's type; the fields are open because some statements
/// report what no type says (the columns of SHOW have precision 0).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultColumn {
    /// Its name, which is its label too.
    pub name: String,
    /// Athena's name of the type: lower case, without parameters; `real` is `float` here.
    pub type_name: String,
    /// Digits or characters.
    pub precision: i32,
    /// Digits behind the point.
    pub scale: i32,
    /// Whether comparisons heed case: varchar and char.
    pub case_sensitive: bool,
}

/// Precision of a varchar without length.
const UNBOUNDED: i32 = i32::MAX;
/// Precision of a varbinary.
const VARBINARY: i32 = 1_073_741_824;

impl ResultColumn {
    /// A column of a Trino type such as `varchar(10)`, `decimal(10,2)`, `timestamp(3)` or
    /// `array(integer)`. The numbers were measured on live Athena (2026-09).
    pub fn of(name: &str, trino_type: &str) -> Self {
        let text = trino_type.trim().to_ascii_lowercase();
        let base = base_name(&text);
        let mut numbers = text
            .split_once('(')
            .and_then(|(_, rest)| rest.split_once(')'))
            .map(|(inner, _)| inner)
            .unwrap_or_default()
            .split(',')
            .map(|number| number.trim().parse::<i32>().ok());
        let first = numbers.next().flatten();
        let (precision, scale) = match base.as_str() {
            "tinyint" => (3, 0),
            "smallint" => (5, 0),
            "integer" => (10, 0),
            "bigint" => (19, 0),
            "float" | "double" => (17, 0),
            "varchar" => (first.unwrap_or(UNBOUNDED), 0),
            "char" => (first.unwrap_or(1), 0),
            "varbinary" => (VARBINARY, 0),
            "decimal" => (first.unwrap_or(38), numbers.next().flatten().unwrap_or(0)),
            // Athena cuts to milliseconds whatever the type's own precision.
            "timestamp" | "timestamp with time zone" | "time" | "time with time zone" => (3, 0),
            _ => (0, 0),
        };
        Self {
            name: name.to_owned(),
            case_sensitive: matches!(base.as_str(), "varchar" | "char"),
            type_name: base,
            precision,
            scale,
        }
    }

    /// A column of a statement of Hive's side: type `string`, no precision.
    pub fn hive_string(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            type_name: "string".to_owned(),
            ..Self::default()
        }
    }

    pub(crate) fn info(&self) -> ColumnInfo {
        ColumnInfo {
            catalog_name: Some("hive".to_owned()),
            schema_name: Some(String::new()),
            table_name: Some(String::new()),
            name: self.name.clone(),
            label: Some(self.name.clone()),
            r#type: self.type_name.clone(),
            precision: Some(self.precision),
            scale: Some(self.scale),
            nullable: Some("UNKNOWN".to_owned()),
            case_sensitive: Some(self.case_sensitive),
        }
    }
}

/// The type without its parameters: `timestamp(3) with time zone` → `timestamp with time zone`.
fn base_name(text: &str) -> String {
    let head = text.split('(').next().unwrap_or_default().trim();
    let zoned = matches!(head, "timestamp" | "time") && text.ends_with("with time zone");
    match head {
        "real" => "float".to_owned(),
        "int" => "integer".to_owned(),
        _ if zoned => format!("{head} with time zone"),
        _ => head.to_owned(),
    }
}
