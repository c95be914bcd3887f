//! Runs in a copy of nsx-api whose code was generated from `golden.yaml`, and checks the requests
//! and responses on the wire.

use std::sync::{Arc, Mutex};

use nsx_api::mock::{Answer, Manager};
use nsx_api::types::{Client as ClientObject, Kind, Object, Thing, ThingListResult, Value};
use nsx_api::{ErrorKind, Items, Response, Secret};
use serde_json::json;

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

fn thing() -> Thing {
    Thing {
        kind: Some(Kind::BC),
        ..Thing::new("t1", "router", "hunter2")
    }
}

#[tokio::test]
async fn every_parameter_is_sent_in_its_location_whatever_its_name() -> Result {
    let manager = Manager::start().await?;
    manager.respond_always(Answer::json(200, json!({"id": "a/b", "type": "t", "secret": "s"})));
    let client = manager.client()?;
    let got: Response<Thing> = client
        .get_thing("a/b ö", "t&t", true)
        .send_("s")
        .self_(-1)
        .client(["one".to_owned(), "two".to_owned()])
        .kind("new kind")
        .x_hdr("h")
        .send()
        .await?;
    assert_eq!(got.id, "a/b");

    let requests = manager.requests();
    let request = requests.first().ok_or("no request")?;
    assert_eq!(request.path, "/api/v1/things/a%2Fb%20%C3%B6");
    let mut query: Vec<&str> = request.query.as_deref().unwrap_or_default().split('&').collect();
    query.sort_unstable();
    assert_eq!(query, ["client=one", "client=two", "kind=new%20kind", "self=-1", "send=s", "type=t%26t"]);
    assert_eq!(request.header("x-hdr"), Some("h"));
    assert_eq!(request.header("x-req"), Some("true"));
    Ok(())
}

#[tokio::test]
async fn parameters_may_have_the_names_of_local_variables() -> Result {
    let manager = Manager::start().await?;
    manager.respond_always(Answer::json(200, json!([])));
    let client = manager.client()?;
    #[allow(deprecated)]
    let call = client
        .locals("u", 7, "hidden")
        .result("1")
        .response("2")
        .header_map("3")
        .into_request_("4")
        .query("5")
        .name("6")
        .match_("7")
        .async_("8")
        .crate_("9")
        .super_("10")
        .self_("11")
        .joined(["x".to_owned(), "y".to_owned()]);
    assert!(!format!("{call:?}").contains("hidden"));
    call.send().await?;
    let requests = manager.requests();
    let query = requests.first().and_then(|request| request.query.clone()).unwrap_or_default();
    for part in ["result=1", "into_request=4", "match=7", "Self=11", "joined=x,y", "token=hidden"] {
        assert!(query.split('&').any(|known| known == part), "{part} is not in {query}");
    }
    Ok(())
}

#[tokio::test]
async fn bodies_are_sent_in_the_documented_format() -> Result {
    let manager = Manager::start().await?;
    manager.respond_always(Answer::json(200, json!([])));
    let client = manager.client()?;
    client.raw_thing("a").send().await?;
    client.raw_thing("a").body(b"\0bytes".to_vec()).send().await?;
    client.text_thing("a").body("text").send().await?;
    client.form_thing().body(nsx_api::types::FormThingBody { b: Some(1), ..nsx_api::types::FormThingBody::new("x&y") }).send().await?;
    client.response("# heading").send().await?;
    let sent: Vec<_> = manager
        .requests()
        .iter()
        .map(|request| {
            let kind = request.header("content-type").unwrap_or_default().to_owned();
            (kind, String::from_utf8_lossy(&request.body).into_owned())
        })
        .collect();
    let expected = [
        ("", ""),
        ("application/octet-stream", "\0bytes"),
        ("text/plain", "text"),
        ("application/x-www-form-urlencoded", "a=x%26y&b=1"),
        ("text/x-markdown", "# heading"),
    ];
    for ((kind, body), (wanted, text)) in sent.iter().zip(expected) {
        assert!(kind == wanted || kind.starts_with(&format!("{wanted};")), "{kind} for {wanted}");
        assert_eq!(body, text);
    }
    assert_eq!(sent.len(), expected.len());
    Ok(())
}

#[tokio::test]
async fn the_query_of_a_path_is_sent() -> Result {
    let manager = Manager::start().await?;
    let client = manager.client()?;
    client.restart_thing("t?1").force(true).send().await?;
    client.restart_thing("t").send().await?;
    let requests = manager.requests();
    let queries: Vec<_> = requests.iter().map(|request| request.query.as_deref()).collect();
    assert_eq!(queries, [Some("action=restart&force=true"), Some("action=restart")]);
    assert_eq!(requests[0].path, "/api/v1/things/t%3F1");
    assert!(requests.iter().all(|request| request.operation == Some("RestartThing")));
    Ok(())
}

