import MeshCore
import Testing

@testable import MeshRPC

@Suite struct CompletionTagTests {
    private final class Tag: CompletionTag, @unchecked Sendable {
        let seen = Locked<[Int]>([])

        override func completed(_ number: Int, success: Bool) {
            seen.withLock { $0.append(number) }
        }
    }

    @Test func aTagComesBackWithTheNumberItWasLentUnder() {
        let tag = Tag()
        let pointers = (0..<CompletionTag.numbers).map { tag.lend($0) }
        #expect(Set(pointers).count == CompletionTag.numbers)
        for (number, pointer) in pointers.enumerated().reversed() {
            let (taken, found) = CompletionTag.takeBack(pointer)
            #expect(taken === tag && found == number)
            taken.completed(found, success: true)
        }
        #expect(tag.seen.withLock { $0 } == (0..<CompletionTag.numbers).reversed())
    }

    @Test func aTagLivesAsLongAsItIsLent() {
        weak var held: Tag?
        let pointers: [UnsafeMutableRawPointer]
        do {
            let tag = Tag()
            held = tag
            pointers = [tag.lend(), tag.lend(3)]
        }
        #expect(held != nil)
        _ = CompletionTag.takeBack(pointers[1])
        #expect(held != nil)
        _ = CompletionTag.takeBack(pointers[0])
        #expect(held == nil)
    }
}
