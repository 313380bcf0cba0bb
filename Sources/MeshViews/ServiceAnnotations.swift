/// What the annotations of a Kubernetes service say of it in a mesh.
///
/// The annotations are Cilium's; of each the older `io.cilium/…` name is read too, and the newer one counts if both are
/// there. Whoever publishes a service writes ``isGlobal`` and ``isShared`` into its record (`includeExternal` and
/// `shared`). The affinity concerns only the cluster that has the annotation: no record carries it.
public struct ServiceAnnotations: Hashable, Sendable {
    /// The cluster wants other clusters' backends too (`service.cilium.io/global: "true"`).
    public var isGlobal: Bool
    /// The cluster offers its backends to others: a global service does, unless `service.cilium.io/shared` is not
    /// `"true"`. A service that is not global is never shared.
    public var isShared: Bool
    /// Which backends the cluster prefers (`service.cilium.io/affinity`); of a service that is not global, or with a
    /// value that is unknown, ``ServiceAffinity/none``.
    public var affinity: ServiceAffinity
    /// The value of the affinity's annotation, if it is none that is known: worth a warning.
    public var unknownAffinity: String?
    /// Whether other clusters' backends are written into this cluster's API as endpoint slices
    /// (`service.cilium.io/global-sync-endpoint-slices`): by default those of headless services are. Only a global
    /// service's can be.
    public var syncsEndpointSlices: Bool

    /// Reads a service's annotations. Case does not matter in values.
    ///
    /// - Parameter isHeadless: whether the service has no cluster IP, so that its names stand for its backends.
    public init(_ annotations: [String: String], isHeadless: Bool = false) {
        func value(_ name: String, _ olderName: String) -> String? {
            (annotations["service.cilium.io/\(name)"] ?? annotations["io.cilium/\(olderName)"])?.lowercased()
        }
        isGlobal = value("global", "global-service") == "true"
        isShared = isGlobal && value("shared", "shared-service") ?? "true" == "true"
        let wanted = isGlobal ? value("affinity", "service-affinity") ?? "" : ""
        let known = wanted.isEmpty ? ServiceAffinity.none : ServiceAffinity(rawValue: wanted)
        affinity = known ?? .none
        unknownAffinity = known == nil ? wanted : nil
        let slices = value("global-sync-endpoint-slices", "global-sync-endpoint-slices")
        syncsEndpointSlices = isGlobal && (slices.map { $0 == "true" } ?? isHeadless)
    }
}
