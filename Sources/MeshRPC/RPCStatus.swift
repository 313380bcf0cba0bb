public import MeshCore

/// How a call ended: gRPC's code, a text for people, and the trailing metadata that came or goes with them.
///
/// A handler throws one to answer with it; a client's call throws the one that it was answered with.
public struct RPCStatus: Error, Hashable, Sendable {
    /// The longest message that is sent, in bytes of UTF-8; a longer one is cut. Peers bound the size of trailers.
    public static let maximumMessageBytes = 1024

    /// The code.
    public var code: StatusCode

    /// What happened, and what to do about it.
    public var message: String

    /// Trailing metadata.
    public var metadata: RPCMetadata

    /// Makes a status.
    public init(_ code: StatusCode, _ message: String, metadata: RPCMetadata = [:]) {
        self.code = code
        self.message = message
        self.metadata = metadata
    }

    /// The status with which a call ends that failed with an error of etcd's API.
    public init(_ error: EtcdError) {
        self.init(error.code, error.message)
    }

    /// Success.
    public static let ok = RPCStatus(.ok, "")

    /// Whether the call succeeded.
    public var isOK: Bool { code == .ok }
}

extension RPCStatus: CustomStringConvertible {
    /// Code and text as gRPC's clients print them.
    public var description: String { "rpc error: code = \(code) desc = \(message)" }
}

extension RPCStatus {
    /// The status that tells a caller about an error that a handler threw.
    ///
    /// An `RPCStatus` and an `EtcdError` speak for themselves; cancellation is `Canceled`; of anything else a caller
    /// learns only that it happened, because the text may hold what is none of a peer's business.
    init(thrown error: any Error) {
        switch error {
        case let status as RPCStatus: self = status.isOK ? RPCStatus(.internalError, "a handler threw OK") : status
        case let error as EtcdError: self.init(error)
        case is CancellationError: self.init(.cancelled, "the call was cancelled")
        default: self.init(.unknown, "the server failed to answer; its log says why")
        }
    }

    /// The message, cut to ``maximumMessageBytes`` at a character's border.
    var boundedMessage: String {
        guard message.utf8.count > Self.maximumMessageBytes else { return message }
        var cut = message.prefix(Self.maximumMessageBytes)
        while cut.utf8.count > Self.maximumMessageBytes { cut.removeLast() }
        return String(cut)
    }
}
