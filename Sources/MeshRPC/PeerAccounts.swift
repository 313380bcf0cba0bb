internal import MeshCore

/// Messages that were handed to core.
struct SentTotals: Hashable, Sendable {
    var messages = 0
    var bytes = 0

    static func += (totals: inout SentTotals, more: SentTotals) {
        totals.messages += more.messages
        totals.bytes += more.bytes
    }
}

/// The ledgers of all clients that have something open at a server, by their names.
///
/// There is one as long as there is something to count, so there are never more than open streams and calls.
final class PeerAccounts: Sendable {
    private struct State: Sendable {
        var accounts: [PeerName: PeerAccount] = [:]
        /// What was sent to clients that have nothing open any more.
        var sentBefore = SentTotals()

        mutating func remove(ifEmpty account: PeerAccount) {
            guard account.isEmpty, accounts[account.name] === account else { return }
            accounts[account.name] = nil
            sentBefore += account.sent
        }
    }

    private let limits: PeerLimits
    private let state = Locked(State())

    init(limits: PeerLimits) {
        self.limits = limits
    }

    /// How many clients are counted.
    var count: Int { state.withLock { $0.accounts.count } }

    /// What was sent to all clients so far.
    var sent: SentTotals {
        state.withLock { state in
            var sent = state.sentBefore
            for account in state.accounts.values { sent += account.sent }
            return sent
        }
    }

    /// Counts a stream or a call of `peer`, which must be closed again, or says why it may not be opened.
    func open(_ item: PeerLedger.Item, for peer: PeerIdentity) -> Result<PeerAccount, RPCStatus> {
        let name = PeerName(peer)
        return state.withLock { state in
            let known = state.accounts[name]
            let account = known ?? PeerAccount(name, limits: limits)
            if let refusal = account.opened(item) { return .failure(refusal) }
            if known == nil { state.accounts[name] = account }
            return .success(account)
        }
    }

    /// A stream or a call that was opened is over.
    func close(_ item: PeerLedger.Item, of account: PeerAccount) {
        state.withLock { state in
            account.closed(item)
            state.remove(ifEmpty: account)
        }
    }

    /// A message that was counted by ``PeerAccount/sending(_:insteadOf:)`` was taken, or never will be.
    func sent(_ bytes: Int, of account: PeerAccount) {
        guard bytes > 0, account.sent(bytes) else { return }
        // Its stream ended before its last message did.
        state.withLock { $0.remove(ifEmpty: account) }
    }
}

/// One client's ledger.
final class PeerAccount: Sendable {
    private struct State: Sendable {
        var ledger = PeerLedger()
        var sent = SentTotals()
    }

    let name: PeerName

    private let limits: PeerLimits
    private let state = Locked(State())

    fileprivate init(_ name: PeerName, limits: PeerLimits) {
        self.name = name
        self.limits = limits
    }

    /// What is counted now.
    var current: PeerLedger { state.withLock { $0.ledger } }

    /// What was sent so far.
    var sent: SentTotals { state.withLock { $0.sent } }

    /// A message is to be sent, when one of `sent` bytes was taken. Returns the status that is sent instead if it would be
    /// too much; nothing is counted, and nothing taken for sent then.
    func sending(_ bytes: Int, insteadOf sent: Int = 0) -> RPCStatus? {
        refusal(
            state.withLock { state in
                if let reason = state.ledger.sending(bytes, insteadOf: sent, within: limits) { return reason }
                state.sent += SentTotals(messages: 1, bytes: bytes)
                return nil
            }
        )
    }

    fileprivate func opened(_ item: PeerLedger.Item) -> RPCStatus? {
        refusal(state.withLock { $0.ledger.opened(item, within: limits) })
    }

    fileprivate func closed(_ item: PeerLedger.Item) {
        state.withLock { $0.ledger.closed(item) }
    }

    /// Returns whether nothing is left to count.
    fileprivate func sent(_ bytes: Int) -> Bool {
        state.withLock { state in
            state.ledger.sent(bytes)
            return state.ledger.isEmpty
        }
    }

    fileprivate var isEmpty: Bool { state.withLock { $0.ledger.isEmpty } }

    private func refusal(_ reason: String?) -> RPCStatus? {
        reason.map {
            RPCStatus(.resourceExhausted, "too many requests: the client '\(name)' \($0) at a time; try later")
        }
    }
}
