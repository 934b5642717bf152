// swift-tools-version:6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .strictMemorySafety(),
]

/// Targets whose functions return spans.
let spanSettings = settings + [.enableExperimentalFeature("Lifetimes")]

func nio(_ name: String) -> Target.Dependency { .product(name: name, package: "swift-nio") }
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let metricsTestKit = Target.Dependency.product(name: "MetricsTestKit", package: "swift-metrics")
let instrumentation = Target.Dependency.product(name: "Instrumentation", package: "swift-distributed-tracing")
let inMemoryTracing = Target.Dependency.product(name: "InMemoryTracing", package: "swift-distributed-tracing")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "xet",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "xet", targets: ["xet"]),
        .library(name: "XetCore", targets: ["BLAKE3", "XetCore"]),
        .library(
            name: "Xet",
            targets: ["BLAKE3", "XetCore", "XetWire", "XetAccess", "XetStore", "XetClient", "XetDownload", "XetUpload"]
        ),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.45.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .target(name: "CBLAKE3"),
        .target(name: "CByteGrouping"),
        .target(name: "CCRC64"),
        .target(name: "CMemory"),
        .target(name: "BLAKE3", dependencies: ["CBLAKE3"], swiftSettings: spanSettings),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .target(
            name: "XetCore",
            dependencies: ["BLAKE3", "CByteGrouping", "CCRC64", "CLZ4"],
            swiftSettings: spanSettings
        ),
        .target(name: "XetWire", dependencies: ["XetCore", httpTypes, crypto], swiftSettings: settings),
        .target(name: "XetAccess", dependencies: ["XetCore", deque, nio("NIOCore")], swiftSettings: settings),
        .target(
            name: "XetStore",
            dependencies: ["XetAccess", "XetCore", nio("NIOCore"), nio("_NIOFileSystem")],
            swiftSettings: settings
        ),
        .target(
            name: "XetCache",
            dependencies: [
                "CSQLite", "XetAccess", "XetCore", "XetStore", deque, logging, metrics, nio("NIOCore"), nio("NIOPosix"),
                nio("_NIOFileSystem"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "XetClient",
            dependencies: [
                "XetAccess", "XetCore", "XetWire", asyncHTTPClient, httpTypes, logging, crypto, metrics,
                instrumentation, nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"), nioSSL,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "XetDownload",
            dependencies: ["XetAccess", "XetCore", deque, metrics, nio("NIOCore")],
            swiftSettings: settings
        ),
        .target(
            name: "XetUpload",
            dependencies: ["XetAccess", "XetCore", crypto, deque, nio("NIOCore")],
            swiftSettings: settings
        ),
        .target(
            name: "XetLocal",
            dependencies: [
                "XetAccess", "XetClient", "XetCore", "XetUpload", "XetWire", crypto, nio("NIOCore"), nio("NIOPosix"),
            ],
            swiftSettings: settings
        ),
        .target(name: "XetConfiguration", swiftSettings: settings),
        .target(
            name: "XetServer",
            dependencies: [
                hummingbird, hummingbirdCore, httpTypes, logging, metrics, instrumentation, tracing, lifecycle, nioSSL,
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP2", package: "swift-nio-extras"),
                nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"), nio("NIOTLS"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "XetProxy",
            dependencies: [
                "XetAccess", "XetCore", "XetDownload", "XetClient", "XetServer", "XetWire", hummingbird, httpTypes,
                logging, metrics, instrumentation, tracing, lifecycle, nio("NIOCore"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "XetOrigin",
            dependencies: [
                "XetAccess", "XetCore", "XetServer", "XetStore", "XetUpload", "XetWire", hummingbird, httpTypes,
                logging,
                metrics, crypto,
                nio("NIOCore"),
                nio("_NIOFileSystem"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "xet",
            dependencies: [
                "CMemory", "XetAccess", "XetCache", "XetCore", "XetWire", "XetClient", "XetDownload", "XetLocal",
                "XetProxy",
                "XetOrigin", "XetServer", "XetConfiguration", argumentParser, unixSignals, lifecycle, logging,
                asyncHTTPClient, crypto, nioSSL, nio("NIOCore"),
                nio("NIOHTTP1"), nio("NIOPosix"), nio("_NIOFileSystem"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "XetTestSupport",
            dependencies: ["XetCore"],
            path: "Tests/XetTestSupport",
            swiftSettings: spanSettings
        ),
        .target(
            name: "XetAccessTestSupport",
            dependencies: ["XetAccess", "XetCore", "XetTestSupport", nio("NIOCore")],
            path: "Tests/XetAccessTestSupport",
            swiftSettings: settings
        ),
        .target(
            name: "XetServerTestSupport",
            dependencies: [hummingbird, httpTypes, nio("NIOCore")],
            path: "Tests/XetServerTestSupport",
            swiftSettings: settings
        ),
        .testTarget(name: "BLAKE3Tests", dependencies: ["BLAKE3", "CBLAKE3"], swiftSettings: spanSettings),
        .testTarget(
            name: "XetCoreTests",
            dependencies: ["BLAKE3", "CCRC64", "XetCore", "XetTestSupport"],
            swiftSettings: spanSettings
        ),
        .testTarget(
            name: "XetWireTests",
            dependencies: ["XetCore", "XetTestSupport", "XetWire", httpTypes],
            swiftSettings: settings
        ),
        .testTarget(
            name: "XetAccessTests",
            dependencies: ["XetAccess", "XetCore", "XetTestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "XetClientTests",
            dependencies: [
                "XetAccess", "XetClient", "XetCore", "XetTestSupport", "XetWire", asyncHTTPClient, httpTypes,
                instrumentation, metricsTestKit,
                nio("NIOCore"),
                nio("NIOEmbedded"),
                nio("NIOHTTP1"), nio("NIOPosix"), nioSSL,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "XetDownloadTests",
            dependencies: [
                "XetAccess", "XetAccessTestSupport", "XetCore", "XetDownload", "XetTestSupport", metricsTestKit,
                nio("NIOCore"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "XetLocalTests",
            dependencies: [
                "XetAccess", "XetCore", "XetLocal", "XetTestSupport", nio("NIOCore"), nio("_NIOFileSystem"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "XetCacheTests",
            dependencies: [
                "XetAccess", "XetAccessTestSupport", "XetCache", "XetCore", "XetDownload", "XetStore", "XetTestSupport",
                nio("NIOCore"), nio("_NIOFileSystem"),
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "XetConfigurationTests", dependencies: ["XetConfiguration"], swiftSettings: settings),
        .testTarget(
            name: "DocumentationTests",
            dependencies: [
                "XetAccess", "XetClient", "XetCore", "XetDownload", "XetWire", nio("NIOCore"), nio("_NIOFileSystem"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "XetServerTests",
            dependencies: [
                "XetServer", "XetServerTestSupport", "XetTestSupport", hummingbird, httpTypes, lifecycle, logging,
                metrics,
                nioSSL, nio("NIOCore"), nio("NIOEmbedded"), nio("NIOHTTP1"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "XetProxyTests",
            dependencies: [
                "XetAccess", "XetClient", "XetCore", "XetDownload", "XetProxy", "XetServer", "XetServerTestSupport",
                "XetTestSupport", "XetWire",
                hummingbird, httpTypes,
                inMemoryTracing, instrumentation, lifecycle, logging, metrics, tracing, nio("NIOCore"),
                nio("NIOEmbedded"),
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "XetStoreTests",
            dependencies: [
                "XetAccess", "XetCore", "XetStore", "XetTestSupport", nio("NIOCore"), nio("_NIOFileSystem"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "XetUploadTests",
            dependencies: ["XetAccess", "XetCore", "XetStore", "XetTestSupport", "XetUpload", nio("NIOCore")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "XetOriginTests",
            dependencies: [
                "XetAccess", "XetCore", "XetOrigin", "XetStore", "XetTestSupport", "XetWire", crypto, hummingbird,
                httpTypes,
                logging, nio("NIOCore"), nio("_NIOFileSystem"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ],
            swiftSettings: settings
        ),
    ]
)

// `swift package generate-documentation` is for who writes documentation; nobody else fetches its plugin.
if Context.environment["XET_DOCUMENTATION"] != nil {
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
