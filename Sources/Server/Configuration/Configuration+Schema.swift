import OstiaryCore

/// The one schema. The reading of the file, `ostiary check --schema` and the reference are made from it, with the
/// defaults of the `Configuration` types.
extension Configuration {
    static let schema: [Field<Configuration>] = [
        .section(
            \.listen,
            About(name: "listen", help: "the public door, where clients call"),
            listenFields
        ),
        .section(
            \.admin,
            About(name: "admin", help: "the admin door: health, metrics and everything that is not for clients"),
            adminFields
        ),
        .section(
            \.identity,
            About(name: "identity", help: "who may be believed"),
            identityFields,
            later: ["nuc"]
        ),
        .table(
            \.providers,
            About(name: "providers", help: "where calls can go; the names are yours"),
            each: Provider(),
            name: \.name,
            .providerName,
            providerFields,
            most: 100
        ),
        .table(
            \.models,
            About(
                name: "models",
                help: "which model goes to which provider: a public name, or a prefix and `*`; an exact name wins "
                    + "over a prefix, a longer prefix over a shorter one",
                fallback: "`*` to the sole provider"
            ),
            each: Model(),
            name: \.name,
            .modelPattern,
            modelFields,
            most: 10_000
        ),
        .section(\.vault, About(name: "vault", help: "the gate's own sealed store of keys"), vaultFields),
        .section(
            \.daemon,
            About(name: "daemon", help: "the credentials daemon at the admin door"),
            daemonFields
        ),
        .section(\.limits, About(name: "limits", help: "what one caller may use"), limitFields),
        .section(\.shutdown, About(name: "shutdown", help: "how the gate ends"), shutdownFields),
        .section(\.journal, About(name: "journal", help: "what the gate writes about itself"), journalFields),
    ]

    /// Sections at the top that a later version will have.
    static let laterSections = ["stores", "tools", "guard"]

    private static let listenFields: [Field<Listen>] = [
        .value(
            \.plainAddress,
            About(
                name: "address",
                help: "host:port of the public door without TLS; `localhost` is 127.0.0.1, port 0 lets the system "
                    + "choose; left out beside `tls.address`, there is none",
                environment: "OSTIARY_LISTEN_ADDRESS",
                flag: "listen"
            ),
            Form.address.optional
        ),
        .section(
            \.tls,
            About(name: "tls", help: "the same door with TLS, for HTTP/2 and HTTP/1.1 as each client prefers"),
            doorTLSFields
        ),
        .value(
            \.workers,
            About(name: "workers", help: "event loops", fallback: "one per core", environment: "OSTIARY_WORKERS"),
            Form.whole(1...1024).optional
        ),
        .list(
            \.origins,
            About(
                name: "origins",
                help: "origins of web pages that may call; a preflight from any other is refused",
                fallback: "none",
                example: "[https://app.example]"
            ),
            of: .origin,
            most: 100
        ),
        .list(
            \.hosts,
            About(
                name: "hosts",
                help:
                    "hosts that the door answers to, with any port where none is written; requests for others are refused "
                    + "with 421, probes too",
                fallback: "any",
                example: "[gate.example]"
            ),
            of: .host,
            most: 100
        ),
        .list(
            \.trustedProxies,
            About(
                name: "trusted_proxies",
                help: "proxies whose word counts for where a request came from; limits and logs then know that address",
                fallback: "none",
                example: "[10.0.0.0/8]"
            ),
            of: .network,
            most: 100
        ),
        .value(
            \.forwarding,
            About(
                name: "forwarding",
                help: "the one field that those proxies write; they must remove what a client sent under that name, or "
                    + "append to it"
            ),
            .choice
        ),
        .section(
            \.limits,
            About(name: "limits", help: "what the door takes from one request and one connection"),
            boundFields
        ),
    ]

