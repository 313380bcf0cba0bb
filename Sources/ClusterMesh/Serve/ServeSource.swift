/// Where the settings of `clustermesh serve` come from: the flags that it was started with and, beneath them, a file
/// that may change.
public struct ServeSource: Sendable {
    /// What the flags say.
    public var flags: ServeSettings

    /// The configuration file, if there is one.
    public var file: String?

    /// Settings from these flags and this file.
    public init(flags: ServeSettings, file: String? = nil) {
        self.flags = flags
        self.file = file
    }

    /// The settings as they are now.
    ///
    /// - Throws: ``ServeConfigurationError`` if the file cannot be read, or says what is no setting.
    public func read() throws(ServeConfigurationError) -> ServeSettings {
        guard let file else { return flags }
        return flags.over(try ServeSettings(readingFile: file))
    }
}
