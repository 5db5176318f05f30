// swift-tools-version: 6.3
import PackageDescription

// What it costs to know a caller, one step at a time. A package of its own, so that the product's manifest knows nothing
// of it; `Product` is a link to the product's sources, compiled here once more with `-enable-testing`.
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")

let package = Package(
    name: "identity-bench",
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2")
    ],
    targets: [
        .target(name: "OstiaryCore", dependencies: [crypto], path: "Product/Core"),
        .target(name: "CSecp256k1", path: "Product/CSecp256k1"),
        .target(
            name: "OstiaryIdentity",
            dependencies: ["OstiaryCore", "CSecp256k1", crypto, cryptoExtras],
            path: "Product/Identity"
        ),
        .target(name: "OstiaryPurse", dependencies: ["OstiaryCore"], path: "Product/Purse"),
        .executableTarget(
            name: "identity-bench",
            dependencies: ["OstiaryCore", "OstiaryIdentity", "OstiaryPurse", crypto],
            path: "Measure"
        ),
    ]
)

for target in package.targets {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
            .unsafeFlags(["-enable-testing"]),
        ]
}
