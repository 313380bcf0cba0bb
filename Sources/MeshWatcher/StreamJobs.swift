/// Work that a stream waits for and that must not be done on its thread, because it waits or takes long.
///
/// Whoever submits it sees to it that a stream has at most one job at a time, so that jobs are as many as streams.
final class StreamJobs: Sendable {
    typealias Job = @Sendable () async -> Void

    private let jobs: AsyncStream<Job>
    private let submission: AsyncStream<Job>.Continuation

    init() {
        (jobs, submission) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    }

    /// Has a job done as soon as there is a thread for it. Any thread, never waiting.
    func submit(_ job: @escaping Job) {
        submission.yield(job)
    }

    /// Does the jobs, each in a task of its own, until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs { group.addTask(operation: job) }
            group.cancelAll()
        }
    }
}
