import MeshRecords
import Testing

@Suite("LabelSet")
struct LabelSetTests {
    @Test func labelsAreReadAndWritten() {
        let set = LabelSet(parsing: Golden.identity)
        #expect(set.description == Golden.identity)
        #expect(set["app"] == Label(key: "app", value: "cart"))
        #expect(set["nothing"] == nil)
    }

    @Test(arguments: [
        ("", []),
        (";;", []),
        ("k8s:a=b", [Label(key: "a", value: "b")]),
        ("k8s:a=", [Label(key: "a", value: "")]),
        ("reserved:host", [Label(source: "reserved", key: "host", value: "")]),
        ("a=b;", [Label(source: "unspec", key: "a", value: "b")]),
        (":a=b;", [Label(source: "unspec", key: "a", value: "b")]),
        ("k8s:url=http://kos?x=1;", [Label(key: "url", value: "http://kos?x=1")]),
        ("k8s:ø=Kós;", [Label(key: "ø", value: "Kós")]),
    ])
    func oddTextsAreReadAsCiliumReadsThem(text: String, labels: [Label]) {
        #expect(LabelSet(parsing: text).labels == labels)
    }

    @Test func labelsStandInTheByteOrderOfTheirKeysWhateverTheirSource() {
        let text = LabelSet(parsing: "k8s:b=1;reserved:a=2;cidr:c=3;k8s:Z=4;").description
        #expect(text == "k8s:Z=4;reserved:a=2;k8s:b=1;cidr:c=3;")
    }

    @Test func theLastOfTwoLabelsWithOneKeyCounts() {
        #expect(LabelSet(parsing: "k8s:a=1;other:a=2;").labels == [Label(source: "other", key: "a", value: "2")])
    }

    @Test func aRecordWithoutLabelOrWithBytesThatAreNoTextIsRefused() {
        #expect(throws: RecordError(.malformedValue, "the identity has no label")) {
            try IdentityRecord(id: 1, decoding: bytes(";"))
        }
        #expect(throws: RecordError(.malformedValue, "the labels are not UTF-8")) {
            try IdentityRecord(id: 1, decoding: [0x61, 0xFF])
        }
    }
}
