internal import BenchmarkSupport
internal import MeshCore
internal import MeshRPC
internal import MeshWire

/// Clients that put pairs over and over, at a rate or as fast as they are answered.
///
/// Each writer has one put under way at a time. At a rate, each put has its time from the beginning on: one whose writer
/// was still busy then counts as begun at that time, so that a slow server does not slow its own measurement down.
struct WriterLoad: Sendable {
    /// What the writers write.
    struct Plan: Sendable {
        /// Before the key's number.
        var prefix = "bench/"
        /// How many keys are written, one after another and over again.
        var keys = 1_000
        /// How long a value is.
        var valueBytes = 512
        /// How many put at the same time.
        var writers = 16
        /// Over how many connections.
        var connections = 4
    }

    let plan: Plan
    private let channels: [RPCChannel]
    private let template: PutTemplate

    /// Connects writers to a server.
    init(_ plan: Plan, with client: ClientKit, to endpoint: Endpoint) async throws {
        self.plan = plan
        channels = try await client.connectedChannels(plan.connections, to: endpoint)
        template = PutTemplate(prefix: plan.prefix, valueBytes: plan.valueBytes)
    }

    /// Puts every key once; returns the store's revision then.
    func fill() async throws -> Int64 {
        try await run(rate: nil, puts: plan.keys).lastRevision
    }

    /// Puts for so many seconds, or so many times if that is sooner.
    ///
    /// - Parameter rate: Puts per second over all writers; `nil` puts as fast as they are answered.
    func run(rate: Double?, seconds: Double = 3_600, puts: Int = .max) async throws -> WriterResult {
        let start = MonotonicTime.now
        let schedule = Schedule(start: start, end: start + UInt64(seconds * 1e9), rate: rate, puts: puts)
        var result = WriterResult(keys: plan.keys)
        try await withThrowingTaskGroup(of: WriterResult.self) { group in
            for writer in 0..<plan.writers {
                group.addTask { try await write(as: writer, schedule) }
            }
            for try await one in group { result.merge(one) }
        }
        result.seconds = Double(MonotonicTime.now - start) / 1e9
        if let rate { result.asked = min(puts, Int(rate * seconds)) }
        return result
    }

    private struct Schedule {
        var start: UInt64
        var end: UInt64
        var rate: Double?
        var puts: Int

        /// When a put is due; `nil` if it is not on the schedule. Without a rate each is due when it can begin.
        func time(of put: Int) -> UInt64? {
            guard put < puts else { return nil }
            guard let rate else { return 0 }
            let time = start + UInt64(Double(put) * 1e9 / rate)
            return time < end ? time : nil
        }
    }

    private func write(as writer: Int, _ schedule: Schedule) async throws -> WriterResult {
        let channel = channels[writer % channels.count]
        var result = WriterResult(keys: plan.keys)
        var put = writer
        while let due = schedule.time(of: put) {
            var begun = MonotonicTime.now
            if begun < due {
                try await Task.sleep(for: .nanoseconds(due - begun), tolerance: .zero)
                begun = MonotonicTime.now
            } else if due > 0 {
                begun = due
            }
            let sent = MonotonicTime.now
            guard sent < schedule.end else { break }
            let key = put % plan.keys
            let request = template.request(key: key, at: sent)
            do throws(RPCStatus) {
                let answer = try await channel.unary(RPCMethod(path: EtcdMethods.put), request, timeout: .seconds(30))
                result.answered(key: key, revision: PutAnswerScanner.revision(answer), after: MonotonicTime.now - begun)
            } catch {
                if Task.isCancelled { throw CancellationError() }
                result.failed("\(error)")
            }
            put += plan.writers
        }
        return result
    }
}

/// The one number of a PutResponse that counts.
enum PutAnswerScanner {
    /// The revision in the answer's header; 0 if there is none.
    static func revision(_ answer: [UInt8]) -> Int64 {
        var reader = WireReader(answer[...])
        while let field = try? reader.next() {
            guard field.number == 1, case .bytes(let range) = field.content else { continue }
            var header = WireReader(answer[range])
            while let field = try? header.next() {
                if field.number == 3, case .number(let number) = field.content { return Int64(bitPattern: number) }
            }
        }
        return 0
    }
}
