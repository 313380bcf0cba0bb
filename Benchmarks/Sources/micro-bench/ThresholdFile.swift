internal import Foundation

/// The committed file of thresholds.
enum ThresholdFile {
    /// Beside the sources of the benchmarks, wherever the program was built from.
    static let standardPath: String = {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return package.appendingPathComponent("thresholds.json").path
    }()

    /// Reads the file.
    static func read(_ path: String) throws -> Thresholds {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw UnexpectedResult(
                description: "the thresholds in \(path) cannot be read (\(error)): make them with --update-thresholds")
        }
        do {
            let thresholds = try JSONDecoder().decode(Thresholds.self, from: data)
            guard thresholds.referenceNanoseconds > 0 else {
                throw UnexpectedResult(description: "referenceNanoseconds must be greater than 0")
            }
            return thresholds
        } catch {
            throw UnexpectedResult(description: "\(path) has no thresholds in it: \(error)")
        }
    }

    /// Writes the file, figures rounded to what is worth comparing, names in their order.
    static func write(_ thresholds: Thresholds, to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        var data = try encoder.encode(thresholds.rounded)
        data.append(UInt8(ascii: "\n"))
        try data.write(to: URL(fileURLWithPath: path), options: .atomic)
    }
}

extension Thresholds {
    fileprivate var rounded: Thresholds {
        func digits(_ value: Double, _ scale: Double) -> Double { (value * scale).rounded() / scale }
        return Thresholds(
            referenceNanoseconds: digits(referenceNanoseconds, 10),
            costs: costs.mapValues { cost in
                Cost(
                    allocations: digits(cost.allocations, 1_000),
                    instructions: cost.instructions.map { digits($0, 1) },
                    processorNanoseconds: digits(cost.processorNanoseconds, 10),
                    keptBytes: cost.keptBytes.map { digits($0, 1) }
                )
            }
        )
    }
}
