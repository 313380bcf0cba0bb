internal import COpenSSL

/// The only owner of one OpenSSL object; frees it.
///
/// A value that cannot be copied, rather than a class, because such a value lives to the end of its scope: its
/// `pointer` stays good in every call that the scope makes.
struct OpenSSLObject: ~Copyable {
    /// The object, good while this value lives.
    let pointer: OpaquePointer

    private let free: @convention(c) (OpaquePointer?) -> Void

    /// Takes `pointer` over.
    ///
    /// - Throws: ``TLSError`` with what OpenSSL said if `pointer` is nil.
    init(
        _ pointer: OpaquePointer?, _ action: String, free: @escaping @convention(c) (OpaquePointer?) -> Void
    ) throws(TLSError) {
        guard let pointer else { throw OpenSSLFailure.error(action) }
        self.pointer = pointer
        self.free = free
    }

    deinit {
        free(pointer)
    }
}

/// What OpenSSL reports through its error queue, of which each thread has one.
///
/// A verifier runs in the middle of a handshake on a thread of the transport, whose next look at the queue decides
/// what became of that handshake. So every use of OpenSSL here leaves the queue as it found it.
enum OpenSSLFailure {
    /// Runs `body` and forgets the errors that it left in the queue, but none that were there before.
    static func contained<Result: ~Copyable>(
        _ body: () throws(TLSError) -> Result
    ) throws(TLSError) -> Result {
        ERR_set_mark()
        defer { ERR_pop_to_mark() }
        return try body()
    }

    /// The newest error of the queue, in words.
    static var text: String? {
        let number = ERR_peek_last_error()
        guard number != 0, let reason = ERR_reason_error_string(number) else { return nil }
        return String(cString: reason)
    }

    /// Whether the newest error of the queue is that a PEM text has no further block.
    static var isEndOfPEM: Bool {
        let error = ERR_peek_last_error()
        return cmesh_error_library(error) == ERR_LIB_PEM && cmesh_error_reason(error) == PEM_R_NO_START_LINE
    }

    /// An error that says that `action` failed, and why.
    static func error(_ action: String) -> TLSError {
        TLSError(.libraryFailure, "\(action) failed", cause: text)
    }

    /// Throws unless OpenSSL returned success (a positive number).
    static func check(_ result: Int32, _ action: String) throws(TLSError) {
        guard result > 0 else { throw error(action) }
    }
}

/// Text in OpenSSL's memory.
enum OpenSSLText {
    /// What `write` writes into a buffer.
    static func written(_ action: String, _ write: (OpaquePointer) -> Int32) throws(TLSError) -> String {
        let buffer = try OpenSSLObject(BIO_new(BIO_s_mem()), "making a buffer", free: BIO_free_all)
        try OpenSSLFailure.check(write(buffer.pointer), action)
        var start: UnsafeMutablePointer<CChar>?
        let count = cmesh_bio_contents(buffer.pointer, &start)
        guard let start, count >= 0 else { throw OpenSSLFailure.error(action) }
        return String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// Gives `body` a buffer to read `text` from.
    static func read<Result: ~Copyable>(
        _ text: String, _ body: (OpaquePointer) throws(TLSError) -> Result
    ) throws(TLSError) -> Result {
        let buffer = try OpenSSLObject(BIO_new(BIO_s_mem()), "making a buffer", free: BIO_free_all)
        var text = text
        let written = text.withUTF8 { bytes in
            bytes.isEmpty ? 0 : BIO_write(buffer.pointer, bytes.baseAddress, Int32(clamping: bytes.count))
        }
        guard Int(written) == text.utf8.count else { throw OpenSSLFailure.error("copying text") }
        return try body(buffer.pointer)
    }
}
