internal import FoundationEssentials
internal import MeshCore

/// What reading the records' JSON has in common.
///
/// What is read is described by `Decodable` structs whose fields are all optional, so that an absent field and `null`
/// both mean "zero", as for Go's `encoding/json`; unknown fields are skipped. Names of fields must match exactly, where Go
/// ignores case: no writer relies on that. `JSONDecoder` bounds the nesting (512).
enum RecordJSON {
    /// Reads one JSON object that is all of `json`.
    static func decode<Form: Decodable>(_ form: Form.Type, _ json: some Collection<UInt8>) throws(RecordError) -> Form {
        do {
            return try JSONDecoder().decode(form, from: Data(json))
        } catch let error as DecodingError {
            throw RecordError(.malformedValue, text(of: error))
        } catch {
            throw RecordError(.malformedValue, "the value is not JSON")
        }
    }

    /// The error with the path of the field, for people.
    private static func text(of error: DecodingError) -> String {
        let (context, reason): (DecodingError.Context, String?) =
            switch error {
            case .typeMismatch(let type, let context): (context, "expected \(name(of: type))")
            case .valueNotFound(let type, let context): (context, "expected \(name(of: type)), found null")
            case .keyNotFound(let key, let context): (context, "'\(key.stringValue)' is missing")
            case .dataCorrupted(let context): (context, nil)
            @unknown default: (DecodingError.Context(codingPath: [], debugDescription: "the value is not JSON"), nil)
            }
        let path = context.codingPath.map { $0.intValue.map { "\($0 + 1)" } ?? $0.stringValue }
        let place = path.isEmpty ? "" : "field '\(path.joined(separator: "."))': "
        return place + (reason ?? context.debugDescription)
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a text"
        case is Bool.Type: "true or false"
        case is [Any].Type: "a list"
        default: "an object"
        }
    }
}

/// A whole number. `JSONDecoder` alone does not say which field holds a number that does not fit.
struct Whole<Number: FixedWidthInteger & UnsignedInteger & Decodable>: Decodable {
    var number: Number

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let number = try? container.decode(Number.self) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "expected a whole number in 0…\(Number.max)"
            )
        }
        self.number = number
    }
}

/// An address as Go's `net.IP` is written; `nil` for an empty text.
///
/// An IPv4 address written as mapped IPv6 is the IPv4 address: `net.IP` knows no difference.
struct AddressForm: Decodable {
    var address: IPAddress?

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        if text.isEmpty { return }
        do {
            address = try IPAddress(text).unmapped
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.message)
        }
    }
}

/// The length of a prefix as Go's `net.IPMask` is written: the mask's 4 or 16 bytes in base64.
struct MaskForm: Decodable {
    var length: Int
    var family: IPAddress.Family

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let bytes = Data(base64Encoded: text), let length = IPPrefix.length(ofMask: Array(bytes)) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "'\(text.prefix(40))' is not the base64 of a mask"
            )
        }
        self.length = length
        family = bytes.count == 4 ? .v4 : .v6
    }
}

/// A CIDR, masked: `{"IP":…,"Mask":…}` as Go writes a `net.IPNet`, or text.
struct CIDRForm: Decodable {
    var prefix: IPPrefix

    private enum CodingKeys: String, CodingKey {
        case ip = "IP"
        case mask = "Mask"
    }

    init(from decoder: any Decoder) throws {
        if let container = try? decoder.singleValueContainer(), let text = try? container.decode(String.self) {
            do {
                prefix = try IPPrefix(text).masked
            } catch {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: error.message)
            }
            return
        }
        guard let container = try? decoder.container(keyedBy: CodingKeys.self) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "expected a CIDR, as text or as an object")
            )
        }
        let address = try container.decodeIfPresent(AddressForm.self, forKey: .ip)?.address
        let mask = try container.decodeIfPresent(MaskForm.self, forKey: .mask)
        guard let address, let mask, mask.family == address.family,
            let prefix = IPPrefix(address, length: mask.length)
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .mask,
                in: container,
                debugDescription: "a CIDR needs an IP and a mask of the same family"
            )
        }
        self.prefix = prefix.masked
    }
}

extension JSONWriter {
    /// Writes a field with a list; an empty one as `null`.
    mutating func list<Element>(
        _ name: String,
        _ elements: [Element],
        _ element: (inout JSONWriter, Element) -> Void
    ) {
        if elements.isEmpty { return nullField(name) }
        self.name(name)
        array { writer in
            for entry in elements { element(&writer, entry) }
        }
    }

    /// Writes a field with a CIDR or `null`.
    mutating func field(_ name: String, _ prefix: IPPrefix?) {
        guard let prefix else { return nullField(name) }
        self.name(name)
        self.prefix(prefix)
    }

    /// Writes a CIDR as Go writes a `net.IPNet`. Text, which newer readers accept too, is not written yet:
    /// readers before Cilium 1.20 do not know it.
    mutating func prefix(_ prefix: IPPrefix) {
        object { writer in
            writer.field("IP", prefix.address.description)
            writer.field("Mask", prefix.base64Mask)
        }
    }
}

extension IPPrefix {
    /// The mask as Go writes a `net.IPMask`.
    var base64Mask: String { Data(maskBytes).base64EncodedString() }
}
