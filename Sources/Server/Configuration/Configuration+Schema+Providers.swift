import OstiaryCore
import OstiaryWire

extension Configuration {
    static let providerFields: [Field<Provider>] = [
        .value(
            \.kind,
            About(
                name: "kind",
                help:
                    "openai: any server with OpenAI's API; anthropic: any with Anthropic's; tinfoil: Tinfoil; echo: built in, "
                    + "needs no account",
                isRequired: true,
                example: "openai"
            ),
            .choice
        ),
        .value(
            \.baseURL,
            About(
                name: "base_url",
                help: "where the provider's API begins; https, or http on loopback and private networks",
                fallback: "the kind's public address",
                example: "http://127.0.0.1:9000/v1"
            ),
            Form.baseURL.optional
        ),
        .either(
            \.place,
            About(
                name: "key",
                help:
                    "where the provider's key lies: env:NAME, file:PATH, vault:NAME or keyring:NAME, or a section that "
                    + "says more; needed by every kind but echo",
                fallback: "none",
                example: "env:OPENAI_API_KEY"
            ),
            .keyPlace,
            each: KeyPlace(),
            keyFields
        ),
        .eithers(
            \.keys,
            About(name: "keys", help: "several keys instead, each as at `key`, which take turns by their weights"),
            .keyPlace,
            each: KeyPlace(),
            keyFields,
            most: 16
        ),
        .value(
            \.addresses,
            About(
                name: "addresses",
                help: "where the name in `base_url` may lead: public, the internet; private, this machine and private "
                    + "networks; any, both; metadata services and the like are never allowed",
                fallback: "public; private for a name that no public name server knows (any over https); an address "
                    + "and localhost mean themselves"
            ),
            Form<AddressRules.Reach>.choice.optional
        ),
        .section(\.tls, About(name: "tls", help: "whom TLS to the provider believes"), tlsFields),
        .value(
            \.http2,
            About(name: "http2", help: "whether HTTP/2 is offered over TLS; a provider without it gets HTTP/1.1"),
            .truth
        ),
        .section(
            \.timeouts,
            About(name: "timeouts", help: "how long the provider may take"),
            timeoutFields
        ),
        .section(
            \.breaker,
            About(name: "breaker", help: "when a provider that fails is left alone, and for how long"),
            breakerFields
        ),
    ]

    private static let tlsFields: [Field<ProviderTLS>] = [
        .value(
            \.verify,
            About(name: "verify", help: "false believes every certificate; only for a provider on this machine"),
            .truth
        ),
        .value(
            \.authority,
            About(
                name: "authority",
                help: "a file with the certificates (PEM) of an authority of your own, which alone is believed then",
                fallback: "the system's authorities",
                example: "/etc/ssl/models-ca.pem"
            ),
            Form.path.optional
        ),
    ]

    private static let breakerFields: [Field<Breaker.Settings>] = [
        .value(
            \.failures,
            About(name: "failures", help: "failures in a row that open it; 0 switches it off"),
            .whole(0...1000)
        ),
        .value(
            \.share,
            About(name: "share", help: "percent of the calls of ten seconds, of 20 at least, that open it"),
            .whole(1...100)
        ),
        .value(
            \.openTime,
            About(name: "open", help: "until it is tried whether the provider is back"),
            .duration(1...3600)
        ),
        .value(
            \.probes,
            About(name: "probes", help: "calls that try it, and must succeed for it to close"),
            .whole(1...100)
        ),
    ]

    private static let timeoutFields: [Field<Timeouts>] = [
        .value(\.connect, About(name: "connect", help: "until a connection stands"), .duration(1...60)),
        .value(
            \.head,
            About(
                name: "head",
                help: "from the end of the request to the head of the answer; a whole completion sends it when it is "
                    + "finished"
            ),
            .duration(1...3600)
        ),
        .value(
            \.silence,
            About(
                name: "silence",
                help: "between two pieces of an answer; 0 for as long as the provider likes"
            ),
            .duration(0...3600)
        ),
    ]

    static let modelFields: [Field<Model>] = [
        .value(
            \.provider,
            About(name: "provider", help: "the name of a provider above", isRequired: true, example: "openai"),
            .providerName
        ),
        .value(
            \.upstream,
            About(
                name: "name",
                help: "the name that the provider knows; not for patterns, which pass the name on",
                fallback: "the public name",
                example: "gpt-4o-mini"
            ),
            Form.text("text of 1 to 256 bytes", most: 256).optional
        ),
    ]
}

extension Configuration.Provider.Kind {
    /// Where the kind's API begins unless `base_url` says otherwise.
    var publicURL: String? {
        switch self {
        case .openai: "https://api.openai.com/v1"
        case .anthropic: "https://api.anthropic.com/v1"
        case .tinfoil: "https://inference.tinfoil.sh/v1"
        case .echo: nil
        }
    }

    var needsKey: Bool { self != .echo }
}
