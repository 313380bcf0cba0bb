import Logging
import MeshClient
import MeshCore
import MeshTLS
import TestSupport

/// The whole keyspace of an etcd, followed by MeshClient's list-and-watch alone.
final class FollowedKeyspace: FollowApplier {
    private struct State {
        var pairs: [Key: KeyValue] = [:]
        var listings: [ListingCause] = []
    }

    private let state = Locked(State())

    /// The pairs, by key.
    var pairs: [KeyValue] {
        state.withLock { $0.pairs.values.sorted { $0.key < $1.key } }
    }

    /// Why it listed, each time.
    var listings: [ListingCause] { state.withLock { $0.listings } }

    /// Follows the etcd on `port`, over one connection after another, until the task is cancelled.
    func run(port: Int, credentials: TLSCredentials) async throws {
        let follower = RangeFollower(ranges: [.all])
        var configuration = EtcdReaderConfiguration(
            endpoint: EtcdEndpoint(host: "127.0.0.1", port: port),
            credentials: credentials,
            verifier: .mesh()
        )
        configuration.requestTimeout = .seconds(5)
        while !Task.isCancelled {
            let reader = try EtcdReader(
                configuration: configuration,
                logger: Logger(label: "keyspace", factory: { _ in SwiftLogNoOpLogHandler() })
            )
            do {
                try await follower.follow(reader, applying: self)
            } catch {
                await reader.shutDown()
            }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    func mayFollow(range index: Int) -> Bool { true }

    func serverAnswered(clusterID: UInt64) {}

    func listingBegan(_ cause: ListingCause, ofRange index: Int) {
        state.withLock { $0.listings.append(cause) }
    }

    func watchBegan(ofRange index: Int) {}

    func apply(_ batch: FollowedBatch, ofRange index: Int, progress: FollowProgress) async throws(FollowError) {
        state.withLock { state in
            for event in batch.events {
                state.pairs[event.pair.key] = event.kind == .put ? event.pair : nil
            }
        }
    }
}
