//! Splits, merges, UpdateShardCount and the lists that show them.

use super::*;
use crate::kinesis::SequenceNumber;

impl World {
    fn split(&mut self, shard: u32, at: &str) -> Result<()> {
        let call = self.call();
        let request = SplitShardRequest {
            stream_name: wind(),
            shard_to_split: format!("shardId-{shard:012}"),
            new_starting_hash_key: at.to_owned(),
            ..Default::default()
        };
        self.kinesis.split_shard(&call, request)
    }

    fn merge(&mut self, shard: u32, adjacent: u32) -> Result<()> {
        let call = self.call();
        let request = MergeShardsRequest {
            stream_name: wind(),
            shard_to_merge: format!("shardId-{shard:012}"),
            adjacent_shard_to_merge: format!("shardId-{adjacent:012}"),
            ..Default::default()
        };
        self.kinesis.merge_shards(&call, request)
    }

    fn scale(&mut self, target: i32) -> Result<UpdateShardCountResponse> {
        let call = self.call();
        let request = UpdateShardCountRequest {
            stream_name: wind(),
            target_shard_count: target,
            scaling_type: "UNIFORM_SCALING".to_owned(),
            ..Default::default()
        };
        self.kinesis.update_shard_count(&call, request)
    }

    fn open_ranges(&mut self) -> Vec<HashKeyRange> {
        let mut open: Vec<Shard> = self.shards();
        open.retain(|shard| shard.sequence_number_range.ending_sequence_number.is_none());
        let mut ranges: Vec<HashKeyRange> = open.into_iter().map(|s| s.hash_key_range).collect();
        ranges.sort_by_key(|range| range.starting_hash_key.parse::<u128>().unwrap());
        ranges
    }
}

const TOP: &str = "340282366920938463463374607431768211455";
const HALF: &str = "170141183460469231731687303715884105728";

#[test]
fn a_split_closes_the_parent_and_opens_two_children() {
    let mut world = World::with_shards(1, Limits::Off);
    world.put_at(0, "early");
    world.split(0, HALF).unwrap();
    assert_eq!(world.status("wind"), "UPDATING");
    assert_eq!(world.put_at(0, "late").shard_id, "shardId-000000000000");
    check_error(
        world.split(0, "5"),
        "ResourceInUseException",
        "Stream wind under account 000000000000 not ACTIVE, instead in state UPDATING",
    );
    world.settle();
    assert_eq!(world.status("wind"), "ACTIVE");
    let shards = world.shards();
    assert_eq!(shards.len(), 3);
    let number = |text: &str| text.parse::<SequenceNumber>().unwrap();
    let ended = number(
        shards[0]
            .sequence_number_range
            .ending_sequence_number
            .as_ref()
            .unwrap(),
    );
    assert_eq!(ended.index(), 0x7fff_ffff_ffff_ffff);
    for child in &shards[1..] {
        assert_eq!(
            child.parent_shard_id.as_deref(),
            Some("shardId-000000000000")
        );
        assert_eq!(child.adjacent_parent_shard_id, None);
        let started = number(&child.sequence_number_range.starting_sequence_number);
        assert_eq!(started.shard_created_secs(), ended.record_secs() + 1);
        assert!(started > ended);
    }
    assert_eq!(shards[1].hash_key_range.starting_hash_key, "0");
    assert_eq!(shards[2].hash_key_range.starting_hash_key, HALF);
    assert_eq!(shards[2].hash_key_range.ending_hash_key, TOP);
    assert_eq!(world.put_at(0, "new").shard_id, "shardId-000000000001");
    assert_eq!(
        world.put_at(u128::MAX, "new").shard_id,
        "shardId-000000000002"
    );

    let iterator = world.iterator_of(0, "TRIM_HORIZON");
    let last = world.get(&iterator).unwrap();
    assert_eq!(texts(&last), ["early", "late"]);
    assert_eq!(last.child_shards, None);
    let end = world.get(&last.next_shard_iterator.unwrap()).unwrap();
    assert_eq!((end.records.len(), end.next_shard_iterator), (0, None));
    assert_eq!(end.millis_behind_latest, Some(0));
    let children = end.child_shards.unwrap();
    assert_eq!(children.len(), 2);
    assert_eq!(children[0].parent_shards, ["shardId-000000000000"]);
    assert_eq!(children[1].hash_key_range.starting_hash_key, HALF);
}

