import MeshCore
import Testing

@testable import MeshRPC

@Suite struct PeerLedgerTests {
    private let limits = PeerLimits(streams: 2, calls: 1, unreadBytes: 100)

    @Test func streamsAndCallsAreCountedApart() {
        var ledger = PeerLedger()
        #expect(ledger.opened(.stream, within: limits) == nil)
        #expect(ledger.opened(.call, within: limits) == nil)
        #expect(ledger.opened(.stream, within: limits) == nil)
        #expect(ledger.opened(.stream, within: limits)?.contains("2 streams") == true)
        #expect(ledger.opened(.call, within: limits)?.contains("1 calls") == true)
        // What was refused was not counted.
        #expect(ledger.streams == 2 && ledger.calls == 1)
        ledger.closed(.stream)
        #expect(ledger.opened(.stream, within: limits) == nil)
    }

    @Test func nothingIsLeftWhenAllIsOver() {
        var ledger = PeerLedger()
        #expect(ledger.isEmpty)
        _ = ledger.opened(.stream, within: limits)
        _ = ledger.opened(.call, within: limits)
        _ = ledger.sending(10, within: limits)
        ledger.closed(.stream)
        ledger.closed(.call)
        #expect(!ledger.isEmpty)
        ledger.sent(10)
        #expect(ledger.isEmpty)
    }

    @Test func unreadBytesAreBounded() {
        var ledger = PeerLedger()
        #expect(ledger.sending(60, within: limits) == nil)
        #expect(ledger.sending(41, within: limits)?.contains("60 bytes") == true)
        #expect(ledger.sending(40, within: limits) == nil)
        #expect(ledger.unreadBytes == 100)
        // Nothing new is begun for who does not read.
        #expect(ledger.opened(.call, within: limits) != nil)
        #expect(ledger.opened(.stream, within: limits) != nil)
        ledger.sent(60)
        #expect(ledger.sending(60, within: limits) == nil)
        ledger.sent(1)
        #expect(ledger.opened(.call, within: limits) == nil)
    }

    @Test func aMessageCanTakeThePlaceOfOneThatWasTaken() {
        var ledger = PeerLedger()
        #expect(ledger.sending(60, within: limits) == nil)
        #expect(ledger.sending(30, within: limits) == nil)
        #expect(ledger.sending(71, insteadOf: 60, within: limits)?.contains("30 bytes") == true)
        #expect(ledger.unreadBytes == 90, "nothing changes where it is refused")
        #expect(ledger.sending(70, insteadOf: 60, within: limits) == nil)
        #expect(ledger.unreadBytes == 100)
        ledger.sent(30)
        // Alone, one may be of any size.
        #expect(ledger.sending(1_000, insteadOf: 70, within: limits) == nil)
        ledger.sent(1_000)
        #expect(ledger.isEmpty)
    }

    @Test func oneMessageMayAlwaysBeUnderWay() {
        var ledger = PeerLedger()
        #expect(ledger.sending(1_000, within: limits) == nil)
        #expect(ledger.sending(1, within: limits) != nil)
        ledger.sent(1_000)
        #expect(ledger.sending(1_001, within: limits) == nil)
    }
}

@Suite struct PeerAccountsTests {
    private let accounts = PeerAccounts(limits: PeerLimits(streams: 2, calls: 1, unreadBytes: 100))
    private let kos = PeerIdentity(commonName: "remote-kos")
    private let hurup = PeerIdentity(commonName: "remote-hurup")

    @Test func clientsAreCountedByTheirNames() throws {
        let first = try accounts.open(.call, for: kos).get()
        let error = #expect(throws: RPCStatus.self) { try accounts.open(.call, for: kos).get() }
        #expect(error?.code == .resourceExhausted)
        #expect(error?.message.contains("'remote-kos'") == true)
        let other = try accounts.open(.call, for: hurup).get()
        #expect(accounts.count == 2)
        accounts.close(.call, of: first)
        #expect(throws: Never.self) { try accounts.open(.call, for: kos).get() }
        accounts.close(.call, of: other)
        #expect(accounts.count == 1)
    }

    @Test func aClientWithoutAnythingIsForgotten() throws {
        let account = try accounts.open(.stream, for: kos).get()
        #expect(try accounts.open(.stream, for: kos).get() === account)
        #expect(account.sending(10) == nil)
        accounts.close(.stream, of: account)
        accounts.close(.stream, of: account)
        // A message may outlive its stream.
        #expect(accounts.count == 1)
        accounts.sent(10, of: account)
        #expect(accounts.count == 0)
        #expect(account.current == PeerLedger())
    }

    @Test func whatWasSentStaysCountedWhenItsClientIsForgotten() throws {
        let first = try accounts.open(.stream, for: kos).get()
        #expect(first.sending(10) == nil)
        #expect(first.sending(20, insteadOf: 10) == nil)
        #expect(first.sending(1_000) != nil)
        #expect(accounts.sent == SentTotals(messages: 2, bytes: 30))
        accounts.sent(20, of: first)
        accounts.close(.stream, of: first)
        #expect(accounts.count == 0)
        let second = try accounts.open(.call, for: kos).get()
        #expect(second !== first && second.sending(5) == nil)
        #expect(accounts.sent == SentTotals(messages: 3, bytes: 35))
    }

    @Test func whoIsRefusedIsNotCounted() throws {
        let account = try accounts.open(.stream, for: kos).get()
        #expect(account.sending(100) == nil)
        #expect(account.sending(1)?.code == .resourceExhausted)
        #expect(throws: RPCStatus.self) { try accounts.open(.stream, for: kos).get() }
        #expect(account.current.streams == 1)
        #expect(throws: Never.self) { try accounts.open(.stream, for: hurup).get() }
    }
}
