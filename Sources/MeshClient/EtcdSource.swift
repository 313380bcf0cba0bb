package import MeshCore
package import MeshWire

/// A server that ranges can be read and watched from: ``EtcdReader``, or a scripted one in a test.
package protocol EtcdSource: Sendable {
    associatedtype Watches: EtcdWatchSource

    /// Reads a range.
    func range(_ request: RangeRequest) async throws(EtcdError) -> (ResponseHeader, RangeAnswer)

    /// Opens a stream that can hold many watches.
    func openWatch() throws(EtcdError) -> Watches
}

/// A stream of watches; one task uses it.
package protocol EtcdWatchSource: Sendable {
    /// Asks for a watch.
    func create(_ request: WatchCreateRequest) async throws(EtcdError)

    /// Asks how far all watches of the stream are.
    func requestProgress() async throws(EtcdError)

    /// The next message, joined from its fragments; `nil` when the server ended the stream. After `timeout` the stream
    /// is cancelled and `deadlineExceeded` thrown.
    func next(timeout: Duration?) async throws(EtcdError) -> WatchServerMessage?

    /// Ends the stream at once.
    func cancel()
}
