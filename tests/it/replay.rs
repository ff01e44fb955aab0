//! Real input: a week of La Haute Borne through the whole stack, compared with figures that Python
//! computed from the same file.

use std::collections::BTreeSet;

use aws_sdk_glue::types::{
    CatalogSource, CodeGenConfigurationNode, JobCommand, S3GlueParquetTarget,
};
use windfarm::pipeline::crawl::crawl;
use windfarm::pipeline::deliver::deliver;
use windfarm::pipeline::produce::send;
use windfarm::pipeline::progress::Silent;
use windfarm::pipeline::provision::provision;
use windfarm::pipeline::query::query;
use windfarm::pipeline::transform::transform;
use windfarm::pipeline::{Clients, Plan, Step};
use windfarm::reading::{KeyChoice, Outgoing, la_haute_borne};

use crate::world;

const WEEK: &[u8] = include_bytes!("../../fixtures/lhb/la-haute-borne-2014-03-30-week.csv");
const FIGURES: &str = include_str!("../../fixtures/lhb/figures.json");

/// The course's own job: raw JSON to Parquet, nothing changed.
async fn plain_job(clients: &Clients, plan: &Plan) {
    let source = CatalogSource::builder()
        .name("raw")
        .database(&plan.database)
        .table(plan.raw_table())
        .build()
        .unwrap();
    let target = S3GlueParquetTarget::builder()
        .name("lake")
        .inputs("node-1")
        .path(plan.location(plan.curated_prefix()))
        .build()
        .unwrap();
    clients
        .glue
        .create_job()
        .name(&plan.job)
        .role(&plan.glue_role)
        .command(
            JobCommand::builder()
                .name("glueetl")
                .script_location("s3://x/y")
                .build(),
        )
        .code_gen_configuration_nodes(
            "node-1",
            CodeGenConfigurationNode::builder()
                .catalog_source(source)
                .build(),
        )
        .code_gen_configuration_nodes(
            "node-2",
            CodeGenConfigurationNode::builder()
                .s3_glue_parquet_target(target)
                .build(),
        )
        .send()
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_of_real_readings_gives_the_figures_computed_from_the_file() {
    let figures: serde_json::Value = serde_json::from_str(FIGURES).unwrap();
    let (readings, rejected) = la_haute_borne::read(WEEK).unwrap();
    assert!(rejected.is_empty());
    let records: Vec<Outgoing> = readings
        .iter()
        .map(|r| r.outgoing(KeyChoice::Source))
        .collect();

    let clients = world::clients(&world::emulator(11)).await;
    let plan = Plan::new("lake");
    provision(&clients, &plan, &Silent).await.unwrap();
    clients
        .glue
        .delete_job()
        .job_name(&plan.job)
        .send()
        .await
        .unwrap();
    plain_job(&clients, &plan).await;
    let sent = send(&clients, &plan.stream, &records, &Silent)
        .await
        .unwrap();
    assert_eq!(sent.records, figures["rows"].as_u64().unwrap());
    let delivered = deliver(&clients, &plan, sent.records, &Silent)
        .await
        .unwrap();
    assert_eq!(
        (delivered.records(), delivered.rejects()),
        (sent.records, 0)
    );
    crawl(&clients, &plan.raw_crawler, Step::CrawlRaw, &Silent)
        .await
        .unwrap();
    transform(&clients, &plan, &Silent).await.unwrap();
    crawl(&clients, &plan.curated_crawler, Step::CrawlCurated, &Silent)
        .await
        .unwrap();

    let by_turbine = query(
        &clients,
        &plan,
        "select turbine, count(*), count(active_power_kw), avg(active_power_kw), max(wind_speed_mps), \
         sum(case when active_power_kw < 0 then 1 else 0 end) \
         from curated group by turbine order by turbine",
    )
    .await
    .unwrap();
    let turbines = figures["turbines"].as_object().unwrap();
    assert_eq!(by_turbine.rows.len(), turbines.len());
    for (at, (name, known)) in turbines.iter().enumerate() {
        let cell = |column| by_turbine.cell(at, column).unwrap();
        assert_eq!(cell(0), name);
        assert_eq!(cell(1), known["rows"].to_string());
        assert_eq!(cell(2), known["with_power"].to_string());
        let (mean, expected) = (
            cell(3).parse::<f64>().unwrap(),
            known["mean_power_kw"].as_f64().unwrap(),
        );
        assert!(
            (mean - expected).abs() < 1e-9 * expected.abs(),
            "{name}: {mean} {expected}"
        );
        assert_eq!(
            cell(4).parse::<f64>().unwrap(),
            known["max_wind_mps"].as_f64().unwrap()
        );
        assert_eq!(cell(5), known["negative_power"].to_string());
    }

    // The clock that was not put forward: counted, not lost.
    let twice = query(
        &clients,
        &plan,
        "select count(*), sum(n) from (select turbine, event_time, count(*) as n from curated \
         group by turbine, event_time having count(*) > 1) as twice",
    )
    .await
    .unwrap();
    let keys = figures["duplicate_keys"].as_u64().unwrap();
    let rows = keys + figures["duplicate_rows"].as_u64().unwrap();
    assert_eq!(
        twice.rows,
        [[Some(keys.to_string()), Some(rows.to_string())]]
    );
    let empty = query(
        &clients,
        &plan,
        "select count(*) from curated where active_power_kw is null and wind_speed_mps is null \
         and pitch_deg is null and vane_deg is null and outdoor_temperature_c is null \
         and nacelle_position_deg is null and wind_direction_deg is null",
    )
    .await
    .unwrap();
    assert_eq!(empty.cell(0, 0).unwrap(), figures["null_rows"].to_string());

    // Everything arrived within one hour: arrival and event dates have nothing to do with each other.
    let hours: BTreeSet<String> = delivered.hours().into_iter().collect();
    assert!(hours.len() <= 2, "{hours:?}");
}
