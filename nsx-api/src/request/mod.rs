//! The request builder: operation or path, parameters, headers, body.
//!
//! Invalid arguments are reported when the request is sent, so that a call is one chain with one
//! `?` at its end.

mod body_pieces;
pub(crate) mod operation;
pub(crate) mod pages;

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::body::multipart::{Multipart, Part};
use crate::call::{self, PreparedRequest, receive};
use crate::credentials::credential_cache::CachedCredentials;
use crate::credentials::{Credentials, Wiped};
use crate::encode::{path, value};
use crate::error::CallInfo;
use crate::error::text;
use crate::{Body, ByteStream, Client, Error, ErrorKind, Response};
use body_pieces::BodyPieces;
use operation::Operation;
use pages::{Page, Pages};

/// A request that has not been sent yet.
///
/// [`Client::request`] creates one for a path that is not in the document; generated builders use
/// it internally. Invalid values do not fail when they are set, but when the request is sent, so
/// that a call is one chain with one `?` at its end.
///
/// ```
/// # #[cfg(not(feature = "mock"))]
/// # fn main() {}
/// # #[cfg(feature = "mock")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use nsx_api::mock::{Answer, Manager};
/// # let manager = Manager::start().await?;
/// # manager.on("GET /api/v1/transport-nodes", |_| Answer::json(200, ["node-1"]));
/// # let client = manager.client()?;
/// use nsx_api::http::Method;
///
/// let nodes = client
///     .request(Method::GET, "/api/v1/transport-nodes")
///     .query("page_size", &10)
///     .send()
///     .await?;
/// println!("{} bytes of JSON", nodes.len());
/// # assert_eq!(manager.requests()[0].query.as_deref(), Some("page_size=10"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "nothing is sent until `send` is called"]
pub struct Request<'a> {
    client: &'a Client,
    operation: Cow<'static, str>,
    name: Option<&'static str>,
    method: Method,
    idempotent: bool,
    path: Cow<'static, str>,
    query: String,
    headers: HeaderMap,
    body: Body,
    content_type: Option<Cow<'static, str>>,
    parts: Option<Multipart>,
    credentials: Option<Arc<CachedCredentials>>,
    deferred_error: Option<String>,
}

impl Client {
    /// Starts a call of an operation that is not in the document.
    ///
    /// `path` starts at the root of the manager and may contain a query:
    /// `/api/v1/cluster/status?source=cached`. It must already be percent-encoded. Credentials,
    /// timeouts, retries and errors are the same as for other calls.
    ///
    /// ```
    /// # #[cfg(not(feature = "mock"))]
    /// # fn main() {}
    /// # #[cfg(feature = "mock")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use nsx_api::mock::{Answer, Manager};
    /// # let manager = Manager::start().await?;
    /// # manager.on("POST /api/v1/ns-groups", |call| Answer::status(201).body(call.body.clone()));
    /// # let client = manager.client()?;
    /// use nsx_api::http::Method;
    /// use serde_json::{Value, json};
    ///
    /// let group = client
    ///     .request(Method::POST, "/api/v1/ns-groups")
    ///     .json(&json!({ "display_name": "web" }))
    ///     .send()
    ///     .await?
    ///     .json::<Value>()?;
    /// println!("{} {}", group.status(), group["display_name"]);
    /// # assert_eq!(group["display_name"], "web");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// None here. If the path is invalid, sending the request fails with
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest).
    pub fn request(&self, method: Method, path: impl Into<String>) -> Request<'_> {
        Request::for_path(self, method, &path.into())
    }

    #[allow(dead_code, reason = "a document may have no operation")]
    pub(crate) fn operation(&self, operation: &'static Operation) -> Request<'_> {
        Request::for_operation(self, operation)
    }
}

impl<'a> Request<'a> {
    pub(crate) fn for_operation(client: &'a Client, operation: &'static Operation) -> Self {
        let mut request = Self::new(
            client,
            operation.id.into(),
            operation.method.clone(),
            operation.path.into(),
        );
        request.idempotent = operation.idempotent;
        request.name = Some(operation.id);
        operation.query.clone_into(&mut request.query);
        if !operation.accept.is_empty() {
            request
                .headers
                .insert(header::ACCEPT, HeaderValue::from_static(operation.accept));
        }
        request
    }

