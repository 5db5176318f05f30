public import OstiaryIdentity

extension Configuration {
    /// Capability tokens: whose are believed. Off without a key.
    public struct Capabilities: Hashable, Sendable {
        /// The service's own private key: invocations have to be made out to it.
        public var key: SecretReference?
        /// nilAuth services, whose roots are believed for anybody.
        public var trusted: [DID] = []
        /// Accounts, believed for roots that they made for themselves.
        public var accounts: [DID] = []
        public var scopes: [String] = ["inference"]
        public var isSingleUse = false
        /// The file of revoked tokens; `nil` where there is none.
        public var revocations: String?
        /// The chains that wallets may sign for (EIP-712); empty for no wallets.
        public var walletChains: [Int] = []

        public init() {}
    }

    static let capabilityFields: [Field<Capabilities>] = [
        .value(
            \.key,
            About(
                name: "key",
                help:
                    "this gate's own private key, 64 hex digits behind a source; invocations have to be made out to it, "
                    + "and `GET /v1/public_key` shows its public half",
                fallback: "capability tokens are not taken",
                example: "file:/run/secrets/nuc_key"
            ),
            Form.secret.optional
        ),
        .list(
            \.trusted,
            About(
                name: "trusted",
                help: "nilAuth services, whose root tokens are believed for anybody: `did:nil:` or `did:key:`",
                example: "[\"did:nil:0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\"]"
            ),
            of: .did,
            most: 64
        ),
        .list(
            \.accounts,
            About(
                name: "accounts",
                help: "accounts, believed for root tokens that they made for themselves, as nilai-py 0.3 makes them"
            ),
            of: .did,
            most: 10_000
        ),
        .list(
            \.scopes,
            About(name: "scopes", help: "what an account may do"),
            of: .scope,
            most: 64
        ),
        .value(
            \.isSingleUse,
            About(
                name: "single_use",
                help: "whether an invocation is good for one request; at most 1,000,000 are remembered, each until its "
                    + "chain expires, and when they are full requests get 503"
            ),
            .truth
        ),
        .value(
            \.revocations,
            About(
                name: "revocations",
                help: "the file of revoked tokens that `ostiary nuc revoke` writes, in a folder with mode 700",
                fallback: "none",
                example: "nuc/revoked.json"
            ),
            Form<String>.path.optional
        ),
        .list(
            \.walletChains,
            About(
                name: "wallet_chains",
                help: "chain ids for which tokens signed by wallets (EIP-712) are taken; none by default"
            ),
            of: .whole(0...4_294_967_295),
            most: 16
        ),
    ]
}

extension Form where Value == DID {
    /// A key's DID.
    static var did: Form {
        Form(
            noun: "did:nil: and 66 hex digits, did:key:z or did:ethr:0x",
            schema: [
                .init("type", "string"), .init("pattern", "^did:(nil:[0-9a-fA-F]{66}|key:z.+|ethr:0x[0-9a-fA-F]{40})$"),
            ],
            parse: { written throws(Complaint) in
                guard let did = DID(written.text) else {
                    throw Complaint(hint: "ostiary nuc inspect TOKEN shows who issued a token")
                }
                return did
            },
            show: { $0.description }
        )
    }
}

extension Configuration {
    /// What a gate with this file has under `identity.nuc`. Nothing else of the file has to be right.
    public static func capabilities(of file: String, surroundings: Surroundings) -> Capabilities {
        var reading = Reading(file: file, variables: surroundings.variables, flags: [:])
        var configuration = Configuration()
        let own = identityFields.filter { $0.about.name.utf8.elementsEqual("nuc".utf8) }
        let fields: [Field<Configuration>] = [.section(\.identity, About(name: "identity", help: ""), own)]
        if let bytes = surroundings.read(file, Document.largest),
            let (root, twins) = Document.compose(bytes, &reading)
        {
            reading.section(root, twins, fields, later: [], into: &configuration)
            configuration.settlePaths(besides: file)
        }
        return configuration.identity.nuc
    }
}
