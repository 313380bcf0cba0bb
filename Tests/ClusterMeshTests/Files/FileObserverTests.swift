import Foundation
import MeshCore
import TestSupport
import Testing

@testable import ClusterMesh

@Suite struct FileObserverTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// Runs an observer that looks often while `body` runs; `body` gets what was reported so far.
    private func observing(
        _ files: [String: [ObservedFile]],
        _ body: (FileObserver<String>, Locked<[Set<String>]>) async throws -> Void
    ) async throws {
        let observer = FileObserver(files, period: .milliseconds(20), settling: .milliseconds(5))
        let reports = Locked<[Set<String>]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await observer.run { groups in reports.withLock { $0.append(groups) } }
            }
            try await body(observer, reports)
            group.cancelAll()
        }
    }

    @Test func aChangedFileIsReportedWithItsGroupOnly() async throws {
        let files: [String: [ObservedFile]] = [
            "one": [.file(try directory.write("1", to: "one"))], "two": [.file(try directory.write("2", to: "two"))],
        ]
        try await observing(files) { _, reports in
            try directory.write("new", to: "one")
            try await eventually("a report") { reports.withLock { !$0.isEmpty } }
            try directory.write("new", to: "two")
            try await eventually("another report") { reports.withLock { $0.count > 1 } }
            #expect(reports.withLock { $0 } == [["one"], ["two"]])
        }
    }

    @Test func aChangeBetweenMakingAndRunningIsSeen() async throws {
        let path = try directory.write("1", to: "a")
        let observer = FileObserver(["a": [.file(path)]], period: .milliseconds(20), settling: .milliseconds(5))
        try directory.write("2", to: "a")
        let reports = Locked(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await observer.run { _ in reports.withLock { $0 += 1 } } }
            try await eventually("a report") { reports.withLock { $0 == 1 } }
            group.cancelAll()
        }
    }

    @Test func aFileThatWasReplacedByAnEqualOneHasNotChanged() async throws {
        let path = try directory.write("same", to: "a")
        let other = try directory.write("1", to: "other")
        try await observing(["a": [.file(path)], "other": [.file(other)]]) { _, reports in
            try FileManager.default.removeItem(atPath: path)
            try directory.write("same", to: "a")
            try directory.write("2", to: "other")
            try await eventually("the other's report") { reports.withLock { $0.joined().contains("other") } }
            // A missing file may have been seen in between, and been reported as such; then it was reported again.
            #expect(reports.withLock { reports in reports.filter { $0.contains("a") }.count } % 2 == 0)
        }
    }

    @Test func aLinkThatIsTurnedIsAChange() async throws {
        // As Kubernetes exchanges a volume's files: all at once, by one link.
        for version in ["v1", "v2"] { try directory.write(version, to: "\(version)/tls.crt") }
        let link = directory.file("current")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "v1")
        try await observing(["pair": [.file(link + "/tls.crt")]]) { _, reports in
            try FileManager.default.createSymbolicLink(atPath: link + ".new", withDestinationPath: "v2")
            try #require(rename(link + ".new", link) == 0)
            try await eventually("a report") { reports.withLock { $0 == [["pair"]] } }
        }
    }

    @Test func filesThatComeToADirectoryAndGoAreChanges() async throws {
        try directory.write("1", to: "state/a.jsonl")
        let state = ObservedFile.directory(directory.file("state"), suffix: ".jsonl")
        try await observing(["state": [state]]) { _, reports in
            try directory.write("2", to: "state/b.jsonl")
            try await eventually("the new file") { reports.withLock { $0.count == 1 } }
            try FileManager.default.removeItem(atPath: directory.file("state/a.jsonl"))
            try await eventually("the removed file") { reports.withLock { $0.count == 2 } }
            try FileManager.default.removeItem(atPath: directory.file("state"))
            try await eventually("the removed directory") { reports.withLock { $0.count == 3 } }
        }
    }

    @Test func whatIsNoneOfTheDirectorysKindIsNotLookedAt() async throws {
        let other = try directory.write("1", to: "other")
        try directory.write("1", to: "state/a.jsonl")
        let state = ObservedFile.directory(directory.file("state"), suffix: ".jsonl")
        try await observing(["state": [state], "other": [.file(other)]]) { _, reports in
            try directory.write("2", to: "state/notes.txt")
            try directory.write("2", to: "state/.a.jsonl.swp")
            try directory.write("2", to: "other")
            try await eventually("the other's report") { reports.withLock { !$0.isEmpty } }
            #expect(reports.withLock { $0 } == [["other"]])
        }
    }

    @Test func whoAsksIsToldOfAllGroupsThoughNothingChanged() async throws {
        let path = try directory.write("1", to: "a")
        try await observing(["a": [.file(path)], "b": [.file(directory.file("none"))]]) { observer, reports in
            observer.reportAll()
            try await eventually("a report") { reports.withLock { $0 == [["a", "b"]] } }
            try directory.write("2", to: "a")
            try await eventually("the next change") { reports.withLock { $0 == [["a", "b"], ["a"]] } }
        }
    }

    @Test func otherFilesThanBeforeAreAChangeAndAreLookedAtFromThenOn() async throws {
        let (one, two) = (try directory.write("1", to: "one"), try directory.write("2", to: "two"))
        try await observing(["a": [.file(one)]]) { observer, reports in
            observer.look(at: [.file(one), .file(two)], for: "a")
            try await eventually("the other files") { reports.withLock { $0 == [["a"]] } }
            try directory.write("new", to: "two")
            try await eventually("the new file's change") { reports.withLock { $0 == [["a"], ["a"]] } }
            observer.look(at: [.file(one)], for: "a")
            try await eventually("the fewer files") { reports.withLock { $0.count == 3 } }
            try directory.write("newer", to: "two")
            try directory.write("new", to: "one")
            try await eventually("the old file's change") { reports.withLock { $0.count == 4 } }
        }
    }

    @Test func theSameFilesAgainAreNoChange() async throws {
        let (one, other) = (try directory.write("1", to: "one"), try directory.write("1", to: "other"))
        try await observing(["a": [.file(one)], "other": [.file(other)]]) { observer, reports in
            observer.look(at: [.file(one)], for: "a")
            try directory.write("2", to: "other")
            try await eventually("the other's report") { reports.withLock { !$0.isEmpty } }
            #expect(reports.withLock { $0 } == [["other"]])
        }
    }

    @Test func itEndsWhenItsTaskIsCancelled() async throws {
        let observer = FileObserver(["a": [.file(directory.file("a"))]])
        try await within(.seconds(30), "the end of the observer") {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await observer.run { _ in } }
                group.cancelAll()
            }
        }
    }
}
