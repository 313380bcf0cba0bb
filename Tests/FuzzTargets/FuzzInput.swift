/// The bytes of an input, taken one decision after another.
struct FuzzInput {
    private var bytes: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        self.bytes = bytes[...]
    }

    /// The next byte; `nil` at the end.
    mutating func byte() -> UInt8? { bytes.popFirst() }

    /// A number from 0 up to `bound`, which is left out; 0 at the end of the input.
    mutating func number(below bound: Int) -> Int { Int(byte() ?? 0) % bound }

    /// A yes or no; no at the end of the input.
    mutating func flag() -> Bool { number(below: 2) == 1 }

    /// One of a few; the first at the end of the input.
    mutating func one<Element>(of choices: [Element]) -> Element { choices[number(below: choices.count)] }
}
