public import OstiaryCore

/// One virtual key as it is kept: everything but the key itself.
public struct KeyRecord: Hashable, Sendable {
    /// One text that is good for this key. There are two while one takes the other's place.
    public struct Text: Hashable, Sendable {
        public let digest: KeyDigest
        /// Whole seconds of Unix time.
        public let made: Int
        /// When it is good no more; `nil` for as long as the key lives.
        public var ends: Int?
    }

    /// The key's name, and its holder's: 1 to 64 of `a-z 0-9 . _ -`, so that there is one spelling of each (SEC-211).
    public let name: String
    /// Whole seconds of Unix time, as all times here.
    public let created: Int
    /// `nil` for a key that does not expire.
    public let expires: Int?
    /// Set once, and never taken back.
    public var revoked: Int?
    /// What the holder may do (RFC 6749 section 3.3).
    public let scopes: [String]
    /// Names, or prefixes and `*`; `nil` for all models.
    public let models: [String]?
    public let limits: Narrowing.Limits
    public var texts: [Text]

    /// How a key is doing.
    public enum State: String, Sendable, CaseIterable {
        case active, expired, revoked
    }

    public func state(at now: UnixTime) -> State {
        if revoked != nil { return .revoked }
        if let expires, now.seconds >= Double(expires) { return .expired }
        return .active
    }

    /// Whether `name` can be a key's.
    public static func isName(_ name: String) -> Bool {
        let bytes = name.utf8
        guard (1...64).contains(bytes.count), let first = bytes.first, first != UInt8(ascii: "."),
            first != UInt8(ascii: "-"), first != UInt8(ascii: "_")
        else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }
}

/// What somebody wants a new key to be.
public struct KeyWish: Sendable {
    public let name: String
    public var expires: Int?
    public var scopes: [String]
    public var models: [String]?
    public var limits: Narrowing.Limits

    public init(
        name: String,
        expires: Int? = nil,
        scopes: [String] = [],
        models: [String]? = nil,
        limits: Narrowing.Limits = Narrowing.Limits()
    ) {
        self.name = name
        self.expires = expires
        self.scopes = scopes
        self.models = models
        self.limits = limits
    }
}
