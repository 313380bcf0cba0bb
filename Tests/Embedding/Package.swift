// swift-tools-version: 6.2
import PackageDescription

// The README's embedding example, as an application of somebody else's would have it: a package of its own that
// knows nothing of this one but its product.
let package = Package(
    name: "embedding",
    dependencies: [.package(name: "swift-cluster-mesh", path: "../..")],
    targets: [
        .executableTarget(
            name: "Embedding",
            dependencies: [.product(name: "ClusterMesh", package: "swift-cluster-mesh")]
        )
    ]
)
