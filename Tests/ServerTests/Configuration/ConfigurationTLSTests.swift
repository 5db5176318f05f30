import Foundation
import OstiaryCore
import OstiaryServer
import OstiaryTesting
import Testing

/// `listen.tls` and `identity.certificates`.
@Suite struct ConfigurationTLSTests {
    private let authority: Authority
    private let files: [String: String]

    init() throws {
        authority = try Authority()
        let leaf = try authority.leaf(days: 100)
        files = [
            "cert.pem": leaf.certificate, "key.pem": leaf.key, "ca.pem": try authority.pem,
            "other.pem": try authority.leaf().key, "ending.pem": try authority.leaf(days: 5.5).certificate,
            "words.txt": "not a certificate", "folder/": "", "empty.pem": "",
        ]
    }

    private func faults(_ listen: String, _ more: String = "") -> [String] {
        Kit.faults("listen: \(listen)\n" + Kit.least + more, files: files)
    }

    @Test func readsAllOfIt() throws {
        let yaml = """
            listen:
              address: 127.0.0.1:80
              tls:
                address: 0.0.0.0:8443
                certificate: cert.pem
                key: key.pem
                minimum_version: 1.2
                client_certificates: {authorities: ca.pem, required: true}
            identity:
              jwt: [{issuer: "https://idp.example", jwks: "https://idp.example/keys"}]
              certificates: {subject_from: san_uri, scopes: [inference, other]}
            providers: {local: {kind: echo}}
            """
        let configuration = try Kit.read(yaml, files: files)
        let tls = configuration.listen.tls
        #expect(tls.address == .init(host: "0.0.0.0", port: 8443))
        #expect(tls.certificate == "cert.pem")
        #expect(tls.key == "key.pem")
        #expect(tls.minimumVersion == .v1_2)
        #expect(tls.clientCertificates.authorities == "ca.pem")
        #expect(tls.clientCertificates.required)
        #expect(configuration.listen.isPlain)
        #expect(configuration.identity.certificates.subjectFrom == .sanURI)
        #expect(configuration.identity.certificates.scopes == ["inference", "other"])
    }

    @Test func standsAloneWhereNoPlainAddressIsGiven() throws {
        let tls = "tls: {address: 127.0.0.1:8443, certificate: cert.pem, key: key.pem}"
        #expect(try !Kit.read("listen: {\(tls)}\n" + Kit.least, files: files).listen.isPlain)
        let both = try Kit.read("listen: {address: 127.0.0.1:8080, \(tls)}\n" + Kit.least, files: files)
        #expect(both.listen.isPlain)
        let flag = try Kit.read("listen: {\(tls)}\n" + Kit.least, flags: ["listen": "127.0.0.1:1"], files: files)
        #expect(flag.listen.isPlain)
        #expect(try Kit.read(Kit.least).listen.isPlain)
        // Two configurations that differ in nothing else are told apart.
        #expect(both.digest != (try Kit.read("listen: {\(tls)}\n" + Kit.least, files: files)).digest)
    }

    @Test func comesFromTheEnvironmentToo() throws {
        let variables = [
            "OSTIARY_TLS_ADDRESS": "[::1]:8443", "OSTIARY_TLS_CERTIFICATE": "cert.pem", "OSTIARY_TLS_KEY": "key.pem",
        ]
        let tls = try Kit.read(Kit.least, variables, files: files).listen.tls
        #expect(tls.address == .init(host: "::1", port: 8443))
        #expect(tls.key == "key.pem")
    }

