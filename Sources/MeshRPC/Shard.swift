internal import CGRPC

/// A completion queue with its poller and its sending thread.
///
/// `@unchecked Sendable` holds because `queue` never changes, and core's queues may be used from any thread.
final class Shard: @unchecked Sendable {
    let queue: OpaquePointer
    let sending = SendingQueue()

    /// Makes a shard and starts its threads.
    init(number: Int) {
        queue = grpc_completion_queue_create_for_next(nil)
        TransportThread.start("mesh-rpc-poll-\(number)") { self.poll() }
        TransportThread.start("mesh-rpc-send-\(number)") { self.send() }
    }

    private func poll() {
        while true {
            let event = grpc_completion_queue_next(queue, gpr_inf_future(GPR_CLOCK_REALTIME), nil)
            switch event.type {
            case GRPC_OP_COMPLETE:
                guard let tag = event.tag else { continue }
                CompletionTag.takeBack(tag).completed(success: event.success != 0)
            case GRPC_QUEUE_SHUTDOWN:
                return
            default:
                continue
            }
        }
    }

    private func send() {
        while true {
            for work in sending.takeAll() { work.performSending() }
        }
    }
}
