import OstiaryCore

/// The claims of a token (RFC 7519 section 4), read by type; what has another type than the RFC's refuses the token.
struct Claims {
    /// When a token may be used: from `from`, included, to `until`, excluded, in seconds since 1970.
    struct Window {
        let from: Double
        let until: Double
    }

    let members: JSONObject

    init(payload: [UInt8], depth: Int) throws(TokenFault) {
        members = try JWS.object(payload, depth: depth)
    }

    /// A string claim, or `nil` when there is none.
    func text(_ name: String) throws(TokenFault) -> String? {
        guard let value = members[name] else { return nil }
        guard case .string(let text) = value else { throw .claimType }
        return text
    }

    /// A NumericDate (RFC 7519 section 2), or `nil` when there is none.
    func time(_ name: String) throws(TokenFault) -> Double? {
        guard let value = members[name] else { return nil }
        guard let time = value.number?.double else { throw .claimType }
        return time
    }

    /// A string that must be there, of 1 to 255 bytes without control characters.
    func identifier(_ name: String) throws(TokenFault) -> String {
        guard let text = try text(name) else { throw .missingClaim }
        guard (1...255).contains(text.utf8.count), !text.unicodeScalars.contains(where: Self.isControl) else {
            throw .claimType
        }
        return text
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
    }

    /// `aud` as a list, which is not empty in the sense that an empty one matches nothing.
    func audiences() throws(TokenFault) -> [String] {
        switch members["aud"] {
        case nil: throw .missingClaim
        case .string(let one): return [one]
        case .array(let elements):
            var names: [String] = []
            for element in elements {
                guard case .string(let name) = element else { throw .claimType }
                names.append(name)
            }
            return names
        default: throw .claimType
        }
    }

    /// Checks `nbf`, `iat` and the lifetime, and returns the window; whether it is over is left to the caller, since
    /// that alone may be told to the outside, and only after the signature was checked.
    func window(_ policy: TokenPolicy, now: UnixTime) throws(TokenFault) -> Window {
        guard let expires = try time("exp") else { throw .missingClaim }
        let notBefore = try time("nbf")
        let issued = try time("iat")
        let from = max(notBefore ?? -.infinity, issued ?? -.infinity) - policy.leeway
        guard from <= now.seconds else { throw .notYetValid }
        guard expires - (issued ?? now.seconds) <= policy.longestLife else { throw .lifetime }
        return Window(from: from, until: expires + policy.leeway)
    }

    /// `scope` (RFC 8693 section 4.2), or `scp` where there is none; either may be names divided by spaces or an array.
    func scopes() throws(TokenFault) -> Scopes {
        switch members["scope"] ?? members["scp"] {
        case nil: return Scopes([])
        case .string(let text): return Scopes(spaceSeparated: text)
        case .array(let elements):
            var names: [String] = []
            for element in elements {
                guard case .string(let name) = element else { throw .claimType }
                names.append(name)
            }
            return Scopes(names)
        default: throw .claimType
        }
    }
}

/// Whether two texts have the same bytes. `==` would call two spellings of one accented letter equal.
func same(_ left: String, _ right: String) -> Bool {
    left.utf8.elementsEqual(right.utf8)
}
