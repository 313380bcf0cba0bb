import ClusterMesh
import Foundation
import Logging

/// A figure of a step, as it is printed for machines.
enum Figure: Encodable {
    case text(String)
    case number(Int)
    case decimal(Double)
    case flag(Bool)
    case list([Figure])
    case object([String: Figure])

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .number(let number): try container.encode(number)
        case .decimal(let number): try container.encode(number)
        case .flag(let flag): try container.encode(flag)
        case .list(let figures): try container.encode(figures)
        case .object(let figures): try container.encode(figures)
        }
    }
}

/// Tells the story: for a person in lines and tables, for a machine as one JSON object a step.
final class Narrator: Sendable {
    private let json: Bool
    private let colours: Bool
    private let failed = Locked<[String]>([])

    /// The steps that did not hold.
    var failures: [String] { failed.withLock { $0 } }

    /// For what is logged where a person has no use for it.
    let silentLogger = Logger(label: "mesh-demo") { _ in SwiftLogNoOpLogHandler() }

    init(json: Bool) {
        self.json = json
        colours = !json && isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
    }

    /// A heading; nothing for machines.
    func chapter(_ title: String) {
        say("\n" + paint(title, "1"))
    }

    /// A line for a person; nothing for machines.
    func say(_ text: String) {
        guard !json else { return }
        write(text)
    }

    /// The outcome of a step: whether it held, and its figures.
    func outcome(_ event: String, ok: Bool, _ text: String, _ figures: [String: Figure] = [:]) {
        if !ok { failed.withLock { $0.append("\(event): \(text)") } }
        guard json else {
            write((ok ? paint("  ✓ ", "32") : paint("  ✗ ", "31")) + text)
            return
        }
        var object = figures
        object["event"] = .text(event)
        object["ok"] = .flag(ok)
        emit(object)
    }

    /// An object for machines that is no step; nothing for a person.
    func event(_ name: String, _ figures: [String: Figure]) {
        guard json else { return }
        var object = figures
        object["event"] = .text(name)
        emit(object)
    }

    /// A table for a person; the first row is the heading.
    func table(_ rows: [[String]]) {
        guard !json, let heading = rows.first else { return }
        let widths = heading.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for (number, row) in rows.enumerated() {
            let cells = zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }
            let line = "  " + cells.joined(separator: "  ")
            write(number == 0 ? paint(line, "2") : line)
        }
    }

    private func emit(_ object: [String: Figure]) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(object) else { return }
        write(String(decoding: data, as: UTF8.self))
    }

    private func paint(_ text: String, _ code: String) -> String {
        colours ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    private func write(_ line: String) {
        // At once, also into a pipe: whoever waits for the line `ready` must get it.
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
}
