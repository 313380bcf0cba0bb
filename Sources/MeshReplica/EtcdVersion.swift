/// What a version of etcd can't do.
enum EtcdVersion {
    /// The first patch of each release whose answers to requests for progress come in order, and come at all.
    private static let firstWithProgress: [Int: Int] = [4: 31, 5: 13]

    /// Why answers to requests for progress of an etcd of `version`, such as `3.4.23`, can't be relied on; `nil` if they
    /// can.
    ///
    /// Up to 3.4.24 and 3.5.7 such an answer may overtake events (etcd issue 15220); up to 3.4.30 and 3.5.12 there is none
    /// for a watch that had no events yet (17507).
    static func progressFault(of version: String) -> String? {
        let numbers = version.split(separator: "-", maxSplits: 1).first?.split(separator: ".").map { Int($0) } ?? []
        guard numbers.count == 3, let major = numbers[0], let minor = numbers[1], let patch = numbers[2] else {
            return
                "the etcd's version '\(version)' is not of the form 3.x.y, so that it can't be followed for one range"
        }
        let isRight =
            major > 3 || (major == 3 && (minor > 5 || (firstWithProgress[minor].map { patch >= $0 } ?? false)))
        guard !isRight else { return nil }
        return "etcd \(version) may answer requests for progress ahead of events, or never (etcd issues 15220, 17507): "
            + "follow all keys, or upgrade it to 3.4.31, 3.5.13 or later"
    }
}
