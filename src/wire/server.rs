//! The socket side of the front door.
//!
//! HTTP/1.1 (keep-alive, pipelining) and HTTP/2 on one listener, with or without TLS; hyper tells them
//! apart by the first bytes, which is prior knowledge without TLS and what ALPN agreed on with it. The caller owns the listener and the stop signal, so tests and the
//! command line start and stop it alike.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

use crate::base::Clock;
use crate::base::limits::wire::{HEADER_MAX_BYTES, HEADER_READ_TIMEOUT, SHUTDOWN_GRACE};
use crate::wire::router::Router;
use crate::wire::tls::Tls;

/// The other end of a connection; travels as an extension of its requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    pub address: IpAddr,
    /// Whether the connection is TLS.
    pub secure: bool,
}

/// Serves until `shutdown` completes, then finishes the requests under way (for at most
/// [`SHUTDOWN_GRACE`]) and returns. With `tls` nothing but TLS is spoken.
pub async fn run(
    listener: TcpListener,
    tls: Option<&Tls>,
    router: Arc<Router>,
    shutdown: impl Future<Output = ()>,
) {
    let connections = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, most likely: give the open connections time to close.
                    tracing::warn!(%error, "cannot accept a connection");
                    Clock::sleep_real(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut shutdown => break,
        };
        // Replies are small and whole: waiting to fill a packet only costs time.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
        let (router, watcher) = (Arc::clone(&router), connections.watcher());
        let peer = Peer {
            address: peer.ip(),
            secure: tls.is_some(),
        };
        match tls {
            None => tokio::spawn(serve(stream, peer, router, watcher)),
            Some(tls) => tokio::spawn(serve_tls(stream, peer, tls.clone(), router, watcher)),
        };
    }
    drop(listener);
    tokio::select! {
        () = connections.shutdown() => {}
        () = Clock::sleep_real(SHUTDOWN_GRACE) => {
            tracing::warn!("connections still open after {SHUTDOWN_GRACE:?}, closing them");
        }
    }
}

/// One connection that begins with a TLS handshake, which may take as long as headers may.
async fn serve_tls<I>(io: I, peer: Peer, tls: Tls, router: Arc<Router>, watcher: Watcher)
where
    I: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let handshake = tokio::select! {
        handshake = tls.accept(io) => handshake,
        () = Clock::sleep_real(HEADER_READ_TIMEOUT) => {
            tracing::debug!("no TLS handshake in {HEADER_READ_TIMEOUT:?}");
            return;
        }
    };
    match handshake {
        Ok(stream) => serve(stream, peer, router, watcher).await,
        Err(error) => tracing::debug!(%error, "TLS handshake"),
    }
}

/// One connection, until the client closes it or the watcher asks to finish.
async fn serve<I>(io: I, peer: Peer, router: Arc<Router>, watcher: Watcher)
where
    I: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // Without `pipeline_flush`: with it, hyper never sends its refusal of a request it cannot read.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        // What exceeds the limit a little is refused by the router, in words; the rest by hyper.
        .max_buf_size(2 * HEADER_MAX_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(2 * HEADER_MAX_BYTES).unwrap_or(u32::MAX));
    let service = service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(peer);
        let router = Arc::clone(&router);
        async move { Ok::<_, Infallible>(router.call(request.map(Into::into)).await) }
    });
    let connection = builder.serve_connection(TokioIo::new(io), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(error = %error, "connection ended");
    }
}

#[cfg(test)]
mod tests;
