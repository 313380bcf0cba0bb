import Testing

@testable import ClusterMesh

@Suite struct StateWriterTests {
    private func line(_ key: String, _ value: String = "1") -> StateLine {
        StateLine(key: Key(key), value: Array(value.utf8))
    }

    private func contents(_ store: KVStore) -> [String: String] {
        let pairs = store.snapshot().pairs()
        return Dictionary(
            uniqueKeysWithValues: pairs.map { ("\($0.key)", String(decoding: $0.value, as: UTF8.self)) })
    }

    @Test func theStoreFollowsTheLines() throws {
        let store = KVStore()
        var writer = StateWriter(to: store, limits: KVStoreConfiguration())
        #expect(try writer.write([line("a"), line("b")]) == .init(put: 2, withdrawn: 0))
        #expect(store.revision == 2)
        #expect(try writer.write([line("a", "2"), line("c")]) == .init(put: 2, withdrawn: 1))
        #expect(contents(store) == ["a": "2", "c": "1"])
        #expect(store.revision == 3)
    }

    @Test func theSameLinesAgainMakeNoRevision() throws {
        let store = KVStore()
        var writer = StateWriter(to: store, limits: KVStoreConfiguration())
        try writer.write([line("a"), line("b")])
        #expect(try writer.write([line("b"), line("a")]) == .init())
        #expect(store.revision == 2)
    }

    @Test func othersKeysStay() throws {
        let store = KVStore()
        try store.put("other", "x")
        var writer = StateWriter(to: store, limits: KVStoreConfiguration())
        try writer.write([line("a")])
        try writer.write([])
        #expect(contents(store) == ["other": "x"])
    }

    @Test func aKeyThatWasThereByChanceBelongsToTheFilesOnceTheyNameIt() throws {
        let store = KVStore()
        try store.put("a", "1")
        var writer = StateWriter(to: store, limits: KVStoreConfiguration())
        #expect(try writer.write([line("a")]) == .init())
        #expect(try writer.write([]) == .init(put: 0, withdrawn: 1))
        #expect(contents(store).isEmpty)
    }

    @Test func manyLinesAreWrittenInTransactionsThatTheStoreTakes() throws {
        var configuration = KVStoreConfiguration()
        configuration.maximumTransactionOperations = 3
        configuration.maximumRequestBytes = 30
        let store = KVStore(configuration: configuration)
        var writer = StateWriter(to: store, limits: configuration)
        let lines = (100..<150).map { line("k\($0)", "12345678") }
        #expect(try writer.write(lines).put == 50)
        #expect(contents(store).count == 50)
        #expect(try writer.write([]).withdrawn == 50)
        #expect(contents(store).isEmpty)
    }

    @Test func aRefusedLineIsNamedAndTheRestIsWrittenWhenItIsGone() throws {
        var configuration = KVStoreConfiguration()
        configuration.maximumRequestBytes = 30
        let store = KVStore(configuration: configuration)
        var writer = StateWriter(to: store, limits: configuration)
        let large = line("large", String(repeating: "x", count: 40))
        let error = #expect(throws: StateWriteError.self) { try writer.write([line("a"), large, line("b")]) }
        #expect(error?.key == "large")
        #expect(error.map { "\($0)" }?.contains("request is too large") == true)
        #expect(contents(store) == ["a": "1"])
        try writer.write([line("b")])
        #expect(contents(store) == ["b": "1"])
    }
}
