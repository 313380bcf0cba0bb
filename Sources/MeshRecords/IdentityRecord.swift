/// A security identity: a number that stands for a set of labels (Cilium's master key of an identity).
///
/// The number is the key; the value is the labels' text, not JSON.
public struct IdentityRecord: Hashable, Sendable {
    /// The key of the label that says whose identity it is; its source is `k8s`.
    public static let clusterLabel = "io.cilium.k8s.policy.cluster"

    /// The number; its upper bits are the cluster's ID.
    public var id: UInt32 {
        get { storage.fields.id }
        set { storage = storage.changed { $0.id = newValue } }
    }
    /// The labels.
    public var labels: LabelSet {
        get { storage.fields.labels }
        set { storage = storage.changed { $0.labels = newValue } }
    }

    /// What is stored.
    struct Fields: Hashable, Sendable {
        var id: UInt32
        var labels: LabelSet
    }

    var storage: RecordStorage<Fields>

    /// Makes an identity.
    public init(id: UInt32, labels: LabelSet) {
        storage = RecordStorage(Fields(id: id, labels: labels))
    }

    /// Reads the stored text.
    ///
    /// - Throws: ``RecordError`` if it is not UTF-8 or holds no label.
    public init(id: UInt32, decoding text: some Collection<UInt8>) throws(RecordError) {
        guard let text = String(validating: text, as: UTF8.self) else {
            throw RecordError(.malformedValue, "the labels are not UTF-8")
        }
        self.init(id: id, labels: LabelSet(parsing: text))
        guard !labels.labels.isEmpty else { throw RecordError(.malformedValue, "the identity has no label") }
    }

    /// The text that is stored, for example `k8s:app=cart;k8s:io.cilium.k8s.policy.cluster=kos;`.
    public func encoded() -> [UInt8] { Array(labels.description.utf8) }
}
