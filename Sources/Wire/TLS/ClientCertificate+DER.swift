import Crypto
import NIOSSL
import OstiaryCore
import SwiftASN1
import X509

extension ClientCertificate {
    /// Reads a certificate that TLS has verified.
    /// - Throws: when it cannot be read here, though TLS could: then nobody can say whose it is.
    convenience init(verified certificate: NIOSSLCertificate) throws {
        let der = try certificate.toDERBytes()
        let read = try Certificate(derEncoded: der)
        var uris: [String] = []
        var dnsNames: [String] = []
        for name in try read.extensions.subjectAlternativeNames ?? SubjectAlternativeNames([]) {
            switch name {
            case .uniformResourceIdentifier(let uri): uris.append(uri)
            case .dnsName(let dnsName): dnsNames.append(dnsName)
            default: break
            }
        }
        self.init(
            subject: read.subject.description,
            uris: uris,
            dnsNames: dnsNames,
            thumbprint: Array(SHA256.hash(data: der)),
            notBefore: UnixTime(seconds: Double(certificate.notValidBefore)),
            notAfter: UnixTime(seconds: Double(certificate.notValidAfter))
        )
    }
}