    @Test(arguments: [
        ("{tls: {certificate: cert.pem}}", "`listen.tls.address` is missing"),
        ("{tls: {address: 127.0.0.1:1, key: key.pem}}", "`listen.tls.certificate` is missing"),
        ("{tls: {address: 127.0.0.1:1, certificate: cert.pem}}", "`listen.tls.key` is missing"),
        ("{tls: {address: 127.0.0.1:1, certificate: no.pem, key: key.pem}}", "names a file that does not exist"),
        ("{tls: {address: 127.0.0.1:1, certificate: folder, key: key.pem}}", "names a folder"),
        ("{tls: {address: 127.0.0.1:1, certificate: empty.pem, key: key.pem}}", "a file with nothing in it"),
        ("{tls: {address: 127.0.0.1:1, certificate: words.txt, key: key.pem}}", "holds no certificate in PEM form"),
        ("{tls: {address: 127.0.0.1:1, certificate: cert.pem, key: words.txt}}", "holds no private key in PEM form"),
        (
            "{tls: {address: 127.0.0.1:1, certificate: cert.pem, key: other.pem}}",
            "`listen.tls.key` does not belong to the certificate"
        ),
        (
            "{tls: {address: 127.0.0.1:1, certificate: cert.pem, key: key.pem, client_certificates: {required: true}}}",
            "`listen.tls.client_certificates.authorities` is missing"
        ),
        (
            """
            {tls: {address: 127.0.0.1:1, certificate: cert.pem, key: key.pem, \
            client_certificates: {authorities: words.txt}}}
            """,
            "`listen.tls.client_certificates.authorities` holds no certificate in PEM form"
        ),
        (
            "{address: 127.0.0.1:1, tls: {address: 127.0.0.1:1, certificate: cert.pem, key: key.pem}}",
            "`listen.tls.address` is `listen.address` too"
        ),
        (
            "{tls: {address: 127.0.0.1:8123, certificate: cert.pem, key: key.pem}}",
            "`admin.address` is the public door's address too"
        ),
        ("{tls: {minimum_version: 1.1}}", "must be one of 1.3, 1.2"),
        ("{tls: {client_certificates: {required: maybe}}}", "must be true or false"),
    ])
    func saysWhatIsWrong(_ listen: String, _ fault: String) {
        let said = faults(listen)
        #expect(said.count == 1, "\(said)")
        #expect(said.first?.contains(fault) == true, "\(said)")
    }

    @Test func believesCertificatesOnlyWhereTheyAreAskedFor() {
        let identity = """
            identity:
              jwt: [{issuer: "https://idp.example", jwks: "https://idp.example/keys"}]
              certificates: {subject_from: san_dns}
            providers: {local: {kind: echo}}

            """
        #expect(
            Kit.faults(identity, files: files).first?.contains("needs client certificates, which nobody asks for")
                == true
        )
        let tls = "tls: {address: 127.0.0.1:1, certificate: cert.pem, key: key.pem"
        #expect(Kit.faults("listen: {\(tls)}}\n" + identity, files: files).count == 1)
        #expect(
            Kit.faults("listen: {\(tls), client_certificates: {authorities: ca.pem}}}\n" + identity, files: files) == []
        )
    }

    // SEC-004
    @Test func staysOnLoopbackInDevelopmentMode() {
        let yaml = """
            listen: {tls: {address: 0.0.0.0:8443, certificate: cert.pem, key: key.pem}}
            """
        #expect(
            Kit.faults(yaml, files: files, mode: .development)
                == ["ostiary.yaml:1:25: `listen.tls.address` is not loopback, which development mode refuses"]
        )
    }

    @Test func warnsOfACertificateThatEnds() throws {
        let now = UnixTime(seconds: Date().timeIntervalSince1970)
        let surroundings = Kit.surroundings(files: files)
        func warnings(_ certificate: String, _ key: String) throws -> [String] {
            var configuration = Configuration()
            configuration.listen.tls.address = .init(host: "127.0.0.1", port: 1)
            configuration.listen.tls.certificate = certificate
            configuration.listen.tls.key = key
            return configuration.warnings(surroundings, now: now)
        }
        #expect(try warnings("cert.pem", "key.pem") == [])
        let leaf = try authority.leaf(days: 1.5)
        let more = Kit.surroundings(files: ["c": leaf.certificate, "k": leaf.key])
        var configuration = Configuration()
        configuration.listen.tls.address = .init(host: "127.0.0.1", port: 1)
        configuration.listen.tls.certificate = "c"
        configuration.listen.tls.key = "k"
        #expect(configuration.warnings(more, now: now + 86_400) == ["certificate file c: 0 days left: renew it"])
        #expect(
            configuration.warnings(more, now: now + 5 * 86_400)
                == ["certificate file c: ended 3 days ago, clients refuse it: renew it"]
        )
    }
}
