import Crypto
import Foundation

@testable import OstiaryIdentity

extension AffinePoint {
    /// The library's idea of `number` · G; `nil` for zero and what is not below n.
    static func byLibrary(_ number: Limbs) -> AffinePoint? {
        guard let key = try? P256.Signing.PrivateKey(rawRepresentation: number.bigEndian) else { return nil }
        return AffinePoint(key.publicKey)
    }

    init?(_ key: P256.Signing.PublicKey) {
        let bytes = Array(key.rawRepresentation)
        guard let x = Limbs(bytes: bytes), let y = Limbs(bytes: bytes, at: 32) else { return nil }
        self.init(x: x, y: y)
    }
}

/// A digest of any bytes, for putting the same numbers to the library and to our own arithmetic.
struct AnyDigest: Digest {
    static let byteCount = 32
    let bytes: [UInt8]

    func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try bytes.withUnsafeBytes(body)
    }

    var description: String { "‹digest›" }
}

/// A key with its tables, and the numbers of a signature, put to both.
struct Judges {
    let library: P256.Signing.PublicKey
    let point: AffinePoint
    let tables: FixedKey

    /// `nil` for what is no key.
    init?(_ point: AffinePoint) {
        guard let library = try? P256.Signing.PublicKey(x963Representation: point.x963),
            let generator = PointTable.generator, let table = PointTable(of: point)
        else { return nil }
        self.library = library
        self.point = point
        tables = FixedKey(generator: generator, key: table)
    }

    init?(_ key: P256.Signing.PublicKey) {
        guard let point = AffinePoint(key) else { return nil }
        self.init(point)
    }

    struct Numbers: Sendable {
        var r: Limbs
        var s: Limbs
        var digest: Limbs
    }

    func own(_ numbers: Numbers) -> Bool {
        tables.verifies(r: numbers.r, s: numbers.s, digest: numbers.digest)
    }

    func librarys(_ numbers: Numbers) -> Bool {
        let bytes = numbers.r.bigEndian + numbers.s.bigEndian
        guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: bytes) else { return false }
        return library.isValidSignature(signature, for: AnyDigest(bytes: numbers.digest.bigEndian))
    }

    /// Numbers that hold for this key, though nobody knows its private half: for R = u₁·G + u₂·Q, r is the x of R and the
    /// digest is made to fit. Whoever has to sign a given message cannot do this. `nil` where R is at infinity.
    func forge(_ first: Scalar, _ second: Scalar) -> Numbers? {
        guard let inverse = second.inverted, let x = tables.sum(first, second)?.affine?.x.number else { return nil }
        let r = Scalar(reducing: x)
        let s = r * inverse
        return Numbers(r: r.number, s: s.number, digest: (first * s).number)
    }
}
