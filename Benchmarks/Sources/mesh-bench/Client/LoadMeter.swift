internal import BenchmarkSupport
internal import Foundation

/// What a load costs the server and the client, from its beginning to its end.
struct LoadMeter {
    private let server: StartedServer
    private let begun: UInt64
    private let serverTimes: (own: UInt64, all: UInt64)
    private let clientTime: UInt64
    private let clientThreads: [Int32: UInt64]

    /// Begins to measure.
    init(_ server: StartedServer) throws {
        self.server = server
        server.figures.resetPeak()
        clientThreads = ProcessFigures.own.threadProcessorTimes
        clientTime = MonotonicTime.ownProcessorTime
        serverTimes = try server.processorTimes()
        begun = MonotonicTime.now
    }

    /// When it began.
    var start: UInt64 { begun }

    /// Ends the measurement.
    func end() throws -> LoadCost {
        let seconds = Double(MonotonicTime.now - begun) / 1e9
        let times = try server.processorTimes()
        let threads = ProcessFigures.own.threadProcessorTimes.map { thread, time in
            time - min(time, clientThreads[thread] ?? 0)
        }
        return LoadCost(
            seconds: seconds,
            server: Double(times.own - serverTimes.own) / 1e9,
            serverAndUpstream: Double(times.all - serverTimes.all) / 1e9,
            client: Double(MonotonicTime.ownProcessorTime - clientTime) / 1e9,
            busiestClientThread: Double(threads.max() ?? 0) / 1e9,
            processors: ProcessInfo.processInfo.activeProcessorCount,
            residentBytes: server.figures.residentBytes ?? 0,
            peakResidentBytes: server.figures.peakResidentBytes ?? 0
        )
    }
}

/// What a load cost: processor time in seconds, memory in bytes.
struct LoadCost: Hashable, Sendable {
    var seconds: Double
    /// The server that is measured.
    var server: Double
    /// That and the etcd behind it.
    var serverAndUpstream: Double
    /// This process.
    var client: Double
    /// That thread of this process that took most.
    var busiestClientThread: Double
    var processors: Int
    var residentBytes: Int
    var peakResidentBytes: Int

    /// From which share on the client is said to be the bottleneck.
    static let bottleneckShare = 0.9

    /// How the client may have been the bottleneck, for people; `nil` if it was not.
    var clientBottleneck: String? {
        let left = Double(processors) * seconds - serverAndUpstream
        let percent = { (part: Double, whole: Double) in "\(Int((100 * part / max(whole, 1e-9)).rounded())) %" }
        if busiestClientThread >= Self.bottleneckShare * seconds {
            return "the client's busiest thread ran \(percent(busiestClientThread, seconds)) of the time"
        }
        if client >= Self.bottleneckShare * left {
            return "the client took \(percent(client, left)) of the processors' time that the servers left"
        }
        return nil
    }
}
