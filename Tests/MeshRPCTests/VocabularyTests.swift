import Logging
import MeshCore
import MeshTLS
import TestSupport
import Testing

@testable import MeshRPC

@Suite struct MeshRPCVocabularyTests {
    @Test func aPayloadIsItsPiecesInOrder() {
        let block = SharedBlock(Array("0123456789".utf8))
        var payload = RPCPayload(Array("<".utf8))
        payload.append(block, 2..<5)
        payload.append([])
        payload.append(block, 4..<4)
        payload.append(block, 9..<10)
        payload.append(Array(">".utf8))
        #expect(payload.count == 6)
        #expect(payload.pieces.count == 4)
        let message = payload.makeByteBuffer().map { ReceivedMessage($0) }
        #expect(message?.count == 6)
        #expect(message.map { String(decoding: $0.bytes(), as: UTF8.self) } == "<2349>")
        #expect(RPCPayload().makeByteBuffer().map { ReceivedMessage($0).bytes() } == [])
    }

    @Test func aBlockHoldsWhatIsWrittenIntoItAndNoMore() throws {
        struct Interrupted: Error {}
        let block = SharedBlock(capacity: 1000) { output in
            for byte: UInt8 in 0..<100 { output.append(byte) }
        }
        #expect(block.count == 100)
        #expect(block.withSpan { span in (0..<100).allSatisfy { span[$0] == UInt8($0) } })
        #expect(throws: Interrupted.self) {
            _ = try SharedBlock(capacity: 10) { _ throws(Interrupted) in throw Interrupted() }
        }
        #expect(SharedBlock([]).count == 0)
    }

    @Test func aBlockOutlivesItsOwnerInAMessage() {
        var payload = RPCPayload()
        payload.append(SharedBlock(.pattern(5000)), 1000..<5000)
        let message = payload.makeByteBuffer().map { ReceivedMessage($0) }
        payload = RPCPayload()
        #expect(message?.bytes() == Array([UInt8].pattern(5000)[1000...]))
    }

    @Test func metadataIsCheckedBeforeItIsSent() {
        let fine: [RPCMetadata] = [["authorization": "Bearer x-1_2.3"], [:], ["a": ""]]
        for metadata in fine { #expect(metadata.fault == nil) }
        let faulty: [RPCMetadata] = [
            ["": "x"], ["Upper": "x"], [":path": "/"], ["grpc-timeout": "1S"], ["trace-bin": "x"], ["a": "ü"],
            ["a": "line\nbreak"], ["fine": "x", "b c": "x"],
        ]
        for metadata in faulty { #expect(metadata.fault != nil, "\(metadata)") }
    }

    @Test func aMethodIsItsPath() {
        #expect(RPCMethod(service: "etcdserverpb.KV", method: "Range").path == "/etcdserverpb.KV/Range")
        #expect(RPCMethod(service: "a", method: "b") == RPCMethod(path: "/a/b"))
    }

    @Test func aMessageIsCutBetweenCharacters() {
        #expect(RPCStatus(.aborted, String(repeating: "a", count: 1024)).boundedMessage.utf8.count == 1024)
        #expect(RPCStatus(.aborted, String(repeating: "€", count: 1000)).boundedMessage.utf8.count == 1023)
    }

    @Test func timesSurviveTheWayIntoCore() throws {
        #expect(CoreTime.instant(CoreTime.deadline(after: nil)) == nil)
        #expect(CoreTime.instant(CoreTime.deadline(after: .seconds(1 << 40))) == nil)
        let instant = try #require(CoreTime.instant(CoreTime.deadline(after: .milliseconds(90_500))))
        let rest = instant - ContinuousClock.now
        #expect(rest > .seconds(80) && rest <= .milliseconds(90_501))
        #expect(CoreTime.milliseconds(.milliseconds(1500)) == 1500)
        #expect(CoreTime.milliseconds(.zero) == 1)
        #expect(CoreTime.milliseconds(.seconds(1 << 40)) == .max)
    }

    @Test func addressesAreToldFromNames() {
        #expect(IPAddress(resolving: "127.0.0.1") == IPAddress(v4: 0x7F00_0001))
        #expect(IPAddress(resolving: "::1") == IPAddress(v6: 0, 1))
        #expect(IPAddress(v6: 0, 1).inAuthority == "[::1]")
        #expect(IPAddress(resolving: "127.0.0.1:80") == nil)
        #expect(IPAddress(resolving: "no such host.") == nil)
    }

    @Test func failuresToConnectAreExplained() {
        func explained(_ message: String, _ refusal: String? = nil, code: StatusCode = .unavailable) -> String {
            ConnectionFailure.explain(RPCStatus(code, message), authority: "kos:1", refusal: refusal).message
        }
        #expect(explained("Socket closed", "wrong name") == "the certificate of kos:1 was refused: wrong name")
        #expect(explained("x certificate verify failed").hasPrefix("the certificate of kos:1 was refused: it does not"))
        #expect(explained("failed to connect …: Socket closed").hasPrefix("kos:1 closed the connection"))
        #expect(explained("failed to connect …: refused").hasPrefix("kos:1 cannot be reached (failed"))
        #expect(explained("the server is shutting down") == "the server is shutting down")
        #expect(explained("x", "wrong name", code: .internalError) == "x")
    }

    @Test func coresLinesHaveALevelOfTheirOwn() {
        #expect(CoreLog.level(of: "Handshake failed", isError: true) == .warning)
        #expect(CoreLog.level(of: "No match found for server name: x", isError: true) == .debug)
        #expect(CoreLog.level(of: "anything", isError: false) == .debug)
    }
}

@Suite struct MeshRPCChannelConfigurationTests {
    private func configuration(_ host: String, _ address: String? = nil) throws -> RPCChannelConfiguration {
        var configuration = RPCChannelConfiguration(
            host: host,
            port: 2379,
            credentials: try TestCertificates.client(),
            verifier: .mesh()
        )
        configuration.resolvedAddress = address
        return configuration
    }

    @Test func theTargetIsTheAddressAndTheAuthorityTheHost() throws {
        #expect(try configuration("kos.example").target == "dns:///kos.example:2379")
        #expect(try configuration("kos.example").authority == "kos.example:2379")
        #expect(try configuration("kos.example", "10.0.0.1").target == "ipv4:10.0.0.1:2379")
        #expect(try configuration("kos.example", "::2").target == "ipv6:[::2]:2379")
        #expect(try configuration("::1").target == "ipv6:[::1]:2379")
        #expect(try configuration("::1").authority == "[::1]:2379")
    }

    @Test func theServerNameIsTheClustersWhereTheHostIsAnAddress() throws {
        var byAddress = try configuration("10.0.0.1")
        #expect(byAddress.serverName == "10.0.0.1")
        byAddress.expectedPeer = .server(cluster: try ClusterName("kos"), hosts: [])
        #expect(byAddress.serverName == "kos.mesh.cilium.io")
        #expect(try configuration("kos.example").serverName == "kos.example")
    }

    @Test func settingsOutsideTheirRangesAreNamed() throws {
        let changes: [(String, (inout RPCChannelConfiguration) -> Void)] = [
            ("port", { $0.port = 0 }),
            ("host name", { $0.host = "a b" }),
            ("IP address", { $0.resolvedAddress = "kos" }),
            ("keepaliveTime", { $0.keepaliveTime = .zero }),
            ("keepaliveTimeout", { $0.keepaliveTimeout = .zero }),
            ("receiveWindowBytes", { $0.receiveWindowBytes = 0 }),
            ("maximumResponseBytes", { $0.maximumResponseBytes = 0 }),
            ("maximumMetadataBytes", { $0.maximumMetadataBytes = 0 }),
            ("connectTimeout", { $0.connectTimeout = .zero }),
            ("maximumOpenCalls", { $0.maximumOpenCalls = 0 }),
            ("certificate", { $0.credentials.certificateChain = "x" }),
        ]
        #expect(try configuration("kos").fault == nil)
        for (name, change) in changes {
            var configuration = try configuration("kos")
            change(&configuration)
            #expect(configuration.fault?.contains(name) == true, "\(name): \(configuration.fault ?? "no fault")")
            #expect(throws: RPCChannelError.self) {
                try RPCChannel(configuration: configuration, logger: quietLogger)
            }
        }
    }
}
