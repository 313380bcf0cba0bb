internal import ArgumentParser
internal import ClusterMesh

struct ReadyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ready",
        abstract: "Says that a cluster's state is complete.",
        discussion: """
            For agents that write a cluster's state from outside, once they have written all of it: until then other \
            clusters take nothing from it, since a store that is still filling looks like a mass deletion. Saying it \
            again is harmless. The certificate must be one that may write.

            Exit codes: 0 it is declared; 1 it is not, and the message says why; 64 the arguments are wrong.
            """
    )

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let revision = try await connection.agent().declareInitialStateComplete()
        print("the state is declared complete, at revision \(revision)")
    }
}