#[tokio::test]
async fn multipart_parts_are_sent_with_their_types() -> Result {
    let manager = Manager::start().await?;
    let client = manager.client()?;
    client
        .upload_thing("t", nsx_api::Part::from(b"\0bytes\r\n--".to_vec()).file_name("a\"b.bin"))
        .name("in the query")
        .labels(["one".to_owned(), "two".to_owned()])
        .mode(nsx_api::types::UploadThingPartMode::Safe)
        .passphrase("hunter2")
        .origin(nsx_api::types::UploadThingPartOrigin { host: Some("h".to_owned()) })
        .signature(b"signed".to_vec())
        .more([nsx_api::Part::from(b"1".to_vec()), nsx_api::Part::from(b"2".to_vec())])
        .send()
        .await?;
    let sent = manager.requests().pop().ok_or("no request")?;
    assert_eq!(sent.query.as_deref(), Some("action=upload&name=in%20the%20query"));
    let kind = sent.header("content-type").unwrap_or_default().to_owned();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").ok_or(kind.clone())?;
    let body = String::from_utf8(sent.body.to_vec())?;
    let parts: Vec<&str> = body.split(&format!("--{boundary}")).collect();
    let part = |name: &str, kind: &str, text: &str| {
        format!("\r\nContent-Disposition: form-data; name=\"{name}\"{kind}\r\n\r\n{text}\r\n")
    };
    let file = |name: &str| format!("; filename=\"{name}\"\r\nContent-Type: application/octet-stream");
    assert_eq!(
        parts,
        [
            "",
            &part("file", &file("a%22b.bin"), "\0bytes\r\n--"),
            &part("labels", "", "one"),
            &part("labels", "", "two"),
            &part("mode", "", "safe"),
            &part("passphrase", "", "hunter2"),
            &part("origin", "\r\nContent-Type: application/json", r#"{"host":"h"}"#),
            &part("signature", &file("file"), "signed"),
            &part("more", &file("file"), "1"),
            &part("more", &file("file"), "2"),
            "--\r\n",
        ]
    );
    // A body that contains a stream is sent once, without a retry.
    let stream = nsx_api::Body::from_stream(Pieces(3));
    client.upload_thing("t", stream).send().await?;
    let sent = manager.requests().pop().ok_or("no request")?;
    assert!(String::from_utf8(sent.body.to_vec())?.contains("\r\n\r\npiece piece piece \r\n--"));
    Ok(())
}

#[tokio::test]
async fn parameters_are_serialized_in_their_style() -> Result {
    let manager = Manager::start().await?;
    let client = manager.client()?;
    client
        .styles(vec!["a,b".to_owned(), "c".to_owned()], "either", 7)
        .pipes(["a|b".to_owned(), "c".to_owned()])
        .spaces([1, 2])
        .filter(nsx_api::types::StylesFilter { size: Some(3) })
        .labels([("x".to_owned(), "y z".to_owned())])
        .deep_size(4)
        .tag("t")
        .x_list(["one".to_owned(), "two".to_owned()])
        .send()
        .await?;
    client.styles(vec!["a".to_owned()], "b", 1).send().await?;
    let requests = manager.requests();
    let request = &requests[0];
    assert_eq!(request.path, "/api/v1/styles/a%2Cb,c/either");
    let mut query: Vec<&str> = request.query.as_deref().unwrap_or_default().split('&').collect();
    query.sort_unstable();
    assert_eq!(
        query,
        [
            "deep%5Bsize%5D=4",
            "filter=%7B%22size%22%3A3%7D",
            "pipes=a%7Cb%7Cc",
            "sort=7",
            "spaces=1%202",
            "tag=t",
            "x=y%20z",
        ]
    );
    assert_eq!(request.header("x-list"), Some("one,two"));
    assert_eq!(request.header("accept"), Some("text/csv, application/pdf, application/json"));
    assert_eq!(requests[1].query.as_deref(), Some("sort=1"));
    assert_eq!(requests[1].header("x-list"), None);
    let error = client.styles(Vec::new(), "b", 1).send().await.err().ok_or("sent")?;
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    Ok(())
}

#[tokio::test]
async fn content_type_and_accept_are_the_documented_media_types() -> Result {
    let manager = Manager::start().await?;
    let client = manager.client()?;
    let tag = || nsx_api::types::Tag::new("t");
    manager.respond_with(Answer::json(200, json!({"tag": "answered"})));
    assert_eq!(client.merge_media(tag()).send().await?.tag, "answered");
    assert_eq!(client.zip_media(b"PK".to_vec()).send().await?.tag, "from text");
    assert_eq!(client.xml_media().body("<a/>").send().await?.tag, "the second");
    client.any_media().body(tag()).send().await?;
    let sent = manager.requests();
    let sent: Vec<_> = sent
        .iter()
        .map(|one| (one.header("content-type"), one.header("accept"), &one.body[..]))
        .collect();
    let json = &br#"{"tag":"t"}"#[..];
    let (merge, zip, any) = ("application/merge-patch+json", "application/zip", "application/json;version=38.0");
    assert_eq!(
        sent,
        [
            (Some(merge), Some("application/json"), json),
            (Some(zip), Some("application/json;version=38.0"), b"PK"),
            (Some("text/xml"), Some("application/json"), b"<a/>"),
            (Some(any), Some("application/json"), json),
        ]
    );
    Ok(())
}

/// A body in many chunks.
struct Pieces(usize);

impl futures_core::Stream for Pieces {
    type Item = std::io::Result<nsx_api::bytes::Bytes>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let next = self.0.checked_sub(1);
        self.0 = next.unwrap_or_default();
        std::task::Poll::Ready(next.map(|_| Ok("piece ".into())))
    }
}

