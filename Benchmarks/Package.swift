// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that the one beside it needs no more than its users do.
let package = Package(
    name: "mesh-benchmarks",
    dependencies: [.package(name: "swift-cluster-mesh", path: "..")],
    targets: [
        .executableTarget(
            name: "mesh-bench",
            dependencies: [.product(name: "ClusterMeshInternals", package: "swift-cluster-mesh")],
            swiftSettings: [.swiftLanguageMode(.v6)]
        )
    ]
)
