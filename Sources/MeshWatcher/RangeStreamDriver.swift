internal import MeshCore
internal import MeshRPC
internal import MeshWire

/// One call of KV.RangeStream: takes the request, has it answered elsewhere, and sends the answer part by part, each when
/// the client has taken the one before.
///
/// What is sent was read at once, so that a compaction on the way does no harm; until the last part is sent, the pairs
/// are kept in memory, and no more than one part as a copy.
final class RangeStreamDriver: RPCStreamDriver {
    private enum Phase: Sendable {
        case asking
        case reading
        case sending(RangeStreamParts)
        case ending(RPCStatus)
    }

    private let ranges: RangeService
    private let peer: PeerIdentity
    private let handle: RPCStreamHandle
    private let jobs: StreamJobs
    private let phase = Locked(Phase.asking)

    init(ranges: RangeService, peer: PeerIdentity, handle: RPCStreamHandle, jobs: StreamJobs) {
        self.ranges = ranges
        self.peer = peer
        self.handle = handle
        self.jobs = jobs
    }

    func messageReceived(_ bytes: [UInt8]) -> RPCReadDecision {
        let isFirst = phase.withLock { phase in
            guard case .asking = phase else { return false }
            phase = .reading
            return true
        }
        guard isFirst else { return .finish(Self.oneRequest) }
        jobs.submit { [weak self] in await self?.read(bytes) }
        return .continueReading
    }

    func clientFinishedSending() {
        phase.withLock { phase in
            if case .asking = phase { phase = .ending(Self.oneRequest) }
        }
    }

    func nextMessage(_ message: inout RPCMessageWriter) -> RPCSendDecision {
        phase.withLock { phase in
            switch phase {
            case .asking, .reading:
                return .idle
            case .ending(let status):
                return .finish(status)
            case .sending(var parts):
                guard let part = parts.popFirst() else {
                    phase = .ending(.ok)
                    return .finish(.ok)
                }
                phase = .sending(parts)
                message.append(part)
                return .send(moreFollows: false)
            }
        }
    }

    func streamClosed() {
        // Lets go of the pairs.
        phase.withLock { $0 = .ending(.ok) }
    }

    private func read(_ bytes: [UInt8]) async {
        let next: Phase
        do {
            let (header, answer) = try await ranges.streamedAnswer(bytes, to: peer)
            next = .sending(RangeStreamParts(header, answer, partBytes: ranges.limits.bytesPerRangePart))
        } catch {
            next = .ending(RPCStatus(error))
        }
        phase.withLock { phase in
            // Unless the stream was closed meanwhile.
            if case .reading = phase { phase = next }
        }
        handle.wake()
    }

    private static let oneRequest = RPCStatus(.invalidArgument, "a RangeStream has one request")
}
