import MeshViews
import Testing

@Suite("ServiceAnnotations")
struct ServiceAnnotationsTests {
    private let global = ["service.cilium.io/global": "true"]

    private func read(_ more: [String: String], isHeadless: Bool = false) -> ServiceAnnotations {
        ServiceAnnotations(global.merging(more) { $1 }, isHeadless: isHeadless)
    }

    @Test func aServiceWithoutAnnotationsIsTheClustersOwn() {
        let annotations = ServiceAnnotations([:], isHeadless: true)
        #expect(!annotations.isGlobal)
        #expect(!annotations.isShared)
        #expect(annotations.affinity == .none)
        #expect(annotations.unknownAffinity == nil)
        #expect(!annotations.syncsEndpointSlices)
    }

    @Test(arguments: [("true", true), ("True", true), ("false", false), ("1", false), ("", false)])
    func onlyTrueMakesAServiceGlobal(value: String, isGlobal: Bool) {
        #expect(ServiceAnnotations(["service.cilium.io/global": value]).isGlobal == isGlobal)
        #expect(ServiceAnnotations(["io.cilium/global-service": value]).isGlobal == isGlobal)
    }

    @Test func aGlobalServiceIsSharedUnlessItSaysOtherwise() {
        #expect(read([:]).isShared)
        #expect(read(["service.cilium.io/shared": "TRUE"]).isShared)
        #expect(!read(["service.cilium.io/shared": "false"]).isShared)
        #expect(!read(["io.cilium/shared-service": "no"]).isShared)
    }

    @Test func whatIsNotGlobalIgnoresTheOtherAnnotations() {
        let annotations = ServiceAnnotations([
            "service.cilium.io/shared": "true", "service.cilium.io/affinity": "local",
            "service.cilium.io/global-sync-endpoint-slices": "true",
        ])
        #expect(!annotations.isShared)
        #expect(annotations.affinity == .none)
        #expect(!annotations.syncsEndpointSlices)
    }

    @Test func theNewerNameCountsIfBothAreThere() {
        #expect(read(["service.cilium.io/shared": "false", "io.cilium/shared-service": "true"]).isShared == false)
        #expect(
            read(["service.cilium.io/affinity": "local", "io.cilium/service-affinity": "remote"]).affinity == .local)
    }

    @Test(arguments: ServiceAffinity.allCases)
    func anAffinityIsReadUnderBothNames(affinity: ServiceAffinity) {
        #expect(read(["service.cilium.io/affinity": affinity.rawValue]).affinity == affinity)
        #expect(read(["io.cilium/service-affinity": affinity.rawValue.uppercased()]).affinity == affinity)
    }

    @Test func anUnknownAffinityIsNoneAndNamed() {
        let annotations = read(["service.cilium.io/affinity": "nearest"])
        #expect(annotations.affinity == .none)
        #expect(annotations.unknownAffinity == "nearest")
        #expect(read(["service.cilium.io/affinity": ""]).unknownAffinity == nil)
        #expect(read(["service.cilium.io/affinity": "remote"]).unknownAffinity == nil)
    }

    @Test func endpointSlicesAreSyncedIfTheServiceSaysSoOrIsHeadless() {
        let name = "service.cilium.io/global-sync-endpoint-slices"
        #expect(!read([:]).syncsEndpointSlices)
        #expect(read([:], isHeadless: true).syncsEndpointSlices)
        #expect(read([name: "true"]).syncsEndpointSlices)
        #expect(!read([name: "false"], isHeadless: true).syncsEndpointSlices)
        #expect(read(["io.cilium/global-sync-endpoint-slices": "true"]).syncsEndpointSlices)
    }
}
