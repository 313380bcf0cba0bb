import Testing

@testable import ClusterMesh

@Suite struct FileContentMemoryTests {
    private func stamp(changed seconds: Int64, size: Int64 = 1, inode: UInt64 = 1) -> FileStamp {
        FileStamp(
            device: 1, inode: inode, size: size, modified: .init(seconds: 0, nanoseconds: 0),
            changed: .init(seconds: seconds, nanoseconds: 0), permissions: 0o600)
    }

    private let content = FileContent([1, 2, 3])

    @Test func aFileThatRestedBeforeItWasReadNeedNotBeReadAgain() {
        var memory = FileContentMemory()
        memory.remember(content, of: "a", stamp: stamp(changed: 100), readAt: 103)
        #expect(memory.content(of: "a", stamp: stamp(changed: 100)) == content)
    }

    @Test func aFileThatWasChangedJustBeforeItWasReadIsDoubted() {
        var memory = FileContentMemory()
        memory.remember(content, of: "a", stamp: stamp(changed: 100), readAt: 102)
        #expect(memory.content(of: "a", stamp: stamp(changed: 100)) == nil)
    }

    @Test func aFileWithATimeInTheFutureIsAlwaysDoubted() {
        var memory = FileContentMemory()
        memory.remember(content, of: "a", stamp: stamp(changed: 500), readAt: 103)
        #expect(memory.content(of: "a", stamp: stamp(changed: 500)) == nil)
    }

    @Test func anotherStampIsAnotherContent() {
        var memory = FileContentMemory()
        memory.remember(content, of: "a", stamp: stamp(changed: 100), readAt: 200)
        #expect(memory.content(of: "a", stamp: stamp(changed: 101)) == nil)
        #expect(memory.content(of: "a", stamp: stamp(changed: 100, size: 2)) == nil)
        #expect(memory.content(of: "a", stamp: stamp(changed: 100, inode: 2)) == nil)
        #expect(memory.content(of: "b", stamp: stamp(changed: 100)) == nil)
    }

    @Test func whatIsNotLookedAtAnyMoreIsForgotten() {
        var memory = FileContentMemory()
        memory.remember(content, of: "a", stamp: stamp(changed: 100), readAt: 200)
        memory.remember(content, of: "b", stamp: stamp(changed: 100), readAt: 200)
        memory.keep(only: ["b"])
        #expect(memory.content(of: "a", stamp: stamp(changed: 100)) == nil)
        #expect(memory.content(of: "b", stamp: stamp(changed: 100)) == content)
    }

    @Test func contentsDifferByOrderAndByLength() {
        #expect(FileContent([1, 2]) == FileContent([1, 2]))
        #expect(FileContent([1, 2]) != FileContent([2, 1]))
        #expect(FileContent([0]) != FileContent([0, 0]))
        #expect(FileContent([]) != FileContent.missing)
    }
}
