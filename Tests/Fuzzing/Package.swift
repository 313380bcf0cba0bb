// swift-tools-version: 6.2
import PackageDescription

// libFuzzer's programs, in a package of their own: they are built with `--sanitize fuzzer`, which has every module of
// the package beside them tell the fuzzer what an input reached. `make fuzz` builds and runs them.

func fuzzer(_ name: String) -> Target {
    .executableTarget(
        name: name,
        dependencies: [.product(name: "ClusterMeshFuzzing", package: "swift-cluster-mesh")],
        swiftSettings: [.swiftLanguageMode(.v6)]
    )
}

let package = Package(
    name: "mesh-fuzzing",
    dependencies: [.package(name: "swift-cluster-mesh", path: "../..")],
    targets: [
        fuzzer("fuzz-wire"),
        fuzzer("fuzz-session"),
    ]
)
