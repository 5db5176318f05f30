import OstiaryCore
import OstiaryWire

extension Configuration {
    static let identityFields: [Field<Identity>] = [
        .entries(
            \.jwt,
            About(name: "jwt", help: "issuers of bearer tokens; nobody else is believed"),
            each: TokenIssuer(),
            issuerFields,
            most: 16
        ),
        .section(
            \.certificates,
            About(
                name: "certificates",
                help:
                    "callers known by a client certificate of `listen.tls.client_certificates`, where a request brings "
                    + "no token"
            ),
            certificateFields
        ),
        .value(
            \.keys,
            About(
                name: "keys",
                help: "virtual keys made with `ostiary keys`, for clients that can do no better: the file that keeps "
                    + "them, in a folder of its own with mode 700, or `true` for `keys/keys.json` beside this file",
                fallback: "none",
                example: "true",
                environment: "OSTIARY_KEYS_FILE"
            ),
            .keysFile
        ),
        .section(
            \.workloads,
            About(
                name: "workloads",
                help: "workload identity: `POST /v1/oauth/token` gives a short token of the gate's own for a signed "
                    + "assertion of a platform that is trusted"
            ),
            workloadFields
        ),
        .section(
            \.nuc,
            About(
                name: "nuc",
                help: "capability tokens (NUC), as nilai's clients bring them; needs Debian's libsecp256k1-1"
            ),
            capabilityFields
        ),
        .value(
            \.local,
            About(
                name: "local",
                help:
                    "whether `ostiary token` gets a token of an hour at most from the admin door: over its socket file "
                    + "for the gate's own user, else for whoever has the daemon's token"
            ),
            .truth
        ),
        .value(
            \.hashKey,
            About(
                name: "hash_key",
                help: "the key of the pseudonyms that limits and logs know callers by: 64 hex digits behind a source; "
                    + "the variable holds the digits themselves",
                fallback: "random at every start",
                example: "file:/run/secrets/hash_key"
            ),
            Form.secret.optional
        ),
        .value(
            \.signatureCheck,
            About(
                name: "signature_check",
                help: "how ES256 signatures are checked: `fast` by tables of the issuers' keys, with the cryptographic "
                    + "library watching over them; `library` by the library alone, at three times the price",
                environment: "JWT_SIGNATURE_CHECK"
            ),
            .choice
        ),
    ]

    private static let issuerFields: [Field<TokenIssuer>] = [
        .value(
            \.issuer,
            About(
                name: "issuer",
                help: "the `iss` that tokens must have; may be left out where `audiences` is set",
                fallback: "not checked",
                example: "https://idp.example",
                environment: "ISSUER"
            ),
            Form.text("text of 1 to 1024 bytes").optional
        ),
        .value(
            \.jwks,
            About(
                name: "jwks",
                help: "where the issuer's key set lies",
                isRequired: true,
                example: "https://idp.example/keys",
                environment: "JWKS_URL"
            ),
            .keySet
        ),
        .value(
            \.addresses,
            About(
                name: "addresses",
                help: "where the name in `jwks` may lead: public, private or any; see `providers`",
                fallback: "public; private for a name that no public name server knows (any over https); an address "
                    + "and localhost mean themselves"
            ),
            Form<AddressRules.Reach>.choice.optional
        ),
        .list(
            \.audiences,
            About(
                name: "audiences",
                help: "one of these must be in `aud`; may be left out where `issuer` is set",
                fallback: "not checked",
                example: "[api]",
                environment: "AUDIENCES"
            ),
            of: .text("text of 1 to 1024 bytes"),
            most: 64
        ),
        .list(
            \.algorithms,
            About(name: "algorithms", help: "signature algorithms that are accepted"),
            of: .choice,
            most: 5
        ),
        .section(
            \.scopes,
            About(
                name: "scopes",
                help: "scopes that a token needs, by kind of route; a kind left out keeps its default, `{}` asks for "
                    + "none at all; the variable is spelled `chat=inference,models=inference`, or `none`",
                environment: "REQUIRED_SCOPES"
            ),
            scopeFields,
            whenEmpty: { scopes in for kind in Route.Kind.allCases { scopes[kind] = [] } },
            inline: .requiredScopes
        ),
        .value(
            \.leeway,
            About(name: "leeway", help: "how much clocks may differ", environment: "JWT_LEEWAY"),
            .duration(0...300)
        ),
        .value(
            \.maxLifetime,
            About(
                name: "max_lifetime",
                help: "the longest time between `iat` and `exp`",
                environment: "JWT_MAX_LIFETIME"
            ),
            .duration(1...31_536_000)
        ),
    ]

    private static let scopeFields: [Field<[Route.Kind: [String]]>] = [
        .value(
            \.[scopesFor: .chat],
            About(name: "chat", help: "inference; empty text asks for none"),
            .scopes
        ),
        .value(
            \.[scopesFor: .models],
            About(name: "models", help: "the list of models; empty text asks for none"),
            .scopes
        ),
    ]
}

extension Form where Value == [Route.Kind: [String]] {
    /// `KIND=SCOPES` divided by commas, or `none`.
    fileprivate static var requiredScopes: Form {
        Form(
            noun: "KIND=SCOPES divided by commas, or none",
            schema: [.init("type", "string")],
            parse: { written throws(Complaint) in
                var value = Configuration.TokenIssuer().scopes
                if written.text.utf8.elementsEqual("none".utf8) { return value.mapValues { _ in [] } }
                for item in written.text.split(separator: ",", omittingEmptySubsequences: false) {
                    let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                    guard parts.count == 2, let kind = Route.Kind(rawValue: String(parts[0].trimmed)) else {
                        throw Complaint(hint: "such as chat=inference,models=inference")
                    }
                    value[kind] = try Form<[String]>.scopes.parse(Written(String(parts[1])))
                }
                return value
            },
            show: { _ in nil }
        )
    }
}

extension Form where Value == String? {
    /// `true` for the usual place, `false` for none, or a path.
    fileprivate static var keysFile: Form {
        Form(
            noun: "true, false or a path",
            schema: [.init("type", .array([.string("string"), .string("boolean")]))],
            parse: { written throws(Complaint) in
                switch written.text {
                case "true" where !written.isQuoted: return Configuration.usualKeysFile
                case "false" where !written.isQuoted: return nil
                default: return try Form<String>.path.parse(written)
                }
            },
            show: { $0 }
        )
    }
}

extension Dictionary where Key == Route.Kind, Value == [String] {
    /// The scopes of one kind; none where the kind has no entry.
    fileprivate subscript(scopesFor kind: Route.Kind) -> [String] {
        get { self[kind] ?? [] }
        set { self[kind] = newValue }
    }
}
