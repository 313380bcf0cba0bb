import Testing

@testable import ClusterMesh

@Suite struct FileChangeDetectorTests {
    private let one = ["a": FileContent([1])]
    private let two = ["a": FileContent([2])]
    private let three = ["a": FileContent([3])]

    @Test func whatIsKnownAlreadyIsNoChange() {
        var detector = FileChangeDetector(one)
        #expect(detector.looked(one) == .unchanged)
        #expect(detector.looked(one) == .unchanged)
    }

    @Test func aChangeCountsWhenTwoLooksFindTheSame() {
        var detector = FileChangeDetector(one)
        #expect(detector.looked(two) == .unsettled)
        #expect(detector.looked(two) == .changed)
        #expect(detector.looked(two) == .unchanged)
    }

    @Test func aFileInTheMiddleOfBeingWrittenIsNotReported() {
        var detector = FileChangeDetector(one)
        #expect(detector.looked(two) == .unsettled)
        #expect(detector.looked(three) == .unsettled)
        #expect(detector.looked(three) == .changed)
    }

    @Test func aFileThatIsAsBeforeAfterAllIsNoChange() {
        var detector = FileChangeDetector(one)
        #expect(detector.looked(two) == .unsettled)
        #expect(detector.looked(one) == .unchanged)
        #expect(detector.looked(two) == .unsettled)
        #expect(detector.looked(two) == .changed)
    }

    @Test func aFileThatComesGoesOrCannotBeReadHasChanged() {
        var detector = FileChangeDetector(one)
        let contents: [[String: FileContent]] = [
            ["a": .missing], ["a": FileContent([1]), "b": FileContent([])], ["a": .unreadable("no")], [:],
        ]
        for content in contents {
            #expect(detector.looked(content) == .unsettled)
            #expect(detector.looked(content) == .changed)
        }
    }

    @Test func filesThatNeverRestAreReportedInTheEnd() {
        var detector = FileChangeDetector(one)
        for round in 0..<FileChangeDetector.maximumUnrest {
            #expect(detector.looked(["a": FileContent([7, UInt8(round)])]) == .unsettled)
        }
        #expect(detector.looked(["a": FileContent([8])]) == .changed)
        #expect(detector.looked(["a": FileContent([9])]) == .unsettled)
    }

    @Test func namesAreThoseOfTheLastLook() {
        var detector = FileChangeDetector(one)
        #expect(detector.names == ["a"])
        _ = detector.looked(["b": .missing])
        #expect(detector.names == ["b"])
    }
}
