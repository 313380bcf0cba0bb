import MeshCore
import Testing

@testable import MeshRecords

@Suite struct TextMapTests {
    @Test func aMapIsTheDictionaryThatItWasMadeOf() {
        for dictionary in [[:], ["a": "1"], ["b": "2", "a": "1", "": "", "ä": "é"]] {
            #expect(TextMap(dictionary).dictionary == dictionary)
        }
        #expect(TextMap(["b": "2", "a": "1"]) == TextMap(["a": "1", "b": "2"]))
        #expect(TextMap(["a": "1"]) != TextMap(["a": "2"]))
        #expect(TextMap(["b": "2", "a": "1"]).keys == ["a", "b"])
    }

    @Test func mapsWithTheSameKeysShareThem() {
        let pool = TextPool()
        let first = TextMap(["kubernetes.io/hostname": "n1", "zone": "a"]).sharingKeys(with: pool)
        let bytes = pool.bytes
        let second = TextMap(["kubernetes.io/hostname": "n2", "zone": "b"]).sharingKeys(with: pool)
        #expect(second.dictionary == ["kubernetes.io/hostname": "n2", "zone": "b"])
        #expect(bytes == 26 && pool.bytes == bytes, "the keys are kept once")
        #expect(first.keys == second.keys && first != second)
    }

    @Test func aPoolThatIsFullSharesNoMoreAndKeepsNoMore() {
        let pool = TextPool()
        for number in 0..<2_000 {
            let map = TextMap(["a key that no other node has, number \(number), at some length": "\(number)"])
            #expect(map.sharingKeys(with: pool) == map)
            let text = "a type that no other address has, number \(number)"
            #expect(pool.shared(text) == text)
        }
        #expect(pool.bytes <= TextPool.maximumBytes)
        #expect(pool.bytes > TextPool.maximumBytes - 100)
    }

    @Test func textsOfOtherBytesStayAsTheyAreThoughSwiftTakesThemForEqual() {
        let pool = TextPool()
        for text in ["a label of zone \u{E4}", "a label of zone a\u{308}"] {
            #expect(pool.shared(text).utf8.elementsEqual(text.utf8))
            #expect(pool.shared([text])[0].utf8.elementsEqual(text.utf8))
        }
        #expect(pool.bytes == 0)
    }

    @Test func aDecodedNodeIsTheSameWithSharedTexts() throws {
        let cluster = try ClusterName("kos")
        var node = NodeRecord(name: "n1", cluster: "kos", clusterID: 3)
        node.labels = ["kubernetes.io/hostname": "n1", "topology.kubernetes.io/zone": "zone-1"]
        node.annotations = ["an/annotation": "x"]
        node.addresses = [NodeRecord.Address("CiliumInternalIP", try IPAddress("10.0.0.1"))]
        let decoder = RecordDecoder(cluster: cluster, id: try ClusterID(3))
        for _ in 0..<2 {
            let key = RecordKey.node("n1").key(in: cluster)
            #expect(try decoder.decode(key: key, value: node.encoded()[...]).get() == .node(node))
        }
    }
}
