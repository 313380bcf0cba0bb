// clustermesh: the operator's tool. It reads its arguments, calls the library, and says what happened; whatever can be
// decided is decided in the library.

internal import ArgumentParser

@main
struct ClusterMeshTool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clustermesh",
        abstract: "Sets up and looks after a mesh of clusters.",
        discussion: """
            Exit codes: 0 done; 1 it failed, and the message names the file or the peer; 64 the arguments are wrong.
            """,
        subcommands: [
            VersionCommand.self, CertsCommand.self, ConnectCommand.self, ServeCommand.self, ReadyCommand.self,
            StatusCommand.self, GetCommand.self, WatchCommand.self,
        ]
    )
}
