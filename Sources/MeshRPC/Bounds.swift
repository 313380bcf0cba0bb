/// Checks of settings against their documented ranges.
enum Bounds {
    /// What is wrong with a setting; `nil` if it lies in its range.
    static func fault<Value: Comparable>(of name: String, _ value: Value, in range: ClosedRange<Value>) -> String? {
        range.contains(value) ? nil : "\(name) is \(value); allowed is \(range.lowerBound) to \(range.upperBound)"
    }
}
