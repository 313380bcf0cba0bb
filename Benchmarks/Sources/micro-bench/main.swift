import MeshCore
import MeshRecords
import MeshStore
import MeshViews
import MeshWire

// CPU time of one thread for each operation: median, and smallest to largest, of nine rounds.
let keys = (0..<10_000).map { Key("cilium/state/ip/v1/default/10.\($0 / 256).\($0 % 256).1") }
let value = [UInt8](repeating: 0x61, count: 512)
let all = KeyRange.prefix("cilium/state/")

func filledStore() throws -> KVStore {
    let store = KVStore()
    for key in keys { try store.put(key, value) }
    return store
}

let store = try filledStore()
var results: [Measurement] = []

results.append(
    try Measurement("store: put, 512 B over 10,000 keys", operations: keys.count) {
        for key in keys { try store.put(key, value) }
    })
results.append(
    try Measurement("store: transaction of 10 puts, per put", operations: keys.count) {
        for start in stride(from: 0, to: keys.count, by: 10) {
            try store.transaction { transaction in
                for key in keys[start..<start + 10] { transaction.put(key, value) }
            }
        }
    })
results.append(
    Measurement("store: get", operations: keys.count) {
        for key in keys { precondition(store.get(key) != nil) }
    })
results.append(
    Measurement("store: snapshot and count of a prefix", operations: 10_000) {
        for _ in 0..<10_000 { precondition(store.snapshot().count(in: all) == keys.count) }
    })
results.append(
    try Measurement("store: range of 10,000 keys, per key", operations: keys.count) {
        let answer = try store.perform(RangeRequest(all))
        precondition(answer.pairs.count == keys.count)
    })
let replayed = try filledStore()
results.append(
    Measurement("store: replay of history by a cursor, per event", operations: keys.count) {
        var cursor = WatchCursor(all, from: 2)
        var events = 0
        replay: while true {
            switch replayed.reader.step(&cursor, maximumEvents: 1024, maximumBytes: 1 << 20) {
            case .events(let batch): events += batch.events.count
            case .skipped: continue
            case .idle, .compacted: break replay
            }
        }
        precondition(events == keys.count)
    })

let pairs = replayed.snapshot().pairs(in: all)
let header = ResponseHeader(clusterID: 1, memberID: 2, revision: 3, raftTerm: 1)
let answer = RangeAnswer(pairs: pairs, more: false, count: Int64(pairs.count), revision: 3)
let encoded = RangeCodec.encodeAnswer(header, answer)
results.append(
    Measurement("wire: encode a range answer, per pair", operations: pairs.count) {
        precondition(RangeCodec.encodeAnswer(header, answer).count == encoded.count)
    })
results.append(
    try Measurement("wire: decode a range answer, per pair", operations: pairs.count) {
        let decoded = try RangeCodec.decodeAnswer(encoded)
        precondition(decoded.answer.pairs.count == pairs.count)
    })
results.append(
    Measurement("wire: encode an event", operations: pairs.count) {
        var bytes: [UInt8] = []
        for pair in pairs { WatchCodec.appendEvent(WatchEvent(kind: .put, pair: pair), to: &bytes) }
        precondition(bytes.count > pairs.count * 512)
    })

let athens = try ClusterName("athens")
let addresses = (0..<2_000).map { IPAddress(v4: 0x0A00_0000 + UInt32($0)) }
let records = addresses.map { IPRecord(ip: .address($0), hostIP: addresses[0], identity: 65_600) }
let decoder = RecordDecoder(cluster: athens, id: try ClusterID(1), space: .clusters255)
let stored = records.map { record in
    KeyValue(key: RecordKey.ip(record.ip).key(in: athens), modRevision: 2, version: 1, value: record.encoded())
}
results.append(
    try Measurement("records: decode and validate an IP record", operations: stored.count, rounds: 5) {
        for pair in stored { _ = try decoder.decode(pair).get() }
    })
let updates = records.map { record in
    RecordUpdate.changed(RecordChange(cluster: athens, key: .ip(record.ip), new: .ip(record)))
}
results.append(
    Measurement("views: merge an IP record", operations: updates.count, rounds: 5) {
        let view = View<IPCache>(local: athens)
        for start in stride(from: 0, to: updates.count, by: 250) { view.apply(Array(updates[start..<start + 250])) }
        precondition(view.snapshot().count == updates.count)
    })
let cache = View<IPCache>(local: athens)
cache.apply(updates)
results.append(
    Measurement("views: look an IP address up", operations: addresses.count) {
        let snapshot = cache.snapshot()
        for address in addresses { precondition(snapshot.lookup(address) != nil) }
    })

for result in results { print(result.line) }