    private static let boundFields: [Field<Bounds>] = [
        .value(\.head, About(name: "head", help: "request line and fields together"), .size(1 << 10...1 << 20)),
        .value(\.fields, About(name: "fields", help: "fields in a head"), .whole(8...1000)),
        .value(\.target, About(name: "target", help: "the request target"), .size(256...64 << 10)),
        .value(
            \.body,
            About(name: "body", help: "a request body", environment: "MAX_BODY"),
            .size(1 << 10...1 << 30)
        ),
        .value(
            \.chunkExtensions,
            About(name: "chunk_extensions", help: "the extensions of all chunks of a body together"),
            .size(0...64 << 10)
        ),
        .value(
            \.trailers,
            About(name: "trailers", help: "the trailer fields of a body together"),
            .size(256...256 << 10)
        ),
        .value(
            \.headerTimeout,
            About(name: "header_timeout", help: "from the first byte of a head to its last"),
            .duration(1...600)
        ),
        .value(
            \.bodyIdle,
            About(name: "body_idle", help: "between two pieces of a body"),
            .duration(1...600)
        ),
        .value(
            \.bodyRate,
            About(
                name: "body_rate",
                help: "what a body must keep up each second once the gate has waited 10 s for it in all; 0 is no bound"
            ),
            .size(0...1 << 30)
        ),
        .value(
            \.sendIdle,
            About(name: "send_idle", help: "how long a client may take nothing of its answer"),
            .duration(1...3600)
        ),
        .value(\.idle, About(name: "idle", help: "between two requests of a connection"), .duration(1...3600)),
        .value(
            \.connections,
            About(name: "connections", help: "connections of everybody; more wait to be accepted"),
            .whole(1...1_000_000)
        ),
        .value(
            \.connectionsPerPeer,
            About(name: "connections_per_peer", help: "connections of one peer address; more are closed"),
            .whole(1...1_000_000)
        ),
        .value(
            \.requestsPerConnection,
            About(name: "requests_per_connection", help: "requests before a connection is closed; 0 is no bound"),
            .whole(0...1_000_000_000)
        ),
    ]

    private static let adminFields: [Field<Admin>] = [
        .value(
            \.address,
            About(
                name: "address",
                help: "host:port of the admin door; loopback only, it asks for no credential",
                environment: "OSTIARY_ADMIN_ADDRESS",
                flag: "admin"
            ),
            .address
        ),
        .value(
            \.socket,
            About(
                name: "socket",
                help: "a Unix socket for the admin door, mode 0600",
                fallback: "none",
                example: "/run/ostiary.sock"
            ),
            Form.path.optional
        ),
    ]

    private static let limitFields: [Field<Limits>] = [
        .value(
            \.requestsPerMinute,
            About(
                name: "requests_per_minute",
                help: "how fast a caller's bucket fills; 0 switches the rate limit off",
                environment: "RATE_LIMIT_RPM"
            ),
            .whole(0...1_000_000_000)
        ),
        .value(
            \.burst,
            About(
                name: "burst",
                help: "how much a caller's bucket holds; at least 1 while there is a rate",
                environment: "RATE_LIMIT_BURST"
            ),
            .whole(0...1_000_000_000)
        ),
        .value(
            \.concurrent,
            About(name: "concurrent", help: "requests of one caller in flight at once"),
            .whole(1...1_000_000)
        ),
        .value(
            \.countsPerMinute,
            About(
                name: "counts_per_minute",
                help: "how fast a caller's bucket of token counts fills, which have nothing to do with requests; "
                    + "0 switches the limit off"
            ),
            .whole(0...1_000_000_000)
        ),
        .value(
            \.countBurst,
            About(
                name: "count_burst",
                help: "how much that bucket holds, and token counts of one caller in flight at once; at least 1 while "
                    + "there is a rate"
            ),
            .whole(0...1_000_000_000)
        ),
        .value(
            \.failuresPerMinute,
            About(
                name: "failures_per_minute",
                help: "failed authentications that one peer address may have; 0 switches the limit off"
            ),
            .whole(0...1_000_000_000)
        ),
    ]

    private static let shutdownFields: [Field<Shutdown>] = [
        .value(
            \.grace,
            About(
                name: "grace",
                help: "what answers in flight get before they are cut",
                environment: "SHUTDOWN_GRACE"
            ),
            .duration(0...3600)
        )
    ]

    private static let journalFields: [Field<Journal>] = [
        .value(
            \.log,
            About(name: "log", help: "how log lines look", environment: "LOG_FORMAT"),
            .choice
        ),
        .value(
            \.level,
            About(name: "level", help: "the least severe line that is written", environment: "OSTIARY_LOG_LEVEL"),
            .choice
        ),
        .value(
            \.trace,
            About(
                name: "trace",
                help:
                    "what the credentials daemon says more of: requests, storage, providers, auth, divided by commas; "
                    + "never a key or a body",
                fallback: "none",
                example: "requests,storage",
                environment: "OSTIARY_TRACE",
                flag: "debug-module"
            ),
            .traces
        ),
    ]
}
