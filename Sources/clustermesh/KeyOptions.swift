internal import ArgumentParser
internal import ClusterMesh

/// Which keys are meant, and how their pairs are printed: the same words for `get` and `watch`.
struct KeyOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The key; with --prefix the beginning of the keys, by default of all.", valueName: "key"))
    var text: String?

    @Flag(help: "Take all keys that begin with the key.")
    var prefix = false

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("How pairs are printed: simple or json, which is one object a line.", valueName: "format"))
    var output = PairFormat.simple

    @Flag(help: "Print what a record of a cluster's state says instead of its value, or beside it in JSON.")
    var decode = false

    var range: KeyRange {
        let key = Key(text ?? "")
        return prefix ? .prefix(key) : .key(key)
    }

    func validate() throws {
        guard prefix || text?.isEmpty == false else {
            throw ValidationError("a key is missing; give one, or --prefix for all keys")
        }
    }

    var printer: PairPrinter { PairPrinter(format: output, decodes: decode) }
}

/// How pairs are printed.
enum PairFormat: String, CaseIterable, ExpressibleByArgument {
    /// A key, a line break, a value, a line break: as etcd's own tool prints it.
    case simple
    /// One JSON object a line.
    case json
}
