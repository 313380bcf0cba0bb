import TestSupport
import Testing

@Suite struct HelpTests {
    @Test func theVersionIsOneLine() async throws {
        let result = try await Tool().run("version")
        #expect(result.exitCode == 0)
        #expect(result.output == "clustermesh 0.1.0\n")
    }

    @Test func theProgramSaysWhatItIsFor() async throws {
        let result = try await Tool().run("--help")
        #expect(result.exitCode == 0)
        #expect(
            result.output == """
                OVERVIEW: Sets up and looks after a mesh of clusters.

                Exit codes: 0 done; 1 it failed, and the message names the file or the peer; 64
                the arguments are wrong.

                USAGE: clustermesh <subcommand>

                OPTIONS:
                  -h, --help              Show help information.

                SUBCOMMANDS:
                  version                 Prints the version.
                  certs                   Makes a mesh's authorities and certificates.
                  connect                 Tells two clusters how to reach each other.
                  serve                   Serves one cluster's state to other clusters.
                  ready                   Says that a cluster's state is complete.
                  status                  Tells how a cluster's agent and its mirrors of other
                                          clusters are doing.
                  get                     Reads keys from any etcd v3 endpoint, a cluster's or
                                          an etcd's.
                  watch                   Prints changes of keys of any etcd v3 endpoint as
                                          they are made.

                  See 'clustermesh help <subcommand>' for detailed help.

                """
        )
    }

    @Test func theHelpOnServersListsEveryOption() async throws {
        let result = try await Tool().run("certs", "server", "--help")
        #expect(result.exitCode == 0)
        #expect(
            result.output == """
                OVERVIEW: Issues the certificate of a cluster's endpoint.

                It is for NAME.mesh.cilium.io, localhost, 127.0.0.1 and ::1, and for what --dns
                and --ip add. It is good for servers only.

                USAGE: clustermesh certs server --cluster <name> --out <directory> [--force] [--ca <directory>] \
                [--dns <name> ...] [--ip <address> ...] [--days <days>]

                OPTIONS:
                  --cluster <name>        The cluster's name: 1 to 32 of a-z, 0-9 and '-'.
                  --out <directory>       The directory to write to; it is made if it is
                                          missing.
                  --force                 Replace what is there already.
                  --ca <directory>        The directory in which the authority was made
                                          (default: that of --out).
                  --dns <name>            A further DNS name of the endpoint; may be given
                                          again.
                  --ip <address>          A further IP address of the endpoint; may be given
                                          again.
                  --days <days>           How many days it lasts (1 to 36500), at most as long
                                          as the authority. (default: 1095)
                  -h, --help              Show help information.


                """
        )
    }

    @Test func theHelpOnCertificatesShowsTheLayout() async throws {
        let result = try await Tool().run("certs", "--help")
        #expect(result.exitCode == 0)
        #expect(
            result.output.contains(
                """
                  ca.crt                   the authority that the cluster trusts
                  ca.key                   its private key, only where the authority was made
                  server.crt, server.key   what the cluster's endpoint shows
                  clients/NAME.crt, .key   what a client shows
                """
            )
        )
    }

    @Test func theCommandsOfTheHelpWork() async throws {
        let tool = try Tool()
        let help = try await tool.run("certs", "--help").output
        let commands = help.split(separator: "\n").filter { $0.hasPrefix("  clustermesh certs") }
        #expect(commands.count == 4)
        for command in commands {
            let words = command.split(separator: " ").dropFirst().map(String.init)
            let result = try await tool.run(words)
            #expect(result.exitCode == 0, "\(command): \(result.errorOutput)")
        }
    }
}
