// swift-tools-version: 6.3
import PackageDescription

// The parsers of the gate under libFuzzer. A package of its own, so that the product's manifest knows nothing of it.
//
// `Product` is a link to the product's sources: its library targets are no products that another package could depend
// on, and its readers are internal. Compiled here once more, with `-enable-testing`, both stay as they are. Of each room
// only what reads input is listed, so that few dependencies are needed.
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")

let package = Package(
    name: "fuzz",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2", traits: []),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.6.0"),
    ],
    targets: [
        .target(name: "OstiaryCore", dependencies: [crypto], path: "Product/Core"),
        .target(
            name: "OstiaryWire",
            dependencies: ["OstiaryCore", nio, nioSSL],
            path: "Product/Wire",
            sources: [
                "HTTP1", "HTTP2/Frames", "HTTP2/HPACK", "HTTP2/Server/RequestHead+FieldBlock.swift", "Addresses",
                "Dialler/Health", "Dialler/Origin.swift", "TLS/TLSFault.swift", "TLS/TLSFiles.swift", "TLS/TLSMaterial.swift",
                "TLS/TLSSettings.swift",
            ]
        ),
        .target(name: "CSecp256k1", path: "Product/CSecp256k1"),
        .target(
            name: "OstiaryIdentity",
            dependencies: ["OstiaryCore", "CSecp256k1", crypto, cryptoExtras],
            path: "Product/Identity"
        ),
        .target(name: "CKeyring", path: "Product/CKeyring"),
        .target(
            name: "OstiaryVault",
            dependencies: ["OstiaryCore", "CKeyring", crypto, cryptoExtras, subprocess, system],
            path: "Product/Vault"
        ),
        .target(
            name: "OstiaryModels",
            dependencies: ["OstiaryCore", "OstiaryWire", nio],
            path: "Product/Models",
            sources: [
                "Scan", "Usage", "Providers", "Routing/ModelRules.swift", "Exchanges/Events/EventScanner.swift",
                "Exchanges/Events/EventRewriter.swift",
                "Dialects/ChatCompletions", "Dialects/Messages", "Dialects/Responses", "Dialects/Translation",
                "Dialects/OpenAI", "Exchanges/Failures/ForeignText.swift",
            ]
        ),
        .target(
            name: "OstiaryServer",
            dependencies: [
                "OstiaryCore", "OstiaryWire", "OstiaryIdentity", "OstiaryModels", "OstiaryVault", .product(name: "Yams", package: "Yams"),
            ],
            path: "Product/Server",
            sources: ["Configuration", "Running/LoopbackClient.swift"]
        ),
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "OstiaryCore", "OstiaryWire", "OstiaryIdentity", "OstiaryModels", "OstiaryServer", nio, nioEmbedded,
                nioHTTP1, crypto,
            ],
            path: "Targets",
            swiftSettings: [.unsafeFlags(["-parse-as-library"])]
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
