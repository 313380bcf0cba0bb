internal import Logging
internal import MeshCore
internal import MeshRPC
internal import MeshWire

/// Whether a server answers.
enum ServerAnswer {
    /// Waits until a read of one key is answered.
    static func awaited(
        from endpoint: Endpoint,
        _ credentials: TLSCredentials,
        of process: ServerProcess,
        within limit: Duration = .seconds(30)
    ) async throws {
        let deadline = ContinuousClock.now + limit
        let request = RangeCodec.encodeRequest(RangeRequest(.key("ready")))
        while true {
            let channel = try RPCChannel(configuration: .benchmark(endpoint, credentials), logger: .quiet)
            let answer: Result<[UInt8], RPCStatus>
            do throws(RPCStatus) {
                answer = .success(
                    try await channel.unary(RPCMethod(path: EtcdMethods.range), request, timeout: .seconds(2)))
            } catch {
                answer = .failure(error)
            }
            await channel.shutDown()
            guard case .failure(let status) = answer else { return }
            guard process.isRunning else { throw BenchmarkError("a server has ended:\n\(process.endOfLog)") }
            guard ContinuousClock.now < deadline else {
                throw BenchmarkError("no answer from \(endpoint) within \(limit) (\(status)):\n\(process.endOfLog)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
