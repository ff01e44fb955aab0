//! What direct put takes in a second, and how it says that this was enough.

use super::*;
use crate::base::ServiceError;

#[test]
fn bytes_beyond_the_quota_fail_record_by_record() {
    let (mut firehose, t) = (limited(), start());
    create_turbine(&mut firehose, &json!({})).unwrap();
    let records = vec![vec![0; 1024 * 1000]; 4];
    let mut put = |now: Timestamp| {
        let request = api::PutRecordBatchRequest {
            delivery_stream_name: "turbine".to_owned(),
            records: records
                .iter()
                .map(|data| api::Record {
                    data: data.clone().into(),
                })
                .collect(),
        };
        firehose
            .put_record_batch(&Call::root(now), request)
            .unwrap()
    };
    assert_eq!(put(t).failed_put_count, 0);
    let second = put(t + Duration::from_millis(999));
    assert_eq!(second.failed_put_count, 3);
    assert!(second.request_responses[0].record_id.is_some());
    let refused = &second.request_responses[1];
    assert_eq!(refused.record_id, None);
    assert_eq!(
        refused.error_code.as_deref(),
        Some("ServiceUnavailableException")
    );
    assert_eq!(refused.error_message.as_deref(), Some("Slow down."));
    assert_eq!(put(t + secs(1)).failed_put_count, 0);
    assert_eq!(firehose.counts("turbine").unwrap().accepted, 9);
}

#[test]
fn requests_beyond_the_quota_are_refused_as_a_whole() {
    let (mut firehose, t) = (limited(), start());
    create_turbine(&mut firehose, &json!({})).unwrap();
    for _ in 0..2_000 {
        put(&mut firehose, t, b"x").unwrap();
    }
    let refused = put(&mut firehose, t, b"x").unwrap_err();
    let refused = ServiceError::from(refused);
    assert_eq!(
        (refused.code.as_str(), refused.status),
        ("ServiceUnavailableException", 503)
    );
    put(&mut firehose, t + secs(1), b"x").unwrap();
}

#[test]
fn smaller_regions_take_less() {
    let ids = Arc::new(Ids::seeded(Seed::new(1)));
    let mut firehose = Firehose::new(AccountId::default(), Region::new("sa-east-1"), ids)
        .with_status_change(Duration::ZERO);
    create_turbine(&mut firehose, &json!({})).unwrap();
    put(&mut firehose, start(), &[0; 1_024_000]).unwrap();
    assert_eq!(
        put(&mut firehose, start(), &[0; 25_000]),
        Err(Error::SlowDown)
    );
}
