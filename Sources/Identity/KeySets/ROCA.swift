/// Finds RSA moduli made by a generator whose primes can be factored (ROCA, CVE-2017-15361): modulo each small prime
/// such a modulus is a power of 65537. A sound modulus has that property for all of these primes once in about 2^27.
enum ROCA {
    private static let primes: [Int] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107,
        109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ]

    /// The powers of 65537 modulo each of the primes.
    private static let powers: [Set<Int>] = primes.map { prime in
        var reached: Set<Int> = []
        var power = 1
        while reached.insert(power).inserted { power = power * 65537 % prime }
        return reached
    }

    /// Whether `modulus` (big-endian) bears the mark.
    static func marks(_ modulus: [UInt8]) -> Bool {
        zip(primes, powers).allSatisfy { prime, powers in
            powers.contains(modulus.reduce(0) { ($0 << 8 | Int($1)) % prime })
        }
    }
}
