internal import CGRPC
internal import Glibc
internal import Synchronization

/// A part of the transport with a completion queue, a thread that takes its events, and a thread that sends.
///
/// There are few, they belong to the process, and every stream stays on one of them (``RPCStreamHandle/shard``). What a
/// shard's sending thread is to do besides the streams' own messages is an ``RPCShardWork``.
///
/// `@unchecked Sendable` holds because `queue` never changes and core's queues may be used from any thread, and because
/// each outbox is used by the one thread that it is made for.
public final class RPCShard: @unchecked Sendable {
    /// Which of the process' shards it is, from 0 on.
    public let number: Int

    let queue: OpaquePointer
    let sending = SendingQueue()
    /// For messages that are put together on the polling thread.
    let pollingOutbox = MessageOutbox()
    /// For messages that are put together on the sending thread.
    let sendingOutbox = MessageOutbox()

    private let sendingThread = Atomic<UInt>(0)

    /// Makes a shard and starts its threads.
    init(number: Int) {
        self.number = number
        queue = grpc_completion_queue_create_for_next(nil)
        TransportThread.start("mesh-rpc-poll-\(number)") { self.poll() }
        TransportThread.start("mesh-rpc-send-\(number)") { self.send() }
    }

    /// The process' shards.
    package static var all: [RPCShard] { CoreRuntime.shared.shards }

    /// Whether the caller runs on the shard's sending thread.
    var isSendingThread: Bool { sendingThread.load(ordering: .relaxed) == pthread_self() }

    private func poll() {
        while true {
            let event = grpc_completion_queue_next(queue, gpr_inf_future(GPR_CLOCK_REALTIME), nil)
            switch event.type {
            case GRPC_OP_COMPLETE:
                guard let tag = event.tag else { continue }
                let (completed, number) = CompletionTag.takeBack(tag)
                completed.completed(number, success: event.success != 0)
            case GRPC_QUEUE_SHUTDOWN:
                return
            default:
                continue
            }
        }
    }

    private func send() {
        sendingThread.store(pthread_self(), ordering: .relaxed)
        var taken: [any SendingWork] = []
        while true {
            sending.takeAll(into: &taken)
            for work in taken { work.performSending() }
            taken.removeAll(keepingCapacity: taken.count <= SendingQueue.keptCapacity)
        }
    }
}
