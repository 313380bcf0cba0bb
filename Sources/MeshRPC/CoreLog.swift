internal import CGRPC
internal import Logging

/// Core's own log lines, into the program's log instead of onto standard error.
enum CoreLog {
    static let label = "clustermesh.rpc.core"

    /// Redirects core's log; to be called before core starts. Core logs errors only, unless `GRPC_VERBOSITY` says more.
    static func redirect() {
        gpr_set_log_function { line in
            guard let line = line?.pointee, let message = line.message else { return }
            let level: Logger.Level =
                switch line.severity {
                case GPR_LOG_SEVERITY_ERROR: .warning
                case GPR_LOG_SEVERITY_INFO: .debug
                default: .trace
                }
            Logger(label: CoreLog.label).log(level: level, "\(String(cString: message))")
        }
    }
}
