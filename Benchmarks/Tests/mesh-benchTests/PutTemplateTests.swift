import MeshCore
import MeshWire
import Testing

@testable import mesh_bench

@Suite struct PutTemplateTests {
    @Test(arguments: [0, 7, 999_999], [8, 100, 127, 128, 512, 70_000])
    func aRequestIsAPutOfItsKeyAndTime(number: Int, valueBytes: Int) throws {
        let template = PutTemplate(prefix: "bench/", valueBytes: valueBytes)
        let request = try TransactionCodec.decodePutRequest(template.request(key: number, at: 0x0102_0304_0506_0708))
        #expect(request.key == PutTemplate.key(number, of: "bench/"))
        #expect(request.value.count == valueBytes)
        #expect(Array(request.value.prefix(8)) == [8, 7, 6, 5, 4, 3, 2, 1])
        #expect(request.value.dropFirst(8).allSatisfy { $0 == UInt8(ascii: "v") })
    }

    @Test func keysAreInTheOrderOfTheirNumbers() {
        let keys = [0, 1, 9, 10, 99, 100, 99_999, 100_000].map { PutTemplate.key($0, of: "p/") }
        #expect(keys == keys.sorted())
        #expect(keys.first == "p/000000")
    }

    @Test func theRevisionOfAnAnswerIsRead() throws {
        let header = ResponseHeader(clusterID: 1 << 60, memberID: 2, revision: 1_234_567, raftTerm: 3)
        let answer = TransactionCodec.encodeAnswer(header, PutAnswer(revision: 1_234_567))
        #expect(PutAnswerScanner.revision(answer) == 1_234_567)
        #expect(PutAnswerScanner.revision([]) == 0)
        #expect(PutAnswerScanner.revision([0xFF, 0xFF]) == 0)
    }
}
