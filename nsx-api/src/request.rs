//! A request as it is put together: operation or path, parameters, headers, body.
//!
//! What cannot be sent is not refused where it is given, but where the request is sent: the call is one chain, with
//! one `?` at its end.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::auth::{Credentials, Kept, Wiped};
use crate::call::{self, PreparedRequest, receive};
use crate::error::Call;
use crate::multipart::{Multipart, Part};
use crate::{
    Body, ByteStream, Client, Error, ErrorKind, Operation, Page, Pages, Response, path, text, value,
};

/// A request that can be sent.
///
/// Generated builders end in one; [`Client::request`] makes one for a path that the document does not have.
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
    credentials: Option<Arc<Kept>>,
    fault: Option<String>,
}

impl<'a> Request<'a> {
    pub(crate) fn of_operation(client: &'a Client, operation: &'static Operation) -> Self {
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

    pub(crate) fn of_path(client: &'a Client, method: Method, path: &str) -> Self {
        let (path, query, fault) = match path::split(path) {
            // It would make a tunnel of the connection.
            Ok(_) if method == Method::CONNECT => ("", "", Some("CONNECT is no call".to_owned())),
            Ok((path, query)) => (path, query, None),
            Err(fault) => ("", "", Some(fault)),
        };
        let operation = text::one_line(&format!("{method} {path}"), 400);
        // A template is an operation's; here a brace is a character like others.
        let plain = path.replace('{', "%7B").replace('}', "%7D");
        let mut request = Self::new(
            client,
            operation.trim_end().to_owned().into(),
            method,
            plain.into(),
        );
        request.query = query.to_owned();
        request.fault = fault;
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
            fault: None,
        }
    }

    /// What a call of the library's own is counted as.
    pub(crate) fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// Fills in the path parameter `name`.
    #[allow(dead_code, reason = "a document may have no path parameter")]
    pub(crate) fn path(mut self, name: &str, value: &(impl Display + ?Sized)) -> Self {
        match path::fill(&self.path, name, value) {
            Ok(path) => self.path = path.into(),
            Err(reason) => self.fail(reason),
        }
        self
    }

    /// Fills in the path parameter `name` with the items of an array, and commas between them.
    #[allow(dead_code, reason = "a document may have no such parameter")]
    pub(crate) fn path_list(mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        let filled =
            value::texts(value).and_then(|texts| path::fill_list(&self.path, name, &texts));
        match filled {
            Ok(path) => self.path = path.into(),
            Err(reason) => self.fail(reason),
        }
        self
    }

