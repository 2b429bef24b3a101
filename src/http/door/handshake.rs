//! TLS, before anything is asked.

use std::io;

use tokio::{io::AsyncWriteExt as _, net::TcpStream};
use tokio_rustls::{LazyConfigAcceptor, rustls::server::Acceptor, server::TlsStream};

use crate::tls::{Caller, Purpose, Tls};

/// What a connection speaks from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// One request after another.
    Http1,
    /// Many at the same time.
    Http2,
}

/// `None` when the handshake was all that was wanted: somebody asked whether a name is ours. Takes as long as the other side does; the time is the caller's.
pub(crate) async fn shake_hands(
    stream: TcpStream,
    tls: &Tls,
    caller: Caller,
) -> io::Result<Option<(TlsStream<TcpStream>, Protocol)>> {
    let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let (config, purpose) = tls.answer(&begun.client_hello(), caller);
    let mut stream = begun.into_stream(config).await?;
    if purpose == Purpose::Challenge {
        stream.shutdown().await?;
        return Ok(None);
    }
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    Ok(Some((stream, if is_http2 { Protocol::Http2 } else { Protocol::Http1 })))
}
