extension Configuration {
    static let doorTLSFields: [Field<DoorTLS>] = [
        .value(
            \.address,
            About(
                name: "address",
                help: "host:port of the public door with TLS",
                fallback: "no TLS",
                example: "0.0.0.0:8443",
                environment: "OSTIARY_TLS_ADDRESS"
            ),
            Form.address.optional
        ),
        .value(
            \.certificate,
            About(
                name: "certificate",
                help: "a PEM file with the certificate, then those between it and its authority; read again when it "
                    + "changes",
                example: "cert.pem",
                environment: "OSTIARY_TLS_CERTIFICATE"
            ),
            Form.path.optional
        ),
        .value(
            \.key,
            About(
                name: "key",
                help: "a PEM file with its private key, without a passphrase; read again when it changes",
                example: "key.pem",
                environment: "OSTIARY_TLS_KEY"
            ),
            Form.path.optional
        ),
        .value(
            \.minimumVersion,
            About(name: "minimum_version", help: "the oldest version of TLS that is spoken"),
            .choice
        ),
        .section(
            \.clientCertificates,
            About(name: "client_certificates", help: "whom mutual TLS believes"),
            clientCertificateFields
        ),
    ]

    private static let clientCertificateFields: [Field<ClientCertificates>] = [
        .value(
            \.authorities,
            About(
                name: "authorities",
                help: "a PEM file with the authorities of client certificates; read again when it changes",
                fallback: "clients are asked for none",
                example: "ca.pem"
            ),
            Form.path.optional
        ),
        .value(
            \.required,
            About(name: "required", help: "whether a client without a certificate is turned away"),
            .truth
        ),
    ]

    static let certificateFields: [Field<CertificateCallers>] = [
        .value(
            \.subjectFrom,
            About(
                name: "subject_from",
                help: "which name of a client certificate is its caller's: the only URI or the only DNS name among its "
                    + "subject alternative names, or its subject; without it nobody is known by a certificate alone",
                fallback: "nobody",
                example: "san_uri"
            ),
            Form.choice.optional
        ),
        .list(
            \.scopes,
            About(name: "scopes", help: "the scopes that such a caller has"),
            of: .scope,
            most: 64
        ),
    ]
}
