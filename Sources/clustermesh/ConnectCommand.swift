internal import ArgumentParser
internal import ClusterMesh

struct ConnectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connect",
        abstract: "Tells two clusters how to reach each other.",
        discussion: """
            Each cluster is given as its directory: what 'certs' makes, with the configuration of 'serve' beside it.

              cluster.yaml             name, id, advertise, pod-cidr and the rest, for serve --config
              ca.crt                   the authorities that it trusts
              clients/remote-NAME.crt  what it shows to the other cluster, and .key
              peers/                   what is written here: a file for each peer, called as the peer is

            Nothing is written unless both can be connected: their names and IDs differ, they are for equally many \
            clusters, trust each other's authority, and their pods' addresses (pod-cidr, and the nodes in the state \
            files) do not overlap. Connecting them again changes nothing. An agent that runs takes up the files by \
            itself: 'serve --peers DIRECTORY/peers'.

            Exit codes: 0 they are connected; 1 they are not, and the message says why; 64 the arguments are wrong.
            """
    )

    @Argument(help: ArgumentHelp("A cluster's directory.", valueName: "directory"))
    var first: String

    @Argument(help: ArgumentHelp("The other cluster's directory.", valueName: "other-directory"))
    var second: String

    @Flag(help: "Replace peer files that say something else.")
    var force = false

    func run() throws {
        let pair = try ClusterPair(ConnectableCluster(reading: first), ConnectableCluster(reading: second))
        var report = FileReport()
        for file in try pair.connect(replacing: force) {
            let what =
                switch file.outcome {
                case .written: ""
                case .replaced: " (replaced)"
                case .unchanged: " (as before)"
                }
            report.add(file.path, "how \(file.reader) reaches \(file.peer)\(what)")
        }
        report.print()
    }
}
