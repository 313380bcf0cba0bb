import MeshCore
import Testing

@Suite struct RevisionTests {
    @Test func countsFromOneAndStopsAtTheEnds() {
        #expect(Revision.initial == 1)
        #expect(Revision.initial.next == 2)
        #expect(Revision.initial.previous == .none)
        #expect(Revision(.max).next == Revision(.max))
        #expect(Revision(.min).previous == Revision(.min))
        #expect([Revision(3), 1, 2].sorted() == [1, 2, 3])
    }

    @Test func aStoresIdentityHasNoZero() {
        for _ in 0..<100 {
            let identity = StoreIdentity.random()
            #expect(identity.clusterID != 0 && identity.memberID != 0)
        }
    }
}
