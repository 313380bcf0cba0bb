internal import ArgumentParser

/// What many clusters cost: one agent that mirrors very many, and many agents that mirror each other.
@main
struct MeshScale: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mesh-scale",
        abstract: "Measures one agent that mirrors very many clusters, or a whole mesh in one process.",
        subcommands: [PeersCommand.self, MeshCommand.self],
        defaultSubcommand: PeersCommand.self
    )
}

/// Why nothing could be measured, or a target is missed.
struct ScaleError: Error, CustomStringConvertible {
    /// What happened.
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
