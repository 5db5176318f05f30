public import OstiaryWire

extension Configuration {
    /// Workload identity: who gets a token of the gate's own for what its platform says of it. Off without rules.
    public struct Workloads: Hashable, Sendable {
        /// The `iss` and `aud` of the gate's own tokens.
        public var issuer = "ostiary"
        /// Seconds that such a token lives.
        public var lifetime: Double = 600
        /// Where the secret lies that the signing key follows from: 64 hex digits. `nil` for a random key.
        public var signingKey: SecretReference?
        /// In the file's order; names are unique.
        public var rules: [Rule] = []

        public init() {}

        /// One trust rule.
        public struct Rule: Hashable, Sendable {
            public var name = ""
            /// Whom the rule believes. Its `scopes` are not used.
            public var token: TokenIssuer = {
                var token = TokenIssuer()
                token.maxLifetime = 3600
                return token
            }()
            public var subjects: [String] = []
            public var accounts: [String] = []
            public var organization: String?
            public var scopes: [String] = ["inference"]
            public var isSingleUse = true

            public init() {}
        }
    }

    static let workloadFields: [Field<Workloads>] = [
        .value(
            \.issuer,
            About(
                name: "issuer",
                help: "the `iss` and `aud` of the gate's own tokens; gates that share a signing key share it"
            ),
            .text("text of 1 to 1024 bytes")
        ),
        .value(
            \.lifetime,
            About(name: "lifetime", help: "how long a token of the gate's own lives"),
            .duration(60...3600)
        ),
        .value(
            \.signingKey,
            About(
                name: "signing_key",
                help:
                    "64 hex digits behind a source, from which the signing key follows: gates that share them believe "
                    + "each other's tokens, and their own from before a restart",
                fallback: "random at every start",
                example: "file:/run/secrets/signing_key"
            ),
            Form.secret.optional
        ),
        .table(
            \.rules,
            About(
                name: "rules",
                help: "trust rules; clients name one as `federation_rule_id` or `identity_provider_id`"
            ),
            each: Workloads.Rule(),
            name: \.name,
            .providerName,
            ruleFields,
            most: 64
        ),
    ]

    private static let ruleFields: [Field<Workloads.Rule>] = [
        .value(
            \.token.issuer,
            About(
                name: "issuer",
                help: "the `iss` of the assertions",
                isRequired: true,
                example: "https://token.actions.githubusercontent.com"
            ),
            Form.text("text of 1 to 1024 bytes").optional
        ),
        .value(
            \.token.jwks,
            About(
                name: "jwks",
                help: "where the issuer's key set lies",
                isRequired: true,
                example: "https://token.actions.githubusercontent.com/.well-known/jwks"
            ),
            .keySet
        ),
        .value(
            \.token.addresses,
            About(
                name: "addresses",
                help: "where the name in `jwks` may lead: public, private or any; see `providers`",
                fallback: "public; private for a name that no public name server knows (any over https); an address "
                    + "and localhost mean themselves"
            ),
            Form<AddressRules.Reach>.choice.optional
        ),
        .list(
            \.token.audiences,
            About(
                name: "audiences",
                help: "what the assertions' `aud` must be; it names this gate, and nothing else may be in it",
                isRequired: true,
                example: "[https://gate.example]"
            ),
            of: .text("text of 1 to 1024 bytes"),
            most: 16
        ),
        .list(
            \.token.algorithms,
            About(name: "algorithms", help: "signature algorithms that are accepted"),
            of: .choice,
            most: 5
        ),
        .list(
            \.subjects,
            About(
                name: "subjects",
                help: "the `sub` of those who may come in: whole, or a prefix and `*`",
                isRequired: true,
                example: "[\"repo:acme/app:*\"]"
            ),
            of: .subjectPattern,
            most: 256
        ),
        .list(
            \.accounts,
            About(
                name: "accounts",
                help: "the principals that may be asked for as `service_account_id`; a sole one is given where none is "
                    + "asked for",
                fallback: "the assertion's subject",
                example: "[svac_ci]"
            ),
            of: .text("text of 1 to 255 bytes", most: 255),
            most: 256
        ),
        .value(
            \.organization,
            About(
                name: "organization",
                help: "what `organization_id` must be",
                fallback: "not looked at",
                example: "00000000-0000-0000-0000-000000000000"
            ),
            Form.text("text of 1 to 255 bytes", most: 255).optional
        ),
        .value(\.scopes, About(name: "scopes", help: "what the principal may do"), .scopes),
        .value(
            \.isSingleUse,
            About(
                name: "single_use",
                help: "whether an assertion is good for one token only; `false` where several processes read one file, "
                    + "as with projected tokens of Kubernetes"
            ),
            .truth
        ),
        .value(
            \.token.leeway,
            About(name: "leeway", help: "how much clocks may differ"),
            .duration(0...300)
        ),
        .value(
            \.token.maxLifetime,
            About(name: "max_lifetime", help: "the longest time between `iat` and `exp` of an assertion"),
            .duration(1...172_800)
        ),
    ]
}

extension Form where Value == String {
    /// A subject, or the beginning of one and `*`.
    fileprivate static var subjectPattern: Form {
        Form(
            noun: "a subject, or a prefix and `*`",
            schema: [.init("type", "string"), .init("pattern", "^[^*]{0,254}[^*]$|^[^*]{1,254}\\*$")],
            parse: { written throws(Complaint) in
                guard isPrintable(written.text, most: 255) else { throw Complaint() }
                if written.text.utf8.elementsEqual("*".utf8) {
                    throw Complaint("may not be everybody", hint: "name whom the issuer may send, such as repo:acme/*")
                }
                if written.text.utf8.dropLast().contains(UInt8(ascii: "*")) {
                    throw Complaint("may have `*` at its end only")
                }
                return written.text
            },
            show: { $0 }
        )
    }
}

extension Checks {
    mutating func checkWorkloads(_ identity: Configuration.Identity) {
        let workloads = identity.workloads
        let path = ["identity", "workloads"]
        guard !workloads.rules.isEmpty else { return }
        if let reference = workloads.signingKey { check(reference, at: path + ["signing_key"]) }
        for (index, issuer) in identity.jwt.enumerated() {
            let place = ["identity", "jwt", "[\(index)]"]
            guard let name = issuer.issuer else {
                fault(place, "has no `issuer`, which is needed beside `identity.workloads`")
                continue
            }
            if name.utf8.elementsEqual(workloads.issuer.utf8) {
                fault(path + ["issuer"], "is an issuer of `identity.jwt` too", hint: "give the gate a name of its own")
            }
        }
        for rule in workloads.rules {
            let path = path + ["rules", rule.name]
            guard !reading.hasFault(below: path) else { continue }
            for (key, isThere) in [
                ("issuer", rule.token.issuer != nil), ("jwks", reading.place(of: path + ["jwks"]) != nil),
                ("audiences", !rule.token.audiences.isEmpty), ("subjects", !rule.subjects.isEmpty),
            ] where !isThere {
                missing(path, key, hint: "a rule says whose assertions it believes, for whom, and of which subjects")
            }
            if rule.token.algorithms.isEmpty {
                fault(path + ["algorithms"], "is empty: no assertion could be good", hint: "such as [RS256]")
            }
            switch rule.token.jwks {
            case .file(let file): check(file: file, at: path + ["jwks"])
            case .url(let url) where !url.isEmpty: checkAddresses(url, rule.token.addresses, key: "jwks", at: path)
            case .url: break
            }
        }
    }
}
