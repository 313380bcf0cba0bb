internal import Foundation

/// A program that is not installed.
public struct MissingProgramError: Error, CustomStringConvertible {
    /// Which one, and how to say where it is.
    public let description: String
}

/// Finds programs.
public enum Executable {
    /// The path of `name`: what the variable `variable` of the environment says, or else the first on `PATH`.
    public static func find(_ name: String, variable: String? = nil) throws -> String {
        if let path = locate(name, variable: variable) { return path }
        let hint = variable.map { ", and the variable \($0) does not say where it is" } ?? ""
        throw MissingProgramError(description: "\(name) is not on PATH\(hint)")
    }

    /// As ``find(_:variable:)``; `nil` if it is not there.
    public static func locate(_ name: String, variable: String? = nil) -> String? {
        let environment = ProcessInfo.processInfo.environment
        if let variable, let path = environment[variable], !path.isEmpty { return path }
        let directories = environment["PATH", default: "/usr/bin:/bin"].split(separator: ":")
        return directories.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// The directory of the program that is running: where the package's own programs are built, too.
    public static var ownDirectory: String {
        get throws {
            let path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            return (path as NSString).deletingLastPathComponent
        }
    }
}
