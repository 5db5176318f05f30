import OstiaryCore

@testable import OstiaryIdentity

/// Keys with names, and chains made of them, at one moment.
struct NucScene {
    static let now = 1_790_000_000
    let owner: Secp256k1SecretKey
    let client: Secp256k1SecretKey
    let other: Secp256k1SecretKey
    let service: Secp256k1SecretKey

    init() throws {
        owner = try Secp256k1Tests.key(1)
        client = try Secp256k1Tests.key(2)
        other = try Secp256k1Tests.key(3)
        service = try Secp256k1Tests.key(4)
    }

    func did(_ key: Secp256k1SecretKey) -> DID { DID(key.publicKey) }

    /// What the owner gives itself for an hour.
    func root(_ change: (inout NucMint.Wish) -> Void = { _ in }, nonce: UInt8 = 1) throws -> NucEnvelope {
        try delegation(owner, to: owner, on: nil, change, nonce: nonce)
    }

    /// A delegation by `issuer`, for an hour.
    func delegation(
        _ issuer: Secp256k1SecretKey,
        to audience: Secp256k1SecretKey,
        on parent: NucEnvelope?,
        _ change: (inout NucMint.Wish) -> Void = { _ in },
        nonce: UInt8 = 2
    ) throws -> NucEnvelope {
        var wish = NucMint.Wish(delegationTo: did(audience), subject: did(owner), command: .generate)
        wish.expires = Self.now + 3600
        change(&wish)
        return try NucEnvelope(NucMint(issuer).make(wish, on: parent, nonce: [nonce]))
    }

    /// An invocation for the service.
    func invocation(
        _ issuer: Secp256k1SecretKey,
        on parent: NucEnvelope?,
        _ change: (inout NucMint.Wish) -> Void = { _ in },
        nonce: UInt8 = 3
    ) throws -> NucEnvelope {
        var wish = NucMint.Wish(invocationFor: did(service), subject: did(owner), command: .generate)
        change(&wish)
        return try NucEnvelope(NucMint(issuer).make(wish, on: parent, nonce: [nonce]))
    }

    /// The text of an envelope with its tokens in this order.
    static func text(_ tokens: [NucToken]) -> [UInt8] {
        Array(tokens.map(\.text).joined(separator: "/".utf8))
    }

    /// What a gate asks for that knows the owner.
    var validator: NucValidator {
        NucValidator(roots: .init(issuers: [], accounts: [did(owner)]), requirement: .invocation(did(service)))
    }

    func verdict(_ envelope: NucEnvelope, _ validator: NucValidator? = nil, at seconds: Double = 0) -> NucFault? {
        do throws(NucFault) {
            let now = UnixTime(seconds: Double(Self.now) + seconds)
            _ = try (validator ?? self.validator).validate(envelope, now: now)
            return nil
        } catch {
            return error
        }
    }
}
