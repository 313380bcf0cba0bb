import TestSupport
import Testing

@testable import MeshMirror

struct ChangeMailboxTests {
    private typealias Mailbox = ChangeMailbox<Int, String>

    private func changes(_ delivery: Mailbox.Delivery) -> [String]? {
        if case .changes(let changes) = delivery { changes } else { nil }
    }

    private func difference(_ delivery: Mailbox.Delivery) -> [Int]? {
        if case .difference(let from, let to) = delivery { [from, to] } else { nil }
    }

    private func isEnd(_ delivery: Mailbox.Delivery) -> Bool {
        if case .end = delivery { true } else { false }
    }

    @Test("a subscriber that keeps up gets every change, in order, several at once if they gathered")
    func everything() async {
        let mailbox = Mailbox(state: 0, bound: 10)
        #expect(mailbox.put(["a"], leadingTo: 1) == nil, "nobody waits")
        #expect(mailbox.put(["b", "c"], leadingTo: 2) == nil)
        #expect(changes(await mailbox.next()) == ["a", "b", "c"])
        _ = mailbox.put(["d"], leadingTo: 3)
        #expect(changes(await mailbox.next()) == ["d"])
    }

    @Test("beyond the bound the changes give way to the two states they lie between")
    func overfull() async {
        let mailbox = Mailbox(state: 0, bound: 3)
        _ = mailbox.put(["a"], leadingTo: 1)
        #expect(changes(await mailbox.next()) == ["a"])
        _ = mailbox.put(["b", "c", "d"], leadingTo: 2)
        _ = mailbox.put(["e"], leadingTo: 3)
        _ = mailbox.put(["f"], leadingTo: 4)
        #expect(difference(await mailbox.next()) == [1, 4])
        _ = mailbox.put(["g"], leadingTo: 5)
        #expect(changes(await mailbox.next()) == ["g"], "and then it goes on change by change")
    }

    @Test("a waiting subscriber is resumed by the next change")
    func waiting() async throws {
        let mailbox = Mailbox(state: 0, bound: 3)
        async let delivery = mailbox.next()
        try await eventually("the subscriber waits") { mailbox.isAwaited }
        let wake = try #require(mailbox.put(["a"], leadingTo: 1))
        wake()
        #expect(changes(await delivery) == ["a"])
    }

    @Test("the end comes after what was put in before it")
    func end() async {
        let mailbox = Mailbox(state: 0, bound: 1)
        _ = mailbox.put(["a", "b"], leadingTo: 1)
        _ = mailbox.finish()
        #expect(difference(await mailbox.next()) == [0, 1])
        #expect(isEnd(await mailbox.next()))
        #expect(isEnd(await mailbox.next()))
    }

    @Test("a cancelled task gets the end, whether it waits already or not")
    func cancelled() async throws {
        let mailbox = Mailbox(state: 0, bound: 1)
        let waiting = Task { await mailbox.next() }
        waiting.cancel()
        let delivery = try await within(.seconds(5)) { await waiting.value }
        #expect(isEnd(delivery))
        _ = mailbox.put(["a"], leadingTo: 1)
        #expect(changes(await mailbox.next()) == ["a"], "nothing was lost")
    }
}
