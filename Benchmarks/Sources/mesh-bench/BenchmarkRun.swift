internal import Foundation

/// Runs scenarios, each on one server after another and then again, and prints what they come to.
struct BenchmarkRun: Sendable {
    var scenarios: [any Scenario]
    var servers: [ServerKind]
    var rounds: Int
    var pace: Pace
    var starter: ServerStarter

    /// Runs everything, printing each scenario's table when it is complete.
    ///
    /// - Parameter path: Where all figures go as JSON, also if a later scenario fails.
    func perform(writing path: String?) async throws {
        let absent = servers.filter { !starter.available.contains($0) }
        if !absent.isEmpty { Self.tell("left out, as not there: \(absent.map(\.rawValue).joined(separator: ", "))") }
        var measurements = Measurements()
        for scenario in scenarios {
            let measured = servers.filter { starter.available.contains($0) && scenario.applies(to: $0) }
            for round in 1...rounds {
                for server in measured {
                    let place =
                        "\(scenario.name), \(starter.title(of: server))" + (rounds > 1 ? ", round \(round)" : "")
                    Self.tell(place)
                    do {
                        let figures = try await measure(scenario, on: server)
                        measurements.add(.init(scenario: scenario.name, server: server, figures: figures))
                    } catch {
                        try Task.checkCancellation()
                        Self.tell("\(place) failed: \(error)")
                    }
                }
            }
            let table = ResultTable(measurements, scenario: scenario.name, titles: starter.title)
            print("\n\(scenario.name): \(scenario.title)\n\(table.text)\n")
            fflush(nil)
            if let path {
                try ResultFile(
                    measurements, scenarios: scenarios.map(\.name), pace: pace, rounds: rounds, titles: starter.title
                ).write(to: path)
            }
        }
    }

    /// Starts a server, measures it, and ends it, whatever happens.
    private func measure(_ scenario: any Scenario, on kind: ServerKind) async throws -> [Figure] {
        let server = try await starter.start(kind)
        defer { server.stop() }
        let client = ClientKit(credentials: server.credentials)
        let context = ScenarioContext(pace: pace) { Self.tell("  \($0)") }
        do {
            try await ServerAnswer.awaited(from: server.watching, server.credentials, of: server.process)
            try await ServerAnswer.awaited(from: server.writing, server.credentials, of: server.process)
            let figures = try await scenario.measure(server, with: client, context)
            await client.endAll()
            return figures
        } catch {
            await client.endAll()
            guard server.process.isRunning else {
                throw BenchmarkError("\(error); the server has ended:\n\(server.process.endOfLog)")
            }
            throw error
        }
    }

    /// How far it is goes to standard error, so that standard output has nothing but tables.
    private static func tell(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }
}
