/// A JSON value whose fields keep the order in which they are given, so that what the tool prints never changes by chance.
indirect enum JSONValue {
    case null
    case flag(Bool)
    case number(Int64)
    /// For numbers that signed ones have no room for.
    case unsigned(UInt64)
    /// A number of seconds and the like; written with at most three digits behind the point.
    case fraction(Double)
    case text(String)
    case list([JSONValue])
    case object([(String, JSONValue)])

    /// A text, or `null`.
    static func optional(_ text: String?) -> JSONValue { text.map { .text($0) } ?? .null }

    /// On one line, without spaces.
    var line: String {
        var text = ""
        write(to: &text, indentation: nil)
        return text
    }

    /// On as many lines as it has values, indented by two spaces.
    var lines: String {
        var text = ""
        write(to: &text, indentation: 0)
        return text
    }

    private func write(to text: inout String, indentation: Int?) {
        switch self {
        case .null: text += "null"
        case .flag(let flag): text += flag ? "true" : "false"
        case .number(let number): text += "\(number)"
        case .unsigned(let number): text += "\(number)"
        case .fraction(let number): text += Self.text(of: number)
        case .text(let string): Self.write(string, to: &text)
        case .list(let values):
            Self.enclose("[", "]", values, to: &text, indentation) { value, text, indentation in
                value.write(to: &text, indentation: indentation)
            }
        case .object(let fields):
            Self.enclose("{", "}", fields, to: &text, indentation) { field, text, indentation in
                Self.write(field.0, to: &text)
                text += indentation == nil ? ":" : ": "
                field.1.write(to: &text, indentation: indentation)
            }
        }
    }

    private static func enclose<Element>(
        _ open: String, _ close: String, _ elements: [Element], to text: inout String, _ indentation: Int?,
        _ write: (Element, inout String, Int?) -> Void
    ) {
        text += open
        guard !elements.isEmpty else {
            text += close
            return
        }
        let inner = indentation.map { $0 + 2 }
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            breakLine(&text, inner)
            write(element, &text, inner)
        }
        breakLine(&text, indentation)
        text += close
    }

    private static func breakLine(_ text: inout String, _ indentation: Int?) {
        if let indentation { text += "\n" + String(repeating: " ", count: indentation) }
    }

    private static func text(of number: Double) -> String {
        // What is not finite has no form in JSON; nothing that is measured is.
        guard number.isFinite, number.magnitude < 1e15 else { return "null" }
        let thousandths = Int64((number * 1000).rounded())
        let whole = thousandths / 1000
        let rest = abs(thousandths % 1000)
        guard rest != 0 else { return "\(whole)" }
        var digits = String(rest + 1000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return (thousandths < 0 && whole == 0 ? "-" : "") + "\(whole).\(digits)"
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\0"..."\u{1F}", "\u{7F}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
