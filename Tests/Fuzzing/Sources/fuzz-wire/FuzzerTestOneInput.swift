import FuzzTargets

/// What libFuzzer calls with each input; its own `main` is linked in by `--sanitize fuzzer`.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzerTestOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    do {
        try FuzzTarget.wire.run(Array(UnsafeBufferPointer(start: data, count: size)))
    } catch {
        // Ends the process, so that libFuzzer writes the input to a file.
        fatalError("\(error)")
    }
    return 0
}