#[test]
fn a_merge_names_both_parents() {
    let mut world = World::with_shards(3, Limits::Off);
    world.merge(0, 1).unwrap();
    world.settle();
    let shards = world.shards();
    let child = &shards[3];
    assert_eq!(
        child.parent_shard_id.as_deref(),
        Some("shardId-000000000000")
    );
    assert_eq!(
        child.adjacent_parent_shard_id.as_deref(),
        Some("shardId-000000000001")
    );
    assert_eq!(child.hash_key_range.starting_hash_key, "0");
    assert_eq!(
        child.hash_key_range.ending_hash_key,
        shards[1].hash_key_range.ending_hash_key
    );
    for parent in [0, 1] {
        let iterator = world.iterator_of(parent, "LATEST");
        let children = world.get(&iterator).unwrap().child_shards.unwrap();
        assert_eq!(children.len(), 1);
        assert_eq!(
            children[0].parent_shards,
            ["shardId-000000000000", "shardId-000000000001"]
        );
    }
}

#[test]
fn impossible_splits_and_merges_are_refused() {
    let mut world = World::with_shards(3, Limits::Off);
    let invalid = "InvalidArgumentException";
    for (shard, adjacent) in [(0, 2), (1, 0), (0, 0)] {
        check_error(
            world.merge(shard, adjacent),
            invalid,
            &format!(
                "Shards shardId-{shard:012} and shardId-{adjacent:012} in stream wind under account \
                 000000000000 are not an adjacent pair of shards eligible for merging"
            ),
        );
    }
    let end = "113427455640312821154458202477256070484";
    for at in [
        "0",
        "1",
        end,
        TOP,
        "999999999999999999999999999999999999999",
    ] {
        check_error(
            world.split(0, at),
            invalid,
            &format!(
                "NewStartingHashKey {at} used in SplitShard() on shard shardId-000000000000 in stream \
                 wind under account 000000000000 is not both greater than one plus the shard's \
                 StartingHashKey 0 and less than the shard's EndingHashKey {end}."
            ),
        );
    }
    check_error(
        world.split(9, "5"),
        "ResourceNotFoundException",
        "Could not find shard shardId-000000000009 in stream wind under account 000000000000.",
    );
    world.split(0, "5").unwrap();
    world.settle();
    check_code(world.split(0, "7"), invalid);
    check_code(world.merge(0, 1), invalid);
}

#[test]
fn update_shard_count_cuts_the_ring_evenly() {
    let mut world = World::with_shards(2, Limits::Off);
    for target in [4, 3, 6, 5, 10, 7, 1] {
        let before = world.open_ranges().len() as i32;
        let reply = world.scale(target).unwrap();
        assert_eq!(
            (reply.current_shard_count, reply.target_shard_count),
            (Some(before), Some(target))
        );
        world.settle();
        let expected: Vec<HashKeyRange> = crate::kinesis::hash::even_ranges(target as u32)
            .map(Into::into)
            .collect();
        assert_eq!(world.open_ranges(), expected, "{target}");
    }
    let shards = world.shards();
    let first_parents = shards[..2]
        .iter()
        .all(|shard| shard.parent_shard_id.is_none());
    assert!(first_parents);
    assert!(
        shards[2..]
            .iter()
            .all(|shard| shard.parent_shard_id.is_some())
    );
}

#[test]
fn doubling_is_one_split_a_shard() {
    let mut world = World::with_shards(2, Limits::Off);
    world.scale(4).unwrap();
    world.settle();
    let parents: Vec<_> = world.shards()[2..]
        .iter()
        .map(|shard| shard.parent_shard_id.clone().unwrap())
        .collect();
    assert_eq!(
        parents,
        [
            "shardId-000000000000",
            "shardId-000000000000",
            "shardId-000000000001",
            "shardId-000000000001"
        ]
    );
}

