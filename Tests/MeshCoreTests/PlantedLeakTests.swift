import Glibc
import Testing

/// A leak on purpose, so that a run under the leak check can be seen to fail. Off unless asked for.
@Suite struct PlantedLeakTests {
    @Test(.enabled(if: getenv("MESH_PLANT_LEAK") != nil))
    func memoryThatNothingRefersTo() {
        for _ in 0..<16 {
            UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 8).storeBytes(of: 1, as: Int.self)
        }
    }
}
