import Foundation
import TestSupport
import Testing

@Suite struct TemporaryDirectoryTests {
    @Test func goesWithItsLastReference() throws {
        var directory: TemporaryDirectory? = try TemporaryDirectory()
        let path = try #require(directory?.path)
        try directory?.write("text", to: "deep/down/file")
        #expect(try directory?.read("deep/down/file") == "text")
        directory = nil
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func freePortsDiffer() throws {
        let ports = try FreePort.find(8)
        #expect(Set(ports).count == 8)
        #expect(ports.allSatisfy { (1_024...65_535).contains($0) })
    }
}