/// A page of things with these ids.
fn page(ids: &[&str], cursor: Option<&str>) -> Answer {
    let results: Vec<_> = ids.iter().map(|id| json!({"id": id, "type": "t", "secret": "s"})).collect();
    let mut page = json!({"result_count": 5, "results": results});
    if let Some(cursor) = cursor {
        page["cursor"] = json!(cursor);
    }
    Answer::json(200, page)
}

/// A manager that returns these pages in turn.
async fn manager_of(pages: impl IntoIterator<Item = Answer>) -> std::io::Result<Manager> {
    let manager = Manager::start().await?;
    pages.into_iter().for_each(|page| manager.respond_with(page));
    Ok(manager)
}

/// The result of a list: the ids, and the kind of error at the end.
async fn taken(mut items: Items<'_, ThingListResult>) -> (Vec<String>, Option<ErrorKind>) {
    let (mut ids, mut failed) = (Vec::new(), None);
    while let Some(item) = items.next().await {
        assert_eq!(failed, None, "something comes after an error");
        match item {
            Ok(thing) => ids.push(thing.id),
            Err(error) => failed = Some(error.kind()),
        }
    }
    assert!(items.next().await.is_none());
    (ids, failed)
}

fn queries(manager: &Manager) -> Vec<String> {
    let requests = manager.requests();
    assert!(requests.iter().all(|request| request.path == "/api/v1/things"));
    requests.iter().map(|request| request.query.clone().unwrap_or_default()).collect()
}

#[tokio::test]
async fn pagination_repeats_every_parameter_for_each_page() -> Result {
    let pages = [page(&["a", "b"], Some("1&2 é")), page(&[], Some("3")), page(&["c"], Some("4")), page(&["d"], None)];
    let manager = manager_of(pages).await?;
    let client = manager.client()?;
    let list = client.list_things("k").page_size(2).stream_("s").pages_("p");
    let (ids, failed) = taken(list.stream()).await;
    assert_eq!((ids.join(""), failed), ("abcd".to_owned(), None));
    let given = "kind=k&page_size=2&stream=s&pages=p";
    let cursors = ["", "&cursor=1%262%20%C3%A9", "&cursor=3", "&cursor=4"];
    assert_eq!(queries(&manager), cursors.map(|cursor| format!("{given}{cursor}")));
    assert!(manager.requests().iter().all(|request| request.operation == Some("ListThings")));
    Ok(())
}

#[tokio::test]
async fn pagination_ends_without_a_cursor_or_with_an_empty_one() -> Result {
    for (ids, cursor) in [(&["a", "b"][..], None), (&["a"], Some("")), (&[], None), (&[], Some(""))] {
        let manager = manager_of([page(ids, cursor)]).await?;
        let client = manager.client()?;
        let (got, failed) = taken(client.list_things("k").stream()).await;
        assert_eq!((got.as_slice(), failed), (ids.iter().map(ToString::to_string).collect::<Vec<_>>().as_slice(), None));
        assert_eq!(manager.count(), 1);
    }
    Ok(())
}

#[tokio::test]
async fn pagination_starts_at_the_given_cursor() -> Result {
    let manager = manager_of([page(&["b"], Some("2")), page(&["c"], None)]).await?;
    let client = manager.client()?;
    let (ids, failed) = taken(client.list_things("k").cursor("1").page_size(1).stream()).await;
    assert_eq!((ids.join(""), failed), ("bc".to_owned(), None));
    assert_eq!(queries(&manager), ["kind=k&cursor=1&page_size=1", "kind=k&page_size=1&cursor=2"]);
    Ok(())
}

#[tokio::test]
async fn pagination_ends_with_the_error_of_a_failed_page() -> Result {
    let misfit = Answer::json(200, json!({"cursor": "2", "results": [7]}));
    for (second, kind) in [(Answer::status(404), ErrorKind::NotFound), (misfit, ErrorKind::Decode)] {
        let manager = manager_of([page(&["a", "b"], Some("1")), second, page(&["c"], None)]).await?;
        let client = manager.client()?;
        let (ids, failed) = taken(client.list_things("k").stream()).await;
        assert_eq!((ids.join(""), failed), ("ab".to_owned(), Some(kind)));
        assert_eq!(manager.count(), 2);
    }
    Ok(())
}

#[tokio::test]
async fn pagination_with_a_repeated_cursor_is_an_error() -> Result {
    let manager = manager_of([page(&["a"], Some("1")), page(&["b"], Some("2")), page(&["c"], Some("2"))]).await?;
    let client = manager.client()?;
    let (ids, failed) = taken(client.list_things("k").stream()).await;
    assert_eq!((ids.join(""), failed), ("abc".to_owned(), Some(ErrorKind::Decode)));
    assert_eq!(manager.count(), 3);

    manager.respond_with(page(&["a"], Some("1")));
    let mut pages = client.list_things("k").cursor("1").pages();
    assert_eq!(pages.next().await.ok_or("no page")??.results.len(), 1);
    let error = pages.next().await.ok_or("no error")?.err().ok_or("no error")?;
    assert_eq!(
        error.to_string(),
        "ListThings: 200 OK: the page repeats the cursor that it was requested with, so the list would never end"
    );
    assert!(pages.next().await.is_none());
    assert_eq!(manager.count(), 4);
    Ok(())
}

