import MeshCore
import MeshRecords
import Testing

@Suite("ServiceExportRecord")
struct ServiceExportRecordTests {
    private func message(_ json: String) -> String? {
        let error = #expect(throws: RecordError.self) { try ServiceExportRecord(decoding: bytes(json)) }
        #expect(error?.reason == .malformedValue)
        return error?.message
    }

    @Test func everyFieldIsReadAndWrittenAsCiliumWritesIt() throws {
        let export = try ServiceExportRecord(decoding: bytes(Golden.serviceExport))
        var expected = ServiceExportRecord(cluster: "eu-west", name: ServiceName(namespace: "shop", name: "cart"))
        expected.labels = ["team": "web"]
        expected.creationTime = "2026-01-01T00:00:00Z"
        expected.ports = [.init(name: "http", number: 80)]
        expected.sessionAffinity = "ClientIP"
        expected.sessionAffinitySeconds = 42
        #expect(export == expected)
        #expect(text(export.encoded()) == Golden.serviceExport)
    }

    @Test func whatIsNotSaidIsLeftOutOrWrittenAsGoWritesZero() throws {
        var export = ServiceExportRecord(cluster: "c", name: ServiceName(namespace: "n", name: "s"), type: "Headless")
        #expect(
            text(export.encoded())
                == #"{"cluster":"c","name":"s","namespace":"n","exportCreationTimestamp":null,"ports":[],"#
                + #""type":"Headless","sessionAffinity":""}"#
        )
        #expect(try ServiceExportRecord(decoding: export.encoded()) == export)
        export.annotations = ["a": "<1>"]
        export.ports = [.init(name: "", transport: "", applicationProtocol: "kubernetes.io/h2c", number: 53)]
        #expect(text(export.encoded()).contains(#""annotations":{"a":"\u003c1\u003e"},"export"#))
        #expect(text(export.encoded()).contains(#""ports":[{"appProtocol":"kubernetes.io/h2c","port":53}],"#))
        #expect(try ServiceExportRecord(decoding: export.encoded()) == export)
    }

    @Test func absentNullAndUnknownFieldsAreNoError() throws {
        let none = ServiceExportRecord(cluster: "", name: ServiceName(namespace: "", name: ""), type: "")
        #expect(try ServiceExportRecord(decoding: bytes("{}")) == none)
        let nulls = """
            {"cluster":null,"name":null,"namespace":null,"annotations":null,"labels":null,"ports":null,"type":null,\
            "exportCreationTimestamp":null,"sessionAffinity":null,"sessionAffinityConfig":null,"ipFamilies":["IPv4"]}
            """
        #expect(try ServiceExportRecord(decoding: bytes(nulls)) == none)
        let inner = #"{"ports":[null],"sessionAffinityConfig":{"clientIP":null}}"#
        #expect(try ServiceExportRecord(decoding: bytes(inner)) == none)
    }

    @Test(arguments: [
        "2026-01-01T00:00:00Z", "2024-07-07T15:55:07.627472784+02:00", "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:30",
    ])
    func aTimeOfRFC3339IsKeptAsItIsWritten(time: String) throws {
        let export = try ServiceExportRecord(decoding: bytes(#"{"exportCreationTimestamp":"\#(time)"}"#))
        #expect(export.creationTime == time)
        #expect(text(export.encoded()).contains(#""exportCreationTimestamp":"\#(time)""#))
    }

    @Test(arguments: [
        "", "now", "2026-01-01", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00z", "2026-01-01T00:00:00+2:00",
        "2026-01-01T00:00:00Zx", "20260101T000000Z", "+026-01-01T00:00:00Z", "2026-1-01T00:00:00Z",
    ])
    func aTimeThatIsNoneIsRefused(time: String) {
        let why = message(#"{"exportCreationTimestamp":"\#(time)"}"#)
        #expect(why == "field 'exportCreationTimestamp': '\(time)' is no time of RFC 3339, like 2026-01-01T00:00:00Z")
    }

    @Test(arguments: [
        (#"{"ports":[{"port":65536}]}"#, "field 'ports.1.port': expected a whole number in 0…65535"),
        (#"{"sessionAffinityConfig":{"clientIP":{"timeoutSeconds":-1}}}"#, "timeoutSeconds': expected a whole number"),
        (#"{"type":1}"#, "field 'type': expected a text"),
    ])
    func anExportThatCannotBeReadSaysWhy(json: String, why: String) {
        #expect(message(json)?.contains(why) == true)
    }
}
