internal import MeshCore
internal import MeshRecords

/// Tells a mirror's sink what happened, one thing at a time and in order, outside the mirror's lock.
///
/// What is put in under that lock has the order of what happened. Whoever comes to ``tell()`` first tells for all who
/// come meanwhile, so that two tasks never call the sink at once. It holds no more than what was put in since: everybody
/// who puts something in tells it.
final class SinkFeed: Sendable {
    /// What can happen.
    enum Event: Sendable {
        case identified(ClusterConfig)
        case changed([MirroredPair])
        case synchronised(RecordKind)
        case servicesExpired
        case withdrawn
    }

    private struct State {
        var waiting: [Event] = []
        var isTelling = false
    }

    private let sink: any MirrorSink
    private let state = Locked(State())

    init(_ sink: any MirrorSink) {
        self.sink = sink
    }

    /// Puts in what happened; ``tell()`` has to follow.
    func put(_ event: Event) {
        state.withLock { $0.waiting.append(event) }
    }

    /// Tells what was put in, unless somebody is at it.
    func tell() {
        guard
            state.withLock({ state in
                defer { state.isTelling = true }
                return !state.isTelling
            })
        else { return }
        while let events = next() {
            for event in events { tell(event) }
        }
    }

    private func next() -> [Event]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isTelling = false
                return nil
            }
            defer { state.waiting = [] }
            return state.waiting
        }
    }

    private func tell(_ event: Event) {
        switch event {
        case .identified(let config): sink.peerIdentified(config)
        case .changed(let pairs): sink.apply(pairs)
        case .synchronised(let kind): sink.synchronized(kind)
        case .servicesExpired: sink.servicesExpired()
        case .withdrawn: sink.withdrawn()
        }
    }
}
