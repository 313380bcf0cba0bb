internal import ArgumentParser

extension Duration {
    /// The time for people, in its two largest units: `3d4h`, `2h5m`, `4m10s`, `12s`, `0.4s`.
    var brief: String {
        let seconds = components.seconds
        switch seconds {
        case ..<0: return "0s"
        case 0: return self == .zero ? "0s" : "0.\(components.attoseconds / 100_000_000_000_000_000)s"
        case ..<60: return "\(seconds)s"
        case ..<3600: return Self.pair(seconds, 60, "m", 1, "s")
        case ..<86_400: return Self.pair(seconds, 3600, "h", 60, "m")
        default: return Self.pair(seconds, 86_400, "d", 3600, "h")
        }
    }

    private static func pair(_ seconds: Int64, _ large: Int64, _ first: String, _ small: Int64, _ second: String)
        -> String
    {
        let rest = seconds % large / small
        return "\(seconds / large)\(first)" + (rest == 0 ? "" : "\(rest)\(second)")
    }

    /// The time in seconds.
    var inSeconds: Double { self / .seconds(1) }
}

/// A time as a person gives it: a number and `s`, `m` or `h`, or several of them.
struct DurationOption: ExpressibleByArgument {
    /// The longest time that is taken: a week.
    static let longest = Duration.seconds(7 * 86_400)

    let duration: Duration

    init(_ duration: Duration) {
        self.duration = duration
    }

    init?(argument: String) {
        var total = 0
        var digits = ""
        for character in argument {
            if character.isASCII, character.isNumber, digits.count < 7 {
                digits.append(character)
                continue
            }
            guard let number = Int(digits), let unit = ["s": 1, "m": 60, "h": 3600][character] else { return nil }
            total += number * unit
            digits = ""
        }
        guard digits.isEmpty, !argument.isEmpty, .seconds(total) <= Self.longest else { return nil }
        duration = .seconds(total)
    }

    var defaultValueDescription: String { duration.brief }
}
