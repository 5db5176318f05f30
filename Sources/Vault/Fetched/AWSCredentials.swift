import OstiaryCore

/// What a request to AWS is signed with.
struct AWSCredentials: ~Copyable, Sendable {
    let identifier: String
    let secret: Secret
    /// Only for credentials that end.
    let session: Secret?
    let expires: UnixTime?

    init(_ identifier: String, _ secret: consuming Secret, _ session: consuming Secret?, expires: UnixTime? = nil) {
        self.identifier = identifier
        self.secret = secret
        self.session = session
        self.expires = expires
    }
}
