// swift-tools-version:6.2
import PackageDescription

let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v26)],
    dependencies: [.package(name: "xet", path: "..")],
    targets: [
        .executableTarget(
            name: "BLAKE3Benchmark",
            dependencies: [.product(name: "XetCore", package: "xet")],
            swiftSettings: [.swiftLanguageMode(.v6), .strictMemorySafety(), .enableExperimentalFeature("Lifetimes")]
        )
    ]
)
