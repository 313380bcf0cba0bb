import Logging
import MeshClient
import MeshCore
import MeshRPC
import MeshTLS
import MeshWire
import TestSupport
import Testing

struct EtcdReaderTests {
    private let header = ResponseHeader(clusterID: 7, memberID: 8, revision: 9, raftTerm: 2)

    /// Reads key `a` and answers how that failed.
    private func failure(
        _ server: ScriptedServer,
        change: (inout EtcdReaderConfiguration) -> Void = { _ in }
    ) async throws -> EtcdError? {
        try await server.reading(change: change) { reader in
            do throws(EtcdError) {
                _ = try await reader.range(RangeRequest(.key("a")))
                return nil
            } catch {
                return error
            }
        }
    }

    @Test("a read brings header and answer")
    func read() async throws {
        let answer = RangeAnswer(
            pairs: [KeyValue(key: "a", createRevision: 2, modRevision: 3, version: 2, value: [1])],
            more: true,
            count: 4,
            revision: header.revision
        )
        var server = ScriptedServer()
        server.range = { [header] request in
            #expect(request == RangeRequest(.prefix("a")))
            return RangeCodec.encodeAnswer(header, answer)
        }
        try await server.reading { reader in
            let (readHeader, readAnswer) = try await reader.range(RangeRequest(.prefix("a")))
            #expect(readHeader == header && readAnswer == answer)
            #expect(reader.serverIdentity?.dnsNames.contains("athens.mesh.cilium.io") == true)
        }
    }

    @Test("a server's error comes with its code and text")
    func error() async throws {
        var server = ScriptedServer()
        server.range = { _ in throw EtcdError.compacted }
        #expect(try await failure(server) == .compacted)
    }

    @Test(
        "an answer without header, and one that is no message, are errors, not crashes",
        arguments: [[], [0x0A, 0xFF, 1]])
    func garbage(bytes: [UInt8]) async throws {
        var server = ScriptedServer()
        server.range = { _ in bytes }
        #expect(try await failure(server)?.code == .dataLoss)
    }

    @Test("a server that does not answer is given up after the limit")
    func timeout() async throws {
        var server = ScriptedServer()
        server.range = { _ in
            try await Task.sleep(for: .seconds(30))
            return []
        }
        let error = try await within(.seconds(10)) { [server] in
            try await failure(server) { $0.requestTimeout = .milliseconds(300) }
        }
        #expect(error?.code == .deadlineExceeded)
    }

    @Test("a message above the bound is refused")
    func tooLarge() async throws {
        var server = ScriptedServer()
        server.range = { _ in [UInt8](repeating: 0, count: 100_000) }
        #expect(try await failure(server) { $0.maximumMessageBytes = 64 << 10 }?.code == .resourceExhausted)
    }

    @Test("a server whose certificate is another cluster's is refused with its name")
    func otherCluster() async throws {
        let hurup = try ClusterName("hurup")
        let error = try await failure(ScriptedServer()) { $0.cluster = hurup }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("athens") == true, "\(String(describing: error))")
    }

    @Test("a setting out of its range is refused with its name")
    func configuration() throws {
        var configuration = EtcdReaderConfiguration(
            endpoint: EtcdEndpoint(host: "127.0.0.1", port: 0),
            credentials: try TestCertificates.client(),
            verifier: .mesh()
        )
        #expect { try EtcdReader(configuration: configuration, logger: Logger(label: "test")) } throws: { error in
            "\(error)".contains("port")
        }
        configuration.endpoint.port = 2379
        configuration.receiveWindowBytes = 1
        #expect { try EtcdReader(configuration: configuration, logger: Logger(label: "test")) } throws: { error in
            "\(error)".contains("receiveWindowBytes")
        }
    }

    @Test("pages that are too large for the bound are read in smaller ones, and nothing is lost")
    func smallerPages() async throws {
        var model = ModelServer()
        for number in 0..<40 { model.put((Key("k/\(number)"), String(repeating: "x", count: 8_000))) }
        var server = ScriptedServer()
        server.range = { [model] request in
            let (header, answer) = try model.range(request)
            return RangeCodec.encodeAnswer(header, answer)
        }
        try await server.reading(change: { $0.maximumMessageBytes = 64 << 10 }) { [model] reader in
            var followed = Followed(.prefix("k/"), pageSize: 256)
            var next = followed.take(followed.machine.connected())
            while case .range(let request) = next {
                do throws(EtcdError) {
                    let (header, answer) = try await reader.range(request)
                    next = followed.take(followed.machine.rangeAnswered(header, answer, budget: &followed.budget))
                } catch {
                    next = followed.take(followed.machine.rangeFailed(error))
                }
            }
            #expect(next == .watch(from: model.revision.next))
            #expect(followed.applied == model.present)
        }
    }
}
