extension Configuration {
    /// The public door with TLS.
    public struct DoorTLS: Hashable, Sendable {
        /// The oldest version of TLS that is spoken.
        public enum Version: String, Sendable, CaseIterable {
            case v1_3 = "1.3"
            case v1_2 = "1.2"
        }

        /// `nil` for no TLS.
        public var address: Address?
        /// A file with the certificate and those between it and its authority, in PEM form; not `nil` where there is an
        /// address.
        public var certificate: String?
        /// A file with the private key in PEM form; not `nil` where there is an address.
        public var key: String?
        public var minimumVersion: Version = .v1_3
        public var clientCertificates: ClientCertificates = ClientCertificates()

        public init() {}
    }

    /// Whom mutual TLS believes.
    public struct ClientCertificates: Hashable, Sendable {
        /// A file with the authorities of client certificates, in PEM form; `nil` asks clients for none.
        public var authorities: String?
        /// Whether a client without a certificate is turned away.
        public var required: Bool = false

        public init() {}
    }

    /// How a client's certificate names its caller.
    public struct CertificateCallers: Hashable, Sendable {
        /// Which name of the certificate is the caller's.
        public enum SubjectSource: String, Sendable, CaseIterable {
            /// The only URI among the subject alternative names, such as a SPIFFE ID.
            case sanURI = "san_uri"
            /// The only DNS name among them.
            case sanDNS = "san_dns"
            /// The subject's distinguished name as RFC 4514 writes it.
            case subject
        }

        /// `nil` makes nobody known by a certificate alone.
        public var subjectFrom: SubjectSource?
        /// The scopes that such a caller has.
        public var scopes: [String] = ["inference"]

        public init() {}
    }
}

extension Configuration.Listen {
    /// The address without TLS; `nil` where the door is open with TLS only.
    var plainAddress: Configuration.Address? {
        get { isPlain ? address : nil }
        set {
            isPlain = newValue != nil
            if let newValue { address = newValue }
        }
    }

    /// Every address of the door.
    var addresses: [Configuration.Address] { [plainAddress, tls.address].compactMap { $0 } }
}