    /// Adds a query parameter: nothing for null, one for a scalar, one for each of an array.
    ///
    /// An object is no parameter: the call fails with [`ErrorKind::InvalidRequest`].
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
        match value::texts(value) {
            Ok(texts) => texts
                .iter()
                .for_each(|text| path::append_pair(&mut self.query, name, text)),
            Err(reason) => self.fail(format!("the query parameter {name}: {reason}")),
        }
        self
    }

    /// Adds a query parameter whose array is one value, the items with commas between them: what OpenAPI calls
    /// `explode: false`. Nothing for null and for an empty array.
    pub fn query_joined(mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        match value::texts(value) {
            Ok(texts) if texts.is_empty() => {}
            Ok(texts) => path::append_list(&mut self.query, name, &texts),
            Err(reason) => self.fail(format!("the query parameter {name}: {reason}")),
        }
        self
    }

    /// Adds a query parameter whose array is one value, with `between` between the items: what OpenAPI calls `pipeDelimited` and
    /// `spaceDelimited`. Nothing for null and for an empty array.
    pub fn query_delimited(
        self,
        name: &str,
        between: char,
        value: &(impl Serialize + ?Sized),
    ) -> Self {
        let texts = value::texts(value);
        self.query_text(
            name,
            texts.map(|texts| {
                (!texts.is_empty()).then(|| texts.join(between.encode_utf8(&mut [0; 4])))
            }),
        )
    }

    /// Adds a query parameter that is one text of JSON, whatever the value is; nothing for null.
    pub fn query_json(self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        let text = value::json_text(value);
        self.query_text(
            name,
            text.map(|text| Some(text).filter(|text| text != "null")),
        )
    }

    /// Adds a query parameter for each member of an object of scalars and arrays of scalars; nothing for null.
    pub fn query_members(mut self, value: &(impl Serialize + ?Sized)) -> Self {
        match value::members(value, &mut self.query) {
            Ok(()) => {}
            Err(reason) => self.fail(format!("the query: {reason}")),
        }
        self
    }

    fn query_text(mut self, name: &str, text: Result<Option<String>, String>) -> Self {
        match text {
            Ok(None) => {}
            Ok(Some(text)) => path::append_pair(&mut self.query, name, &text),
            Err(reason) => self.fail(format!("the query parameter {name}: {reason}")),
        }
        self
    }

    /// Sets a header: nothing for null and for an empty array, the text of a scalar, those of an array with commas between them.
    ///
    /// It wins over the same header of the [`CallOptions`](crate::CallOptions). Headers of authentication and of the
    /// connection are refused, as are values that are not printable ASCII: the call fails with
    /// [`ErrorKind::InvalidRequest`].
    pub fn header(mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        let set = match value::text(value) {
            Ok(Some(text)) => value::set_header(&mut self.headers, name, &text),
            Ok(None) => Ok(()),
            Err(reason) => Err(reason),
        };
        if let Err(reason) = set {
            self.fail(reason);
        }
        self
    }

    /// Sets a body in JSON.
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        // serde's message is left out: it may quote the value.
        match serde_json::to_vec(body) {
            Ok(bytes) => self.content("application/json", bytes.into()),
            Err(_) => {
                self.fail("the body does not serialise".into());
                self
            }
        }
    }

    /// Sets a body as HTML forms have it, from an object of scalars and arrays of scalars.
    pub fn form(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        match value::form(body) {
            Ok(pairs) => self.content("application/x-www-form-urlencoded", pairs.into()),
            Err(reason) => {
                self.fail(format!("the body: {reason}"));
                self
            }
        }
    }

    /// Adds a field of text to a body of several parts (`multipart/form-data`): nothing for null, one field for a scalar, one
    /// for each scalar of an array, one of JSON (with that as its `Content-Type`) for anything else.
    pub fn multipart_text(mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        let parts = self.parts.get_or_insert_with(Multipart::new);
        if let Ok(texts) = value::texts(value) {
            let texts = texts.into_iter();
            texts.for_each(|text| parts.add_text(name, text));
            return self;
        }
        match value::json_text(value) {
            Ok(text) => parts.add_json(name, text),
            Err(reason) => self.fail(format!("the part {name}: {reason}")),
        }
        self
    }

    /// Adds a file to a body of several parts (`multipart/form-data`).
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

    /// Adds files to a body of several parts (`multipart/form-data`), each under that name.
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

    /// Sets a form with secrets in it, encoded already. It is wiped from memory when it is sent.
    pub(crate) fn secret_form(self, form: Zeroizing<String>) -> Self {
        let body = Bytes::from_owner(Wiped(form));
        self.content("application/x-www-form-urlencoded", body.into())
    }

    /// Sends these credentials, in the place of the client's, if it has any.
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
    /// let whoever = Credentials::bearer("eyJhbGciOi");
    /// let request = client.request(Method::GET, "/api/v1/node").credentials(&whoever);
    /// request.send().await?;
    /// # assert_eq!(manager.requests()[0].header("authorization"), Some("Bearer eyJhbGciOi"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn credentials(mut self, credentials: &Credentials) -> Self {
        match credentials.clone().checked() {
            Ok(credentials) => self.credentials = Some(Arc::new(Kept::new(credentials))),
            Err(fault) => self.fail(fault),
        }
        self
    }

    /// Sets a body of plain text, in UTF-8.
    pub fn text(self, body: impl Into<String>) -> Self {
        self.content("text/plain; charset=utf-8", body.into().into())
    }

    /// Sets a body as it is: `application/octet-stream`, unless a header says otherwise.
    pub fn body(self, body: impl Into<Body>) -> Self {
        self.content("application/octet-stream", body.into())
    }

    /// Sends the request and reads the whole body, up to a [limit](crate::CallOptions::body_limit).
    ///
    /// A dropped future stops at once, and leaves nothing behind but what the manager has done already.
    ///
    /// # Errors
    ///
    /// Every kind but [`Config`](ErrorKind::Config) and [`Decode`](ErrorKind::Decode); see [`ErrorKind`].
    pub async fn send(self) -> Result<Response<Bytes>, Error> {
        let client = self.client;
        let (request, info) = self.prepare()?;
        call::send(&client.core, &client.options, request, info).await
    }

    /// Sends the request and gives the body as a stream, whatever its size.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send). What befalls the body later comes from the stream, and is not retried.
    pub async fn stream(self) -> Result<Response<ByteStream>, Error> {
        let (client, method) = (self.client, self.method.clone());
        let (request, info) = self.prepare()?;
        let response: Response<reqwest::Response> =
            call::send(&client.core, &client.options, request, info).await?;
        let facts = response.facts().clone();
        let announced = receive::announced(&method, facts.status, &facts.headers);
        let chunk_timeout = client.options.effective_attempt_timeout();
        Ok(response
            .map(|rest| ByteStream::new(rest.bytes_stream(), facts, announced, chunk_timeout)))
    }

    /// The pages of a list, of which this request is for the first: those behind it are asked for with the same request and the
    /// query parameter `cursor`. Nothing is sent yet.
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

    /// Gives the query parameter `name` this value in the place of any other; `false` if it has it.
    pub(crate) fn replace_query(&mut self, name: &str, value: &str) -> bool {
        path::replace_pair(&mut self.query, name, value)
    }

    /// Says what is wrong with it, and sends nothing.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.clone().prepare().map(drop)
    }

    /// The request as it is sent, and the facts about the call; or the first fault.
    fn prepare(mut self) -> Result<(PreparedRequest, Call), Error> {
        let call = Call {
            operation: Some(std::mem::take(&mut self.operation)),
            name: self.name,
            manager: Some(self.client.core.cluster.first.address.manager.clone()),
            attempts: 0,
        };
        match self.checked() {
            Ok(request) => Ok((request, call)),
            Err(reason) => Err(Error::new(ErrorKind::InvalidRequest, reason).in_call(call)),
        }
    }

    fn checked(self) -> Result<PreparedRequest, String> {
        let options = &self.client.options;
        if let Some(fault) = self.fault.as_deref().or(options.fault()) {
            return Err(fault.to_owned());
        }
        path::check_filled(&self.path)?;
        let (content_type, body) = match &self.parts {
            Some(parts) => (Some(parts.content_type().into()), parts.body()),
            None => (self.content_type, self.body),
        };
        // The request's headers, then the client's, then what the body implies.
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

    /// Keeps the first fault.
    fn fail(&mut self, reason: String) {
        self.fault.get_or_insert(reason);
    }
}

/// Shows neither the query nor a header's value nor the body.
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
