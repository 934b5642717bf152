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

/// What talks to a Hub, its CAS and its CDN.
let client: Set<String> = ["Client"]
/// Proxy, origin and the command line.
let server: Set<String> = ["Server"]

/// A product of another package, which nobody fetches who wants none of `traits`.
func product(_ name: String, _ package: String, _ traits: Set<String>) -> Target.Dependency {
    .product(name: name, package: package, condition: .when(traits: traits))
}

func nio(_ name: String) -> Target.Dependency { product(name, "swift-nio", client) }
let asyncHTTPClient = product("AsyncHTTPClient", "async-http-client", client)
let nioSSL = product("NIOSSL", "swift-nio-ssl", client)
let httpTypes = product("HTTPTypes", "swift-http-types", client)
let logging = product("Logging", "swift-log", client)
let crypto = product("Crypto", "swift-crypto", client)
let deque = product("DequeModule", "swift-collections", client)
let metrics = product("Metrics", "swift-metrics", client)
let metricsTestKit = product("MetricsTestKit", "swift-metrics", client)
let instrumentation = product("Instrumentation", "swift-distributed-tracing", client)
let hummingbird = product("Hummingbird", "hummingbird", server)
let hummingbirdCore = product("HummingbirdCore", "hummingbird", server)
let hummingbirdTesting = product("HummingbirdTesting", "hummingbird", server)
let nioHTTP2 = product("NIOHTTP2", "swift-nio-http2", server)
let nioHTTPTypes = product("NIOHTTPTypes", "swift-nio-extras", server)
let nioHTTPTypesHTTP2 = product("NIOHTTPTypesHTTP2", "swift-nio-extras", server)
let lifecycle = product("ServiceLifecycle", "swift-service-lifecycle", server)
let lifecycleTestKit = product("ServiceLifecycleTestKit", "swift-service-lifecycle", server)
let unixSignals = product("UnixSignals", "swift-service-lifecycle", server)
let inMemoryTracing = product("InMemoryTracing", "swift-distributed-tracing", server)
let tracing = product("Tracing", "swift-distributed-tracing", server)
let argumentParser = product("ArgumentParser", "swift-argument-parser", server)

