// swift-tools-version:6.2
import PackageDescription

let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v26)],
    dependencies: [.package(name: "xet", path: "..")],
    targets: [
        // The plain forms are those of the tests, through links in its folder.
        .executableTarget(
            name: "KernelBenchmark",
            dependencies: [.product(name: "XetCore", package: "xet")],
            swiftSettings: [.swiftLanguageMode(.v6), .strictMemorySafety(), .enableExperimentalFeature("Lifetimes")]
        )
    ]
)
