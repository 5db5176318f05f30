import OstiaryCore
import OstiaryModels
import OstiaryWire

extension Configuration {
    static let providerFields: [Field<Provider>] = [
        .value(
            \.kind,
            About(
                name: "kind",
                help: "who it is; openai and anthropic also stand for every server that speaks their API, local for "
                    + "vLLM and the like, echo is built in and needs no account",
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
                    + "says more; needed by most kinds",
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
            \.api,
            About(
                name: "api",
                help: "what a server of the kind custom speaks",
                fallback: "anthropic where the address says so, else what the server's list of models looks like"
            ),
            Form<Provider.API>.choice.optional
        ),
        .value(
            \.onLoss,
            About(
                name: "on_loss",
                help: "what becomes of something a client asks for that cannot be said in the provider's dialect: "
                    + "report, leave it out and name it in ostiary-dropped; refuse, answer 400"
            ),
            .choice
        ),
        .value(
            \.retries,
            About(
                name: "retries",
                help: "how often it is asked once more when it cannot be reached, fails (5xx) or is limited for two "
                    + "seconds at most (429), before anything went to the client"
            ),
            .whole(0...5)
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
        .value(
            \.choose,
            About(
                name: "choose",
                help:
                    "who of several is asked first: order, the first; weight, each for its part; latency, the one that "
                    + "answers sooner; the others follow when that one fails"
            ),
            .choice
        ),
        .value(\.weight, About(name: "weight", help: "its part where choose is weight"), .whole(0...1000)),
        .entries(
            \.others,
            About(name: "others", help: "who else may answer, in this order"),
            each: Other(),
            otherFields,
            most: 16
        ),
        .value(
            \.reasoning,
            About(
                name: "reasoning_model",
                help: "the name that the provider knows for requests that ask for much thought (an effort of high and "
                    + "above)",
                fallback: "none",
                example: "o4"
            ),
            Form.text("text of 1 to 256 bytes", most: 256).optional
        ),
        .value(
            \.context,
            About(name: "context", help: "tokens that the model reads at most; shown to clients", fallback: "unknown"),
            Form.whole(1...100_000_000).optional
        ),
        .value(
            \.longestOutput,
            About(
                name: "max_output",
                help: "tokens that the model writes at most; a wish for more is cut down to it where the request is "
                    + "translated",
                fallback: "unknown"
            ),
            Form.whole(1...100_000_000).optional
        ),
        .value(
            \.onLoss,
            About(name: "on_loss", help: "as with the provider, for this model", fallback: "what the provider says"),
            Form<Losses.Policy>.choice.optional
        ),
    ]

    private static let otherFields: [Field<Other>] = [
        .value(
            \.provider,
            About(name: "provider", help: "the name of a provider above", isRequired: true, example: "spare"),
            .providerName
        ),
        .value(
            \.upstream,
            About(name: "name", help: "the name that this provider knows", fallback: "the public name"),
            Form.text("text of 1 to 256 bytes", most: 256).optional
        ),
        .value(\.weight, About(name: "weight", help: "its part where choose is weight"), .whole(0...1000)),
    ]
}

extension ProviderKind {
    /// Where the kind's API begins unless `base_url` says otherwise.
    var publicURL: String? { ProviderCatalogue.traits(of: self).base }

    var needsKey: Bool { ProviderCatalogue.traits(of: self).needsKey }
}