let package = Package(
    name: "xet",
    // What has `InlineArray`.
    platforms: [.macOS(.v26), .iOS(.v26), .tvOS(.v26), .watchOS(.v26), .visionOS(.v26)],
    products: [
        .executable(name: "xet", targets: ["XetCommandLine"]),
        .library(name: "XetCore", targets: ["BLAKE3", "XetCore"]),
        .library(
            name: "Xet",
            targets: ["BLAKE3", "XetCore", "XetWire", "XetAccess", "XetClient", "XetDownload", "XetUpload", "Xet"]
        ),
    ],
    traits: [
        .trait(
            name: "Client",
            description:
                "Downloads and uploads: the product Xet. Without it there is XetCore, which needs no other package."
        ),
        .trait(name: "Server", description: "The command xet, with proxy and origin.", enabledTraits: ["Client"]),
        .default(enabledTraits: ["Server"]),
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
        .systemLibrary(
            name: "CSQLite",
            pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]
        ),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"]), .brew(["lz4"])]),
        .target(
            name: "XetCore",
            dependencies: ["BLAKE3", "CByteGrouping", "CCRC64", "CLZ4"],
            swiftSettings: spanSettings
        ),
        .target(name: "XetWire", dependencies: ["XetCore", httpTypes, crypto], swiftSettings: settings),
        .target(name: "XetAccess", dependencies: ["XetCore", deque, nio("NIOCore")], swiftSettings: settings),
        .target(
            name: "XetBundle",
            dependencies: ["BLAKE3", "XetAccess", "XetCore", crypto, nio("NIOCore")],
            swiftSettings: settings
        ),
        .target(
            name: "XetStore",
            dependencies: ["XetAccess", "XetCore", nio("NIOCore"), nio("_NIOFileSystem")],
            swiftSettings: settings
        ),
        .target(
            name: "XetCache",
            dependencies: [
                "CSQLite", "XetAccess", "XetBundle", "XetCore", "XetStore", "XetWire", deque, logging, metrics,
                nio("NIOCore"),
                nio("NIOPosix"),
                nio("_NIOFileSystem"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "XetSharing",
            dependencies: ["BLAKE3", "XetAccess", "XetBundle", "XetCore", metrics, nio("NIOCore")],
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
            name: "XetObjects",
            dependencies: ["XetAccess", "XetClient", "XetCore", "XetWire", crypto, httpTypes, nio("NIOCore")],
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
                "XetAccess", "XetBundle", "XetClient", "XetCore", "XetDownload", "XetUpload", "XetWire", crypto,
                httpTypes,
                nio("NIOCore"),
                nio("NIOPosix"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Xet",
            dependencies: [
                "XetAccess", "XetClient", "XetCore", "XetDownload", "XetLocal", "XetUpload", "XetWire", nio("NIOCore"),
            ],
            swiftSettings: settings
        ),
        .target(name: "XetConfiguration", swiftSettings: settings),
        .target(
            name: "XetServer",
            dependencies: [
                hummingbird, hummingbirdCore, httpTypes, logging, metrics, instrumentation, tracing, lifecycle, nioSSL,
                nioHTTP2,
                nioHTTPTypes,
                nioHTTPTypesHTTP2,
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
            resources: ["openapi.json", "index.html", "ui.css", "ui.js"].map { .embedInCode("Files/\($0)") },
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
            name: "XetCommandLine",
            dependencies: [
                "CMemory", "XetAccess", "XetBundle", "XetCache", "XetCore", "XetWire", "XetClient", "XetDownload",
                "XetLocal", "XetObjects", "XetProxy", "XetSharing",
                "XetOrigin", "XetServer", "XetConfiguration", argumentParser, unixSignals, lifecycle, logging,
                asyncHTTPClient, crypto, nioSSL, nio("NIOCore"),
                nio("NIOHTTP1"), nio("NIOPosix"), nio("_NIOFileSystem"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "HubExample",
            dependencies: ["Xet"],
            path: "Tests/HubExample",
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
            name: "XetStoreTestSupport",
            dependencies: ["XetAccess", "XetCore", "XetStore", nio("NIOCore")],
            path: "Tests/XetStoreTestSupport",
            swiftSettings: settings
        ),
        .target(
            name: "XetClientTestSupport",
            dependencies: ["XetAccess", "XetClient", "XetWire", nio("NIOCore"), nio("NIOHTTP1"), nio("NIOPosix")],
            path: "Tests/XetClientTestSupport",
            swiftSettings: settings
        ),
        .target(
            name: "XetServerTestSupport",
            dependencies: [hummingbird, httpTypes, nio("NIOCore")],
            path: "Tests/XetServerTestSupport",
            swiftSettings: settings
        ),
        .target(
            name: "XetBundleTestSupport",
            dependencies: ["XetAccess", "XetBundle", "XetCore", nio("NIOCore")],
            path: "Tests/XetBundleTestSupport",
            swiftSettings: settings
        ),
        .testTarget(
            name: "XetBundleTests",
            dependencies: [
                "BLAKE3", "XetAccess", "XetBundle", "XetBundleTestSupport", "XetCore", "XetTestSupport", nio("NIOCore"),
            ],
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
                "XetAccess", "XetClient", "XetClientTestSupport", "XetCore", "XetTestSupport", "XetWire",
                asyncHTTPClient, httpTypes, instrumentation, metricsTestKit,
                nio("NIOCore"),
                nio("NIOEmbedded"),
                nio("NIOHTTP1"), nio("NIOPosix"), nioSSL,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "XetObjectsTests",
            dependencies: [
                "XetAccess", "XetClient", "XetClientTestSupport", "XetCore", "XetObjects", "XetStoreTestSupport",
                "XetTestSupport", "XetWire", crypto, httpTypes, nio("NIOCore"), nio("NIOHTTP1"),
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
                "XetAccess", "XetAccessTestSupport", "XetBundle", "XetBundleTestSupport", "XetCache", "XetCore",
                "XetDownload", "XetStore",
                "XetTestSupport",
                nio("NIOCore"), nio("_NIOFileSystem"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "XetSharingTests",
            dependencies: [
                "BLAKE3", "XetAccess", "XetAccessTestSupport", "XetBundle", "XetBundleTestSupport", "XetCache",
                "XetCore", "XetSharing", "XetStoreTestSupport", "XetTestSupport",
                nio("NIOCore"),
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
                nioHTTPTypes,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "XetProxyTests",
            dependencies: [
                "XetAccess", "XetCache", "XetClient", "XetCore", "XetDownload", "XetProxy", "XetServer",
                "XetServerTestSupport", "XetTestSupport", "XetWire",
                hummingbird, httpTypes,
                inMemoryTracing, instrumentation, lifecycle, logging, metrics, tracing, nio("NIOCore"),
                nio("NIOEmbedded"), nio("_NIOFileSystem"),
                lifecycleTestKit,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "XetStoreTests",
            dependencies: [
                "XetAccess", "XetCore", "XetStore", "XetStoreTestSupport", "XetTestSupport", nio("NIOCore"),
                nio("_NIOFileSystem"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "XetUploadTests",
            dependencies: [
                "XetAccess", "XetCore", "XetStoreTestSupport", "XetTestSupport", "XetUpload", nio("NIOCore"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "XetOriginTests",
            dependencies: [
                "XetAccess", "XetCore", "XetOrigin", "XetStore", "XetStoreTestSupport", "XetTestSupport", "XetWire",
                crypto,
                hummingbird,
                httpTypes,
                logging, nio("NIOCore"), nio("_NIOFileSystem"),
                hummingbirdTesting,
            ],
            swiftSettings: settings
        ),
    ]
)

// `swift package generate-documentation` is for who writes documentation; nobody else fetches its plugin.
if Context.environment["XET_DOCUMENTATION"] != nil {
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
