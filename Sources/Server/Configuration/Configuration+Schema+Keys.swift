import OstiaryCore

// The places of keys that need more words than a reference has.
extension Configuration {
    static let keyFields: [Field<KeyPlace>] = [
        .value(
            \.from,
            About(
                name: "from",
                help: "a place on this machine: env:NAME, file:PATH, vault:NAME or keyring:NAME",
                fallback: "none",
                example: "file:/run/secrets/openai"
            ),
            Form.providerKey.optional
        ),
        .section(\.exec, About(name: "exec", help: "a command that prints the key"), execFields),
        .section(\.aws, About(name: "aws", help: "a secret of AWS Secrets Manager"), awsFields),
        .section(\.openbao, About(name: "openbao", help: "a key in OpenBao or HashiCorp Vault"), openbaoFields),
        .section(
            \.oidc,
            About(name: "oidc", help: "an access token that an authorization server gives to the gate itself"),
            oidcFields
        ),
        .value(
            \.weight,
            About(name: "weight", help: "how often it has its turn among several keys"),
            .whole(1...1000)
        ),
        .value(
            \.ttl,
            About(
                name: "ttl",
                help: "how long the key is good, if its place does not name an earlier end",
                fallback: "5m for what is not on this machine; there, a file is looked at every 2 s and the rest once"
            ),
            Form.duration(1...31_536_000).optional
        ),
        .value(
            \.refreshAt,
            About(name: "refresh_at", help: "the part of that time after which the key is read again"),
            .fraction(0.1...0.95)
        ),
        .value(\.timeout, About(name: "timeout", help: "the most that one reading may take"), .duration(1...60)),
        .value(
            \.onError,
            About(
                name: "on_error",
                help: "what becomes of a key whose time is over while it cannot be read: stale, it is used on; fail, "
                    + "calls get 503"
            ),
            .choice
        ),
        .value(
            \.maxStale,
            About(
                name: "max_stale",
                help: "how long it is used on; an end that its place has named is never passed"
            ),
            .duration(0...2_592_000)
        ),
    ]

    private static let execFields: [Field<Exec>] = [
        .words(
            \.command,
            About(
                name: "command",
                help:
                    "the program and its arguments, or one line where `shell` is true; no argument should be a secret",
                fallback: "none",
                example: "[op, read, \"op://Private/OpenAI/key\"]"
            ),
            most: 64
        ),
        .value(\.shell, About(name: "shell", help: "whether /bin/sh reads the line"), .truth),
        .list(
            \.environment,
            About(
                name: "environment",
                help: "variables that the command may see besides PATH, HOME, USER, LANG, LC_ALL, TZ, TMPDIR and the "
                    + "system's certificates; they are taken out of the gate's own environment",
                fallback: "none",
                example: "[OP_SERVICE_ACCOUNT_TOKEN]"
            ),
            of: .variableName,
            most: 64
        ),
    ]

    private static let awsFields: [Field<AWS>] = [
        .value(
            \.secret,
            About(name: "secret", help: "its name or ARN", fallback: "none", example: "prod/openai"),
            .text("text of 1 to 2048 bytes", most: 2048)
        ),
        .value(
            \.jsonKey,
            About(
                name: "json_key",
                help: "the member that is the key, where the secret is a JSON object",
                fallback: "the whole secret",
                example: "api_key"
            ),
            Form.text("text of 1 to 256 bytes", most: 256).optional
        ),
        .value(
            \.region,
            About(
                name: "region",
                help: "the region it lies in",
                fallback: "`AWS_REGION`, then `AWS_DEFAULT_REGION`",
                example: "eu-central-1"
            ),
            Form.text("a region such as eu-central-1", most: 64).optional
        ),
        .value(
            \.versionStage,
            About(name: "version_stage", help: "which of its versions", fallback: "AWSCURRENT", example: "AWSPREVIOUS"),
            Form.text("text of 1 to 256 bytes", most: 256).optional
        ),
        .value(
            \.endpoint,
            About(
                name: "endpoint",
                help: "where it is asked for; https, or http on this machine",
                fallback: "`AWS_ENDPOINT_URL_SECRETS_MANAGER`, `AWS_ENDPOINT_URL`, then the region's public address",
                example: "https://vpce-1.secretsmanager.eu-central-1.vpce.amazonaws.com"
            ),
            Form.keyServer.optional
        ),
        .section(
            \.credentials,
            About(
                name: "credentials",
                help: "a command that prints credentials as `credential_process` does",
                fallback: "`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`"
            ),
            execFields
        ),
    ]

