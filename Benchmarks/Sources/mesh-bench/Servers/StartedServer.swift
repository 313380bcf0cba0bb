internal import BenchmarkSupport
internal import MeshCore

/// A server that runs, with whatever stands behind it, each in a process of its own.
struct StartedServer: Sendable {
    /// What it is.
    let kind: ServerKind
    /// Where watchers connect and lists are read.
    let watching: Endpoint
    /// Where writers write in scenarios of watches: the etcd member, our local server.
    let writing: Endpoint
    /// Where writers write in scenarios of puts: the proxy itself; `nil` if it takes none.
    let putting: Endpoint?
    /// What the client shows.
    let credentials: TLSCredentials
    /// The server that watchers talk to, whose cost is measured.
    let process: ServerProcess
    /// The etcd behind it.
    let upstream: ServerProcess?

    /// The process whose cost is measured.
    var figures: ProcessFigures { process.figures }

    /// The process' processor time, and that of it and the etcd behind it, in nanoseconds.
    func processorTimes() throws -> (own: UInt64, all: UInt64) {
        let behind = upstream.map(\.figures.processorTime) ?? 0
        guard let own = process.figures.processorTime, let behind else {
            throw BenchmarkError("\(kind.rawValue) has ended:\n\(process.endOfLog)")
        }
        return (own, own + behind)
    }

    /// Ends all its processes.
    func stop() {
        process.stop()
        upstream?.stop()
    }
}
