import MeshCore
import MeshRPC
import MeshStore
import MeshTLS
import MeshWire
import TestSupport
import Testing

@testable import MeshWatcher

/// A server whose policy, revocations and certificate change while clients read and watch.
@Suite(.timeLimit(.minutes(2))) struct WatcherAccessTests {
    private static let allowingNobody = AccessPolicy(roles: [])

    private static func allowing(_ texts: String...) throws -> AccessPolicy {
        AccessPolicy(roles: try texts.map { try AccessRole(parsing: $0) })
    }

    private static func store() throws -> KVStore {
        let store = KVStore()
        try store.put("a/1", "1")
        try store.put("b/1", "1")
        return store
    }

    @Test func aRoleThatIsTakenAwayEndsItsWatchesAndRequests() async throws {
        try await WatcherFixture.run(Self.store()) { fixture in
            try await fixture.withClient { client in
                let stream = try client.openWatch()
                let lost = try await stream.create(WatchCreateRequest(.prefix("a/"))).watchID
                let kept = try await stream.create(WatchCreateRequest(.prefix("b/"))).watchID
                fixture.server.setAccess(try Self.allowing("cn:reader=b/*"))

                let end = try await stream.next()
                #expect(end.watchID == lost && end.canceled && !end.created)
                #expect(end.cancelReason == EtcdError.permissionDenied.description)
                let refusal = try await client.refusal(
                    EtcdMethods.range, RangeCodec.encodeRequest(RangeRequest(.key("a/1")))
                )
                #expect(EtcdError(refusal.code, refusal.message) == .permissionDenied)

                // What is still allowed goes on, on the same stream.
                try fixture.store.put("a/2", "secret")
                let last = try fixture.store.put("b/2", "2")
                let events = try await stream.events(of: kept, through: last)
                #expect(events.map(\.pair.key) == ["b/2"])
                let (_, answer) = try await client.range(RangeRequest(.prefix("b/")))
                #expect(answer.pairs.count == 2)
            }
        }
    }

    @Test func aRoleThatIsGivenCountsForStreamsThatAreOpen() async throws {
        try await WatcherFixture.run(Self.store()) { fixture in
            try await fixture.withClient("stranger") { client in
                let stream = try client.openWatch()
                let request = WatchCreateRequest(.key("a/1"), from: 2)
                #expect(try await stream.create(request).cancelReason == EtcdError.permissionDenied.description)
                fixture.server.setAccess(try Self.allowing("cn:stranger*=a/*"))
                let id = try await stream.create(request).watchID
                let events = try await stream.events(of: id, through: 2)
                #expect(events.map(\.pair.key) == ["a/1"])
            }
        }
    }

    @Test func aReaderThatIsFarBehindIsSentNothingAfterItsRoleIsGone() async throws {
        let store = KVStore()
        let value = String(repeating: "x", count: 10_000)
        for number in 0..<500 { try store.put(Key("a/\(number)"), value) }
        try await WatcherFixture.run(store) { fixture in
            try await fixture.withClient(receiveWindowBytes: 8_192) { client in
                let stream = try client.openWatch()
                try await stream.create(WatchCreateRequest(.prefix("a/"), from: 2))
                _ = try await stream.next()
                fixture.server.setAccess(Self.allowingNobody)
                var message = try await stream.next()
                var events = 0
                // What was on its way, and no more.
                while !message.canceled {
                    events += message.events.count
                    message = try await stream.next()
                }
                #expect(events < 200, "\(events) events came after the role was gone")
                #expect(message.cancelReason == EtcdError.permissionDenied.description)
            }
        }
    }

    @Test func watchesThatAreMadeWhileThePolicyChangesDoNotSlipThrough() async throws {
        try await WatcherFixture.run(Self.store()) { fixture in
            try await fixture.withClient { client in
                for _ in 0..<20 {
                    fixture.server.setAccess(try Self.allowing("cn:reader=*"))
                    let streams = try (0..<10).map { _ in try client.openWatch() }
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for stream in streams {
                            group.addTask { try await stream.send(.create(WatchCreateRequest(.prefix("a/")))) }
                        }
                        fixture.server.setAccess(Self.allowingNobody)
                        try await group.waitForAll()
                    }
                    for stream in streams {
                        var message = try await stream.next()
                        if message.created, !message.canceled { message = try await stream.next() }
                        #expect(message.cancelReason == EtcdError.permissionDenied.description)
                        stream.stream.cancel()
                    }
                }
            }
        }
    }

    @Test func aRevokedClientsWatchesEndAndOthersGoOn() async throws {
        try await WatcherFixture.run(Self.store()) { fixture in
            try await fixture.withClient { bystander in
                let other = try bystander.openWatch()
                let id = try await other.create(.all()).watchID
                try await fixture.withClient("remote-kos") { client in
                    let stream = try client.openWatch()
                    try await stream.create(WatchCreateRequest(.prefix("cilium/state/")))
                    var revoked = RevokedCertificates()
                    revoked.insert(commonName: "remote-kos")
                    fixture.server.setRevoked(revoked)
                    let end = try await stream.failure()
                    #expect(end.code == .unauthenticated)
                    #expect(end.message.contains("remote-kos are revoked"), "\(end.message)")
                    let refusal = try await client.refusal(
                        EtcdMethods.range, RangeCodec.encodeRequest(RangeRequest(.key("cilium/.heartbeat")))
                    )
                    #expect(refusal.code == .unauthenticated)
                }
                let last = try fixture.store.put("a/2", "2")
                #expect(try await other.events(of: id, through: last).count == 1)
            }
        }
    }

    @Test func anotherCertificateIsShownAndWatchesGoOn() async throws {
        try await WatcherFixture.run(Self.store()) { fixture in
            let second = try TestCertificates.server("athens")
            let number = try CertificateInspector.inspectFirst(pem: second.certificateChain).serialNumber
            try await fixture.withClient { client in
                let stream = try client.openWatch()
                let id = try await stream.create(.all()).watchID
                try fixture.server.replaceCredentials(second)
                try await eventually("the new certificate") {
                    var shown: String?
                    try await fixture.withClient { other in
                        _ = try await other.range(RangeRequest(.key("a/1")))
                        shown = other.channel.serverIdentity?.serialNumber
                    }
                    return shown == number
                }
                let last = try fixture.store.put("a/2", "2")
                #expect(try await stream.events(of: id, through: last).count == 1)
            }
            let error = #expect(throws: WatcherServerError.self) {
                try fixture.server.replaceCredentials(
                    TLSCredentials(certificateChain: "x", privateKey: "secret", trustedRoots: "y")
                )
            }
            #expect(error?.code == .credentialsNotReplaced)
            #expect(error?.message.contains("secret") == false)
        }
    }
}
