internal import CGRPC
public import MeshCore
internal import Synchronization

/// Takes the bytes of a long message while it is handed to core: short parts are copied, long ones are referred to
/// where they lie.
///
/// A message of many stored values needs no second copy of them that way. Core's own bookkeeping of a part that is
/// referred to costs about 130 bytes and a quarter of a microsecond, with the copied part between it and the next one;
/// so parts below ``smallestReferredPart`` are copied, too.
public struct RPCPayloadSink: MessageSink, ~Copyable {
    /// The length from which on a part is referred to: 256 bytes.
    public static let smallestReferredPart = 256

    /// After so many bytes what was copied becomes a piece of its own, so that it never has to grow by copying.
    private static let copiedPiece = 65_536

    private let buffer: UnsafeMutablePointer<grpc_slice_buffer>
    private var copied: [UInt8] = []
    /// What is referred to; the box is kept by core as long as one piece is.
    private let referred = ReferredParts()
    /// A slice whose count of references all pieces that refer to something share; made with the first of them.
    private var owner: grpc_slice?

    /// Appends to `buffer`, which outlives the sink.
    init(_ buffer: UnsafeMutablePointer<grpc_slice_buffer>) {
        self.buffer = buffer
    }

    /// Appends a copy of `bytes`.
    public mutating func append(_ bytes: [UInt8]) {
        copied.append(contentsOf: bytes)
        if copied.count >= Self.copiedPiece { flush() }
    }

    /// Appends `bytes`, by reference unless they are few. They are kept until core has sent them.
    public mutating func append(referringTo bytes: [UInt8]) {
        guard bytes.count >= Self.smallestReferredPart else { return append(bytes) }
        flush()
        var slice = owner ?? referred.makeOwner()
        owner = slice
        referred.parts.append(bytes)
        // The pointer stays valid outside of the closure: an array that is not empty lies in one allocation of the
        // runtime's, which is neither moved nor changed while `referred` holds a reference to it.
        let start = bytes.withUnsafeBufferPointer { $0.baseAddress }
        slice.data.refcounted.bytes = UnsafeMutablePointer(mutating: start)
        slice.data.refcounted.length = bytes.count
        // The sink's own reference stays with `owner`.
        grpc_slice_buffer_add(buffer, grpc_slice_ref(slice))
    }

    /// Gives core what is still here. Nothing may be appended after it.
    consuming func finish() {
        flush()
        if let owner {
            referred.handOver()
            grpc_slice_unref(owner)
        }
    }

    private mutating func flush() {
        guard !copied.isEmpty else { return }
        grpc_slice_buffer_add(buffer, CoreSlice.copying(copied))
        copied.removeAll(keepingCapacity: true)
    }
}

/// Arrays that core refers to; core owns one reference to the box, which it gives up when the last piece is sent.
///
/// `@unchecked Sendable` holds because only the sink's thread changes `parts`, before it hands the pieces to core, and
/// nobody reads them afterwards. `isHandedOver` orders this before the release on another thread for the memory model,
/// as ``CompletionTag`` does for batches.
private final class ReferredParts: @unchecked Sendable {
    var parts: [[UInt8]] = []
    private let isHandedOver = Atomic<Bool>(false)

    /// A slice that keeps the box; its bytes are nothing yet.
    func makeOwner() -> grpc_slice {
        let box = Unmanaged.passRetained(self).toOpaque()
        return grpc_slice_new_with_user_data(
            box,
            1,
            { box in
                guard let box else { return }
                let parts = Unmanaged<ReferredParts>.fromOpaque(box).takeRetainedValue()
                _ = parts.isHandedOver.load(ordering: .acquiring)
            },
            box
        )
    }

    func handOver() {
        isHandedOver.store(true, ordering: .releasing)
    }
}
