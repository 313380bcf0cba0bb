internal import MeshCore

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A file, or all files of one kind in a directory, that a ``FileObserver`` looks at.
public enum ObservedFile: Hashable, Sendable {
    /// One file; it need not exist.
    case file(String)
    /// The files of a directory whose names end in `suffix`.
    case directory(String, suffix: String)
}

/// Notices that files changed, by looking at them regularly.
///
/// Looking works where notifications do not: on network file systems, through symbolic links that are turned (as
/// Kubernetes does with its volumes), and for files that do not exist yet. What counts is the content: a file that was
/// only touched, or replaced by an equal one, has not changed. A file is read again only where the system says that
/// something about it is new.
///
/// A change is reported once it is at rest, that is found twice in a row, so that a file in the middle of being written
/// is not taken half.
public struct FileObserver<Group: Hashable & Sendable>: Sendable {
    /// The largest file whose content is compared: 64 MiB. A larger one counts as unreadable.
    public static var maximumFileBytes: Int { StateDirectory.maximumFileBytes }

    private let files: Locked<[Group: [ObservedFile]]>
    private let period: Duration
    private let settling: Duration
    private let before: [Group: [String: FileContent]]
    private let allAreWanted = Locked(false)
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    /// Looks at the files for the first time: what differs later is a change. So make it *before* reading them.
    ///
    /// - Parameters:
    ///   - files: What to look at; one group's files are reported together.
    ///   - period: How often to look, at least 10 ms, default 1 s.
    ///   - settling: How soon to look again at what has changed; at least 1 ms, default 100 ms.
    public init(
        _ files: [Group: [ObservedFile]],
        period: Duration = .seconds(1),
        settling: Duration = .milliseconds(100)
    ) {
        self.files = Locked(files)
        self.period = max(period, .milliseconds(10))
        self.settling = max(settling, .milliseconds(1))
        var memory = FileContentMemory()
        before = files.mapValues { Self.look($0, &memory) }
        // One wake-up stands for all that are missed while a report is under way.
        (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Looks at other files of a group from the next look on. Unless all of them are looked at already, the group is
    /// reported as changed: nobody can say what became of a new file between its reading and the first look at it.
    public func look(at files: [ObservedFile], for group: Group) {
        self.files.withLock { $0[group] = files }
    }

    /// Has the observer report all groups at once, whether their files changed or not, as on SIGHUP.
    public func reportAll() {
        allAreWanted.withLock { $0 = true }
        waker.yield()
    }

    /// Looks until the task is cancelled, and calls `changed` with the groups whose files changed. It is called by one
    /// task, one call after another; no look is taken meanwhile. An observer runs once.
    public func run(_ changed: (Set<Group>) async -> Void) async {
        var memory = FileContentMemory()
        var detectors = before.mapValues { FileChangeDetector($0) }
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                while (try? await Task.sleep(for: period)) != nil { waker.yield() }
            }
            defer { tasks.cancelAll() }
            for await _ in wakes {
                let everything = allAreWanted.withLock { wanted in
                    defer { wanted = false }
                    return wanted
                }
                let files = files.withLock { $0 }
                if everything {
                    // Whoever asks knows that the files are as they should be.
                    for (group, files) in files { detectors[group] = FileChangeDetector(Self.look(files, &memory)) }
                    await changed(Set(files.keys))
                } else {
                    let groups = await settle(files, &detectors, &memory)
                    if !groups.isEmpty { await changed(groups) }
                }
                memory.keep(only: Set(detectors.values.flatMap(\.names)))
            }
        }
    }

    /// Looks until nothing is unsettled any more, and returns what changed.
    private func settle(
        _ files: [Group: [ObservedFile]], _ detectors: inout [Group: FileChangeDetector],
        _ memory: inout FileContentMemory
    ) async -> Set<Group> {
        var groups: Set<Group> = []
        var open = Set(files.keys)
        while true {
            for group in open {
                switch detectors[group]?.looked(Self.look(files[group] ?? [], &memory)) {
                case .unchanged, nil: open.remove(group)
                case .unsettled: continue
                case .changed:
                    open.remove(group)
                    groups.insert(group)
                }
            }
            guard !open.isEmpty, (try? await Task.sleep(for: settling)) != nil else { return groups }
        }
    }

    private static func look(_ files: [ObservedFile], _ memory: inout FileContentMemory) -> [String: FileContent] {
        var contents: [String: FileContent] = [:]
        for file in files {
            switch file {
            case .file(let path): contents[path] = content(of: path, &memory)
            case .directory(let path, let suffix):
                do {
                    for name in try PlainFile.names(in: path, endingIn: suffix) {
                        contents[path + "/" + name] = content(of: path + "/" + name, &memory)
                    }
                } catch {
                    contents[path] = error.isMissing ? .missing : .unreadable(error.message)
                }
            }
        }
        return contents
    }

    private static func content(of path: String, _ memory: inout FileContentMemory) -> FileContent {
        do throws(FileError) {
            // Both before the reading: what is written while it goes on makes the stamp doubtful or wrong, never right.
            let now = Int64(time(nil))
            let stamp = try PlainFile.stamp(of: path)
            if let content = memory.content(of: path, stamp: stamp) { return content }
            let content = FileContent(try PlainFile.bytes(of: path, atMost: maximumFileBytes))
            memory.remember(content, of: path, stamp: stamp, readAt: now)
            return content
        } catch {
            return error.isMissing ? .missing : .unreadable(error.message)
        }
    }
}
