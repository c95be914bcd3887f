//! Closes a connection early, to simulate a network fault.

use bytes::Bytes;
use tokio::sync::mpsc;

/// How a connection is closed early.
pub(super) enum CloseMode {
    /// Immediately.
    Drop,
    /// After these bytes are sent.
    SendAndClose(Bytes),
}

/// Closes the connection that it belongs to.
#[derive(Clone)]
pub(super) struct ConnectionCloser(mpsc::UnboundedSender<CloseMode>);

impl ConnectionCloser {
    /// A closer, and the receiver that the task of the connection watches.
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<CloseMode>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    pub(super) fn close(&self, mode: CloseMode) {
        // Without a receiver, the connection is closed already.
        let _ = self.0.send(mode);
    }
}