#[tokio::test]
async fn pagination_fetches_a_page_only_when_it_is_needed() -> Result {
    let manager = manager_of([page(&["a", "b"], Some("1")), page(&["c"], None)]).await?;
    let client = manager.client()?;
    let mut items = client.list_things("k").stream();
    assert_eq!(manager.count(), 0);
    for (id, calls) in [("a", 1), ("b", 1), ("c", 2)] {
        assert_eq!(items.next().await.ok_or("no item")??.id, id);
        assert_eq!(manager.count(), calls);
    }

    manager.reset();
    manager.respond_with(page(&["a"], Some("1")));
    let mut items = client.list_things("k").stream();
    items.next().await.ok_or("no item")??;
    drop(items);
    let _ = client.list_things("k").pages();
    // A page that was requested in advance would arrive before this one, or with it.
    client.list_things("k").send().await?;
    assert_eq!(manager.count(), 2);
    Ok(())
}

#[tokio::test]
async fn pagination_pages_have_the_metadata_of_their_calls() -> Result {
    let second = page(&["c"], None).header("x-nsx-requestid", "r2");
    let manager = manager_of([page(&["a", "b"], Some("1")), Answer::status(503), second]).await?;
    let client = manager.client()?;
    let mut pages = client.list_things("k").pages();
    let first: Response<ThingListResult> = pages.next().await.ok_or("no page")??;
    assert_eq!((first.result_count, first.results.len(), first.attempts()), (Some(5), 2, 1));
    let second = pages.next().await.ok_or("no page")??;
    assert_eq!((second.results.len(), second.attempts(), second.request_id()), (1, 2, Some("r2")));
    assert!(pages.next().await.is_none());
    Ok(())
}

/// The next item, through the `Stream` trait that other libraries use.
async fn next<S: futures_core::Stream + Unpin + Send>(stream: &mut S) -> Option<S::Item> {
    std::future::poll_fn(|context| std::pin::Pin::new(&mut *stream).poll_next(context)).await
}

#[tokio::test]
async fn pagination_implements_stream_for_items_and_pages() -> Result {
    let manager = manager_of([page(&["a", "b"], Some("1")), page(&["c"], None)]).await?;
    let client = manager.client()?;
    let mut items = client.list_things("k").stream();
    let mut ids = Vec::new();
    while let Some(item) = next(&mut items).await {
        ids.push(item?.id);
    }
    assert_eq!(ids, ["a", "b", "c"]);
    manager.respond_with(page(&["a", "b"], None));
    let mut pages = client.list_things("k").pages();
    assert_eq!(next(&mut pages).await.ok_or("no page")??.results.len(), 2);
    assert!(next(&mut pages).await.is_none());
    Ok(())
}

#[tokio::test]
async fn pagination_pages_may_use_references_and_required_fields() -> Result {
    let manager = Manager::start().await?;
    let client = manager.client()?;
    manager.respond_with(Answer::json(200, json!({"cursor": "1", "results": ["a"]})));
    manager.respond_with(Answer::json(200, json!({"cursor": null})));
    let mut names = client.list_names().stream();
    assert_eq!(names.next().await.ok_or("no name")??, "a");
    assert!(names.next().await.is_none());
    manager.respond_with(Answer::json(200, json!({"cursor": "1", "results": ["a"]})));
    manager.respond_with(Answer::json(200, json!({"cursor": "", "results": ["b"]})));
    let mut names = client.list_required().stream();
    assert_eq!(names.next().await.ok_or("no name")??, "a");
    assert_eq!(names.next().await.ok_or("no name")??, "b");
    assert!(names.next().await.is_none());
    assert_eq!(manager.count(), 4);
    Ok(())
}

#[tokio::test]
async fn an_operation_documented_as_idempotent_is_retried() -> Result {
    let manager = Manager::start().await?;
    let client = manager.client()?;
    manager.respond_with(500);
    // A POST that the document calls idempotent, and a GET that it does not.
    let response = client.list_body().send().await?;
    assert_eq!(response.attempts(), 2);
    manager.respond_with(500);
    let error = client.str_thing().send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::InternalServerError, 1));
    assert_eq!(manager.count(), 3);
    Ok(())
}

