internal import CGRPC
internal import Logging

/// Core's own log lines, into the program's log instead of onto standard error.
enum CoreLog {
    static let label = "clustermesh.rpc.core"

    /// Redirects core's log; to be called before core starts. Core logs errors only, unless `GRPC_VERBOSITY` says more.
    static func redirect() {
        gpr_set_log_function { line in
            guard let line = line?.pointee, let message = line.message else { return }
            let text = String(cString: message)
            Logger(label: CoreLog.label).log(
                level: CoreLog.level(of: text, isError: line.severity == GPR_LOG_SEVERITY_ERROR), "\(text)")
        }
    }

    /// What core calls an error and is none, or is told by us where it belongs: a name in TLS that the certificate does
    /// not carry, a handshake that ended with its listener, an address that cannot be listened on.
    private static let noise = ["No match found for server name", "cancel_check_peer error", "No address added"]

    /// How important one of core's lines is.
    static func level(of text: String, isError: Bool) -> Logger.Level {
        isError && !noise.contains { text.contains($0) } ? .warning : .debug
    }
}
