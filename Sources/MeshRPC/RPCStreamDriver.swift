internal import MeshCore

/// What a stream's driver says about a message it was given.
public enum RPCReadDecision: Hashable, Sendable {
    /// Take the next message.
    case continueReading
    /// Take no message until ``RPCStreamHandle/resumeReading()``: the client is held back by flow control.
    case pauseReading
    /// End the stream with this status, after the message that is on its way, if there is one.
    case finish(RPCStatus)
}

/// What a stream's driver says when it is asked for the next message.
public enum RPCSendDecision: Hashable, Sendable {
    /// Send what was written; nothing written is an empty message. With `moreFollows` core may keep the message back
    /// until the next one: then the driver must have one when it is asked next.
    case send(moreFollows: Bool)
    /// There is nothing to send; ask again after ``RPCStreamHandle/wake()``, or after the next received message.
    case idle
    /// End the stream with this status.
    case finish(RPCStatus)
}

/// Drives the server's half of a stream.
///
/// All methods are called one at a time, under the stream's lock, on a polling or a sending thread of the transport:
/// each does a bounded amount of work, never waits, never calls user code. The methods of the handle may be called from
/// inside them.
///
/// One message is on its way at a time, and nothing is queued: ``nextMessage(_:)`` is called when the one before has
/// passed the client's flow control, so a slow client is asked for less often.
public protocol RPCStreamDriver: AnyObject, Sendable {
    /// The client sent a message.
    func messageReceived(_ bytes: [UInt8]) -> RPCReadDecision

    /// The client will send no more.
    func clientFinishedSending()

    /// There is room for a message, which is to be written to `message`.
    func nextMessage(_ message: inout RPCMessageWriter) -> RPCSendDecision

    /// The stream is closed, for whatever reason. Called exactly once; nothing is called after it.
    func streamClosed()
}

/// A driver's, or anybody's, way to tell a server's stream something. Any thread, never waiting.
public final class RPCStreamHandle: Sendable {
    /// Does nothing any more once it is closed, and has let go of its driver then.
    private let stream: ServerStream

    /// What was known of the call when the stream was opened.
    public let context: RPCCallContext

    /// Where the stream's events arrive and its messages are sent, as long as it is open.
    public let shard: RPCShard

    init(_ stream: ServerStream, context: RPCCallContext) {
        self.stream = stream
        self.context = context
        shard = stream.shard
    }

    /// There may be a next message: the sending thread asks the driver, unless a message is on its way, whose
    /// completion asks anyway. Calls that come before it asks are one.
    public func wake() {
        stream.wake()
    }

    /// Asks the driver for a message at once, unless one is on its way, whose completion asks anyway. For ``RPCShardWork``
    /// of the stream's own ``shard``; on any other thread this is ``wake()``.
    ///
    /// - Important: Call it neither from inside the driver's methods nor under a lock that they take.
    public func sendNow() {
        guard shard.isSendingThread else { return wake() }
        stream.sendNow()
    }

    /// Takes messages again, after ``RPCReadDecision/pauseReading``.
    public func resumeReading() {
        stream.resumeReading()
    }

    /// Ends the stream at once, even if a message is on its way.
    public func cancel(_ status: RPCStatus) {
        stream.requestEnd(status, isForced: true)
    }
}