    pub(crate) fn for_path(client: &'a Client, method: Method, path: &str) -> Self {
        let (path, query, deferred_error) = match path::split(path) {
            // CONNECT would turn the connection into a tunnel.
            Ok(_) if method == Method::CONNECT => (
                "",
                "",
                Some("the method CONNECT is not supported".to_owned()),
            ),
            Ok((path, query)) => (path, query, None),
            Err(reason) => ("", "", Some(reason)),
        };
        let operation = text::one_line(&format!("{method} {path}"), 400);
        // Only operations have templates. Here a brace is an ordinary character.
        let plain = path.replace('{', "%7B").replace('}', "%7D");
        let mut request = Self::new(
            client,
            operation.trim_end().to_owned().into(),
            method,
            plain.into(),
        );
        request.query = query.to_owned();
        request.deferred_error = deferred_error;
        request
            .headers
            .insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        request
    }

    fn new(
        client: &'a Client,
        operation: Cow<'static, str>,
        method: Method,
        path: Cow<'static, str>,
    ) -> Self {
        Self {
            client,
            operation,
            name: None,
            idempotent: method.is_idempotent(),
            method,
            path,
            query: String::new(),
            headers: HeaderMap::new(),
            body: Body::default(),
            content_type: None,
            parts: None,
            credentials: None,
            deferred_error: None,
        }
    }

    /// The name of one of the library's own calls, for metrics.
    pub(crate) fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// Fills in the path parameter `name`.
    #[allow(dead_code, reason = "a document may have no path parameter")]
    pub(crate) fn path(mut self, name: &str, value: &(impl Display + ?Sized)) -> Self {
        match path::fill(&self.path, name, value) {
            Ok(path) => self.path = path.into(),
            Err(reason) => self.defer_error(reason),
        }
        self
    }

    /// Fills in the path parameter `name` with the items of an array, joined by commas.
    #[allow(dead_code, reason = "a document may have no such parameter")]
    pub(crate) fn path_list(mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        let filled =
            value::to_texts(value).and_then(|texts| path::fill_list(&self.path, name, &texts));
        match filled {
            Ok(path) => self.path = path.into(),
            Err(reason) => self.defer_error(reason),
        }
        self
    }

