internal import Foundation

/// What the tool prints, at once and in whole pieces, also into a pipe: somebody may wait for each line.
enum StandardOutput {
    /// Prints bytes as they are.
    static func write(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        FileHandle.standardOutput.write(Data(bytes))
    }

    /// Prints a text and ends the line.
    static func writeLine(_ text: String) {
        write(Array((text + "\n").utf8))
    }

    /// Prints a text where a person reads it but no program that reads the output, and ends the line.
    static func noteLine(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}
