internal import ArgumentParser

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Prints the version.")

    /// By semantic versioning; raised with each release.
    static let version = "0.1.0"

    func run() {
        print("clustermesh \(Self.version)")
    }
}
