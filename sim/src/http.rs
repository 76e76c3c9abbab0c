//! A small HTTP server on the loopback interface, and a client: just enough to stand in for AWS and to cut connections.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HOST, HeaderValue, TRANSFER_ENCODING};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::sync::Owned;

/// What a handler gives: an answer, or none and the connection is closed.
pub(crate) type Reply = Result<Response<Full<Bytes>>, Cut>;

/// The connection is to be cut without an answer.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the connection is cut without an answer")]
pub(crate) struct Cut;

/// A server that stops, with all its connections, on drop.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    _accepting: Owned,
}

impl Server {
    /// Serves `handler` on a free port of the loopback interface.
    pub(crate) async fn start<H, F>(handler: H) -> io::Result<Self>
    where
        H: Fn(Request<Bytes>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { address, _accepting: Owned::spawn(accept(listener, handler)) })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn accept<H, F>(listener: TcpListener, handler: H)
where
    H: Fn(Request<Bytes>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A failed accept is that connection's trouble (it was reset, or files ran out): the next may do.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(stream, handler.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve<H, F>(stream: TcpStream, handler: H)
where
    H: Fn(Request<Bytes>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    // Small answers must not wait for more: without it every call costs 40 ms.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let handler = handler.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
            handler(Request::from_parts(head, body)).await
        }
    });
    // The end of a connection, cut or closed, is what the client sees; there is nobody else to tell.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// An answer with a body of a type.
pub(crate) fn reply(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Why a request brought no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ForwardError {
    #[error("cannot connect to {authority}: {source}; is the server running?")]
    Connect { authority: String, source: io::Error },
    #[error("{authority} broke off: {source}")]
    Exchange { authority: String, source: hyper::Error },
}

/// Sends a request to `authority` (host and port) and waits for the whole answer.
pub(crate) async fn forward(
    authority: &str,
    mut request: Request<Bytes>,
) -> Result<Response<Bytes>, ForwardError> {
    let stream = TcpStream::connect(authority)
        .await
        .map_err(|source| ForwardError::Connect { authority: authority.to_owned(), source })?;
    let _ = stream.set_nodelay(true);
    let exchange = |source| ForwardError::Exchange { authority: authority.to_owned(), source };
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(exchange)?;
    let _driving = Owned::spawn(async move {
        let _ = connection.await;
    });
    if !request.headers().contains_key(HOST)
        && let Ok(host) = HeaderValue::from_str(authority)
    {
        request.headers_mut().insert(HOST, host);
    }
    // The body is whole already: hyper gives it a length.
    request.headers_mut().remove(TRANSFER_ENCODING);
    let response = sender.send_request(request.map(Full::new)).await.map_err(exchange)?;
    let (mut head, body) = response.into_parts();
    let body = body.collect().await.map_err(exchange)?.to_bytes();
    for hop in [TRANSFER_ENCODING, CONNECTION] {
        head.headers.remove(hop);
    }
    Ok(Response::from_parts(head, body))
}

/// Whether something answers there at all, whatever it says.
pub(crate) async fn answers(authority: &str) -> bool {
    let request = Request::get("/").body(Bytes::new());
    match request {
        Ok(request) => forward(authority, request).await.is_ok(),
        Err(_) => false,
    }
}

/// The value of a header, if it is text.
pub(crate) fn header<'request, B>(request: &'request Request<B>, name: &str) -> Option<&'request str> {
    request.headers().get(name)?.to_str().ok()
}
