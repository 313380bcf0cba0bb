internal import BenchmarkSupport

extension StartedServer {
    /// The memory that the server has in RAM once that has stopped changing, or after a few seconds.
    ///
    /// Servers work a little after a load, give memory back late, and collect garbage when they see fit.
    func settledResidentBytes(within limit: Duration = .seconds(6)) async throws -> Int {
        let deadline = ContinuousClock.now + limit
        var last = try residentBytes()
        var equal = 0
        while equal < 4, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(250))
            let present = try residentBytes()
            equal = abs(present - last) <= last / 200 ? equal + 1 : 0
            last = present
        }
        return last
    }

    private func residentBytes() throws -> Int {
        guard let bytes = figures.residentBytes else {
            throw BenchmarkError("\(kind.rawValue) has ended:\n\(process.endOfLog)")
        }
        return bytes
    }
}
