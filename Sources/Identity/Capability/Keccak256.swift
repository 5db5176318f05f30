/// Keccak-256 as Ethereum has it: the sponge of FIPS 202 with the padding of before the standard. Addresses and typed
/// data are hashed with it, nothing secret.
enum Keccak256 {
    private static let rate = 136

    static func hash(_ message: [UInt8]) -> [UInt8] {
        var state = [UInt64](repeating: 0, count: 25)
        var padded = message
        padded.append(1)
        while padded.count % rate != 0 { padded.append(0) }
        padded[padded.count - 1] |= 0x80
        for start in stride(from: 0, to: padded.count, by: rate) {
            for lane in 0..<rate / 8 {
                var word: UInt64 = 0
                for byte in 0..<8 { word |= UInt64(padded[start + 8 * lane + byte]) << UInt64(8 * byte) }
                state[lane] ^= word
            }
            permute(&state)
        }
        return (0..<32).map { UInt8(truncatingIfNeeded: state[$0 / 8] >> UInt64(8 * ($0 % 8))) }
    }

    private static let rotations: [UInt64] = [
        0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14,
    ]

    /// FIPS 202 section 3.3, 24 rounds; the round constants come from the register of section 3.2.5.
    private static func permute(_ state: inout [UInt64]) {
        var register: UInt8 = 1
        for _ in 0..<24 {
            var columns = [UInt64](repeating: 0, count: 5)
            for index in 0..<25 { columns[index % 5] ^= state[index] }
            for index in 0..<25 {
                let x = index % 5
                let next = columns[(x + 1) % 5]
                state[index] ^= columns[(x + 4) % 5] ^ (next << 1 | next >> 63)
            }
            var turned = state
            for index in 0..<25 {
                let (x, y) = (index % 5, index / 5)
                let by = rotations[index]
                let word = by == 0 ? state[index] : state[index] << by | state[index] >> (64 - by)
                turned[y + 5 * ((2 * x + 3 * y) % 5)] = word
            }
            for index in 0..<25 {
                let (x, y) = (index % 5, index / 5)
                let (next, second) = (turned[5 * y + (x + 1) % 5], turned[5 * y + (x + 2) % 5])
                state[index] = turned[index] ^ (~next & second)
            }
            for bit in 0..<7 {
                if register & 1 == 1 { state[0] ^= 1 << ((1 << UInt64(bit)) - 1) }
                register = register & 0x80 != 0 ? register << 1 ^ 0x71 : register << 1
            }
        }
    }
}