    private static let openbaoFields: [Field<OpenBao>] = [
        .list(
            \.addresses,
            About(
                name: "addresses",
                help: "its servers, asked in this order until one can answer",
                fallback: "`BAO_ADDR`, then `VAULT_ADDR`",
                example: "[\"https://bao.example:8200\"]"
            ),
            of: .keyServer,
            most: 16
        ),
        .value(\.mount, About(name: "mount", help: "where the KV engine is mounted"), .text("a path", most: 256)),
        .value(
            \.path,
            About(name: "path", help: "the secret's path below it", fallback: "none", example: "team/openai"),
            .text("a path", most: 1024)
        ),
        .value(\.field, About(name: "field", help: "the field that is the key"), .text("a name", most: 256)),
        .value(\.kvVersion, About(name: "kv_version", help: "the engine's version"), .whole(1...2)),
        .value(
            \.namespace,
            About(name: "namespace", help: "its namespace", fallback: "`BAO_NAMESPACE`, then `VAULT_NAMESPACE`"),
            Form.text("text of 1 to 256 bytes", most: 256).optional
        ),
        .value(
            \.authority,
            About(
                name: "authority",
                help: "a file with the certificates (PEM) of the authority that alone is believed",
                fallback: "`BAO_CACERT`, `VAULT_CACERT`, then the system's authorities"
            ),
            Form.path.optional
        ),
        .value(
            \.token,
            About(name: "token", help: "where its token lies", fallback: "`BAO_TOKEN`, then `VAULT_TOKEN`"),
            Form.providerKey.optional
        ),
        .section(
            \.appRole,
            About(name: "approle", help: "logs in by AppRole instead"),
            [
                .value(\.mount, About(name: "mount", help: "where it is mounted"), .text("a path", most: 256)),
                .value(
                    \.roleID,
                    About(name: "role_id", help: "the role's id", fallback: "none"),
                    .text("text of 1 to 256 bytes", most: 256)
                ),
                .value(
                    \.secretID,
                    About(name: "secret_id", help: "where its secret id lies", fallback: "none"),
                    Form.providerKey.optional
                ),
            ]
        ),
        .section(
            \.jwt,
            About(name: "jwt", help: "logs in by another issuer's token instead"),
            roleFields("where the token lies", fallback: "none")
        ),
        .section(
            \.kubernetes,
            About(name: "kubernetes", help: "logs in by a pod's token instead"),
            roleFields("where the token lies", fallback: "the pod's own")
        ),
    ]

    private static func roleFields(_ token: String, fallback: String) -> [Field<RoleLogin>] {
        [
            .value(\.mount, About(name: "mount", help: "where it is mounted"), .text("a path", most: 256)),
            .value(
                \.role,
                About(name: "role", help: "the role", fallback: "none"),
                .text("text of 1 to 256 bytes", most: 256)
            ),
            .value(\.token, About(name: "token", help: token, fallback: fallback), Form.providerKey.optional),
        ]
    }

    private static let oidcFields: [Field<OIDC>] = [
        .value(
            \.tokenURL,
            About(
                name: "token_url",
                help: "the token endpoint; https, or http on this machine",
                fallback: "none",
                example: "https://idp.example/oauth/token"
            ),
            .keyServer
        ),
        .value(
            \.clientID,
            About(name: "client_id", help: "who the gate is there", fallback: "none"),
            .text("text of 1 to 256 bytes", most: 256)
        ),
        .value(
            \.clientSecret,
            About(name: "client_secret", help: "where its secret lies", fallback: "none"),
            Form.providerKey.optional
        ),
        .value(
            \.method,
            About(name: "method", help: "where the secret is put: basic, the Authorization field; post, the body"),
            .choice
        ),
        .value(
            \.assertion,
            About(
                name: "assertion",
                help: "where a signed statement lies that is shown instead of a secret (RFC 7523)",
                fallback: "none"
            ),
            Form.providerKey.optional
        ),
        .value(
            \.scope,
            About(name: "scope", help: "the scopes, divided by spaces", fallback: "the server's"),
            Form.text("text of 1 to 1024 bytes", most: 1024).optional
        ),
        .value(
            \.audience,
            About(name: "audience", help: "whom the token is for", fallback: "the server's"),
            Form.text("text of 1 to 1024 bytes", most: 1024).optional
        ),
        .value(
            \.authority,
            About(
                name: "authority",
                help: "a file with the certificates (PEM) of the authority that alone is believed",
                fallback: "the system's authorities"
            ),
            Form.path.optional
        ),
    ]
}
