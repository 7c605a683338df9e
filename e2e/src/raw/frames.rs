//! HTTP/2 frames by hand (RFC 9113), for what no HTTP/2 library will send, and to read what none will show.

use std::io;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// Long enough for anything on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a client says first.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Types of frames (RFC 9113, section 6).
pub mod kind {
    /// A message's bytes.
    pub const DATA: u8 = 0;
    /// Opens a stream.
    pub const HEADERS: u8 = 1;
    /// Ends a stream, with a reason.
    pub const RST_STREAM: u8 = 3;
    /// A peer's limits.
    pub const SETTINGS: u8 = 4;
    /// Is anybody there?
    pub const PING: u8 = 6;
    /// Ends the connection, with a reason.
    pub const GOAWAY: u8 = 7;
    /// Lets the other side send more.
    pub const WINDOW_UPDATE: u8 = 8;
}

/// Error codes (RFC 9113, section 7).
pub mod code {
    /// Nothing is wrong: the peer is leaving.
    pub const NO_ERROR: u32 = 0;
    /// A window was not kept, or made larger than it can be.
    pub const FLOW_CONTROL_ERROR: u32 = 3;
    /// Not processed: it may be tried again elsewhere.
    pub const REFUSED_STREAM: u32 = 7;
    /// The client has lost interest.
    pub const CANCEL: u32 = 8;
    /// Too much of something.
    pub const ENHANCE_YOUR_CALM: u32 = 11;
}

/// Set on the SETTINGS or PING that answers one.
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// See [`kind`].
    pub kind: u8,
    /// What they mean depends on the kind.
    pub flags: u8,
    /// 0 is the connection itself.
    pub stream: u32,
    /// The rest.
    pub payload: Bytes,
}

impl Frame {
    fn new(kind: u8, flags: u8, stream: u32, payload: impl Into<Bytes>) -> Self {
        Self { kind, flags, stream, payload: payload.into() }
    }

    /// Opens a gRPC call whose message is still to come.
    #[must_use]
    pub fn call(stream: u32, path: &str) -> Self {
        let mut block = BytesMut::new();
        let fields = [(":method", "POST"), (":scheme", "https"), (":authority", "localhost"), (":path", path)];
        let grpc = [("content-type", "application/grpc"), ("te", "trailers")];
        for (name, value) in fields.into_iter().chain(grpc) {
            literal(&mut block, name, value);
        }
        Self::new(kind::HEADERS, END_HEADERS, stream, block)
    }

    /// The whole of a call's body.
    #[must_use]
    pub fn body(stream: u32, bytes: &[u8]) -> Self {
        Self::new(kind::DATA, END_STREAM, stream, bytes.to_vec())
    }

    /// Ends a stream.
    #[must_use]
    pub fn reset(stream: u32, code: u32) -> Self {
        Self::new(kind::RST_STREAM, 0, stream, code.to_be_bytes().to_vec())
    }

    /// Lets the other side send more.
    #[must_use]
    pub fn window_update(stream: u32, increment: u32) -> Self {
        Self::new(kind::WINDOW_UPDATE, 0, stream, increment.to_be_bytes().to_vec())
    }

    /// The answer to this SETTINGS or PING.
    #[must_use]
    pub fn acknowledged(&self) -> Self {
        let payload = if self.kind == kind::PING { self.payload.clone() } else { Bytes::new() };
        Self::new(self.kind, ACK, 0, payload)
    }

    /// The value of one setting, if this frame gives it.
    #[must_use]
    pub fn setting(&self, identifier: u16) -> Option<u32> {
        let mut settings = self.payload.chunks_exact(6).map(|mut pair| (pair.get_u16(), pair.get_u32()));
        settings.find(|(known, _)| *known == identifier).map(|(_, value)| value)
    }

    /// The error code of a RST_STREAM or GOAWAY.
    #[must_use]
    pub fn code(&self) -> u32 {
        let mut payload = self.payload.clone();
        if self.kind == kind::GOAWAY {
            payload.advance(4);
        }
        payload.get_u32()
    }

    /// What a GOAWAY says to people.
    #[must_use]
    pub fn debug_data(&self) -> String {
        String::from_utf8_lossy(self.payload.get(8..).unwrap_or_default()).into_owned()
    }

    fn is_ack(&self) -> bool {
        self.flags & ACK == ACK
    }

    fn write(&self, out: &mut BytesMut) {
        out.put_uint(self.payload.len() as u64, 3);
        out.put_u8(self.kind);
        out.put_u8(self.flags);
        out.put_u32(self.stream);
        out.put_slice(&self.payload);
    }
}

/// A header field as a literal, not indexed, not compressed (RFC 7541, section 6.2.2).
fn literal(block: &mut BytesMut, name: &str, value: &str) {
    block.put_u8(0);
    for text in [name, value] {
        let length = u8::try_from(text.len()).ok().filter(|length| *length < 127);
        block.put_u8(length.expect("a short field"));
        block.put_slice(text.as_bytes());
    }
}

/// A connection, as its frames.
pub struct Frames<S> {
    stream: S,
    read: BytesMut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Frames<S> {
    /// Says the preface with settings that change nothing.
    ///
    /// # Errors
    /// The connection's.
    pub async fn open(stream: S) -> io::Result<Self> {
        let mut frames = Self { stream, read: BytesMut::new() };
        frames.stream.write_all(PREFACE).await?;
        frames.send(&[Frame::new(kind::SETTINGS, 0, 0, Bytes::new())]).await?;
        Ok(frames)
    }

    /// Sends frames in one write.
    ///
    /// # Errors
    /// The connection's.
    pub async fn send(&mut self, frames: &[Frame]) -> io::Result<()> {
        let mut out = BytesMut::new();
        for frame in frames {
            frame.write(&mut out);
        }
        self.stream.write_all(&out).await?;
        self.stream.flush().await
    }

    /// The next frame, or how the connection ended.
    ///
    /// # Errors
    /// The connection's end, whichever it is; `TimedOut` when nothing happens for ten seconds.
    pub async fn next(&mut self) -> io::Result<Frame> {
        timeout(PATIENCE, self.receive()).await?
    }

    async fn receive(&mut self) -> io::Result<Frame> {
        while self.read.len() < 9 || self.read.len() < 9 + self.length() {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let length = self.length();
        let mut head = self.read.split_to(9);
        head.advance(3);
        let (kind, flags, stream) = (head.get_u8(), head.get_u8(), head.get_u32());
        Ok(Frame { kind, flags, stream, payload: self.read.split_to(length).freeze() })
    }

    /// The next frame of this kind that answers nothing; whatever comes before it is passed over.
    ///
    /// # Errors
    /// As for [`Frames::next`].
    pub async fn next_of(&mut self, kind: u8) -> io::Result<Frame> {
        loop {
            let frame = self.next().await?;
            if frame.kind == kind && !(frame.is_ack() && matches!(kind, kind::SETTINGS | kind::PING)) {
                return Ok(frame);
            }
        }
    }

    /// What carries the frames.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    fn length(&self) -> usize {
        self.read.iter().take(3).fold(0, |length, byte| length << 8 | usize::from(*byte))
    }
}
