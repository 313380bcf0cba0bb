import Testing

@testable import MeshMirror

struct ServiceExpiryTests {
    private let start = ContinuousClock.now

    private func after(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    /// One whose peer was synchronised and is lost at 0 s.
    private func lost() -> ServiceExpiry {
        var expiry = ServiceExpiry(timeToLive: .seconds(600))
        expiry.identified()
        expiry.synchronised()
        expiry.connectionEnded(at: start)
        return expiry
    }

    @Test("the services of a lost peer expire after their time to live, and once only")
    func once() {
        var expiry = lost()
        #expect(expiry.deadline == after(600))
        let early = expiry.expires(at: after(599))
        let due = expiry.expires(at: after(600))
        let again = expiry.expires(at: after(5000))
        #expect(!early && due && !again)
        expiry.connectionEnded(at: after(6000))
        #expect(expiry.deadline == nil, "nothing of them is held")
    }

    @Test("attempts that fail do not prolong the life of services")
    func attempts() {
        var expiry = lost()
        expiry.connectionEnded(at: after(300))
        expiry.connectionEnded(at: after(500))
        #expect(expiry.deadline == after(600))
    }

    @Test("a peer that comes back but is never synchronised does not prolong it either")
    func neverSynchronised() {
        var expiry = lost()
        expiry.identified()
        let whileListing = expiry.expires(at: after(700))
        #expect(!whileListing, "what it holds is about to be known")
        expiry.connectionEnded(at: after(800))
        let whenLost = expiry.expires(at: after(800))
        #expect(whenLost)
    }

    @Test("a synchronised peer begins the time anew")
    func synchronised() {
        var expiry = lost()
        expiry.identified()
        expiry.synchronised()
        expiry.connectionEnded(at: after(1000))
        #expect(expiry.deadline == after(1600))
    }

    @Test("after an expiry the time begins with the next loss of a peer that was identified again")
    func expiredAndBack() {
        var expiry = lost()
        _ = expiry.expires(at: after(600))
        expiry.identified()
        expiry.connectionEnded(at: after(1000))
        #expect(expiry.deadline == after(1600))
    }

    @Test("a peer that was never identified has no services that could expire")
    func nothingTaken() {
        var expiry = ServiceExpiry(timeToLive: .seconds(600))
        expiry.connectionEnded(at: start)
        #expect(expiry.deadline == nil)
    }

    @Test("without a time to live nothing expires")
    func off() {
        var expiry = ServiceExpiry(timeToLive: nil)
        expiry.identified()
        expiry.connectionEnded(at: start)
        let expires = expiry.expires(at: after(1_000_000))
        #expect(!expires && expiry.deadline == nil)
    }
}
