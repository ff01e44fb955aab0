//! What happened to each stream, shard by shard: the books behind `windfarm streams show`.

use serde_json::{Value, json};

use crate::base::{AccountId, Region};
use crate::emulator::State;
use crate::kinesis::{Error, ShardCounts};

/// What a request's query asks about: an account and a region.
fn asked(query: &str) -> Option<(AccountId, Region)> {
    let (mut account, mut region) = (AccountId::default(), Region::default());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "account" => account = AccountId::parse(&value)?,
            "region" => region = Region::new(value),
            _ => return None,
        }
    }
    Some((account, region))
}

/// The stream of this name, or why there is no answer: status and words.
pub(super) fn document(state: &State, name: &str, query: &str) -> Result<Value, (u16, String)> {
    let (account, region) = asked(query).ok_or((
        400,
        "the query takes account=<12 digits> and region=<name>".to_owned(),
    ))?;
    let missing = || {
        let error = Error::StreamNotFound {
            stream: name.to_owned(),
            account: account.clone(),
        };
        (404, error.to_string())
    };
    let site = state.known_site(&account, &region).ok_or_else(missing)?;
    let now = state.clock.now();
    let counts = site.kinesis().stream_counts(now, name);
    let counts = counts.map_err(|_| missing())?;
    let shards: Vec<Value> = counts.shards.iter().map(shard).collect();
    Ok(json!({
        "stream": name,
        "account": account.as_str(),
        "region": region.as_str(),
        "records": counts.records,
        "bytes": counts.bytes,
        "throttled": counts.throttled,
        "shards": shards,
    }))
}

fn shard(counts: &ShardCounts) -> Value {
    json!({
        "shard": counts.shard_id.to_string(),
        "open": counts.open,
        "records": counts.records,
        "bytes": counts.bytes,
        "throttled": counts.throttled,
        "stored_records": counts.stored_records,
        "stored_bytes": counts.stored_bytes,
        "write_utilisation": (counts.write_utilisation * 1_000.0).round() / 1_000.0,
    })
}
