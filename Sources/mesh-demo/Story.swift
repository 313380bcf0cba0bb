import ClusterMesh
import ClusterMeshTestKit

/// The story, told over a mesh that runs. Each chapter is in a file of its own.
struct Story: Sendable {
    /// No step may take longer than this, or it did not hold.
    static let limit: Duration = .seconds(1)

    /// How long a step is waited for before it is given up.
    static let patience: Duration = .seconds(10)

    let mesh: TestMesh
    let narrator: Narrator
    let fixtures: [TestCluster]

    func tell(since began: ContinuousClock.Instant) async throws {
        try await meshComesUp(since: began)
        try await backendIsAdded()
        try await clusterIsCutOff()
        try await clusterComesBack()
        try await writeIsRefused()
        try await lieIsRefused()
        narrator.chapter(narrator.failures.isEmpty ? "Every step held." : "Not every step held.")
    }

    // MARK: What the chapters share

    /// The time until `condition` holds; `nil` if it does not within the story's patience.
    func time(
        since start: ContinuousClock.Instant = .now,
        until condition: () throws -> Bool
    ) async throws -> Duration? {
        while try !condition() {
            guard start.duration(to: .now) < Self.patience else { return nil }
            try await Task.sleep(for: .microseconds(200))
        }
        return start.duration(to: .now)
    }

    /// The clusters besides `name`.
    func others(than name: String) -> [String] {
        mesh.names.filter { $0 != name }
    }

    /// The status of `peer` as `name` sees it.
    func status(of peer: String, at name: String) throws -> MirrorStatus? {
        try mesh.agent(name).status().peers.first { $0.cluster.rawValue == peer }
    }
}

extension Duration {
    /// Milliseconds, for figures.
    var milliseconds: Double { self / .milliseconds(1) }

    /// The duration for a person: `0.8 ms`, `12 ms`, `1.2 s`.
    var readable: String {
        switch milliseconds {
        case ..<0.1: "\((milliseconds * 1000).rounded(to: 1)) µs"
        case ..<10: "\(milliseconds.rounded(to: 2)) ms"
        case ..<1000: "\(milliseconds.rounded(to: 0)) ms"
        default: "\((milliseconds / 1000).rounded(to: 1)) s"
        }
    }
}

extension Double {
    /// The number with so many digits behind the point, as text.
    fileprivate func rounded(to digits: Int) -> String {
        var factor = 1.0
        for _ in 0..<digits { factor *= 10 }
        let rounded = (self * factor).rounded() / factor
        return digits == 0 ? "\(Int(rounded))" : "\(rounded)"
    }
}
