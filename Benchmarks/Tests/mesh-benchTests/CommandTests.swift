import ArgumentParser
import Testing

@testable import mesh_bench

@Suite struct CommandTests {
    @Test func serversAreReadInAnyOrderAndMeasuredInOne() throws {
        let command = try MeshBench.parse(["--servers", "ours,etcd,etcd-3.4"])
        #expect(command.servers?.kinds == [.etcd, .etcd34, .ours])
    }

    @Test(
        arguments: [
            ["--servers", "consul"], ["--servers", ""], ["--rounds", "0"], ["--quick", "--full"],
            ["--scenario", "nothing"],
        ])
    func whatMakesNoSenseIsRefused(arguments: [String]) {
        #expect(throws: (any Error).self) { try MeshBench.parse(arguments) }
    }

    @Test func scenariosHaveNamesOfTheirOwn() {
        let names = ScenarioList.all.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test(
        arguments: [("3.4.23", "3.5.9"), ("3.5.9", "3.5.30"), ("3.5.30", "3.6.0"), ("3.5.30", "3.5.30+deb1")])
    func versionsOfEtcdAreComparedByTheirNumbers(older: String, newer: String) {
        #expect(EtcdProgram.numbers(of: older).lexicographicallyPrecedes(EtcdProgram.numbers(of: newer)))
    }
}
