//! The state machine: what may be called when.

use super::*;

fn crawlers_with(request: CreateCrawlerRequest) -> Crawlers {
    let mut crawlers = Crawlers::new(Arc::new(Ids::seeded(Seed::new(1))));
    crawlers.create_crawler(&Roles, &call(1), request).unwrap();
    crawlers
}

fn ready() -> Crawlers {
    crawlers_with(request(&["s3://lake/raw/"]))
}

fn stop(crawlers: &mut Crawlers) -> Result<StopCrawlerResponse> {
    crawlers.stop_crawler(&StopCrawlerRequest {
        name: "turbine-crawler".to_owned(),
    })
}

fn state(crawlers: &Crawlers) -> String {
    shown(crawlers, 0).state.unwrap()
}

fn crawls(crawlers: &Crawlers, filters: Option<Vec<CrawlsFilter>>) -> Vec<CrawlerHistory> {
    let request = ListCrawlsRequest {
        crawler_name: "turbine-crawler".to_owned(),
        filters,
        ..ListCrawlsRequest::default()
    };
    crawlers.list_crawls(&request).unwrap().crawls.unwrap()
}

#[test]
fn a_new_crawler_shows_the_defaults_that_aws_fills_in() {
    let json = serde_json::to_value(shown(&ready(), 9)).unwrap();
    assert_eq!(
        json,
        json!({
            "Name": "turbine-crawler", "Role": "GlueRole", "DatabaseName": "wind",
            "Targets": {"S3Targets": [{"Path": "s3://lake/raw/"}]},
            "Classifiers": [], "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVERYTHING"},
            "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE",
                "DeleteBehavior": "DEPRECATE_IN_DATABASE"},
            "LineageConfiguration": {"CrawlerLineageSettings": "DISABLE"}, "State": "READY",
            "CrawlElapsedTime": 0, "CreationTime": 1.0, "LastUpdated": 1.0, "Version": 1,
            "LakeFormationConfiguration": {"UseLakeFormationCredentials": false, "AccountId": ""},
        })
    );
}

#[test]
fn a_crawl_goes_from_ready_over_running_and_stopping_back_to_ready() {
    let mut crawlers = ready();
    start(&mut crawlers, 10).unwrap();
    assert_eq!(state(&crawlers), "RUNNING");
    assert_eq!(shown(&crawlers, 13).crawl_elapsed_time, Some(3_000));
    let order = crawlers.take_crawl_orders().remove(0);
    assert_eq!(
        order.call.caller_arn,
        "arn:aws:sts::111111111111:assumed-role/GlueRole/AWS-Crawler"
    );
    assert_eq!(
        start(&mut crawlers, 11).unwrap_err(),
        Error::CrawlerRunning("Crawler with name turbine-crawler has already started".to_owned())
    );
    assert!(crawlers.begin_writing(&order.crawler, &order.crawl_id));
    assert_eq!(state(&crawlers), "STOPPING");
    assert_eq!(
        stop(&mut crawlers).unwrap_err().code(),
        "CrawlerStoppingException"
    );
    let outcome = CrawlOutcome {
        tables_created: vec!["raw".to_owned()],
        ..CrawlOutcome::default()
    };
    crawlers.finish_crawl(
        Timestamp::from_secs(20),
        &order.crawler,
        &order.crawl_id,
        outcome,
    );
    let crawler = shown(&crawlers, 30);
    assert_eq!(crawler.state.as_deref(), Some("READY"));
    let last = crawler.last_crawl.unwrap();
    assert_eq!(last.status.as_deref(), Some("SUCCEEDED"));
    assert_eq!(last.log_group.as_deref(), Some("/aws-glue/crawlers"));
    assert_eq!(
        last.message_prefix.as_deref(),
        Some(order.crawl_id.as_str())
    );
    assert_eq!(last.start_time, Some(Timestamp::from_secs(10)));
    assert_eq!(
        crawls(&crawlers, None)[0].state.as_deref(),
        Some("COMPLETED")
    );
    let metrics = crawlers
        .get_crawler_metrics(&GetCrawlerMetricsRequest::default())
        .unwrap();
    let metrics = metrics.crawler_metrics_list.unwrap().remove(0);
    assert_eq!(
        (metrics.tables_created, metrics.last_runtime_seconds),
        (Some(1), Some(10.0))
    );
}

