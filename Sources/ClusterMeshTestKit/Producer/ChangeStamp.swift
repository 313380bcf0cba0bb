public import ClusterMesh
internal import Glibc
internal import MeshRecords

/// When a record was written, told by the record itself, so that whoever reads it knows how long it was under way.
///
/// It stands where Cilium leaves room for free text: a node's annotation, an IP's metadata, a label of an identity.
/// The clock is `CLOCK_MONOTONIC`, the same for all processes of a machine and for nobody else.
public struct ChangeStamp: Hashable, Sendable {
    /// What the annotation, the label, and the beginning of the metadata are called.
    public static let name = "changed-at"

    /// The time, in nanoseconds of `CLOCK_MONOTONIC`.
    public var nanoseconds: UInt64

    /// A given time.
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// The present time.
    public static var now: ChangeStamp {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return ChangeStamp(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    /// The time in a record; `nil` if it has none.
    public init?(in record: MeshRecord) {
        let text: Substring?
        switch record {
        case .node(let node): text = node.annotations[Self.name]?[...]
        case .identity(let identity): text = identity.labels[Self.name]?.value[...]
        case .ip(let ip): text = ip.metadata.hasPrefix(Self.prefix) ? ip.metadata.dropFirst(Self.prefix.count) : nil
        case .service, .serviceExport: text = nil
        }
        guard let text, let nanoseconds = UInt64(text) else { return nil }
        self.init(nanoseconds: nanoseconds)
    }

    /// How long ago it was, in nanoseconds; 0 if it lies ahead.
    public func age(at now: ChangeStamp = .now) -> UInt64 {
        now.nanoseconds > nanoseconds ? now.nanoseconds - nanoseconds : 0
    }

    var text: String { String(nanoseconds) }

    /// What stands in an IP's metadata.
    var metadata: String { Self.prefix + text }

    private static let prefix = name + "="
}
