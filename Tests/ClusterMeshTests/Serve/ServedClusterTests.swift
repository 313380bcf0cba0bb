import ClusterMesh
import Logging
import TestSupport
import Testing

/// The cluster behind `clustermesh serve`, in this process; the program's own tests see it from outside.
@Suite struct ServedClusterTests {
    private let directory: TemporaryDirectory
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws {
        directory = try TemporaryDirectory()
        _ = try TestCertificates.server("athens").write(to: directory, as: "server")
    }

    private func source(_ lines: String, listen: String) throws -> ServeSource {
        let file = try directory.write(
            """
            name: athens
            id: 1
            listen: \(listen)
            cert: server.crt
            key: server.key
            ca: server-ca.crt
            \(lines)
            """, to: "mesh.yaml")
        return ServeSource(flags: ServeSettings(), file: file)
    }

    private func cluster(
        _ lines: String = "", listen: String = "127.0.0.1:0",
        onReady: @escaping @Sendable (ServedCluster) -> Void = { _ in }
    ) throws -> ServedCluster {
        let source = try source(lines, listen: listen)
        return try ServedCluster(source, settings: try source.read(), logger: logger, onReady: onReady)
    }

    private func line(_ key: String, _ value: String) -> String {
        StateLine(key: Key(key), value: Array(value.utf8)).encoded() + "\n"
    }

    @Test func theStateIsReadBeforeItRunsAndFollowedWhileItDoes() async throws {
        try directory.write(line("t/a", "1"), to: "state/a.jsonl")
        let cluster = try cluster("state: state")
        #expect(cluster.agent.reader.snapshot()["t/a"] != nil)
        #expect(cluster.agent.status().isInitialStateComplete)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await cluster.run() }
            try directory.write(line("t/b", "2"), to: "state/a.jsonl")
            try await eventually("the file's change") {
                let now = cluster.agent.reader.snapshot()
                return now["t/a"] == nil && now["t/b"] != nil
            }
            group.cancelAll()
        }
    }

    @Test func whatSomebodyElseChangedIsPutBackWhenEverythingIsReadAgain() async throws {
        try directory.write(line("t/a", "1"), to: "state/a.jsonl")
        let cluster = try cluster("state: state")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await cluster.run() }
            try cluster.agent.store.put("t/a", "other")
            cluster.reload()
            try await eventually("the file's value") {
                cluster.agent.reader.snapshot()["t/a"].map { $0.value.elementsEqual("1".utf8) } == true
            }
            group.cancelAll()
        }
    }

    @Test func itSaysOnceThatItIsReady() async throws {
        let readies = Locked<[String]>([])
        let cluster = try cluster { cluster in readies.withLock { $0.append(cluster.endpoint) } }
        #expect(readies.withLock { $0 } == [], "nobody is served before it runs")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await cluster.run() }
            try await eventually("readiness") { !readies.withLock { $0.isEmpty } }
            group.cancelAll()
        }
        #expect(readies.withLock { $0 } == ["https://127.0.0.1:\(cluster.agent.port)"])
    }

    @Test func anAddressOfAllTheMachineIsReachedOverItsLoopback() throws {
        let cluster = try cluster("local-listen: 127.0.0.1:0", listen: "0.0.0.0:0")
        #expect(cluster.endpoint == "https://127.0.0.1:\(cluster.agent.port)")
        #expect(cluster.localEndpoint?.hasPrefix("https://127.0.0.1:") == true)
    }

    @Test func whatItMirrorsHasAnEndpointOfItsOwn() throws {
        try directory.write("no peer yet", to: "peers/README")
        let cluster = try cluster("peers: peers\ncache-listen: 0.0.0.0:0")
        #expect(cluster.cacheEndpoint == cluster.agent.republishingPort.map { "https://127.0.0.1:\($0)" })
        #expect(cluster.cacheEndpoint != nil && cluster.cacheEndpoint != cluster.endpoint)
        #expect(try self.cluster("peers: peers").cacheEndpoint == nil)
    }

    @Test func aStoreThatOnlyAgentsFillIsNotCompleteByItself() throws {
        #expect(try !cluster("local-listen: 127.0.0.1:0").agent.status().isInitialStateComplete)
        #expect(try cluster().agent.status().isInitialStateComplete, "nobody could ever say so")
    }

    @Test func everyFileAtFaultHasAnErrorOfItsKind() throws {
        #expect(throws: StateDirectoryError.self) { try cluster("state: none") }
        #expect(throws: TLSError.self) { try cluster("crl: none") }
        #expect(throws: ServeConfigurationError.self) { try cluster("peers: none") }
        #expect(throws: ServeConfigurationError.self) { try cluster("log-level: loud") }
        try directory.write("nothing", to: "server.crt")
        #expect(throws: TLSError.self) { try cluster() }
    }
}
