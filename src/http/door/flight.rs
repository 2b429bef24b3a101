//! What hyper is given, so that the door sees what it does: a stream that tells when bytes come, and an
//! answer that is in flight until its last byte was handed over.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_io_timeout::TimeoutWriter;

use super::guests::{Guest, InFlight};

/// A stream whose writing fails when the other side takes nothing for `stalled`.
pub(crate) struct Heard<I> {
    stream: Pin<Box<TimeoutWriter<I>>>,
    guest: Arc<Guest>,
}

impl<I: AsyncRead + AsyncWrite> Heard<I> {
    pub(crate) fn new(stream: I, guest: Arc<Guest>, stalled: Duration) -> Self {
        let mut stream = TimeoutWriter::new(stream);
        stream.set_timeout(Some(stalled));
        Self { stream: Box::pin(stream), guest }
    }
}

impl<I: AsyncRead + AsyncWrite> AsyncRead for Heard<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = self.stream.as_mut().poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.guest.heard();
        }
        polled
    }
}

impl<I: AsyncRead + AsyncWrite> AsyncWrite for Heard<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_shutdown(cx)
    }
}

/// The body of an answer; its request is in flight as long as this is there.
pub(crate) struct Answer {
    body: Body,
    /// Of a part, what is handed over next.
    rest: Bytes,
    in_flight: InFlight,
}

/// Most that is handed over at once on HTTP/2, where it is kept until the client opens its window.
const PART_MOST: usize = 16 * 1024;

impl Answer {
    pub(crate) fn new(body: Body, mut in_flight: InFlight) -> Self {
        if body.is_end_stream() {
            in_flight.was_taken();
        }
        Self { body, rest: Bytes::new(), in_flight }
    }

    fn part(&mut self) -> Option<Frame<Bytes>> {
        if self.rest.is_empty() {
            return None;
        }
        let most = if self.in_flight.takes_many() { PART_MOST } else { usize::MAX };
        Some(Frame::data(self.rest.split_to(self.rest.len().min(most))))
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        // Somebody asks for more: what there was is gone.
        self.in_flight.takes();
        let polled = match self.part() {
            Some(part) => Poll::Ready(Some(Ok(part))),
            None => match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => {
                        self.rest = data;
                        // Empty parts are none of ours to leave out.
                        let part = self.part().unwrap_or_else(|| Frame::data(Bytes::new()));
                        Poll::Ready(Some(Ok(part)))
                    }
                    Err(trailers) => Poll::Ready(Some(Ok(trailers))),
                },
                polled => polled,
            },
        };
        match &polled {
            Poll::Ready(Some(Ok(_))) => self.in_flight.owes(),
            Poll::Ready(_) | Poll::Pending => {}
        }
        if matches!(polled, Poll::Ready(None)) || self.is_end_stream() {
            self.in_flight.was_taken();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    /// Asked before anything is handed over.
    fn size_hint(&self) -> SizeHint {
        if self.rest.is_empty() { self.body.size_hint() } else { SizeHint::default() }
    }
}
