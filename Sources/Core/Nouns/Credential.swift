/// A credential as the client handed it in, before anybody has believed it.
///
/// Its bytes go to an authenticator and nowhere else: the type has no text form, and mirrors show nothing of it
/// (SEC-404, SEC-602).
public struct Credential: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Where the client put it.
    public enum Place: Sendable {
        /// `Authorization: Bearer …` (RFC 6750 section 2.1).
        case authorization
        /// `x-api-key`, the Anthropic SDKs' place.
        case apiKey
        /// `Authorization` in another form than that; nothing of it is read.
        case otherScheme
    }

    public let place: Place
    /// The token's bytes, without scheme. Empty where the client left the place empty.
    public let bytes: [UInt8]

    public init(place: Place, bytes: [UInt8]) {
        self.place = place
        self.bytes = bytes
    }

    public var description: String { "‹credential›" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
