// swift-tools-version: 6.3
import PackageDescription

// The rooms of the house. Dependencies point down: Core knows nobody, rooms know Core (and Wire where they talk to
// the network), Server knows all. What is not listed here cannot be imported.
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioTLSEvents = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
// Another implementation of HTTP/2 and HPACK for the tests to compare with; the product has its own (0008).
let http2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let hpack = Target.Dependency.product(name: "NIOHPACK", package: "swift-nio-http2")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
// Subprocess names programs by its paths.
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")

let package = Package(
    name: "ostiary",
    products: [
        .executable(name: "ostiary", targets: ["ostiary"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates.git", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1.git", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2", traits: []),
        // Only for the types that swift-subprocess speaks in.
        .package(url: "https://github.com/apple/swift-system.git", from: "1.6.0"),
    ],
    targets: [
        .target(name: "OstiaryCore", dependencies: [crypto], path: "Sources/Core"),
        .target(name: "CEpoll", path: "Sources/CEpoll"),
        .target(
            name: "OstiaryWire",
            dependencies: ["OstiaryCore", "CEpoll", nio, nioPosix, nioTLS, nioTLSEvents, crypto, x509, asn1],
            path: "Sources/Wire"
        ),
        .target(name: "CSecp256k1", path: "Sources/CSecp256k1"),
        .target(
            name: "OstiaryIdentity",
            dependencies: ["OstiaryCore", "CSecp256k1", crypto, cryptoExtras],
            path: "Sources/Identity"
        ),
        .target(name: "OstiaryCharter", dependencies: ["OstiaryCore"], path: "Sources/Charter"),
        .target(name: "OstiaryPurse", dependencies: ["OstiaryCore"], path: "Sources/Purse"),
        .target(name: "OstiaryModels", dependencies: ["OstiaryCore", "OstiaryWire", nio], path: "Sources/Models"),
        .target(name: "CKeyring", path: "Sources/CKeyring"),
        .target(
            name: "OstiaryVault",
            dependencies: ["OstiaryCore", "CKeyring", crypto, cryptoExtras, subprocess, system],
            path: "Sources/Vault"
        ),
        .target(name: "OstiarySealed", dependencies: ["OstiaryCore", nio, crypto], path: "Sources/Sealed"),
        .target(name: "OstiaryJournal", dependencies: ["OstiaryCore"], path: "Sources/Journal"),
        .target(name: "CSupervise", path: "Sources/CSupervise"),
        .target(
            name: "OstiarySupervisor",
            dependencies: [
                "OstiaryCore", "CSupervise", .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Sources/Supervisor"
        ),
        .target(
            name: "OstiaryServer",
            dependencies: [
                "OstiaryCore", "OstiaryWire", "OstiaryIdentity", "OstiaryCharter", "OstiaryPurse", "OstiaryModels",
                "OstiaryVault", "OstiaryJournal", "OstiarySupervisor", nio, .product(name: "Yams", package: "Yams"),
            ],
            path: "Sources/Server"
        ),
        .executableTarget(
            name: "ostiary",
            dependencies: [
                "OstiaryCore", "OstiaryIdentity", "OstiaryModels", "OstiaryServer", "OstiaryVault", "OstiarySupervisor",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/ostiary"
        ),

        .target(
            name: "OstiaryTesting",
            dependencies: ["OstiaryCore", crypto, nio, nioPosix, nioTLS, nioTLSEvents, x509, asn1, http2, hpack],
            path: "Tests/Testing"
        ),
        .testTarget(name: "CoreTests", dependencies: ["OstiaryCore", "OstiaryTesting"]),
        .testTarget(
            name: "WireTests",
            dependencies: [
                "OstiaryWire", "OstiaryTesting", nio, nioPosix, nioTLS, crypto, x509, asn1,
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                hpack,
            ]
        ),
        .testTarget(name: "IdentityTests", dependencies: ["OstiaryIdentity", "OstiaryTesting", crypto, cryptoExtras]),
        .testTarget(name: "CharterTests", dependencies: ["OstiaryCharter", "OstiaryTesting"]),
        .testTarget(name: "PurseTests", dependencies: ["OstiaryPurse", "OstiaryTesting"]),
        .testTarget(
            name: "ModelsTests",
            dependencies: ["OstiaryModels", "OstiaryTesting", nio, crypto],
            exclude: ["Golden"]
        ),
        .testTarget(
            name: "VaultTests",
            dependencies: ["OstiaryVault", "OstiaryTesting", "vault-victim", crypto, cryptoExtras]
        ),
        // Writes to a sealed store until it is killed, for the tests of crashes.
        .executableTarget(
            name: "vault-victim",
            dependencies: ["OstiaryCore", "OstiaryVault"],
            path: "Tests/VaultVictim"
        ),
        .testTarget(
            name: "SupervisorTests",
            dependencies: ["OstiarySupervisor", "OstiaryCore", "OstiaryTesting", "ostiary"]
        ),
        .testTarget(name: "SealedTests", dependencies: ["OstiarySealed", "OstiaryTesting", nio, crypto]),
        .testTarget(name: "JournalTests", dependencies: ["OstiaryJournal", "OstiaryTesting"]),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "OstiaryServer", "OstiaryCore", "OstiaryWire", "OstiaryIdentity", "OstiaryModels", "OstiaryJournal",
                "OstiaryVault", "OstiaryTesting", nio, crypto,
            ],
            exclude: ["Configuration/Golden"]
        ),
        .testTarget(
            name: "CommandTests",
            dependencies: ["ostiary", "OstiaryCore", "OstiaryServer"],
            exclude: ["Sessions"]
        ),
    ]
)

for target in package.targets where target.type != .system && target.type != .plugin {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
            // An async call stays where its caller is: a request never leaves its loop for a call that does not wait.
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        ]
}