#[tokio::test]
async fn unknown_fields_are_sent_back_after_a_change() -> Result {
    let first = json!({
        "id": "t1", "type": "router", "secret": "s", "kind": "a kind of tomorrow",
        "list": [{"id": "t2", "type": "port", "secret": "s", "deep": {"new": [1, 2.5, null]}}],
        "nested": {"x": "1", "y": true}, "reqlist": [], "map": {}, "obj": {},
        "_revision": 7, "unknown": {"any": "thing"}, "big": 18446744073709551615_u64,
    });
    let stored = Arc::new(Mutex::new(first.clone()));
    let manager = Manager::start().await?;
    let read = Arc::clone(&stored);
    manager.on("GetThing", move |_| Answer::json(200, &*read.lock().unwrap()));
    let write = Arc::clone(&stored);
    manager.on("UpdateThing", move |call| {
        *write.lock().unwrap() = call.json().unwrap();
        Answer::json(200, &*write.lock().unwrap())
    });
    let client = manager.client()?;
    let mut thing = client.get_thing("t1", "t", true).send().await?.into_inner();
    assert_eq!(thing.kind.as_ref().map(Kind::as_str), Some("a kind of tomorrow"));
    thing.id = "changed".to_owned();
    client.update_thing("t1", thing).send().await?;

    let mut wanted = first;
    wanted["id"] = json!("changed");
    assert_eq!(*stored.lock().unwrap(), wanted);
    Ok(())
}

#[tokio::test]
async fn unknown_fields_and_enum_values_survive_everywhere() -> Result {
    let sent = json!({
        "tagged": {"t": "a triangle", "b": "1", "new": 1},
        "external": {"yy": {"j": "1", "new": 2}, "new": 3},
        "mixed": {"m": "1", "new": {"a": 4}},
        "any": {"foo": "1", "new": 5},
        "list": [{"tag": "1", "new": 6}],
        "map": {"k": {"tag": "1", "new": 7}},
        "kinds": ["A", "new"],
        "also": "newer",
        "odd": "+1",
        "passwords": {"p": "hunter2"},
        "untyped": "hunter2",
        "made": "hunter2",
        "new": [{"password": "hunter2"}],
    });
    let manager = Manager::start().await?;
    manager.on("PutStream", |call| Answer::json(200, call.json::<serde_json::Value>().unwrap()));
    let client = manager.client()?;
    let shapes: nsx_api::types::Shapes = serde_json::from_value(sent.clone())?;
    assert!(!format!("{shapes:?}").contains("hunter2"), "{shapes:?}");
    let back = client.put_stream(shapes).send().await?;
    assert_eq!(serde_json::to_value(back.into_inner())?, sent);
    assert_eq!(manager.requests().first().ok_or("none")?.json::<serde_json::Value>()?, sent);
    Ok(())
}

#[test]
fn a_discriminator_with_several_values_is_chosen_by_the_caller() -> Result {
    use nsx_api::types::{Gear, GearHub, GearHubType, Radio};
    let repeater = GearHub::new(GearHubType::Repeater);
    assert_eq!(serde_json::to_value(Gear::from(repeater))?, json!({"type": "repeater"}));
    assert_eq!(serde_json::to_value(Gear::from(Radio::default()))?, json!({"type": "radio"}));
    Ok(())
}

#[test]
fn a_property_of_one_direction_may_be_missing_in_the_other_one() -> Result {
    use nsx_api::types::Account;
    let received: Account = serde_json::from_value(json!({"id": "7", "name": "a"}))?;
    assert_eq!(serde_json::to_value(&received)?, json!({"id": "7", "name": "a"}));
    let new = Account { password: Some("hunter2".into()), ..Account::new("b") };
    assert_eq!(serde_json::to_value(&new)?, json!({"name": "b", "password": "hunter2"}));
    Ok(())
}

#[test]
fn null_and_absent_are_told_apart_in_both_directions() -> Result {
    use nsx_api::types::{Lease, Tag};
    for sent in [
        json!({"owner": null}),
        json!({"owner": {"tag": "t"}, "until": "x", "limits": [1, null], "tag": {"tag": "u"}, "kind": "long"}),
        json!({"owner": null, "until": null, "limits": null, "tag": null, "kind": null}),
    ] {
        let lease: Lease = serde_json::from_value(sent.clone())?;
        assert_eq!(serde_json::to_value(&lease)?, sent);
    }
    assert!(serde_json::from_value::<Lease>(json!({})).is_err());
    let cleared = Lease { until: Some(None), ..Lease::new(Tag::new("t")) };
    assert_eq!(serde_json::to_value(&cleared)?, json!({"owner": {"tag": "t"}, "until": null}));
    assert_eq!(serde_json::to_value(Lease::new(None))?, json!({"owner": null}));
    Ok(())
}

#[tokio::test]
async fn the_mock_manager_answers_head_and_the_default_response() -> Result {
    for builder in [Manager::builder(), Manager::builder().http1_only()] {
        let manager = builder.start().await?;
        let client = manager.client()?;
        let () = client.head_lease().send().await?.into_inner();
        let account: Response<nsx_api::types::Account> = client.get_lease().send().await?;
        assert!(!account.name.is_empty() || account.id.is_none());
    }
    Ok(())
}

