import Crypto

/// The SHA-256 of a whole credential: what a cache knows it by.
struct TokenDigest: Hashable {
    let first: UInt64
    let second: UInt64
    let third: UInt64
    let fourth: UInt64

    init(first: UInt64, second: UInt64, third: UInt64, fourth: UInt64) {
        (self.first, self.second, self.third, self.fourth) = (first, second, third, fourth)
    }

    init(of bytes: [UInt8]) {
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        (first, second, third, fourth) = hash.finalize().withUnsafeBytes { digest in
            (
                digest.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                digest.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                digest.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
                digest.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
            )
        }
    }
}
