// swift-tools-version: 6.2
import PackageDescription

// Storeys of the house: a target depends on storeys below its own, never on its own or on one above.
// `.ci/check-imports` holds both this file and every `import` line under Sources to one table.

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let collections: Target.Dependency = .product(name: "Collections", package: "swift-collections")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

let package = Package(
    name: "swift-cluster-mesh",
    products: [
        .library(name: "ClusterMesh", targets: ["ClusterMesh"]),
        .library(name: "ClusterMeshTestKit", targets: ["ClusterMeshTestKit"]),
        // The engines, for benchmarks and fuzzing. No promise of stability.
        .library(
            name: "ClusterMeshInternals",
            targets: [
                "MeshCore", "MeshRPC", "MeshTLS", "MeshWire", "MeshStore", "MeshRecords", "MeshClient", "MeshWatcher",
                "MeshViews", "MeshMirror", "MeshReplica", "MeshLocalAPI",
            ]
        ),
        // What fuzzing runs. No promise of stability.
        .library(name: "ClusterMeshFuzzing", targets: ["FuzzTargets"]),
        // What benchmarks measure of the parts that only this package sees. No promise of stability.
        .library(name: "ClusterMeshBenchmarking", targets: ["BenchmarkTargets"]),
        .executable(name: "mesh-demo", targets: ["mesh-demo"]),
        .executable(name: "clustermesh", targets: ["clustermesh"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.3.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.8.0"),
    ],
    targets: [
        // 0: C
        .systemLibrary(name: "CGRPC", providers: [.apt(["libgrpc-dev"])]),
        .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
        .target(
            name: "CProtos",
            cSettings: [.headerSearchPath("include/Generated")],
            linkerSettings: [.linkedLibrary("protobuf-c")]
        ),
        .target(
            name: "CSimdJSON",
            cxxSettings: [.define("SIMDJSON_EXCEPTIONS", to: "0")],
            linkerSettings: [.linkedLibrary("simdjson")]
        ),

        // 1: vocabulary
        module("MeshCore"),

        // 2: engines
        module("MeshRPC", ["MeshCore", "CGRPC", logging]),
        module("MeshTLS", ["MeshCore", "COpenSSL"]),
        module("MeshWire", ["MeshCore", "CProtos"]),
        module("MeshStore", ["MeshCore", collections, serviceLifecycle]),
        module("MeshRecords", ["MeshCore", "CSimdJSON"]),

        // 3: parts
        module("MeshClient", ["MeshCore", "MeshRPC", "MeshWire", logging]),
        module(
            "MeshWatcher",
            ["MeshCore", "MeshRPC", "MeshWire", "MeshStore", collections, logging, metrics, serviceLifecycle]
        ),
        module("MeshViews", ["MeshCore", "MeshRecords", collections]),

        // 4: services
        module(
            "MeshMirror",
            ["MeshCore", "MeshClient", "MeshRecords", collections, logging, serviceLifecycle]
        ),
        module(
            "MeshLocalAPI",
            ["MeshCore", "MeshRPC", "MeshWire", "MeshStore", "MeshWatcher", collections, logging, serviceLifecycle]
        ),
        module(
            "MeshReplica",
            ["MeshCore", "MeshClient", "MeshStore", collections, logging, serviceLifecycle]
        ),

        // 5: product
        module(
            "ClusterMesh",
            [
                "MeshCore", "MeshRPC", "MeshTLS", "MeshWire", "MeshStore", "MeshRecords", "MeshClient", "MeshWatcher",
                "MeshViews", "MeshMirror", "MeshReplica", "MeshLocalAPI", logging, metrics, serviceLifecycle, yams,
            ]
        ),

        // 6: for users
        module(
            "ClusterMeshTestKit",
            [
                "ClusterMesh", "MeshCore", "MeshTLS", "MeshStore", "MeshRecords", "MeshWatcher", "MeshViews",
                "MeshMirror", logging, serviceLifecycle,
            ]
        ),

        // 7: programs
        program(
            "clustermesh",
            ["ClusterMesh", "MeshCore", "MeshTLS", argumentParser, logging, serviceLifecycle, unixSignals]
        ),
        program("mesh-demo", ["ClusterMesh", "ClusterMeshTestKit", "MeshRPC", "MeshWire", argumentParser, logging]),

        // Tests
        .target(
            name: "TestSupport",
            dependencies: ["MeshCore", "MeshTLS", metrics],
            path: "Tests/TestSupport",
            swiftSettings: swiftSettings
        ),
        .target(
            name: "FuzzTargets",
            dependencies: ["ClusterMeshTestKit", "MeshCore", "MeshRPC", "MeshStore", "MeshWatcher", "MeshWire"],
            path: "Tests/FuzzTargets",
            swiftSettings: swiftSettings
        ),
        .target(
            name: "BenchmarkTargets",
            dependencies: [
                "ClusterMesh", "MeshClient", "MeshCore", "MeshMirror", "MeshRecords", "MeshRPC", "MeshStore", "MeshTLS",
                "MeshViews", "MeshWatcher", "MeshWire", logging,
            ],
            path: "Tests/BenchmarkTargets",
            swiftSettings: swiftSettings
        ),
        tests("BenchmarkTargetsTests", ["BenchmarkTargets", "ClusterMesh", "MeshWire", "TestSupport"]),
        tests("FuzzTargetsTests", ["FuzzTargets", "TestSupport"]),
        tests("TestSupportTests", ["MeshCore", "TestSupport"]),
        tests("MeshCoreTests", ["MeshCore", "TestSupport"]),
        tests("MeshRPCTests", ["MeshRPC", "CGRPC", "MeshTLS", "TestSupport", logging]),
        tests("MeshTLSTests", ["MeshCore", "MeshTLS", "TestSupport"]),
        tests("MeshWireTests", ["MeshWire", "CProtos", "TestSupport"]),
        tests("MeshStoreTests", ["MeshStore", "TestSupport", logging, serviceLifecycle]),
        tests("MeshRecordsTests", ["MeshRecords", "TestSupport"]),
        tests("MeshClientTests", ["MeshClient", "MeshRPC", "MeshWire", "MeshTLS", "TestSupport", logging]),
        tests(
            "MeshWatcherTests",
            [
                "MeshWatcher", "MeshRPC", "CGRPC", "MeshWire", "MeshStore", "MeshTLS", "TestSupport", logging, metrics,
                serviceLifecycle,
            ]
        ),
        tests("MeshViewsTests", ["MeshViews", "MeshRecords", "TestSupport"]),
        tests(
            "MeshMirrorTests",
            [
                "MeshMirror", "MeshClient", "MeshRecords", "MeshStore", "MeshTLS", "MeshWatcher", "TestSupport",
                logging,
            ]
        ),
        tests(
            "MeshReplicaTests",
            [
                "MeshReplica", "MeshClient", "MeshStore", "MeshTLS", "MeshWatcher", "MeshWire", "TestSupport", logging,
            ]
        ),
        tests(
            "MeshLocalAPITests",
            [
                "MeshLocalAPI", "MeshCore", "MeshRPC", "MeshWire", "MeshStore", "MeshTLS", "MeshWatcher", "TestSupport",
                logging, serviceLifecycle,
            ]
        ),
        tests("ClusterMeshToolTests", ["clustermesh", "ClusterMesh", "MeshCore", "TestSupport"]),
        tests(
            "ClusterMeshTests",
            ["BenchmarkTargets", "ClusterMesh", "ClusterMeshTestKit", "MeshRPC", "MeshWire", "TestSupport", logging]
        ),
        tests("ClusterMeshTestKitTests", ["ClusterMesh", "ClusterMeshTestKit", "TestSupport"]),
        tests(
            "InteroperabilityTests",
            [
                "ClusterMesh", "ClusterMeshTestKit", "MeshClient", "MeshCore", "MeshLocalAPI", "MeshMirror",
                "MeshRecords", "MeshReplica", "MeshRPC", "MeshStore", "MeshTLS", "MeshWatcher", "MeshWire",
                "TestSupport", "mesh-demo", logging,
            ]
        ),
    ],
    cxxLanguageStandard: .cxx17
)
