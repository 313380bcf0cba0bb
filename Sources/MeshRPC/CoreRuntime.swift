internal import CGRPC
internal import Glibc
internal import Logging
internal import Synchronization

/// C core and the threads that serve it, once for the process.
///
/// It starts with the first server or channel and stays until the process ends: the number of threads does not depend
/// on how many servers, channels, connections or streams there are, or have been. Nothing is shut down at exit, because
/// other code may still be calling; what core holds then is reachable, so that no leak is reported.
///
/// - Important: Start it before any `fork` of the process, or not at all after one: core does not survive a fork.
final class CoreRuntime: Sendable {
    /// One shard for this many processors, and at most ``maximumShards``: a second shard on two processors slowed
    /// single calls down and gained nothing.
    static let processorsPerShard = 2
    static let maximumShards = 4

    static let shared = CoreRuntime()

    let shards: [RPCShard]
    private let turn = Atomic<Int>(0)

    private init() {
        Self.disableDeadlockDetector()
        CoreLog.redirect()
        FileDescriptorLimit.raise()
        grpc_init()
        let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let count = min(Self.maximumShards, max(1, processors / Self.processorsPerShard))
        shards = (0..<count).map { RPCShard(number: $0) }
    }

    /// The shards in turn, for those who need one.
    func nextShard() -> RPCShard {
        shards[turn.wrappingAdd(1, ordering: .relaxed).oldValue & .max % shards.count]
    }

    /// Switches off abseil's deadlock detector, which aborts the process when it sees two locks taken in both orders,
    /// even where that cannot deadlock. It runs where abseil was built without `NDEBUG`, as Debian's is.
    ///
    /// It has no C interface; the symbol is that of `absl::SetMutexDeadlockDetectionMode` of Debian 12's abseil.
    private static func disableDeadlockDetector() {
        let symbol = "_ZN4absl7debian329SetMutexDeadlockDetectionModeENS0_15OnDeadlockCycleE"
        guard let address = dlsym(nil, symbol) else {
            Logger(label: CoreLog.label).warning(
                """
                abseil's deadlock detector could not be switched off: this abseil does not export the expected function. \
                Where abseil was built without NDEBUG, a suspected deadlock will abort the process
                """
            )
            return
        }
        let setMode = unsafeBitCast(address, to: (@convention(c) (Int32) -> Void).self)
        let ignore: Int32 = 0
        setMode(ignore)
    }
}
