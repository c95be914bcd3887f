//! Runs in a copy of nsx-api whose code was generated from `swagger.yaml` after an import: the
//! operations of a manager's own document make the documented requests.

use std::sync::{Arc, Mutex};

use nsx_api::ErrorKind;
use nsx_api::mock::{Answer, Manager};
use nsx_api::types::{Check, PingCheck, PortCheck, Probe};
use serde_json::{Value, json};

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

#[tokio::test]
async fn path_queries_multipart_parts_and_csv_streams_are_sent_and_received() -> Result {
    let manager = Manager::start().await?;
    let client = manager.client()?;
    client.restart_probe("a/b").send().await?;
    client.upload_image(b"\0image".to_vec()).label("l").send().await?;
    manager.respond_with(Answer::status(200).header("content-type", "text/csv").body("time,state\n1,UP\n"));
    let mut rows = client.read_probe_history("p").send().await?.into_inner();
    let mut text = Vec::new();
    while let Some(chunk) = rows.next().await {
        text.extend_from_slice(&chunk?);
    }
    assert_eq!(text, b"time,state\n1,UP\n");

    let requests = manager.requests();
    let [restart, upload, read] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!((restart.path.as_str(), restart.query.as_deref()), ("/api/v1/probes/a%2Fb", Some("action=restart")));
    assert_eq!((upload.path.as_str(), upload.query.as_deref()), ("/api/v1/images", Some("action=upload")));
    assert!(upload.header("content-type").unwrap_or_default().starts_with("multipart/form-data; boundary="));
    let body = String::from_utf8_lossy(&upload.body);
    assert!(body.contains("name=\"file\"") && body.contains("\0image") && body.contains("name=\"label\""), "{body}");
    assert_eq!(read.path, "/api/v1/probes/p/history");
    Ok(())
}

#[tokio::test]
async fn a_201_has_the_type_of_the_200_and_a_discriminator_is_sent() -> Result {
    let manager = Manager::start().await?;
    let client = manager.client()?;
    for status in [200, 201] {
        manager.respond_with(Answer::json(status, json!({"id": "p", "check": {"resource_type": "PortCheck", "port": 443}})));
        let probe = Probe { check: Some(PingCheck { size: Some(64), ..PingCheck::default() }.into()), ..Probe::new("p") };
        let made = client.add_probe(probe).send().await?;
        assert_eq!(made.status().as_u16(), status);
        assert!(matches!(&made.check, Some(Check::PortCheck(PortCheck { port: 443, .. }))));
        let sent = manager.requests().pop().ok_or("none")?.json::<Value>()?;
        assert_eq!(sent, json!({"id": "p", "check": {"resource_type": "PingCheck", "size": 64}}));
    }
    Ok(())
}

#[tokio::test]
async fn pagination_with_a_newer_manager_loses_no_unknown_field() -> Result {
    let item = |id: &str, kind: &str| {
        json!({
            "id": id, "state": "DREAMING", "new": {"a": [1, null]},
            "check": {"resource_type": kind, "every": 5, "depth": {"of": "field"}},
            "history": [{"resource_type": "PortCheck", "port": 1, "new": true}, {"resource_type": "Unheard"}],
        })
    };
    let all = [item("a", "PingCheck"), item("b", "MoodCheck"), item("c", "PingCheck")];
    let manager = Manager::start().await?;
    manager.on("ListProbes", {
        let all = all.clone();
        move |call| match call.query.as_deref() {
            None => Answer::json(200, json!({"results": &all[..2], "cursor": "2 &", "result_count": 3, "new": 1})),
            Some("cursor=2%20%26") => Answer::json(200, json!({"results": &all[2..]})),
            _ => Answer::status(400),
        }
    });
    let stored = Arc::new(Mutex::new(Vec::<Value>::new()));
    let into = Arc::clone(&stored);
    manager.on("UpdateProbe", move |call| {
        let body: Value = call.json().unwrap();
        into.lock().unwrap().push(body.clone());
        Answer::json(200, body)
    });
    let client = manager.client()?;
    let mut pages = client.list_probes().pages();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page?.results.len());
    }
    assert_eq!(sizes, [2, 1]);

    let mut items = client.list_probes().stream();
    while let Some(probe) = items.next().await {
        let mut probe = probe?;
        match &mut probe.check {
            Some(Check::PingCheck(ping)) => ping.every = Some(6),
            Some(Check::Other(other)) => other.every = Some(6),
            check => panic!("{check:?}"),
        }
        let id = probe.id.clone();
        client.update_probe(&id, probe).send().await?;
    }
    let mut wanted = all;
    wanted.iter_mut().for_each(|probe| probe["check"]["every"] = json!(6));
    assert_eq!(*stored.lock().unwrap(), wanted);
    Ok(())
}

#[tokio::test]
async fn a_decode_error_in_a_large_response_has_its_path() -> Result {
    let mut results: Vec<Value> = (0..5000)
        .map(|id| json!({"id": id.to_string(), "history": [{"resource_type": "PortCheck", "port": 1}]}))
        .collect();
    results[4321]["history"][0]["port"] = json!({"is": "SHOWN"});
    let manager = Manager::start().await?;
    manager.respond_with(Answer::json(200, json!({"results": results})));
    let error = manager.client()?.list_probes().send().await.err().ok_or("no error")?;
    assert_eq!(error.kind(), ErrorKind::Decode);
    let text = format!("{error} {error:?}");
    assert!(text.contains("results[4321].history[0].port") && !text.contains("SHOWN"), "{text}");
    Ok(())
}
