import NIOCore
import NIOSSL
public import OstiaryCore

/// A door's certificate, key and authorities, read and found to fit each other.
public struct TLSMaterial: Sendable {
    let context: NIOSSLContext
    /// When the gate's certificate begins and ends.
    public let notBefore: UnixTime
    public let notAfter: UnixTime
    private let path: String

    /// Reads PEM bytes and tries them on.
    public init(_ files: TLSFiles, for settings: TLSSettings) throws(TLSFault) {
        let chain = try Self.certificates(files.certificate, .certificate, settings.certificate)
        let key = try Self.key(files.key, settings.key)
        guard let leaf = chain.first else { throw TLSFault(.certificate, settings.certificate, .noCertificate) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = settings.oldestVersion == .v1_3 ? .tlsv13 : .tlsv12
        configuration.cipherSuites = Self.ciphers
        configuration.applicationProtocols = ["h2", "http/1.1"]
        if let path = settings.authorities {
            let authorities = try Self.certificates(files.authorities ?? [], .authorities, path)
            configuration.trustRoots = .certificates(authorities)
            configuration.sendCANameList = true
            // Who a client is its certificate says; there is no name to compare with.
            configuration.certificateVerification =
                settings.requiresCertificate ? .noHostnameVerification : .optionalVerification
        }
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch NIOSSLError.failedToLoadPrivateKey {
            // The chain was taken; a key that is sound by itself is refused only for belonging to another certificate.
            throw TLSFault(.key, settings.key, .mismatch)
        } catch {
            throw TLSFault(.certificate, settings.certificate, .unusable)
        }
        notBefore = UnixTime(seconds: Double(leaf.notValidBefore))
        notAfter = UnixTime(seconds: Double(leaf.notValidAfter))
        path = settings.certificate
    }

    /// What of TLS 1.2 is spoken where it is allowed; TLS 1.3 has ciphers of its own.
    private static let ciphers = """
        ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
        ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
        """

    /// What should be said of the certificate's time: from two weeks before its end on, or from the last quarter of a
    /// shorter life.
    public func warning(at now: UnixTime) -> TLSWarning? {
        let day = 86_400.0
        if now < notBefore { return .notYetValid(path: path) }
        let left = notAfter - now
        if left <= 0 { return .ended(path: path, days: Int(min(-left / day, 1e6))) }
        let margin = min(14 * day, (notAfter - notBefore) / 4)
        return left < margin ? .ending(path: path, days: Int(left / day)) : nil
    }

    private static func certificates(
        _ bytes: [UInt8],
        _ role: TLSFault.Role,
        _ path: String
    ) throws(TLSFault) -> [NIOSSLCertificate] {
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(bytes), !chain.isEmpty else {
            throw TLSFault(role, path, .noCertificate)
        }
        return chain
    }

    private static func key(_ bytes: [UInt8], _ path: String) throws(TLSFault) -> NIOSSLPrivateKey {
        if holds("ENCRYPTED", bytes) { throw TLSFault(.key, path, .encrypted) }
        guard let key = try? NIOSSLPrivateKey(bytes: bytes, format: .pem) else { throw TLSFault(.key, path, .noKey) }
        return key
    }

    private static func holds(_ word: StaticString, _ bytes: [UInt8]) -> Bool {
        let count = word.utf8CodeUnitCount
        guard bytes.count >= count else { return false }
        return (0...bytes.count - count).contains { start in
            (0..<count).allSatisfy { bytes[start + $0] == word.utf8Start[$0] }
        }
    }
}
