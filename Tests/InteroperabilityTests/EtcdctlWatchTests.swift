import Foundation
import MeshCore
import TestSupport
import Testing

/// What `etcdctl watch` prints of our server, against what it prints of a real etcd with the same history.
@Suite struct EtcdctlWatchTests {
    private static let lastValue = "the end"

    private func writeTheBeginning(to twins: Twins) async throws {
        try await twins.put("w/a", "1")
        try await twins.put("w/b", "1")
        try await twins.put("other", "unseen")
        try await twins.put("w/a", "2")
        try await twins.delete(.key("w/b"))
    }

    private func writeTheRest(to twins: Twins) async throws {
        try await twins.perform(
            TransactionRequest(success: [
                .put(PutRequest("w/b", Array("created anew".utf8))), .put(PutRequest("w/c", [])),
                .delete(DeleteRequest(.key("w/a"))),
            ])
        )
        try await twins.delete(.prefix("w/"))
        try await twins.put("w/a", "3")
        try await twins.put("w/a", Self.lastValue)
    }

    private func linesToTheEnd(of watch: EtcdctlWatch, times: Int = 1) async throws -> [String] {
        let marks = [Self.lastValue, Data(Self.lastValue.utf8).base64EncodedString()]
        try await eventually("the last event") {
            try watch.lines.count { line in marks.contains { line.contains($0) } } >= times
        }
        return try watch.lines
    }

    @Test(
        .serialized,
        .timeLimit(.minutes(2)),
        arguments: [
            ["w/", "--prefix", "--rev=2"], ["w/", "--prefix", "--rev=2", "--prev-kv"], ["w/a", "--rev=2"],
            ["w/a", "w/c", "--rev=4", "--prev-kv"], ["w/", "--prefix", "--rev=7", "--prev-kv"],
            ["", "--prefix", "--rev=3"], ["w/a", "--rev=8"],
        ])
    func eventsArePrintedAsOfEtcd(selection: [String]) async throws {
        try await Twins.run { twins in
            try await self.writeTheBeginning(to: twins)
            let ours = try twins.etcdctl.watch(selection)
            let theirs = try twins.etcd.etcdctl.watch(selection)
            let oursInJSON = try twins.etcdctl.watch(selection + ["-w", "json"])
            let theirsInJSON = try twins.etcd.etcdctl.watch(selection + ["-w", "json"])
            defer { for watch in [ours, theirs, oursInJSON, theirsInJSON] { watch.stop() } }
            try await self.writeTheRest(to: twins)

            #expect(try await self.linesToTheEnd(of: ours) == self.linesToTheEnd(of: theirs))

            let ourMessages = try await self.linesToTheEnd(of: oursInJSON).map(PrintedMessage.init)
            let theirMessages = try await self.linesToTheEnd(of: theirsInJSON).map(PrintedMessage.init)
            #expect(ourMessages.flatMap(\.events) == theirMessages.flatMap(\.events))
            // The header never runs behind what was sent, nor ahead of it: nothing up to it follows. It may name a later
            // revision than the last event's, in which nothing that is watched changed.
            var told: Int64 = 0
            for message in ourMessages where !message.events.isEmpty {
                #expect(message.firstRevision > told, "\(message) after a message at \(told)")
                #expect(message.revision >= message.lastRevision, "\(message)")
                told = message.revision
            }
        }
    }

    @Test(
        .serialized,
        .timeLimit(.minutes(2)),
        arguments: [
            ["w/", "--prefix", "--rev=2"],  // compacted
            ["w/b", "w/a"],  // empty
            ["w/", "--prefix", "--rev=1", "-w", "json"],
        ])
    func anImpossibleWatchEndsAsOfEtcd(selection: [String]) async throws {
        try await Twins.run { twins in
            try await self.writeTheBeginning(to: twins)
            try await twins.compact(to: 4)
            let said = try await twins.run(["watch"] + selection)
            #expect(said.ours == said.theirs)
            #expect(said.ours.exitCode != 0)
        }
    }

    @Test(.timeLimit(.minutes(2))) func watchesTypedInShareAStreamAsOfEtcd() async throws {
        let commands = ["watch w/a --rev 2 --prev-kv", "watch w/b w/d --rev 2", "watch w/ --prefix --rev 3"]
        try await Twins.run { twins in
            try await self.writeTheBeginning(to: twins)
            let ours = try twins.etcdctl.watchInteractively(commands)
            let theirs = try twins.etcd.etcdctl.watchInteractively(commands)
            defer {
                ours.stop()
                theirs.stop()
            }
            try await self.writeTheRest(to: twins)
            // Two of the three watches see the last value. Which is told of first is left to the server.
            let expected = try await self.linesToTheEnd(of: theirs, times: 2).sorted()
            #expect(try await self.linesToTheEnd(of: ours, times: 2).sorted() == expected)
            #expect(expected.count > 30)
        }
    }

    @Test(.timeLimit(.minutes(2))) func theLastUncompactedRevisionIsWatchedAsOfEtcd() async throws {
        try await Twins.run { twins in
            try await self.writeTheBeginning(to: twins)
            // Revision 5, a put. A deletion there is what etcd 3.4 loses.
            try await twins.compact(to: 5)
            let ours = try twins.etcdctl.watch(["w/", "--prefix", "--rev=5", "--prev-kv"])
            let theirs = try twins.etcd.etcdctl.watch(["w/", "--prefix", "--rev=5", "--prev-kv"])
            defer {
                ours.stop()
                theirs.stop()
            }
            try await twins.put("w/a", Self.lastValue)
            #expect(try await self.linesToTheEnd(of: ours) == self.linesToTheEnd(of: theirs))
        }
    }
}

/// One message of a watch as `etcdctl -w json` prints it.
private struct PrintedMessage: CustomStringConvertible {
    private struct Message: Decodable {
        struct Header: Decodable { var revision: Int64 }
        struct Event: Decodable {
            struct Pair: Decodable { var mod_revision: Int64? }
            var kv: Pair
        }
        var Header: Header
        var Events: [Event]?
    }

    /// The header's revision.
    let revision: Int64
    /// The first event's revision; 0 without events.
    let firstRevision: Int64
    /// The last event's revision; 0 without events.
    let lastRevision: Int64
    /// The events, each as text with its fields in the order of their names.
    let events: [String]
    let description: String

    init(_ line: String) throws {
        let data = Data(line.utf8)
        let message = try JSONDecoder().decode(Message.self, from: data)
        revision = message.Header.revision
        firstRevision = message.Events?.first?.kv.mod_revision ?? 0
        lastRevision = message.Events?.last?.kv.mod_revision ?? 0
        let object = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        events = try (object?["Events"] as? [Any] ?? []).map { event in
            String(decoding: try JSONSerialization.data(withJSONObject: event, options: .sortedKeys), as: UTF8.self)
        }
        description = line
    }
}