    /// Adds a query parameter. `null` adds nothing, a scalar adds one parameter, an array adds one
    /// for each item.
    ///
    /// An object is invalid: the call fails with [`ErrorKind::InvalidRequest`]. See
    /// [`query_members`](Self::query_members).
    ///
    /// ```
    /// # #[cfg(not(feature = "mock"))]
    /// # fn main() {}
    /// # #[cfg(feature = "mock")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use nsx_api::mock::Manager;
    /// # let manager = Manager::start().await?;
    /// # manager.on("GET /api/v1/things", |_| 200);
    /// # let client = manager.client()?;
    /// use nsx_api::http::Method;
    ///
    /// let things = client
    ///     .request(Method::GET, "/api/v1/things")
    ///     .query("page_size", &50)
    ///     .query("cursor", &None::<&str>)
    ///     .query("tag", &["web", "db"])
    ///     .query_joined("included_fields", &["id", "tag"]);
    /// things.send().await?;
    /// // GET /api/v1/things?page_size=50&tag=web&tag=db&included_fields=id,tag
    /// # let query = manager.requests()[0].query.clone();
    /// # assert_eq!(query.as_deref(), Some("page_size=50&tag=web&tag=db&included_fields=id,tag"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        match value::to_texts(value) {
            Ok(texts) => texts
                .iter()
                .for_each(|text| path::append_pair(&mut self.query, name, text)),
            Err(reason) => self.defer_error(format!("the query parameter {name}: {reason}")),
        }
        self
    }

    /// Adds an array as one query parameter, its items separated by commas (`explode: false` in
    /// OpenAPI). `null` and an empty array add nothing.
    pub fn query_joined(mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        match value::to_texts(value) {
            Ok(texts) if texts.is_empty() => {}
            Ok(texts) => path::append_list(&mut self.query, name, &texts),
            Err(reason) => self.defer_error(format!("the query parameter {name}: {reason}")),
        }
        self
    }

    /// Adds an array as one query parameter, its items separated by `between` (`pipeDelimited` and
    /// `spaceDelimited` in OpenAPI). `null` and an empty array add nothing.
    pub fn query_delimited(
        self,
        name: &str,
        between: char,
        value: &(impl Serialize + ?Sized),
    ) -> Self {
        let texts = value::to_texts(value);
        self.query_text(
            name,
            texts.map(|texts| {
                (!texts.is_empty()).then(|| texts.join(between.encode_utf8(&mut [0; 4])))
            }),
        )
    }

    /// Adds a query parameter whose value is serialized as JSON. `null` adds nothing.
    pub fn query_json(self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        let text = value::to_json_text(value);
        self.query_text(
            name,
            text.map(|text| Some(text).filter(|text| text != "null")),
        )
    }

    /// Adds one query parameter for each member of an object. The members must be scalars or arrays
    /// of scalars. `null` adds nothing.
    pub fn query_members(mut self, value: &(impl Serialize + ?Sized)) -> Self {
        match value::append_members(value, &mut self.query) {
            Ok(()) => {}
            Err(reason) => self.defer_error(format!("the query: {reason}")),
        }
        self
    }

    fn query_text(mut self, name: &str, text: Result<Option<String>, String>) -> Self {
        match text {
            Ok(None) => {}
            Ok(Some(text)) => path::append_pair(&mut self.query, name, &text),
            Err(reason) => self.defer_error(format!("the query parameter {name}: {reason}")),
        }
        self
    }

    /// Sets a header to a scalar, or to the items of an array, separated by commas. `null` and an
    /// empty array set nothing.
    ///
    /// It overrides the same header of the [`CallOptions`](crate::CallOptions). Headers for
    /// authentication and for the connection are not allowed, nor are values that are not printable
    /// ASCII: the call fails with [`ErrorKind::InvalidRequest`].
    pub fn header(mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        let set = match value::to_joined_text(value) {
            Ok(Some(text)) => value::set_header(&mut self.headers, name, &text),
            Ok(None) => Ok(()),
            Err(reason) => Err(reason),
        };
        if let Err(reason) = set {
            self.defer_error(reason);
        }
        self
    }

    /// Sets a JSON body.
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        // The message of serde may quote the value, so it is dropped.
        match serde_json::to_vec(body) {
            Ok(bytes) => self.content("application/json", bytes.into()),
            Err(_) => {
                self.defer_error("the body cannot be serialized".into());
                self
            }
        }
    }

    /// Sets a form body (`application/x-www-form-urlencoded`) from an object of scalars and arrays
    /// of scalars.
    pub fn form(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        match value::to_form(body) {
            Ok(pairs) => self.content("application/x-www-form-urlencoded", pairs.into()),
            Err(reason) => {
                self.defer_error(format!("the body: {reason}"));
                self
            }
        }
    }

    /// Adds a text field to a multipart body (`multipart/form-data`). `null` adds nothing, a scalar
    /// adds one field, an array of scalars adds one field for each. Any other value adds one field
    /// with JSON and `Content-Type: application/json`.
    pub fn multipart_text(mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        let parts = self.parts.get_or_insert_with(Multipart::new);
        if let Ok(texts) = value::to_texts(value) {
            let texts = texts.into_iter();
            texts.for_each(|text| parts.add_text(name, text));
            return self;
        }
        match value::to_json_text(value) {
            Ok(text) => parts.add_json(name, text),
            Err(reason) => self.defer_error(format!("the part {name}: {reason}")),
        }
        self
    }

    /// Adds a file to a multipart body (`multipart/form-data`).
    ///
    /// ```
    /// # #[cfg(not(feature = "mock"))]
    /// # fn main() {}
    /// # #[cfg(feature = "mock")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use nsx_api::mock::Manager;
    /// # let manager = Manager::start().await?;
    /// # manager.on("POST /api/v1/upgrade/bundles", |_| 200);
    /// # let client = manager.client()?;
    /// # let bytes = vec![7; 100];
    /// use nsx_api::Part;
    /// use nsx_api::http::Method;
    ///
    /// let upload = client
    ///     .request(Method::POST, "/api/v1/upgrade/bundles?action=upload")
    ///     .multipart_file("file", Part::from(bytes).file_name("bundle.mub"));
    /// upload.send().await?;
    /// # assert!(manager.requests()[0].body.len() > 100);
    /// # Ok(())
    /// # }
    /// ```
    pub fn multipart_file(mut self, name: &str, part: impl Into<Part>) -> Self {
        let parts = self.parts.get_or_insert_with(Multipart::new);
        parts.add_file(name, part.into());
        self
    }

    /// Adds several files to a multipart body (`multipart/form-data`), all with this name.
    pub fn multipart_files(
        mut self,
        name: &str,
        parts: impl IntoIterator<Item = impl Into<Part>>,
    ) -> Self {
        let body = self.parts.get_or_insert_with(Multipart::new);
        let parts = parts.into_iter();
        parts.for_each(|part| body.add_file(name, part.into()));
        self
    }

    /// Sets an encoded form that contains secrets. It is wiped from memory after it was sent.
    pub(crate) fn secret_form(self, form: Zeroizing<String>) -> Self {
        let body = Bytes::from_owner(Wiped(form));
        self.content("application/x-www-form-urlencoded", body.into())
    }

    /// Sends these credentials instead of those of the client.
    ///
    /// ```
    /// # #[cfg(not(feature = "mock"))]
    /// # fn main() {}
    /// # #[cfg(feature = "mock")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use nsx_api::mock::Manager;
    /// # let manager = Manager::start().await?;
    /// # manager.accept_bearer("eyJhbGciOi");
    /// # manager.on("GET /api/v1/node", |_| 200);
    /// # let client = manager.client()?;
    /// use nsx_api::auth::Credentials;
    /// use nsx_api::http::Method;
    ///
    /// let token = Credentials::bearer("eyJhbGciOi");
    /// let request = client.request(Method::GET, "/api/v1/node").credentials(&token);
    /// request.send().await?;
    /// # assert_eq!(manager.requests()[0].header("authorization"), Some("Bearer eyJhbGciOi"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn credentials(mut self, credentials: &Credentials) -> Self {
        match credentials.clone().validated() {
            Ok(credentials) => {
                self.credentials = Some(Arc::new(CachedCredentials::new(credentials)))
            }
            Err(reason) => self.defer_error(reason),
        }
        self
    }

    /// Sets a plain text body, in UTF-8.
    pub fn text(self, body: impl Into<String>) -> Self {
        self.content("text/plain; charset=utf-8", body.into().into())
    }

    /// Sets a raw body. Its type is `application/octet-stream`, unless a header sets another one.
    pub fn body(self, body: impl Into<Body>) -> Self {
        self.content("application/octet-stream", body.into())
    }

    /// Sends the request and reads the whole body, up to a [limit](crate::CallOptions::body_limit).
    ///
    /// Dropping the future cancels the call: nothing more is sent. What the manager has already
    /// done is not undone.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`] except [`Config`](ErrorKind::Config) and [`Decode`](ErrorKind::Decode).
    pub async fn send(self) -> Result<Response<Bytes>, Error> {
        let client = self.client;
        let (request, info) = self.prepare()?;
        call::send(&client.core, &client.options, request, info).await
    }

    /// Sends the request and returns the body as a stream, without a size limit.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send). If reading the body fails later, the stream returns the
    /// error, and the call is not retried.
    pub async fn stream(self) -> Result<Response<ByteStream>, Error> {
        let (client, method) = (self.client, self.method.clone());
        let (request, info) = self.prepare()?;
        let response: Response<reqwest::Response> =
            call::send(&client.core, &client.options, request, info).await?;
        let meta = response.meta().clone();
        let expected = receive::announced(&method, meta.status, &meta.headers);
        let stall_timeout = client.options.effective_attempt_timeout();
        Ok(response
            .map(|rest| ByteStream::new(BodyPieces::new(rest, expected), meta, stall_timeout)))
    }

    /// Returns the pages of a list. This request is for the first page; for the next ones, it is
    /// sent again with the query parameter `cursor`. Nothing is sent yet.
    ///
    /// ```
    /// # #[cfg(not(feature = "mock"))]
    /// # fn main() {}
    /// # #[cfg(feature = "mock")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use nsx_api::mock::{Answer, Manager};
    /// # let manager = Manager::start().await?;
    /// # manager.on("GET /api/v1/users", |call| {
    /// #     let is_last = call.query.as_deref().is_some_and(|query| query.contains("cursor=2"));
    /// #     match is_last {
    /// #         true => Answer::json(200, serde_json::json!({"results": ["cid"]})),
    /// #         false => Answer::json(200, serde_json::json!({"cursor": "2", "results": ["ann", "bob"]})),
    /// #     }
    /// # });
    /// # let client = manager.client()?;
    /// use nsx_api::Page;
    /// use nsx_api::http::Method;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Users {
    ///     cursor: Option<String>,
    ///     results: Vec<String>,
    /// }
    ///
    /// impl Page for Users {
    ///     type Item = String;
    ///
    ///     fn cursor(&self) -> Option<&str> {
    ///         self.cursor.as_deref()
    ///     }
    ///
    ///     fn into_items(self) -> Vec<String> {
    ///         self.results
    ///     }
    /// }
    ///
    /// let users = client.request(Method::GET, "/api/v1/users").query("page_size", &100);
    /// let mut names = users.pages::<Users>().items();
    /// while let Some(name) = names.next().await {
    ///     println!("{}", name?);
    /// }
    /// # assert_eq!(manager.count(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn pages<P: Page>(self) -> Pages<'a, P> {
        Pages::new(self)
    }

    /// Replaces the value of the query parameter `name`. Returns `false` if it was the same.
    pub(crate) fn replace_query(&mut self, name: &str, value: &str) -> bool {
        path::replace_pair(&mut self.query, name, value)
    }

    /// Checks the arguments without sending anything.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.clone().prepare().map(drop)
    }

    /// Returns the request as it is sent and the metadata of the call, or the first error.
    fn prepare(mut self) -> Result<(PreparedRequest, CallInfo), Error> {
        let call = CallInfo {
            operation: Some(std::mem::take(&mut self.operation)),
            name: self.name,
            manager: Some(self.client.core.cluster.first.address.manager.clone()),
            attempts: 0,
        };
        match self.into_prepared() {
            Ok(request) => Ok((request, call)),
            Err(reason) => Err(Error::new(ErrorKind::InvalidRequest, reason).in_call(call)),
        }
    }

    fn into_prepared(self) -> Result<PreparedRequest, String> {
        let options = &self.client.options;
        if let Some(deferred_error) = self.deferred_error.as_deref().or(options.deferred_error()) {
            return Err(deferred_error.to_owned());
        }
        path::check_filled(&self.path)?;
        let (content_type, body) = match &self.parts {
            Some(parts) => (Some(parts.content_type().into()), parts.body()),
            None => (self.content_type, self.body),
        };
        // In order of precedence: the request, the options, the body.
        let mut headers = self.headers;
        value::add_missing(&mut headers, options.headers())?;
        if let Some(content_type) = content_type {
            let value = HeaderValue::from_str(&content_type).map_err(|_| "no media type")?;
            let implied = [(header::CONTENT_TYPE, value)];
            value::add_missing(&mut headers, &HeaderMap::from_iter(implied))?;
        }
        let path_and_query = match self.query.as_str() {
            "" => self.path,
            query => format!("{}?{query}", self.path).into(),
        };
        let first = &self.client.core.cluster.first.address;
        Ok(PreparedRequest {
            method: self.method,
            url: first.url(&path_and_query)?,
            path_and_query,
            headers,
            body,
            credentials: self.credentials,
            idempotent: options.is_idempotent(self.idempotent),
        })
    }

    fn content(mut self, content_type: &'static str, body: Body) -> Self {
        self.content_type = Some(content_type.into());
        self.body = body;
        self.parts = None;
        self
    }

    /// Keeps the first error.
    fn defer_error(&mut self, reason: String) {
        self.deferred_error.get_or_insert(reason);
    }
}

/// Shows the request without query, header values and body.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("Request")
            .field("operation", &self.operation)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("headers", &headers)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}