#[test]
fn update_shard_count_keeps_to_its_bounds() {
    let mut world = World::with_shards(1, Limits::Aws);
    check_error(
        world.scale(4),
        "LimitExceededException",
        "UpdateShardCount cannot scale up over double your current open shard count. Current open \
         shard count: 1 Target shard count: 4",
    );
    for target in [2, 4] {
        world.scale(target).unwrap();
        world.settle();
    }
    check_error(
        world.scale(1),
        "LimitExceededException",
        "UpdateShardCount cannot scale down below half your current open shard count. Current open \
         shard count: 4 Target shard count: 1",
    );
    for target in [2, 4, 2, 4, 2, 4, 2, 4] {
        world.scale(target).unwrap();
        world.settle();
    }
    check_code(world.scale(2), "LimitExceededException");
    world.pass_secs(24 * 3_600);
    world.scale(2).unwrap();
}

#[test]
fn an_on_demand_stream_is_not_resharded_by_hand() {
    let mut world = World::new(Limits::Aws);
    world.create("wind", None).unwrap();
    world.settle();
    check_code(world.scale(8), "ValidationException");
    check_code(world.split(0, "5"), "ValidationException");
    check_code(world.merge(0, 1), "ValidationException");
}

#[test]
fn filters_show_the_shards_of_an_instant() {
    let mut world = World::with_shards(1, Limits::Off);
    world.pass_secs(100);
    let before = world.now;
    world.pass_secs(100);
    world.split(0, HALF).unwrap();
    world.settle();
    let split = world.now;
    let after = split + Duration::from_millis(1);
    world.pass_secs(100);
    world.merge(1, 2).unwrap();
    world.settle();
    let mut check = |kind: &str, t: Option<Timestamp>, shard: Option<u32>, expected: &[u32]| {
        let filter = ShardFilter {
            r#type: kind.to_owned(),
            timestamp: t,
            shard_id: shard.map(|id| format!("shardId-{id:012}")),
        };
        let ids: Vec<String> = world
            .list_shards(Some(filter))
            .into_iter()
            .map(|shard| shard.shard_id)
            .collect();
        let expected: Vec<String> = expected
            .iter()
            .map(|id| format!("shardId-{id:012}"))
            .collect();
        assert_eq!(ids, expected, "{kind} {t:?}");
    };
    check("AT_LATEST", None, None, &[3]);
    check("AT_TRIM_HORIZON", None, None, &[0]);
    check("FROM_TRIM_HORIZON", None, None, &[0, 1, 2, 3]);
    check("AT_TIMESTAMP", Some(before), None, &[0]);
    // Both ends of a shard's life count as within it.
    check("AT_TIMESTAMP", Some(split), None, &[0, 1, 2]);
    check("AT_TIMESTAMP", Some(after), None, &[1, 2]);
    check("AT_TIMESTAMP", Some(Timestamp::EPOCH), None, &[0]);
    check("FROM_TIMESTAMP", Some(before), None, &[0, 1, 2, 3]);
    check("FROM_TIMESTAMP", Some(after), None, &[1, 2, 3]);
    check("AFTER_SHARD_ID", None, Some(1), &[2, 3]);
}

#[test]
fn shards_are_listed_page_by_page() {
    let mut world = World::with_shards(7, Limits::Aws);
    let mut ask = |now: Timestamp, request: ListShardsRequest| {
        world.kinesis.list_shards(&Call::root(now), request)
    };
    let now = Timestamp::parse("2026-11-24T06:00:00Z").unwrap();
    let mut request = ListShardsRequest {
        stream_name: wind(),
        max_results: Some(3),
        ..Default::default()
    };
    let mut sizes = Vec::new();
    let mut first_token = None;
    loop {
        let page = ask(now, request).unwrap();
        sizes.push(page.shards.unwrap().len());
        let Some(token) = page.next_token else { break };
        first_token.get_or_insert_with(|| token.clone());
        request = ListShardsRequest {
            next_token: Some(token),
            max_results: Some(3),
            ..Default::default()
        };
    }
    assert_eq!(sizes, [3, 3, 1]);
    let token = first_token.unwrap();
    let both = ListShardsRequest {
        stream_name: wind(),
        next_token: Some(token.clone()),
        ..Default::default()
    };
    check_error(
        ask(now, both),
        "InvalidArgumentException",
        "NextToken and StreamName cannot be provided together.",
    );
    check_error(
        ask(now, ListShardsRequest::default()),
        "InvalidArgumentException",
        "Either NextToken or StreamName should be provided.",
    );
    let alone = |token: &str| ListShardsRequest {
        next_token: Some(token.to_owned()),
        ..Default::default()
    };
    check_code(ask(now, alone("rubbish")), "InvalidArgumentException");
    let late = now + Duration::from_secs(301);
    check_code(ask(late, alone(&token)), "ExpiredNextTokenException");
}

