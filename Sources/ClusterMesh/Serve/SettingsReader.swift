/// What is wrong with a setting's text.
struct SettingFault: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Takes values out of ``ServeSettings``, and says of a text that cannot be one where it stands.
struct SettingsReader {
    private let settings: ServeSettings

    init(_ settings: ServeSettings) {
        self.settings = settings
    }

    func isSet(_ key: ServeKey) -> Bool { !settings[key].isEmpty }

    /// All values of a setting.
    func values<Value>(
        _ key: ServeKey, as parse: (String) throws -> Value
    ) throws(ServeConfigurationError) -> [Value] {
        var values: [Value] = []
        guard settings[key].count <= ServeSettings.maximumValues else {
            throw fault("\(settings[key].count) values; at most \(ServeSettings.maximumValues) are possible", key)
        }
        for value in settings[key] {
            do {
                values.append(try parse(value.text))
            } catch {
                throw ServeConfigurationError("\(error)", key, value)
            }
        }
        return values
    }

    /// The value of a setting; `nil` if it is not set.
    func value<Value>(
        _ key: ServeKey, as parse: (String) throws -> Value
    ) throws(ServeConfigurationError) -> Value? {
        guard settings[key].count <= 1 else {
            throw ServeConfigurationError("it is given more than once", key, settings[key][1])
        }
        return try values(key, as: parse).first
    }

    /// The value of a setting, or the default.
    func value<Value>(
        _ key: ServeKey, default standard: Value, as parse: (String) throws -> Value
    ) throws(ServeConfigurationError) -> Value {
        try value(key, as: parse) ?? standard
    }

    /// The value of a setting that must be set.
    func required<Value>(
        _ key: ServeKey, as parse: (String) throws -> Value
    ) throws(ServeConfigurationError) -> Value {
        guard let value = try value(key, as: parse) else {
            let file = settings.file.map { "or as '\(key)' in \($0)" } ?? "or in a file with --config"
            throw ServeConfigurationError(
                "--\(key) is missing; give it as a flag, \(file)", key: nil, place: nil)
        }
        return value
    }

    /// A fault of a setting as a whole, at its first value.
    func fault(_ message: String, _ key: ServeKey) -> ServeConfigurationError {
        ServeConfigurationError(message, key: key.rawValue, place: settings[key].first?.place, file: settings.file)
    }
}
