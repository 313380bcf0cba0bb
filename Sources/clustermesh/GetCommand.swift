internal import ArgumentParser
internal import ClusterMesh

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Reads keys from any etcd v3 endpoint, a cluster's or an etcd's.",
        discussion: """
            Everything is of one revision, also where it takes several requests. What is printed is what was there: \
            a key and its value, each on a line of its own, or with -o json an object a line with "key" and "value" \
            ("keyBase64", "valueBase64" where they are no text), "createRevision", "modRevision", "version", and \
            "lease" where there is one. Lines with key and value are what 'serve --state' takes.

              clustermesh get --prefix cilium/state/nodes/ --decode --endpoint https://athens.example:2379 \
            --cert remote-hurup.crt --key remote-hurup.key --ca ca.crt

            Exit codes: 0 it was read, also if there is no such key; 1 it could not be read, and the message names the \
            endpoint; 64 the arguments are wrong.
            """
    )

    @OptionGroup var keys: KeyOptions
    @OptionGroup var connection: ConnectionOptions

    @Option(help: ArgumentHelp("Read as it was at this revision (default: as it is now).", valueName: "revision"))
    var rev: Int64 = 0

    @Option(help: ArgumentHelp("The most pairs to print; 0 for all.", valueName: "number"))
    var limit: Int64 = 0

    @Flag(help: "Leave out the values.")
    var keysOnly = false

    @Flag(help: "Print only how many keys there are.")
    var countOnly = false

    func validate() throws {
        guard rev >= 0 else { throw ValidationError("--rev \(rev): a revision is at least 1") }
        guard limit >= 0 else { throw ValidationError("--limit \(limit): a number of pairs is at least 0") }
        guard !(keys.decode && (keysOnly || countOnly)) else {
            throw ValidationError("--decode needs values, which --keys-only and --count-only leave out")
        }
    }

    func run() async throws {
        var request = RangeRequest(keys.range)
        request.revision = Revision(rev)
        request.limit = limit
        request.keysOnly = keysOnly
        request.countOnly = countOnly
        var printer = keys.printer
        printer.hasValues = !keysOnly
        try await connection.inspecting { [request, printer] inspector in
            let summary = try await inspector.read(request) { pairs in
                StandardOutput.write(pairs.flatMap { printer.bytes(of: $0) })
            }
            if countOnly {
                StandardOutput.writeLine(printer.text(count: summary.count, revision: summary.revision))
            } else if summary.pairs < summary.count {
                StandardOutput.noteLine("\(summary.pairs) of \(summary.count) keys at revision \(summary.revision)")
            }
        }
    }
}
