//! Pagination with pages that the caller defines. Each page is fetched with a regular call.

use std::time::Duration;

use http::Method;
use nsx_api::mock::{Answer, Manager};
use nsx_api::{CallOptions, Client, ErrorKind, Items, Page, Pages};
use serde::Deserialize;
use serde_json::json;

use crate::frozen_clock::{FrozenClock, until};

#[derive(Debug, Deserialize)]
struct Numbers {
    #[serde(default)]
    cursor: String,
    results: Vec<u8>,
}

impl Page for Numbers {
    type Item = u8;

    fn cursor(&self) -> Option<&str> {
        Some(&self.cursor)
    }

    fn into_items(self) -> Vec<u8> {
        self.results
    }
}

const PATH: &str = "/api/v1/numbers";

fn page(results: &[u8], cursor: &str) -> Answer {
    Answer::json(200, json!({"results": results, "cursor": cursor}))
}

fn pages(client: &Client) -> Pages<'_, Numbers> {
    client.request(Method::GET, PATH).pages()
}

/// A mock manager that answers with these pages in order, and a client with these options.
async fn manager_with_pages(answers: Vec<Answer>, options: CallOptions) -> (Manager, Client) {
    let manager = Manager::builder().plain_http().start().await.unwrap();
    answers
        .into_iter()
        .for_each(|one| manager.respond_with(one));
    let client = manager.client().unwrap().with(options);
    (manager, client)
}

/// Timers may end this much later.
const MILLISECOND: Duration = Duration::from_millis(1);

#[tokio::test]
async fn pagination_gives_each_page_its_own_deadline_and_retry_limit() {
    let clock = FrozenClock::start();
    let late = Duration::from_secs(7);
    let answers = vec![
        page(&[1], "1").delay(late),
        page(&[2], "2").delay(late),
        Answer::status(500),
        page(&[3], "3"),
        page(&[4], "").delay(Duration::from_secs(60)),
    ];
    let deadline = Duration::from_secs(10);
    let options = CallOptions::new().deadline(deadline);
    let options = options.max_retry_delay(Duration::ZERO);
    let (manager, client) = manager_with_pages(answers, options).await;
    let mut pages = pages(&client);
    for (requests, attempts) in [(1, 1), (2, 1), (4, 2)] {
        let late_answer = async {
            until(|| manager.count() == requests).await;
            clock.pass(late + MILLISECOND).await;
        };
        let (page, ()) = tokio::join!(pages.next(), late_answer);
        let page = page.unwrap().unwrap();
        assert_eq!((page.results.len(), page.attempts()), (1, attempts));
    }
    let arrived = until(|| manager.count() == 5);
    let error = clock.expires(deadline, arrived, pages.next()).await;
    assert_eq!(error.unwrap().unwrap_err().kind(), ErrorKind::Timeout);
    assert!(pages.next().await.is_none());
    assert_eq!(manager.count(), 5);
}

#[tokio::test]
async fn pagination_resumes_a_cancelled_wait_for_the_next_item() {
    let clock = FrozenClock::start();
    let late = Duration::from_secs(1);
    let slow = page(&[1], "").delay(late);
    let (manager, client) = manager_with_pages(vec![slow], CallOptions::new()).await;
    let mut items = pages(&client).items();
    tokio::select! {
        _ = items.next() => unreachable!("the clock stands still"),
        () = until(|| manager.count() == 1) => {}
    }
    clock.pass(late + MILLISECOND).await;
    assert_eq!(items.next().await.unwrap().unwrap(), 1);
    assert!(items.next().await.is_none());
    assert_eq!(manager.count(), 1);
}

#[tokio::test]
async fn pagination_works_in_a_spawned_task() {
    fn is_unpin<T: Unpin>(_: &T) {}
    let (_manager, client) =
        manager_with_pages(vec![page(&[1, 2], "1"), page(&[3], "")], CallOptions::new()).await;
    let sum = tokio::spawn(async move {
        let mut items: Items<'_, Numbers> = pages(&client).items();
        is_unpin(&items);
        let mut sum = 0;
        while let Some(number) = items.next().await {
            sum += number.unwrap();
        }
        sum
    });
    assert_eq!(sum.await.unwrap(), 6);
}

#[tokio::test]
async fn pagination_items_continue_after_the_last_page_that_was_read() {
    let (_manager, client) =
        manager_with_pages(vec![page(&[1], "1"), page(&[2], "")], CallOptions::new()).await;
    let mut pages = pages(&client);
    pages.next().await.unwrap().unwrap();
    let mut items = pages.items();
    assert_eq!(items.next().await.unwrap().unwrap(), 2);
    assert!(items.next().await.is_none());
}

#[tokio::test]
async fn pagination_ends_if_a_page_repeats_the_cursor_that_it_was_requested_with() {
    let answers = vec![page(&[1], "same"), page(&[2], "same"), page(&[3], "")];
    let (manager, client) = manager_with_pages(answers, CallOptions::new()).await;
    let mut items = pages(&client).items();
    for expected in [1, 2] {
        assert_eq!(items.next().await.unwrap().unwrap(), expected);
    }
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    assert!(items.next().await.is_none());
    assert_eq!(manager.count(), 2);
}

#[tokio::test]
async fn pagination_cursor_that_is_too_long_for_a_url_is_an_error() {
    let answers = vec![page(&[1], &"é".repeat(100_000))];
    let (manager, client) = manager_with_pages(answers, CallOptions::new()).await;
    let mut items = pages(&client).items();
    assert_eq!(items.next().await.unwrap().unwrap(), 1);
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    assert!(items.next().await.is_none());
    assert_eq!(manager.count(), 1);
}

#[tokio::test]
async fn pagination_of_an_invalid_request_ends_with_one_error() {
    let (manager, client) = manager_with_pages(vec![], CallOptions::new()).await;
    let mut items = client
        .request(Method::GET, "numbers")
        .pages::<Numbers>()
        .items();
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(items.next().await.is_none());
    assert_eq!(manager.count(), 0);
}

#[tokio::test]
async fn pagination_debug_output_masks_cursor_and_items() {
    let (_manager, client) =
        manager_with_pages(vec![page(&[77, 78], "SECRET")], CallOptions::new()).await;
    let mut items = pages(&client).items();
    items.next().await.unwrap().unwrap();
    let shown = format!("{items:?}");
    assert!(shown.contains(PATH) && shown.contains("left: 1"), "{shown}");
    assert!(
        !shown.contains("SECRET") && !shown.contains("78"),
        "{shown}"
    );
}
