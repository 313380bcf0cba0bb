import Testing

@testable import ClusterMesh

@Suite struct StatePlanTests {
    private func line(_ key: String, _ value: String = "1") -> StateLine {
        StateLine(key: Key(key), value: Array(value.utf8))
    }

    private func plan(
        _ lines: [StateLine], known: Set<Key> = [], stored: [String: String] = [:], operations: Int = 128,
        bytes: Int = 1_000
    ) -> [StatePlan.Batch] {
        StatePlan(lines: lines, known: known, maximumOperations: operations, maximumBytes: bytes) { key in
            stored["\(key)"].map {
                KeyValue(key: key, createRevision: 2, modRevision: 2, version: 1, value: Array($0.utf8))
            }
        }.batches
    }

    @Test func anEmptyStoreIsGivenAllLinesInTheirOrder() {
        let batches = plan([line("b"), line("a")])
        #expect(batches.map(\.puts) == [[line("b"), line("a")]])
        #expect(batches.map(\.withdrawals) == [[]])
    }

    @Test func whatTheStoreHoldsAlreadyIsNotWrittenAgain() {
        #expect(plan([line("a"), line("b")], known: ["a", "b"], stored: ["a": "1", "b": "1"]).isEmpty)
    }

    @Test func whatSomebodyElseChangedIsPutBack() {
        #expect(plan([line("a")], known: ["a"], stored: ["a": "2"]).map(\.puts) == [[line("a")]])
        #expect(plan([line("a")], known: ["a"]).map(\.puts) == [[line("a")]])
    }

    @Test func aKeyThatNoLineHasAnyMoreIsWithdrawn() {
        let batches = plan([line("b")], known: ["a", "b", "c"], stored: ["a": "1", "b": "1", "c": "1"])
        #expect(batches.map(\.withdrawals) == [["a", "c"]])
        #expect(batches.map(\.puts) == [[]])
    }

    @Test func aKeyThatIsGoneAlreadyIsNotWithdrawn() {
        #expect(plan([], known: ["a"]).isEmpty)
    }

    @Test func aKeyThatNoFileEverHeldIsLeftAlone() {
        #expect(plan([], known: [], stored: ["other": "1"]).isEmpty)
    }

    @Test func linesComeBeforeWithdrawals() {
        let batches = plan([line("z")], known: ["a"], stored: ["a": "1"], operations: 1)
        #expect(batches.map(\.puts) == [[line("z")], []])
        #expect(batches.map(\.withdrawals) == [[], ["a"]])
    }

    @Test func aTransactionHasAtMostTheAllowedOperations() {
        let batches = plan((0..<10).map { line("k\($0)") }, operations: 4)
        #expect(batches.map(\.puts.count) == [4, 4, 2])
    }

    @Test func aTransactionHasAtMostTheAllowedBytes() {
        // Two bytes of key and eight of value each.
        let batches = plan((0..<5).map { line("k\($0)", "12345678") }, bytes: 20)
        #expect(batches.map(\.puts.count) == [2, 2, 1])
    }

    @Test func aLineThatIsTooLargeHasATransactionOfItsOwn() {
        let large = line("large", String(repeating: "x", count: 50))
        let batches = plan([line("a"), large, line("b")], bytes: 20)
        #expect(batches.map(\.puts) == [[line("a")], [large], [line("b")]])
    }
}
