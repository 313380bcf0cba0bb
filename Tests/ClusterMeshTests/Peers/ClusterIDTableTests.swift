import MeshCore
import TestSupport
import Testing

@testable import ClusterMesh

@Suite struct ClusterIDTableTests {
    private let athens: ClusterName
    private let hurup: ClusterName
    private let kos: ClusterName
    private var table: ClusterIDTable

    init() throws {
        athens = try ClusterName("athens")
        hurup = try ClusterName("hurup")
        kos = try ClusterName("kos")
        table = ClusterIDTable(athens, try ClusterID(1))
    }

    private func configuration(_ name: ClusterName, _ id: Int?) throws -> PeerConfiguration {
        PeerConfiguration(
            name: name, id: try id.map { try ClusterID($0) }, endpoints: [],
            credentials: TLSCredentials(certificateChain: "", privateKey: "", trustedRoots: ""))
    }

    @Test mutating func theOwnNumberIsRefusedWithTheOwnName() throws {
        #expect(table.reserve(try ClusterID(1), for: kos)?.contains("ID 1 is that of this cluster, 'athens'") == true)
    }

    @Test mutating func aNumberThatAnotherPeerHasIsRefusedWithItsName() throws {
        #expect(table.reserve(try ClusterID(3), for: kos) == nil)
        #expect(table.reserve(try ClusterID(3), for: hurup)?.contains("ID 3 is taken by peer 'kos'") == true)
        #expect(table.reserve(try ClusterID(2), for: hurup) == nil)
    }

    @Test mutating func whoHasANumberMayAskForItAgain() throws {
        #expect(table.reserve(try ClusterID(3), for: kos) == nil)
        #expect(table.reserve(try ClusterID(3), for: kos) == nil)
    }

    @Test mutating func aReleasedNumberIsFree() throws {
        _ = table.reserve(try ClusterID(3), for: kos)
        table.release(kos)
        table.release(kos)
        #expect(table.reserve(try ClusterID(3), for: hurup) == nil)
    }

    @Test mutating func anotherNumberFreesTheFormer() throws {
        _ = table.reserve(try ClusterID(3), for: kos)
        #expect(table.reserve(try ClusterID(4), for: kos) == nil)
        #expect(table.reserve(try ClusterID(3), for: hurup) == nil)
    }

    @Test mutating func aRefusedNumberLeavesTheFormerUntilItIsReleased() throws {
        _ = table.reserve(try ClusterID(3), for: kos)
        #expect(table.reserve(try ClusterID(1), for: kos) != nil)
        #expect(table.reserve(try ClusterID(3), for: hurup) != nil)
        table.release(kos)
        #expect(table.reserve(try ClusterID(3), for: hurup) == nil)
    }

    @Test mutating func aConfiguredNumberIsKeptForItsPeerWhileThatIsAway() throws {
        table.configure([try configuration(kos, 3), try configuration(hurup, nil)])
        #expect(table.reserve(try ClusterID(3), for: hurup)?.contains("ID 3 is configured for peer 'kos'") == true)
        #expect(table.reserve(try ClusterID(3), for: kos) == nil)
        table.configure([])
        table.release(kos)
        #expect(table.reserve(try ClusterID(3), for: hurup) == nil)
    }
}
