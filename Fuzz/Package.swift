// swift-tools-version:6.2
import PackageDescription

// The modules under test are compiled from their own sources, through links in Sources/, and not through a dependency
// on the main package: so they are instrumented, and nothing else is fetched or built.

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

func fuzzer(_ name: String) -> Target {
    .executableTarget(
        name: name,
        dependencies: ["FuzzDriver", "XetCore"],
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
    targets: [
        .target(name: "CBLAKE3"),
        .target(name: "BLAKE3", dependencies: ["CBLAKE3"], swiftSettings: settings),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .target(name: "XetCore", dependencies: ["BLAKE3", "CLZ4"], swiftSettings: instrumented),
        .target(name: "CLibFuzzer"),
        .target(name: "FuzzDriver", dependencies: ["CLibFuzzer"], swiftSettings: settings),
        fuzzer("FuzzChunks"),
        fuzzer("FuzzXorbFooter"),
        fuzzer("FuzzShard"),
    ]
)
