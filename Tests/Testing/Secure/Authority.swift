import Crypto
import Foundation
public import NIOSSL
import SwiftASN1
import X509

/// A certificate authority of the test's own.
public struct Authority: Sendable {
    private let certificate: Certificate
    private let key = P256.Signing.PrivateKey()
    private let name: DistinguishedName
    private let now: Date

    /// - Parameter now: around when everything is valid; the real time unless the test brings a clock.
    public init(now: Double? = nil) throws {
        self.now = now.map { Date(timeIntervalSince1970: $0) } ?? Date()
        name = try DistinguishedName { CommonName("Test authority") }
        certificate = try Certificate(
            version: .v3,
            serialNumber: .init(),
            publicKey: .init(key.publicKey),
            notValidBefore: self.now - 86_400 * 400,
            notValidAfter: self.now + 86_400 * 400,
            issuer: name,
            subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            },
            issuerPrivateKey: .init(key)
        )
    }

    /// The authority's own certificate.
    public var pem: String { get throws { try certificate.serializeAsPEM().pemString } }

    public var roots: NIOSSLTrustRoots {
        get throws { .certificates([try NIOSSLCertificate(bytes: Array(pem.utf8), format: .pem)]) }
    }

    /// A certificate of this authority and its key.
    public struct Leaf: Sendable {
        public let certificate: String
        public let key: String
        /// The SHA-256 of the certificate's DER form.
        public let thumbprint: [UInt8]

        public var chain: [NIOSSLCertificateSource] {
            get throws { [.certificate(try NIOSSLCertificate(bytes: Array(certificate.utf8), format: .pem))] }
        }

        public var privateKey: NIOSSLPrivateKeySource {
            get throws { .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)) }
        }
    }

    /// Issues a certificate, valid from yesterday on.
    /// - Parameters:
    ///   - days: how long from now; negative for one that has ended.
    public func leaf(
        common: String = "leaf",
        dns: [String] = [],
        uris: [String] = [],
        days: Double = 30
    ) throws -> Leaf {
        let leafKey = P256.Signing.PrivateKey()
        let names = dns.map { GeneralName.dnsName($0) } + uris.map { GeneralName.uniformResourceIdentifier($0) }
        let end = now + 86_400 * days
        let leaf = try Certificate(
            version: .v3,
            serialNumber: .init(),
            publicKey: .init(leafKey.publicKey),
            notValidBefore: min(now, end) - 86_400,
            notValidAfter: end,
            issuer: name,
            subject: try DistinguishedName {
                OrganizationName("Tests")
                CommonName(common)
            },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                if !names.isEmpty { SubjectAlternativeNames(names) }
            },
            issuerPrivateKey: .init(key)
        )
        var serializer = DER.Serializer()
        try serializer.serialize(leaf)
        return Leaf(
            certificate: try leaf.serializeAsPEM().pemString,
            key: leafKey.pemRepresentation,
            thumbprint: Array(SHA256.hash(data: serializer.serializedBytes))
        )
    }

    /// A server's identity for this name or address, valid for a day around now unless it `isExpired`.
    public func identity(_ host: String, isExpired: Bool = false) throws -> TLSConfiguration {
        let leaf = try leaf(common: "server", dns: [host], days: isExpired ? -1 : 1)
        return TLSConfiguration.makeServerConfiguration(
            certificateChain: try leaf.chain,
            privateKey: try leaf.privateKey
        )
    }
}

/// A folder of the test's own, removed at its end.
public final class TemporaryFolder: Sendable {
    public let path: String

    public init() throws {
        path = NSTemporaryDirectory() + "ostiary-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Writes a file, whole at once as careful programs do, and returns its path.
    @discardableResult
    public func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        let target = path + "/" + name
        let staged = target + ".new"
        _ = FileManager.default.createFile(
            atPath: staged,
            contents: Data(text.utf8),
            attributes: [.posixPermissions: mode]
        )
        guard rename(staged, target) == 0 else { throw NothingHappened("a file is put in its place") }
        return target
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
