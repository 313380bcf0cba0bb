/// A server that could not be started, and why.
public struct RPCServerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of error it is.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case invalidConfiguration, cannotListen, tooFewFileDescriptors, alreadyRunning, credentialsNotStored
        }

        private let value: Value

        /// A setting is out of its range, or the credentials are not PEM text.
        public static let invalidConfiguration = Code(value: .invalidConfiguration)
        /// The address cannot be listened on.
        public static let cannotListen = Code(value: .cannotListen)
        /// The process may not open enough files for the configured number of connections.
        public static let tooFewFileDescriptors = Code(value: .tooFewFileDescriptors)
        /// ``RPCServer/run()`` was called before.
        public static let alreadyRunning = Code(value: .alreadyRunning)
        /// The credentials could not be written where core reads them.
        public static let credentialsNotStored = Code(value: .credentialsNotStored)

        public var description: String { value.rawValue }
    }

    /// What kind of error it is.
    public var code: Code

    /// What happened, where, and what to do.
    public var message: String

    /// Makes an error.
    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
