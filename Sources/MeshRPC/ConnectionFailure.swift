internal import MeshCore

/// Says in words for an operator why a server cannot be reached, where core's words do not.
enum ConnectionFailure {
    /// The status with what is known besides: `refusal` is why our verifier refused the server at the last handshake.
    static func explain(_ status: RPCStatus, authority: String, refusal: String?) -> RPCStatus {
        guard status.code == .unavailable else { return status }
        var explained = status
        if let refusal {
            explained.message = "the certificate of \(authority) was refused: \(refusal)"
        } else if status.message.contains("certificate verify failed") {
            explained.message = """
                the certificate of \(authority) was refused: it does not lead to a trusted root, is not valid now, or is \
                not a server's (\(status.message))
                """
        } else if status.message.contains("failed to connect"), status.message.contains("Socket closed") {
            explained.message = """
                \(authority) closed the connection at the handshake, as a server does that refuses the client's \
                certificate: its log says why (\(status.message))
                """
        } else if status.message.contains("failed to connect") {
            explained.message = "\(authority) cannot be reached (\(status.message))"
        }
        return explained
    }
}
