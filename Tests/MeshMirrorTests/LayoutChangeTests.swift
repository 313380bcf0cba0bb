import MeshRecords
import Testing

@testable import MeshMirror

struct LayoutChangeTests {
    private let held: [RecordKey] = [.node("n1"), .node("n2"), .node("n3")]

    @Test("what the new layout did not show is left over once it is listed completely, per kind")
    func leftovers() {
        var change = LayoutChange()
        change.begin([.node, .ip])
        change.met(.node("n1"))
        change.met(.node("n3"))
        change.met(.identity(65_601))
        let left = change.listed(.node, held: held)
        #expect(left == [.node("n2")])
        let again = change.listed(.node, held: held)
        #expect(again.isEmpty, "later listings compare by themselves")
    }

    @Test("what was met stays met over a connection that ended in the middle")
    func interrupted() {
        var change = LayoutChange()
        change.begin([.node])
        change.met(.node("n1"))
        change.met(.node("n2"))
        change.met(.node("n3"))
        #expect(change.listed(.node, held: held).isEmpty)
    }

    @Test("another change of the layout begins anew; a withdrawn kind has nothing left over")
    func again() {
        var change = LayoutChange()
        change.begin([.node])
        change.met(.node("n1"))
        change.begin([.node])
        let left = change.listed(.node, held: held)
        #expect(left == held)
        change.begin([.node])
        change.withdrawn(.node)
        #expect(change.listed(.node, held: held).isEmpty)
    }
}
