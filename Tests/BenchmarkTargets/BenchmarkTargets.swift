// BenchmarkTargets: what benchmarks measure of the parts that only this package sees, as functions of numbers.
//
// A function does the work of one run and returns a figure that says that it was done; what it needs is made before. No
// promise of stability.

import MeshCore
import MeshStore

/// What the runs have in common: keys as a cluster has them, values of 512 bytes.
enum BenchmarkPairs {
    static let prefix = "cilium/state/ip/v1/default/"
    static let range = KeyRange.prefix("cilium/state/")
    static let value = [UInt8](repeating: 0x61, count: 512)

    static func keys(_ count: Int) -> [Key] { (0..<count).map { Key("\(prefix)10.0.\($0 / 256).\($0 % 256)") } }

    /// A store in which so many keys were written once.
    static func store(keys count: Int) throws(EtcdError) -> KVStore {
        let store = KVStore(identity: StoreIdentity(clusterID: .max / 3, memberID: .max / 5))
        for key in keys(count) { try store.put(key, value) }
        return store
    }
}
