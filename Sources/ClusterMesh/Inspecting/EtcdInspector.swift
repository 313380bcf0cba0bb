public import Logging
internal import MeshClient
public import MeshCore
public import MeshLocalAPI
internal import MeshTLS
internal import MeshWire

/// Looks into any etcd v3 server, ours or etcd, for a person or a script: `clustermesh get` and `clustermesh watch`.
///
/// It reads over one connection and goes on after nothing: whoever needs that follows a peer with a
/// `RemoteClusterMirror`. End it with ``shutDown()`` before the last reference goes.
public final class EtcdInspector: Sendable {
    /// What a read found, besides the pairs.
    public struct Summary: Hashable, Sendable {
        /// The revision that was read at.
        public var revision: Revision
        /// The pairs that were given out.
        public var pairs: Int64
        /// The keys in the range at that revision, whatever the limit was.
        public var count: Int64
    }

    private let reader: EtcdReader
    private let address: LocalAddress
    private let timeout: Duration

    /// Makes a connection when it is first needed.
    ///
    /// - Parameters:
    ///   - address: Where the server listens.
    ///   - credentials: The own certificate, its key, and the roots that the server's certificate must lead to.
    ///   - timeout: How long a page, and the confirmation of a watch, may take, connecting included: 100 ms…5 min.
    /// - Throws: InvalidArgument if a setting is out of its range or the credentials are not PEM text.
    public init(
        address: LocalAddress, credentials: TLSCredentials, timeout: Duration = .seconds(10), logger: Logger
    ) throws(EtcdError) {
        var configuration: EtcdReaderConfiguration
        switch address {
        case .tcp(let host, let port):
            configuration = EtcdReaderConfiguration(
                endpoint: EtcdEndpoint(host: host, port: port), credentials: credentials, verifier: .mesh())
        case .unix(let path):
            configuration = EtcdReaderConfiguration(unixPath: path, credentials: credentials, verifier: .mesh())
        }
        configuration.connectTimeout = timeout
        configuration.requestTimeout = timeout
        reader = try EtcdReader(configuration: configuration, logger: logger)
        self.address = address
        self.timeout = timeout
    }

    /// Reads what `request` asks for, in pages of one revision, in the order of the keys.
    ///
    /// - Parameter take: Gets the pairs of a page, which are at most as many as a message holds.
    /// - Throws: The server's error, with the address; whatever `take` throws.
    public func read(
        _ request: RangeRequest, _ take: ([KeyValue]) throws -> Void
    ) async throws -> Summary {
        var pages = RangePages(request)
        while let page = pages.next {
            let answer: RangeAnswer
            do throws(EtcdError) {
                answer = try await reader.range(page).1
            } catch {
                if error.code == .resourceExhausted, pages.wasTooLarge() { continue }
                throw located(error)
            }
            pages.received(answer)
            try take(answer.pairs)
        }
        return Summary(revision: pages.revision, pairs: pages.pairs, count: pages.count)
    }

    /// Watches a range until the task is cancelled or the watch ends.
    ///
    /// - Parameters:
    ///   - start: The first revision of interest; ``MeshCore/Revision/none`` is the next one.
    ///   - take: Gets the events, whole revisions at a time; without events it says how far the watch is.
    /// - Throws: Why the watch ended, with the address. OutOfRange if history no longer reaches back to `start`. Whatever
    ///   `take` throws.
    public func watch(
        _ range: KeyRange, from start: Revision = .none, options: WatchOptions = WatchOptions(),
        _ take: (WatchBatch) throws -> Void
    ) async throws {
        let stream = try await open(
            WatchCreateRequest(range, from: start, options: options, progressNotify: true, fragment: true))
        defer { stream.cancel() }
        var isConfirmed = false
        while !Task.isCancelled {
            let message = try await next(of: stream, within: isConfirmed ? nil : timeout)
            if message.created { isConfirmed = true }
            guard let header = message.header else { continue }
            try take(WatchBatch(events: message.events, revision: header.revision))
        }
    }

    private func open(_ request: WatchCreateRequest) async throws(EtcdError) -> EtcdWatchStream {
        do throws(EtcdError) {
            let stream = try reader.openWatch()
            try await stream.create(request)
            return stream
        } catch {
            throw located(error)
        }
    }

    /// The next message of a watch that goes on.
    private func next(
        of stream: EtcdWatchStream, within limit: Duration?
    ) async throws(EtcdError) -> WatchServerMessage {
        do throws(EtcdError) {
            guard let message = try await stream.next(timeout: limit) else {
                throw EtcdError(.unavailable, "the server ended the watch")
            }
            if message.canceled { throw Self.end(of: message) }
            return message
        } catch {
            throw located(error)
        }
    }

    /// Why the server ended a watch.
    private static func end(of message: WatchServerMessage) -> EtcdError {
        if message.compactRevision > .none {
            let first = message.compactRevision
            return EtcdError(
                .outOfRange,
                "the changes before revision \(first) are gone (compacted); read the present state, or watch "
                    + "from revision \(first) on")
        }
        return EtcdError(
            .unknown, message.cancelReason.isEmpty ? "the server ended the watch" : message.cancelReason)
    }

    /// Ends the connection.
    public func shutDown() async {
        await reader.shutDown()
    }

    private func located(_ error: EtcdError) -> EtcdError {
        EtcdError(error.code, "\(address): \(error.message)")
    }
}
