import MeshRecords
import Testing

@testable import MeshMirror

struct WithdrawalTests {
    @Test("kinds go one after the other, and what was said of one last counts")
    func order() {
        var withdrawal = Withdrawal()
        #expect(withdrawal.isDone && withdrawal.next == nil)
        withdrawal.begin(.service, isToldToSink: true)
        withdrawal.begin(.ip, isToldToSink: true)
        withdrawal.begin(.service, isToldToSink: false)
        #expect(withdrawal.next.map { $0 == (.ip, true) } == true)
        withdrawal.ended(.ip)
        #expect(withdrawal.next.map { $0 == (.service, false) } == true && !withdrawal.isDone)
        withdrawal.ended(.service)
        #expect(withdrawal.isDone)
    }
}