#[test]
fn stopping_a_crawl_cancels_it() {
    let mut crawlers = ready();
    assert_eq!(
        stop(&mut crawlers).unwrap_err().code(),
        "CrawlerNotRunningException"
    );
    start(&mut crawlers, 10).unwrap();
    let order = crawlers.take_crawl_orders().remove(0);
    assert!(!crawlers.is_cancelled(&order.crawler, &order.crawl_id));
    stop(&mut crawlers).unwrap();
    assert_eq!(state(&crawlers), "STOPPING");
    assert!(crawlers.is_cancelled(&order.crawler, &order.crawl_id));
    assert!(!crawlers.begin_writing(&order.crawler, &order.crawl_id));
    let outcome = CrawlOutcome {
        cancelled: true,
        ..CrawlOutcome::default()
    };
    crawlers.finish_crawl(
        Timestamp::from_secs(11),
        &order.crawler,
        &order.crawl_id,
        outcome,
    );
    let last = shown(&crawlers, 12).last_crawl.unwrap();
    assert_eq!(last.status.as_deref(), Some("CANCELLED"));
    assert_eq!(crawls(&crawlers, None)[0].state.as_deref(), Some("STOPPED"));
}

#[test]
fn a_running_crawler_is_neither_changed_nor_deleted() {
    let mut crawlers = ready();
    start(&mut crawlers, 10).unwrap();
    let update = UpdateCrawlerRequest {
        name: "turbine-crawler".to_owned(),
        ..UpdateCrawlerRequest::default()
    };
    let error = crawlers
        .update_crawler(&Roles, &call(11), update)
        .unwrap_err();
    assert_eq!(error.code(), "CrawlerRunningException");
    let delete = DeleteCrawlerRequest {
        name: "turbine-crawler".to_owned(),
    };
    assert_eq!(
        crawlers.delete_crawler(&delete).unwrap_err().code(),
        "CrawlerRunningException"
    );
}

#[test]
fn missing_crawlers_have_the_text_of_their_call() {
    let mut crawlers = Crawlers::new(Arc::new(Ids::seeded(Seed::new(1))));
    assert_eq!(
        start(&mut crawlers, 1).unwrap_err().to_string(),
        "Crawler with name turbine-crawler does not exist"
    );
    let get = GetCrawlerRequest {
        name: "x".to_owned(),
    };
    assert_eq!(
        crawlers
            .get_crawler(&call(1), &get)
            .unwrap_err()
            .to_string(),
        "Crawler entry with name x does not exist"
    );
}

#[test]
fn what_a_crawler_cannot_be_is_refused() {
    let check = |request: CreateCrawlerRequest, message: &str| {
        let mut crawlers = Crawlers::new(Arc::new(Ids::seeded(Seed::new(1))));
        let error = crawlers
            .create_crawler(&Roles, &call(1), request)
            .unwrap_err();
        assert_eq!(error.to_string(), message);
    };
    let good = || request(&["s3://lake/raw/"]);
    check(
        CreateCrawlerRequest {
            role: "stranger".to_owned(),
            ..good()
        },
        "Service is unable to assume provided role. Please verify role's TrustPolicy",
    );
    check(
        CreateCrawlerRequest {
            database_name: None,
            ..good()
        },
        "You must provide the DatabaseName parameter when you specify a non-catalog targeted crawler.",
    );
    check(request(&["/raw"]), "Invalid S3 Target Path");
    check(
        request(&[]),
        "At least one crawler target must be specified.",
    );
    check(
        CreateCrawlerRequest {
            schedule: Some("rate(5 minutes)".to_owned()),
            ..good()
        },
        "Invalid schedule cron expression. Expected format: Cron(CRON_EXPRESSION)",
    );
    check(
        CreateCrawlerRequest {
            configuration: Some("{".to_owned()),
            ..good()
        },
        "Crawler configuration not valid: Error parsing JSON",
    );
    check(
        CreateCrawlerRequest {
            classifiers: Some(vec!["grok".to_owned()]),
            ..good()
        },
        "Crawler.Classifiers (custom classifiers)",
    );
    let mut jdbc = good();
    jdbc.targets.jdbc_targets = Some(vec![JdbcTarget::default()]);
    check(jdbc, "CrawlerTargets.JdbcTargets");
    let mut recrawl = good();
    recrawl.recrawl_policy = Some(RecrawlPolicy {
        recrawl_behavior: Some("CRAWL_NEW_FOLDERS_ONLY".to_owned()),
    });
    check(recrawl, "RecrawlBehavior CRAWL_NEW_FOLDERS_ONLY");
    let bare = crawlers_with(request(&["lake/raw"]));
    assert!(
        bare.exists("turbine-crawler"),
        "a path without scheme is accepted"
    );
}

#[test]
fn an_update_changes_what_is_sent_and_counts_the_version() {
    let mut crawlers = crawlers_with(CreateCrawlerRequest {
        schedule: Some("cron(0 1 * * ? *)".to_owned()),
        description: Some("old".to_owned()),
        ..request(&["s3://lake/raw/"])
    });
    let update = UpdateCrawlerRequest {
        name: "turbine-crawler".to_owned(),
        schedule: Some(String::new()),
        configuration: Some(String::new()),
        table_prefix: Some("p_".to_owned()),
        ..UpdateCrawlerRequest::default()
    };
    crawlers.update_crawler(&Roles, &call(5), update).unwrap();
    let crawler = shown(&crawlers, 6);
    assert_eq!((crawler.version, crawler.schedule), (Some(2), None));
    assert_eq!(crawler.description.as_deref(), Some("old"));
    assert_eq!(crawler.table_prefix.as_deref(), Some("p_"));
}

