//! Pagination.
//!
//! A manager returns part of a list and a cursor. The same call with that cursor returns the next
//! part. Each page is a separate call, with its own timeouts and retries, and is only requested
//! when the caller waits for it.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use bytes::Bytes;
use futures_core::Stream;
use serde::de::DeserializeOwned;

use super::Request;
use crate::response::metadata::ResponseMeta;
use crate::{Error, ErrorKind, Response, telemetry};

/// One page of a list: some of its items, and the cursor of the next page.
///
/// Generated types of that shape implement it. For a path that is not in the document, implement it
/// yourself, as in the example of [`Request::pages`].
pub trait Page: DeserializeOwned {
    /// The type of the items.
    type Item;

    /// The cursor of the next page. `None` or an empty string on the last page.
    fn cursor(&self) -> Option<&str>;

    /// Returns the items and discards the rest.
    fn into_items(self) -> Vec<Self::Item>;
}

/// The pages of a list. Each is the [`Response`] of a separate call.
///
/// [`next`](Self::next) returns one page after the other; `Pages` is also a [`Stream`]. A page is
/// requested only when it is polled for. Its call has the options of the client, so the deadline
/// applies to each page. Dropping this ends the list.
///
/// An error ends the list; the pages before it have already been returned. It is the error of the
/// call, or [`ErrorKind::Decode`] if a page repeats the cursor it was requested with, because such
/// a list would never end.
///
/// ```
/// # #[cfg(not(feature = "mock"))]
/// # fn main() {}
/// # #[cfg(feature = "mock")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use nsx_api::mock::{Answer, Manager};
/// # let manager = Manager::start().await?;
/// # manager.on("GET /api/v1/users", |_| Answer::json(200, serde_json::json!({"results": ["ann", "bob"]})));
/// # let client = manager.client()?;
/// # use nsx_api::http::Method;
/// # #[derive(serde::Deserialize)]
/// # struct Users {
/// #     cursor: Option<String>,
/// #     results: Vec<String>,
/// # }
/// # impl nsx_api::Page for Users {
/// #     type Item = String;
/// #     fn cursor(&self) -> Option<&str> {
/// #         self.cursor.as_deref()
/// #     }
/// #     fn into_items(self) -> Vec<String> {
/// #         self.results
/// #     }
/// # }
/// // The builders of generated operations have `pages()` as well.
/// let mut pages = client.request(Method::GET, "/api/v1/users").pages::<Users>();
/// while let Some(page) = pages.next().await {
///     let page = page?;
///     println!("{} users from {}", page.results.len(), page.manager());
/// }
/// # assert_eq!(manager.count(), 1);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until a page is requested"]
pub struct Pages<'a, P> {
    calls: PageCalls<'a>,
    page: PhantomData<fn() -> P>,
}

/// The items of a list, over all its pages.
///
/// [`next`](Self::next) returns one item after the other; `Items` is also a [`Stream`]. The next
/// page is requested when all items of the current one have been taken, so only one page is in
/// memory. Everything else is as for [`Pages`].
#[must_use = "nothing is sent until an item is requested"]
pub struct Items<'a, P: Page> {
    pages: Pages<'a, P>,
    /// The rest of the page.
    items: vec::IntoIter<P::Item>,
}

/// The calls for the pages. They do not depend on the page type, so they are compiled once.
struct PageCalls<'a> {
    /// The request for the next page.
    request: Request<'a>,
    state: State<'a>,
}

/// The next step when the caller waits for a page.
enum State<'a> {
    Send,
    InFlight(PendingResponse<'a>),
    Fail(Error),
    Done,
}

type PendingResponse<'a> =
    Pin<Box<dyn Future<Output = Result<Response<Bytes>, Error>> + Send + 'a>>;

impl<'a, P: Page> Pages<'a, P> {
    pub(crate) fn new(request: Request<'a>) -> Self {
        Self {
            calls: PageCalls {
                request,
                state: State::Send,
            },
            page: PhantomData,
        }
    }

    /// Returns the next page, or `None` at the end and after an error.
    ///
    /// This is cancel safe: if the future is dropped, the next call of `next` waits for the same
    /// page.
    ///
    /// # Errors
    ///
    /// Those of [`Request::send`], and [`ErrorKind::Decode`] if the body is not such a page or the
    /// list would never end.
    pub async fn next(&mut self) -> Option<Result<Response<P>, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Returns the items of the remaining pages.
    pub fn items(self) -> Items<'a, P> {
        Items {
            pages: self,
            items: Vec::new().into_iter(),
        }
    }
}

impl<P: Page> Stream for Pages<'_, P> {
    type Item = Result<Response<P>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let response = ready!(self.calls.poll(context));
        let page = response.map(|response| response?.json::<P>());
        if let Some(Ok(page)) = &page {
            self.calls.advance(page.cursor(), page.meta());
        }
        Poll::Ready(page)
    }
}

impl<P: Page> Items<'_, P> {
    /// Returns the next item, or `None` at the end and after an error.
    ///
    /// This is cancel safe: if the future is dropped, the next call of `next` waits for the same
    /// page.
    ///
    /// # Errors
    ///
    /// Those of [`Pages::next`].
    pub async fn next(&mut self) -> Option<Result<P::Item, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<P: Page> Stream for Items<'_, P> {
    type Item = Result<P::Item, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.items.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            // An empty page is not necessarily the last.
            match ready!(Pin::new(&mut self.pages).poll_next(context)) {
                Some(Ok(page)) => self.items = page.into_inner().into_items().into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

/// Items are never pinned.
impl<P: Page> Unpin for Items<'_, P> {}

impl PageCalls<'_> {
    /// Polls the next call; `None` at the end, and after an error.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Response<Bytes>, Error>>> {
        if matches!(self.state, State::Send) {
            self.state = State::InFlight(Box::pin(self.request.clone().send()));
        }
        if let State::InFlight(response) = &mut self.state {
            let response = ready!(response.as_mut().poll(context));
            self.state = State::Done;
            return Poll::Ready(Some(response));
        }
        match std::mem::replace(&mut self.state, State::Done) {
            State::Fail(error) => Poll::Ready(Some(Err(error))),
            _ => Poll::Ready(None),
        }
    }

    /// Prepares the call for the page at `cursor`, if there is one.
    fn advance(&mut self, cursor: Option<&str>, meta: &ResponseMeta) {
        let Some(cursor) = cursor.filter(|cursor| !cursor.is_empty()) else {
            return;
        };
        self.state = match self.request.replace_query("cursor", cursor) {
            true => State::Send,
            false => State::Fail(cursor_loop_error(meta)),
        };
    }
}

/// The error for a page with the cursor that it was requested with. The caller already has the
/// page, because its items may be new.
fn cursor_loop_error(meta: &ResponseMeta) -> Error {
    telemetry::record_decode_error(&meta.call);
    let reason =
        "the page repeats the cursor that it was requested with, so the list would never end";
    Error::new(ErrorKind::Decode, reason)
        .with_response(meta.error_response())
        .in_call(meta.call.clone())
}

impl<P> fmt::Debug for Pages<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("request", &self.calls.request)
            .finish_non_exhaustive()
    }
}

impl<P: Page> fmt::Debug for Items<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("pages", &self.pages)
            .field("left", &self.items.len())
            .finish()
    }
}
