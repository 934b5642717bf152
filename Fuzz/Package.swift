// swift-tools-version:6.2
import PackageDescription

// The modules under test are compiled from their own sources, through links in Sources/, and not through a dependency
// on the main package: so they are instrumented, and little else is built.

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
]

/// Compiled for coverage and with bounds checks of memory.
let instrumented: [SwiftSetting] =
    settings + [.unsafeFlags(["-sanitize=fuzzer,address", "-parse-as-library"])]

func nio(_ names: [String]) -> [Target.Dependency] { names.map { .product(name: $0, package: "swift-nio") } }

func fuzzer(_ name: String, of module: String = "XetCore", and others: [Target.Dependency] = []) -> Target {
    .executableTarget(
        name: name,
        dependencies: ["FuzzDriver"] + Set(["XetCore", module]).sorted().map { .byName(name: $0) } + others,
        swiftSettings: instrumented,
        linkerSettings: [
            .unsafeFlags(["-sanitize=fuzzer,address"]),
            // The coverage counters are only found by the names of their sections, which the linker would drop.
            .unsafeFlags(["-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "nostart-stop-gc"], .when(platforms: [.linux])),
        ]
    )
}

let package = Package(
    name: "xet-fuzz",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .target(name: "CBLAKE3"),
        .target(name: "CByteGrouping"),
        .target(name: "CCRC64"),
        .target(name: "BLAKE3", dependencies: ["CBLAKE3"], swiftSettings: settings),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .target(
            name: "XetCore",
            dependencies: ["BLAKE3", "CByteGrouping", "CCRC64", "CLZ4"],
            swiftSettings: instrumented
        ),
        .target(
            name: "XetWire",
            dependencies: ["XetCore", .product(name: "HTTPTypes", package: "swift-http-types")],
            // What is signed needs Crypto, and is opened only after its signature was found right.
            exclude: ["Signing/Signer.swift"],
            swiftSettings: instrumented
        ),
        .target(
            name: "AnswerGuard",
            dependencies: nio(["NIOCore", "NIOHTTP1"]),
            swiftSettings: instrumented
        ),
        .target(
            name: "Multipart",
            dependencies: ["XetCore", "XetWire", .product(name: "HTTPTypes", package: "swift-http-types")] + nio(["NIOCore"]),
            swiftSettings: instrumented
        ),
        .target(name: "CLibFuzzer"),
        .target(name: "FuzzDriver", dependencies: ["CLibFuzzer"], swiftSettings: settings),
        fuzzer("FuzzChunks"),
        fuzzer("FuzzXorbFooter"),
        fuzzer("FuzzShard"),
        fuzzer("FuzzReconstruction", of: "XetWire"),
        fuzzer("FuzzHeaders", of: "XetWire", and: [.product(name: "HTTPTypes", package: "swift-http-types")]),
        fuzzer("FuzzAnswers", of: "AnswerGuard", and: nio(["NIOCore", "NIOEmbedded", "NIOHTTP1"])),
        fuzzer("FuzzMultipart", of: "Multipart", and: ["XetWire"] + nio(["NIOCore"])),
    ]
)