/// Every value is received as the variant that it is, and sent back as it was.
#[tokio::test]
async fn combined_schemas_and_unions_lose_nothing() -> Result {
    use nsx_api::types::{Gear, Login, ShapesFitsItem as Fit};
    let sent = json!({
        "tagged": {"t": "square", "b": "1"},
        "gears": [
            {"type": "radio", "power": 3},
            {"ports": 4, "type": "bridge", "new": [null]},
            {"type": "repeater", "speed": 1.5},
            {"type": "modem", "ports": 1, "nested": {"a": []}},
        ],
        "sized": {"size": 7, "self": {"href": "/a"}, "next": {"href": "/b", "rel": "n"}},
        "logins": [
            {"user": "u", "otp": "hunter2", "roles": [], "x": 1},
            {"cert": "c", "user": "u"},
        ],
        "fits": [{"id": "a", "ports": 1}, {"id": "b", "uplinks": []}, {"id": "c", "ports": 2, "new": 1}, "text"],
    });
    let shapes: nsx_api::types::Shapes = serde_json::from_value(sent.clone())?;
    assert!(!format!("{shapes:?}").contains("hunter2"), "{shapes:?}");
    let gears = shapes.gears.as_deref().unwrap_or_default();
    assert!(matches!(gears, [Gear::Radio(_), Gear::Bridge(_), Gear::GearHub(_), Gear::Other(_)]), "{gears:?}");
    let sized = shapes.sized.as_ref().ok_or("no value")?;
    assert_eq!((sized.size, sized.extra["self"].href.as_str()), (7, "/a"));
    let logins = shapes.logins.as_deref().unwrap_or_default();
    assert!(matches!(logins, [Login::Variant1(_), Login::Variant2(_)]), "{logins:?}");
    let fits = shapes.fits.as_deref().unwrap_or_default();
    assert!(matches!(fits, [Fit::Switch(_), Fit::Router(_), Fit::Switch(_), Fit::String(_)]), "{fits:?}");
    assert_eq!(serde_json::to_value(&shapes)?, sent);
    Ok(())
}

#[test]
fn an_overridden_allof_property_has_the_type_of_the_child() {
    use nsx_api::types::{Segment, SegmentColor, SegmentState, Spare};
    let sent = json!({
        "count": u64::MAX, "state": "DEGRADED", "parts": [{"count": 1, "state": "UP", "spare": "hot"}],
        "spare": null, "spares": ["cold", null], "samples": [[1.5, "23"], 1], "color": "Red", "limit": u32::MAX,
    });
    let segment: Segment = serde_json::from_value(sent.clone()).unwrap();
    assert_eq!(segment.count, u64::MAX);
    assert_eq!(segment.state, SegmentState::Degraded);
    assert_eq!(segment.parts.as_ref().unwrap()[0].spare, Some(Spare::Hot));
    assert_eq!(segment.spares, Some(vec![Some(Spare::Cold), None]));
    assert_eq!(segment.color, Some(SegmentColor::Red2));
    assert_eq!(serde_json::to_value(&segment).unwrap(), sent);
    assert_eq!(SegmentColor::from(""), SegmentColor::Empty);
}

#[test]
fn a_required_nullable_field_may_be_null_but_not_missing() {
    use nsx_api::types::Body;
    let body: Body = serde_json::from_value(json!({"nullable": null, "gen": "g", "$ref": "r"})).unwrap();
    assert_eq!((body.nullable.as_deref(), body.gen_.as_deref()), (None, Some("g")));
    assert_eq!(serde_json::to_value(&body).unwrap()["nullable"], json!(null));
    serde_json::from_value::<Body>(json!({})).unwrap_err();
}

#[tokio::test]
async fn the_mock_manager_returns_the_documented_example_with_a_new_secret_each_time() -> Result {
    let manager = Manager::start().await?;
    let client = manager.client()?;
    let one = client.get_thing("t1", "t", true).send().await?;
    let two = client.get_thing("t1", "t", true).send().await?;
    assert_eq!((one.id.as_str(), &one.kind), ("t1", &Some(Kind::BC)));
    assert_ne!(one.secret.expose_secret(), two.secret.expose_secret());
    assert_ne!(one.secret.expose_secret(), "hidden");
    Ok(())
}

#[tokio::test]
async fn every_kind_of_success_response_is_received() -> Result {
    let manager = Manager::start().await?;
    let client = manager.client()?;
    manager.respond_with(Answer::status(204));
    let nothing: Response<()> = client.delete_thing(1, "i").request("r").send().await?;
    assert_eq!(nothing.status().as_u16(), 204);
    manager.respond_with(Answer::json(202, json!({"request": "OTHER"})));
    let made: Response<ClientObject> = client.request_().body(Value::new("m")).send().await?;
    assert_eq!(made.request.as_ref().map(ToString::to_string).as_deref(), Some("OTHER"));
    manager.respond_with(Answer::json(200, json!("text")));
    assert_eq!(client.str_thing().send().await?.into_inner(), "text");
    manager.respond_with(Answer::json(200, json!({"a": "b", "n": 1})));
    let open = client.with_(nsx_api::types::OpenT { a: None, extra: [("x".to_owned(), 5)].into() }).send().await?;
    assert_eq!(open.extra.get("n"), Some(&1));
    assert_eq!(manager.requests().last().ok_or("none")?.json::<serde_json::Value>()?, json!({"x": 5}));
    Ok(())
}

