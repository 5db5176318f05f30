import OstiaryCore

extension Configuration {
    static let providerFields: [Field<Provider>] = [
        .value(
            \.kind,
            About(
                name: "kind",
                help: "openai: any server with OpenAI's API; tinfoil: Tinfoil; echo: built in, needs no account",
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
        .value(
            \.key,
            About(
                name: "key",
                help: "where the provider's key lies: env:NAME or file:PATH; needed by openai and tinfoil",
                fallback: "none",
                example: "env:OPENAI_API_KEY"
            ),
            Form.secret.optional
        ),
        .section(
            \.timeouts,
            About(name: "timeouts", help: "how long the provider may take"),
            timeoutFields
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
        case .tinfoil: "https://inference.tinfoil.sh/v1"
        case .echo: nil
        }
    }

    var needsKey: Bool { self != .echo }
}
