// swift-tools-version: 6.3
import PackageDescription

// A server on Hummingbird with its default settings, for `make compare`. A package of its own, so that the product's
// manifest knows nothing of it.
let package = Package(
    name: "comparison",
    dependencies: [
        .package(
            url: "https://github.com/hummingbird-project/hummingbird.git",
            from: "2.28.1",
            traits: ["FullFoundation"]
        )
    ],
    targets: [
        .executableTarget(
            name: "hummingbird",
            dependencies: [.product(name: "Hummingbird", package: "hummingbird")]
        )
    ]
)