#[tokio::test]
async fn a_decode_error_has_the_path_but_not_the_value() -> Result {
    let manager = Manager::start().await?;
    let client = manager.client()?;
    manager.respond_with(Answer::json(200, json!({"id": "i", "type": "t", "secret": "s", "list": [{"id": "i", "type": "t", "secret": {"is": "SHOWN"}}]})));
    let error = client.get_thing("t", "t", true).send().await.err().ok_or("no error")?;
    assert_eq!(error.kind(), ErrorKind::Decode);
    let text = format!("{error} {error:?}");
    assert!(text.contains("list[0].secret") && !text.contains("SHOWN"), "{text}");
    Ok(())
}

/// Nested schedules of every kind, and of unknown kinds.
fn plan() -> serde_json::Value {
    json!({
        "schedule": {
            "minute_of_day": 5, "new": [1], "resource_type": "WeeklySchedule", "passphrase": "hunter2",
            "then": {"resource_type": "ManualSchedule", "label": "by hand", "new": {"a": null}},
        },
        "described": {"resource_type": "NightlySchedule", "minute_of_day": 1, "quiet": true},
        "schedules": [
            {"resource_type": "IntervalSchedule", "unit": "s"},
            {"every": {"fortnight": "hunter2"}, "resource_type": "LunarSchedule", "label": "l"},
            {"resource_type": "Other", "reason": "r"},
        ],
        "by_name": {
            "a": {"resource_type": "IPSchedule", "address": "::1"},
            "b": {"resource_type": "WrappedSchedule", "label": "b", "new": 1},
        },
        "unlisted": {"resource_type": "Unlisted", "b": "1"},
        "protocol": {"name": "http", "port": 80},
        "shape": {
            "kind": "Group",
            "first": {"kind": "ring", "radius": 1.5},
            "shapes": [{"kind": "square", "side": 2.5}, {"kind": "hexagon", "sides": ["hunter2"]}, {"radius": 1}],
        },
        "inline": {"kind": "Circle", "radius": 0.5, "new": 18446744073709551615_u64},
        "condition": {"resource_type": "PatternCondition", "name": "n", "text": "t", "flags": "i"},
        "text_condition": {"resource_type": "PatternCondition", "flags": "x", "new": 1},
        "coloured": {"kind": "Circle", "radius": 2.5, "colour": "red"},
    })
}

#[tokio::test]
async fn a_discriminator_selects_the_variant_and_nothing_is_lost() -> Result {
    use nsx_api::types::{Coloured, Condition, PlanInline, Schedule, Shape, TextCondition};
    let stored = Arc::new(Mutex::new(plan()));
    let manager = Manager::start().await?;
    let read = Arc::clone(&stored);
    manager.on("GetPlan", move |_| Answer::json(200, &*read.lock().unwrap()));
    let write = Arc::clone(&stored);
    manager.on("PutPlan", move |call| {
        *write.lock().unwrap() = call.json().unwrap();
        Answer::json(200, &*write.lock().unwrap())
    });
    let client = manager.client()?;
    let mut plan_ = client.get_plan().send().await?.into_inner();
    assert!(!format!("{plan_:?}").contains("hunter2"), "{plan_:?}");

    let Some(Schedule::WeeklySchedule(weekly)) = plan_.schedule.as_mut() else { panic!("{plan_:?}") };
    assert!(matches!(weekly.then.as_deref(), Some(Schedule::ManualSchedule(then)) if then.label.as_deref() == Some("by hand")));
    weekly.minute_of_day = 6;
    assert!(matches!(plan_.described.as_ref(), Some(Schedule::NightlySchedule(nightly)) if nightly.quiet == Some(true)));
    let [Schedule::IntervalSchedule(_), Schedule::Other_(lunar), Schedule::Other(_)] = plan_.schedules.as_deref().unwrap_or_default() else {
        panic!("{plan_:?}")
    };
    assert_eq!((lunar.resource_type.as_str(), lunar.label.as_deref()), ("LunarSchedule", Some("l")));
    assert!(matches!(plan_.by_name.as_ref().and_then(|all| all.get("a")), Some(Schedule::IpSchedule2(_))));
    assert!(matches!(plan_.by_name.as_ref().and_then(|all| all.get("b")), Some(Schedule::WrappedSchedule(wrapped)) if wrapped.label.as_deref() == Some("b")));
    assert!(matches!(plan_.inline, Some(Some(PlanInline::Circle(_)))));
    let Some(Shape::Group(group)) = &plan_.shape else { panic!("{plan_:?}") };
    assert!(matches!(&group.first, Shape::Circle(circle) if circle.kind == "ring"));
    let [Shape::Square(_), Shape::Other(hexagon), Shape::Other(silent)] = group.shapes.as_deref().unwrap_or_default() else {
        panic!("{plan_:?}")
    };
    assert_eq!((hexagon["kind"].as_str(), silent.len()), (Some("hexagon"), 1));
    assert!(matches!(&plan_.condition, Some(Condition::PatternCondition(pattern)) if pattern.name.as_deref() == Some("n")));
    assert!(matches!(&plan_.text_condition, Some(TextCondition::PatternCondition(pattern)) if pattern.flags.as_deref() == Some("x")));
    assert!(matches!(&plan_.coloured, Some(Coloured::ColouredCircle(circle)) if circle.colour == "red"));

    client.put_plan(plan_).send().await?;
    let mut wanted = plan();
    wanted["schedule"]["minute_of_day"] = json!(6);
    assert_eq!(*stored.lock().unwrap(), wanted);
    Ok(())
}

