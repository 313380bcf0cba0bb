/// The system's random numbers, as a value that takes up memory.
///
/// The standard library's `SystemRandomNumberGenerator` is empty, so that two of them can have one address, and
/// ThreadSanitizer then takes the use of each on a thread of its own for a race.
package struct RandomNumbers: RandomNumberGenerator {
    private var system = SystemRandomNumberGenerator()
    private var drawn: UInt64 = 0

    package init() {}

    package mutating func next() -> UInt64 {
        drawn &+= 1
        return system.next()
    }
}
