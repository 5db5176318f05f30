// swift-tools-version: 6.3
import PackageDescription

// What single steps of single rooms cost: knowing a caller, translating. A package of its own, so that the product's
// manifest knows nothing of it; `Product` is a link to the product's sources, compiled here once more with
// `-enable-testing`. Of the models' room only what translates, watches and counts is listed.
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")

let package = Package(
    name: "room-benches",
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
        .target(
            name: "OstiaryModels",
            dependencies: ["OstiaryCore"],
            path: "Product/Models",
            sources: [
                "Dialects/ChatCompletions", "Dialects/Messages", "Dialects/Responses", "Dialects/Translation",
                "Dialects/OpenAI", "Exchanges/Events/EventScanner.swift", "Exchanges/Failures/ForeignText.swift",
                "Usage", "Scan/MemberPaths.swift", "Scan/MemberScanner.swift", "Scan/MemberScanner+Scalars.swift",
                "Scan/MemberScanner+Strings.swift", "Scan/MemberScanner+Tokens.swift", "Scan/ScanError.swift",
                "Tokens/ImageSize.swift", "Tokens/TextTokens.swift", "Tokens/TokenEstimate.swift",
            ]
        ),
        .target(name: "Stopwatch", path: "Stopwatch"),
        .executableTarget(
            name: "identity-bench",
            dependencies: ["OstiaryCore", "OstiaryIdentity", "OstiaryPurse", "Stopwatch", crypto],
            path: "Identity"
        ),
        .executableTarget(
            name: "dialects-bench",
            dependencies: ["OstiaryCore", "OstiaryModels", "Stopwatch"],
            path: "Dialects"
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
