internal import ArgumentParser
internal import ClusterMesh

struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Prints changes of keys of any etcd v3 endpoint as they are made.",
        discussion: """
            A write is printed as PUT, the key and the value, each on a line of its own, a deletion as DELETE and the \
            key; with -o json each is an object a line with "event" ("put" or "delete"), "revision", and what 'get' \
            prints of a pair. It goes on until it is interrupted or the endpoint ends it, and then says from which \
            revision to go on.

            Exit codes: 1 the watch ended or could not begin, and the message says why; 64 the arguments are wrong.
            """
    )

    @OptionGroup var keys: KeyOptions
    @OptionGroup var connection: ConnectionOptions

    @Option(
        help: ArgumentHelp("Begin with the changes of this revision (default: the next one).", valueName: "revision"))
    var rev: Int64 = 0

    func validate() throws {
        guard rev >= 0 else { throw ValidationError("--rev \(rev): a revision is at least 1") }
    }

    func run() async throws {
        let printer = keys.printer
        let start = Revision(rev)
        try await connection.inspecting { inspector in
            var seen = Revision.none
            do {
                try await inspector.watch(keys.range, from: start) { batch in
                    StandardOutput.write(batch.events.flatMap { printer.bytes(of: $0) })
                    seen = max(seen, batch.revision)
                }
            } catch let error as EtcdError where seen > .none && error.code != .outOfRange {
                throw ToolError("\(error.message); go on with --rev \(max(seen.next, start))")
            }
        }
    }
}
