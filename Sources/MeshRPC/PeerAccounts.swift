internal import MeshCore

/// The ledgers of all clients that have something open at a server, by their names.
///
/// There is one as long as there is something to count, so there are never more than open streams and calls.
final class PeerAccounts: Sendable {
    private let limits: PeerLimits
    private let accounts = Locked<[PeerName: PeerAccount]>([:])

    init(limits: PeerLimits) {
        self.limits = limits
    }

    /// How many clients are counted.
    var count: Int { accounts.withLock { $0.count } }

    /// Counts a stream or a call of `peer`, which must be closed again, or says why it may not be opened.
    func open(_ item: PeerLedger.Item, for peer: PeerIdentity) -> Result<PeerAccount, RPCStatus> {
        let name = PeerName(peer)
        return accounts.withLock { accounts in
            let account = accounts[name] ?? PeerAccount(name, limits: limits)
            if let refusal = account.opened(item) { return .failure(refusal) }
            accounts[name] = account
            return .success(account)
        }
    }

    /// A stream or a call that was opened is over.
    func close(_ item: PeerLedger.Item, of account: PeerAccount) {
        accounts.withLock { accounts in
            account.closed(item)
            if account.isEmpty { accounts[account.name] = nil }
        }
    }

    /// A message that was counted by ``PeerAccount/sending(_:)`` was taken, or never will be.
    func sent(_ bytes: Int, of account: PeerAccount) {
        guard bytes > 0, account.sent(bytes) else { return }
        // Its stream ended before its last message did.
        accounts.withLock { accounts in
            if account.isEmpty, accounts[account.name] === account { accounts[account.name] = nil }
        }
    }
}

/// One client's ledger.
final class PeerAccount: Sendable {
    let name: PeerName

    private let limits: PeerLimits
    private let ledger = Locked(PeerLedger())

    fileprivate init(_ name: PeerName, limits: PeerLimits) {
        self.name = name
        self.limits = limits
    }

    /// What is counted now.
    var current: PeerLedger { ledger.withLock { $0 } }

    /// A message is to be sent, when one of `sent` bytes was taken. Returns the status that is sent instead if it would be
    /// too much; nothing is counted, and nothing taken for sent then.
    func sending(_ bytes: Int, insteadOf sent: Int = 0) -> RPCStatus? {
        refusal(ledger.withLock { $0.sending(bytes, insteadOf: sent, within: limits) })
    }

    fileprivate func opened(_ item: PeerLedger.Item) -> RPCStatus? {
        refusal(ledger.withLock { $0.opened(item, within: limits) })
    }

    fileprivate func closed(_ item: PeerLedger.Item) {
        ledger.withLock { $0.closed(item) }
    }

    /// Returns whether nothing is left to count.
    fileprivate func sent(_ bytes: Int) -> Bool {
        ledger.withLock { ledger in
            ledger.sent(bytes)
            return ledger.isEmpty
        }
    }

    fileprivate var isEmpty: Bool { ledger.withLock { $0.isEmpty } }

    private func refusal(_ reason: String?) -> RPCStatus? {
        reason.map {
            RPCStatus(.resourceExhausted, "too many requests: the client '\(name)' \($0) at a time; try later")
        }
    }
}
