import ClusterMesh
import TestSupport
import Testing

@Suite struct ServeHelpTests {
    @Test func everySettingIsAFlagOfItsName() async throws {
        let help = try await Tool().run("serve", "--help")
        #expect(help.exitCode == 0)
        for key in ServeKey.allCases {
            #expect(help.output.contains("\n  --\(key) "), "\(key)")
        }
    }

    @Test func theExitCodesAreExplained() async throws {
        let help = try await Tool().run("serve", "--help").output
        for words in ["0 it was told to stop", "1 it failed", "64 a setting", "SIGHUP", "SIGTERM"] {
            #expect(help.contains(words), "\(words)")
        }
    }
}