#[test]
fn a_closed_shard_is_listed_until_its_retention_has_passed() {
    let mut world = World::with_shards(1, Limits::Off);
    world.put_at(0, "x");
    world.split(0, HALF).unwrap();
    world.settle();
    world.pass_secs(24 * 3_600);
    assert_eq!(world.shards().len(), 3);
    world.pass_secs(1);
    assert_eq!(world.shards().len(), 2);
    let counts = world.kinesis.stream_counts(world.now, "wind").unwrap();
    assert_eq!((counts.records, counts.shards.len()), (1, 2));
}

#[test]
fn an_on_demand_stream_doubles_a_quarter_of_an_hour_after_it_got_busy() {
    let mut world = World::new(Limits::Aws);
    world.create("wind", None).unwrap();
    world.settle();
    let calls = |world: &mut World, n: usize| {
        for _ in 0..n {
            let entries = (0..500).map(|i| entry(&format!("k{i}"), "x")).collect();
            world.put_many(entries).unwrap();
        }
    };
    // 2000 records a second are half of what four shards take: no need to grow.
    calls(&mut world, 4);
    assert_eq!(world.kinesis.next_due(), None);
    calls(&mut world, 1);
    let due = world.now + Duration::from_secs(15 * 60);
    assert_eq!(world.kinesis.next_due(), Some(due));
    calls(&mut world, 1);
    world.now = due;
    world.kinesis.advance(due);
    assert_eq!(world.kinesis.next_due(), None);
    assert_eq!(world.status("wind"), "ACTIVE");
    let ranges: Vec<HashKeyRange> = crate::kinesis::hash::even_ranges(8)
        .map(Into::into)
        .collect();
    assert_eq!(world.open_ranges(), ranges);
    assert_eq!(world.shards().len(), 12);
}

#[test]
fn lineages_stay_short_however_far_a_stream_is_scaled() {
    let mut world = World::with_shards(1, Limits::Off);
    world.scale(16).unwrap();
    world.settle();
    let shards = world.shards();
    // Fifteen splits make thirty shards besides the first; sixteen of them are open.
    assert_eq!(shards.len(), 31);
    for shard in &shards {
        let mut generations = 0;
        let mut parent = shard.parent_shard_id.clone();
        while let Some(id) = parent {
            generations += 1;
            let ancestor = shards.iter().find(|shard| shard.shard_id == id).unwrap();
            parent = ancestor.parent_shard_id.clone();
        }
        assert!(generations <= 4, "{}", shard.shard_id);
    }
}

#[test]
fn a_change_under_way_dies_with_its_stream() {
    let mut world = World::new(Limits::Off);
    world.create("wind", None).unwrap();
    world.settle();
    world
        .put_many((0..2_500).map(|i| entry(&i.to_string(), "x")).collect())
        .unwrap();
    let growth = world.kinesis.next_due().unwrap();
    let call = world.call();
    let delete = DeleteStreamRequest {
        stream_name: wind(),
        ..Default::default()
    };
    world.kinesis.delete_stream(&call, delete).unwrap();
    world.pass(CHANGE_TAKES);
    world.create("wind", None).unwrap();
    world.now = growth;
    assert_eq!(world.shards().len(), 4);
    assert_eq!(world.kinesis.next_due(), None);
}
