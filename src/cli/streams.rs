//! `windfarm streams show`: what happened to a stream, shard by shard.

use std::process::ExitCode;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use serde_json::Value;

use crate::cli::args::{ShowArgs, StreamsCommand};
use crate::cli::failure::Failure;
use crate::cli::{health, output};

/// Asks a running emulator and prints a table, or its JSON.
pub async fn run(command: StreamsCommand) -> Result<ExitCode, Failure> {
    let StreamsCommand::Show(args) = command;
    let path = path(&args);
    let endpoint = args.place.endpoint();
    let answer = health::get(&endpoint, &path).await?;
    let document: Value = serde_json::from_str(&answer.body)
        .map_err(|_| Failure::new(format!("what answers at {endpoint} is no windfarm")))?;
    if !answer.is_ok() {
        let reason = document
            .get("error")
            .and_then(Value::as_str)
            .unwrap_or("it does not say why");
        return Err(Failure::new(reason));
    }
    if args.json {
        output::line(document);
    } else {
        output::line(table(&document));
    }
    Ok(ExitCode::SUCCESS)
}

fn path(args: &ShowArgs) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(account) = &args.account {
        query.append_pair("account", account);
    }
    query.append_pair("region", &args.region);
    // Names of streams need no escaping; anything else is no stream.
    let name: String = url::form_urlencoded::byte_serialize(args.name.as_bytes()).collect();
    format!("/_windfarm/streams/{name}?{}", query.finish())
}

fn table(document: &Value) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header([
        "shard",
        "state",
        "records",
        "bytes",
        "throttled",
        "kept",
        "used now",
    ]);
    for shard in document["shards"].as_array().into_iter().flatten() {
        let used = shard["write_utilisation"].as_f64().unwrap_or(0.0);
        table.add_row([
            shard["shard"].as_str().unwrap_or_default().to_owned(),
            match shard["open"].as_bool() {
                Some(true) => "open".to_owned(),
                _ => "closed".to_owned(),
            },
            shard["records"].to_string(),
            shard["bytes"].to_string(),
            shard["throttled"].to_string(),
            shard["stored_records"].to_string(),
            format!("{:.0} %", used * 100.0),
        ]);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!(
        "{table}\n{} records, {} bytes, {} throttled over the life of {}",
        document["records"],
        document["bytes"],
        document["throttled"],
        document["stream"].as_str().unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_hot_shard_is_seen() {
        let document = json!({"stream": "wind", "records": 12, "bytes": 120, "throttled": 3, "shards": [
            {"shard": "shardId-000000000000", "open": false, "records": 2, "bytes": 20,
                "throttled": 0, "stored_records": 2, "write_utilisation": 0.0},
            {"shard": "shardId-000000000001", "open": true, "records": 10, "bytes": 100,
                "throttled": 3, "stored_records": 10, "write_utilisation": 0.97}]});
        let text = table(&document);
        for part in [
            "shardId-000000000001",
            "open",
            "closed",
            "97 %",
            "3 throttled over the life of wind",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }
}