#[tokio::test]
async fn a_discriminator_is_set_automatically() -> Result {
    use nsx_api::types::{Circle, Group, ManualSchedule, Schedule, Shape, Square, WeeklySchedule};
    let manager = Manager::start().await?;
    manager.on("PutSchedule", |call| Answer::json(200, call.json::<serde_json::Value>().unwrap()));
    let client = manager.client()?;
    let weekly = WeeklySchedule { then: Some(Box::new(ManualSchedule::default().into())), ..WeeklySchedule::new(7) };
    let echo = client.put_schedule(weekly.into()).send().await?.into_inner();
    assert!(matches!(echo, Schedule::WeeklySchedule(_)));
    let sent = manager.requests().pop().ok_or("none")?.json::<serde_json::Value>()?;
    let then = json!({"resource_type": "ManualSchedule"});
    assert_eq!(sent, json!({"resource_type": "WeeklySchedule", "minute_of_day": 7, "then": then}));

    // The variant determines the value, whatever the field was set to.
    let mut wrong = WeeklySchedule::new(1);
    wrong.resource_type = "ManualSchedule".into();
    let kind = |value: &serde_json::Value, name: &str| value[name].clone();
    assert_eq!(kind(&serde_json::to_value(Schedule::from(wrong))?, "resource_type"), "WeeklySchedule");
    let silent = Square { kind: None, side: None, extra: Default::default() };
    assert_eq!(kind(&serde_json::to_value(Shape::Square(silent))?, "kind"), "square");
    let circle = Circle { kind: "ring".to_owned(), ..Circle::new(1.0) };
    let group = serde_json::to_value(Shape::from(Group::new(Shape::from(circle))))?;
    assert_eq!(group, json!({"kind": "Group", "first": {"kind": "ring", "radius": 1.0}}));
    assert_eq!(serde_json::to_value(Shape::from(Circle::new(1.0)))?, json!({"kind": "ring", "radius": 1.0}));
    Ok(())
}

#[tokio::test]
async fn a_decode_error_in_a_discriminated_union_has_the_path_but_not_the_value() -> Result {
    let manager = Manager::start().await?;
    let client = manager.client()?;
    let weekly = |minute: serde_json::Value| json!({"resource_type": "WeeklySchedule", "minute_of_day": minute});
    let within = |then: serde_json::Value| json!({"then": then, "minute_of_day": 1, "resource_type": "WeeklySchedule"});
    for (schedules, place) in [
        (json!([weekly(json!(1)), weekly(json!("SHOWN"))]), "at [1].minute_of_day: expected i64, found a string"),
        (json!([within(within(weekly(json!(["SHOWN"]))))]), "at [0].then.then.minute_of_day: expected i64, found an array"),
        (json!([within(json!({"resource_type": "WeeklySchedule", "a": "SHOWN"}))]), "at [0].then: missing field `minute_of_day`"),
        (json!([{"resource_type": "New", "label": {"a": "SHOWN"}}]), "at [0].label: expected a string, found an object"),
        (json!([{"label": "SHOWN"}]), "at [0]: missing field `resource_type`"),
        (json!([{"resource_type": 5}]), "at [0].resource_type: expected string of enum ScheduleBaseResourceType, found an integer"),
        (json!(["SHOWN"]), "at [0]: expected struct Schedule, found a string"),
    ] {
        manager.respond_with(Answer::json(200, &schedules));
        let error = client.list_schedules().send().await.err().ok_or(place)?;
        assert_eq!(error.kind(), ErrorKind::Decode);
        let text = format!("{error} {error:?}");
        assert!(text.contains(place) && !text.contains("SHOWN"), "{place}: {text}");
    }
    manager.respond_with(Answer::json(200, json!({"by_name": {"n": within(weekly(json!("SHOWN")))}})));
    let error = client.get_plan().send().await.err().ok_or("no error")?.to_string();
    assert!(error.contains("at by_name.n.then.minute_of_day: expected i64"), "{error}");
    Ok(())
}

#[test]
fn a_password_with_constraints_is_a_secret() {
    fn is_secret(_: &Secret) {}
    fn are_secrets(_: &[Secret]) {}
    let thing = thing();
    is_secret(&thing.secret);
    let object = Object { secret: Some("a".into()), secrets: Some(vec!["b".into()]), nullable: None, ..Object::default() };
    object.secret.iter().for_each(is_secret);
    object.nullable.iter().flatten().for_each(is_secret);
    are_secrets(object.secrets.as_deref().unwrap_or_default());
    assert!(!format!("{thing:?}").contains("hunter2"));
}

#[test]
fn every_type_has_a_json_schema() {
    let schema = schemars::schema_for!(Thing).to_value();
    assert_eq!(schema["required"], json!(["id", "type", "secret"]));
    let secret = &schema["properties"]["secret"];
    assert_eq!((&secret["type"], &secret["format"]), (&json!("string"), &json!("password")));
}
