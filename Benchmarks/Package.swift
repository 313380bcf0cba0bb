// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that the one beside it needs no more than its users do.

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let cSettings: [CSetting] = [.treatAllWarnings(as: .error)]

let engines: Target.Dependency = .product(name: "ClusterMeshInternals", package: "swift-cluster-mesh")
let product: Target.Dependency = .product(name: "ClusterMesh", package: "swift-cluster-mesh")
let testKit: Target.Dependency = .product(name: "ClusterMeshTestKit", package: "swift-cluster-mesh")
let benchmarking: Target.Dependency = .product(name: "ClusterMeshBenchmarking", package: "swift-cluster-mesh")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")

/// Tests run in the release build, so that nothing has to be built twice.
let testable = swiftSettings + [.unsafeFlags(["-enable-testing"])]

func program(_ name: String, _ dependencies: [Target.Dependency], settings: [SwiftSetting] = swiftSettings) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
    name: "mesh-benchmarks",
    dependencies: [
        .package(name: "swift-cluster-mesh", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.8.0"),
    ],
    targets: [
        // What several of the programs need: histograms, medians, clocks, what the kernel says of a process.
        .target(name: "BenchmarkSupport", swiftSettings: swiftSettings),
        // What the engines cost, each for itself, with thresholds.
        program(
            "micro-bench", ["BenchmarkSupport", "CCounters", engines, benchmarking, argumentParser], settings: testable),
        // Instructions and allocations of a thread. Counts allocations in every program that links it.
        .target(name: "CCounters", cSettings: cSettings),
        // What gRPC's core alone costs: a server without a store.
        .executableTarget(
            name: "floor-server",
            cSettings: cSettings,
            linkerSettings: [.linkedLibrary("grpc"), .linkedLibrary("gpr")]
        ),
        // Starts servers, drives them all with the same client, and compares them.
        program(
            "mesh-bench",
            ["BenchmarkSupport", engines, product, benchmarking, argumentParser, logging, unixSignals],
            settings: testable
        ),
        // A peer that floods, stalls, sends garbage or flaps, as mesh-bench starts it.
        program("bad-peer", [engines, benchmarking, argumentParser, logging, serviceLifecycle, unixSignals]),
        // Our server, as mesh-bench starts it.
        program("bench-server", ["BenchmarkSupport", engines, argumentParser, logging, serviceLifecycle, unixSignals]),
        // Many made-up clusters behind one address, as mesh-scale starts it.
        program(
            "mock-producer", [product, testKit, engines, argumentParser, logging, serviceLifecycle, unixSignals]),
        // One agent that mirrors very many clusters, and many agents that mirror each other.
        program(
            "mesh-scale", ["BenchmarkSupport", product, testKit, engines, argumentParser, logging], settings: testable),
        .testTarget(
            name: "mesh-scaleTests", dependencies: ["mesh-scale", "BenchmarkSupport"], swiftSettings: swiftSettings),
        .testTarget(
            name: "mesh-benchTests",
            dependencies: ["mesh-bench", "BenchmarkSupport", engines, argumentParser],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "BenchmarkSupportTests",
            dependencies: ["BenchmarkSupport"],
            swiftSettings: swiftSettings
        ),
        .testTarget(name: "micro-benchTests", dependencies: ["micro-bench"], swiftSettings: swiftSettings),
    ]
)