#[test]
fn a_schedule_starts_crawls_and_can_be_turned_off() {
    let mut crawlers = crawlers_with(CreateCrawlerRequest {
        schedule: Some("cron(0/10 * * * ? *)".to_owned()),
        ..request(&["s3://lake/raw/"])
    });
    assert_eq!(crawlers.next_due(), Some(Timestamp::from_secs(600)));
    crawlers.run_schedules(&call(599));
    assert!(crawlers.take_crawl_orders().is_empty());
    crawlers.run_schedules(&call(600));
    assert_eq!(crawlers.take_crawl_orders().len(), 1);
    // Still running at the next turn: that turn is skipped.
    crawlers.run_schedules(&call(1_200));
    assert!(crawlers.take_crawl_orders().is_empty());
    assert_eq!(crawlers.next_due(), Some(Timestamp::from_secs(1_800)));
    let stop = StopCrawlerScheduleRequest {
        crawler_name: "turbine-crawler".to_owned(),
    };
    crawlers.stop_crawler_schedule(&call(1_300), &stop).unwrap();
    assert_eq!(crawlers.next_due(), None);
    assert_eq!(
        shown(&crawlers, 1_300).schedule.unwrap().state.as_deref(),
        Some("NOT_SCHEDULED")
    );
    let error = crawlers
        .stop_crawler_schedule(&call(1_300), &stop)
        .unwrap_err();
    assert_eq!(error.code(), "SchedulerNotRunningException");
}

#[test]
fn crawls_are_listed_newest_first_and_filtered() {
    let mut crawlers = ready();
    for second in [10, 20, 30] {
        start(&mut crawlers, second).unwrap();
        let order = crawlers.take_crawl_orders().remove(0);
        let outcome = CrawlOutcome {
            error: (second == 20).then(|| "the bucket is gone".to_owned()),
            ..CrawlOutcome::default()
        };
        let end = Timestamp::from_secs(second + 1);
        crawlers.finish_crawl(end, &order.crawler, &order.crawl_id, outcome);
    }
    let starts: Vec<i64> = crawls(&crawlers, None)
        .iter()
        .map(|c| c.start_time.unwrap().secs())
        .collect();
    assert_eq!(starts, [30, 20, 10]);
    let filter = |field: &str, operator: &str, value: &str| {
        let filter = CrawlsFilter {
            field_name: Some(field.to_owned()),
            filter_operator: Some(operator.to_owned()),
            field_value: Some(value.to_owned()),
        };
        crawls(&crawlers, Some(vec![filter])).len()
    };
    assert_eq!(filter("STATE", "EQ", "FAILED"), 1);
    assert_eq!(filter("STATE", "NE", "FAILED"), 2);
    assert_eq!(filter("START_TIME", "GE", "20000"), 2);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Start,
    Stop,
    Write,
    Finish,
}

proptest! {
    /// Against a model of three states: who may do what, and where it leads.
    #[test]
    fn the_states_follow_the_model(steps in proptest::collection::vec(
        prop::sample::select(vec![Step::Start, Step::Stop, Step::Write, Step::Finish]), 0..40,
    )) {
        let mut crawlers = ready();
        let mut model = "READY";
        let mut crawl_id = String::new();
        let mut finished = 0;
        for (at, step) in steps.into_iter().enumerate() {
            let now = 10 + at as i64;
            match step {
                Step::Start => {
                    let result = start(&mut crawlers, now);
                    prop_assert_eq!(result.is_ok(), model == "READY");
                    if model == "READY" {
                        crawl_id = crawlers.take_crawl_orders().remove(0).crawl_id;
                        model = "RUNNING";
                    }
                }
                Step::Stop => {
                    prop_assert_eq!(stop(&mut crawlers).is_ok(), model == "RUNNING");
                    if model == "RUNNING" {
                        model = "STOPPING";
                    }
                }
                Step::Write => {
                    let cancelled = crawlers.is_cancelled("turbine-crawler", &crawl_id);
                    let allowed = crawlers.begin_writing("turbine-crawler", &crawl_id);
                    prop_assert_eq!(allowed, !cancelled);
                    if allowed {
                        model = "STOPPING";
                    }
                }
                Step::Finish => {
                    let outcome = CrawlOutcome::default();
                    crawlers.finish_crawl(Timestamp::from_secs(now), "turbine-crawler", &crawl_id, outcome);
                    finished += usize::from(model != "READY");
                    model = "READY";
                }
            }
            prop_assert_eq!(state(&crawlers), model);
            prop_assert_eq!(crawlers.finished_crawls("turbine-crawler").len(), finished);
        }
    }
}
