import MeshCore
import MeshRecords

@testable import MeshMirror

/// Keeps what a mirror tells of its peer, and builds from it what a copy would hold.
final class RecordingSink: MirrorSink {
    /// What was told.
    enum Event: Hashable {
        case identified(ClusterConfig)
        case put(RecordKey)
        case delete(RecordKey)
        case synchronised(RecordKind)
        case servicesExpired
        case withdrawn
        case reserved(ClusterID)
        case released
    }

    private struct State {
        var events: [Event] = []
        var copy: [RecordKey: KeyValue] = [:]
        var refused: Set<ClusterID> = []
        var isInside = false
        var wasEnteredTwice = false
    }

    private let state = Locked(State())

    var events: [Event] { state.withLock { $0.events } }
    var copy: [RecordKey: KeyValue] { state.withLock { $0.copy } }
    var wasEnteredTwice: Bool { state.withLock { $0.wasEnteredTwice } }

    func refuse(_ ids: Set<ClusterID>) { state.withLock { $0.refused = ids } }

    /// A reservation whose calls are kept among the others.
    var reservation: ClusterIDReservation {
        ClusterIDReservation(
            reserve: { id throws(ClusterIDConflict) in
                try self.state.withLock { state throws(ClusterIDConflict) in
                    if state.refused.contains(id) {
                        throw ClusterIDConflict(message: "ID \(id) is taken by peer 'kos'")
                    }
                    state.events.append(.reserved(id))
                }
            },
            release: { self.note { $0.events.append(.released) } }
        )
    }

    private func note(_ body: (inout State) -> Void) {
        state.withLock { state in
            if state.isInside { state.wasEnteredTwice = true }
            state.isInside = true
        }
        state.withLock { body(&$0) }
        state.withLock { $0.isInside = false }
    }

    func peerIdentified(_ config: ClusterConfig) { note { $0.events.append(.identified(config)) } }

    func apply(_ changes: [MirroredPair]) {
        note { state in
            for change in changes {
                switch change {
                case .put(let key, let pair):
                    state.events.append(.put(key))
                    state.copy[key] = pair
                case .delete(let key):
                    state.events.append(.delete(key))
                    state.copy[key] = nil
                }
            }
        }
    }

    func synchronized(_ kind: RecordKind) { note { $0.events.append(.synchronised(kind)) } }

    func servicesExpired() {
        note { state in
            state.events.append(.servicesExpired)
            for key in state.copy.keys where key.kind == .service || key.kind == .serviceExport {
                state.copy[key] = nil
            }
        }
    }

    func withdrawn() {
        note { state in
            state.events.append(.withdrawn)
            state.copy = [:]
        }
    }
}
