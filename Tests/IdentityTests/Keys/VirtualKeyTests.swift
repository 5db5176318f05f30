import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryIdentity

@Suite struct VirtualKeyTests {
    private func key(_ seed: UInt64) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        let secret = VirtualKey.make(random: &random)
        return secret.withBytes { $0.withUnsafeBufferPointer { Array($0) } }
    }

    @Test func `a key is known by its form, and by nothing less than all of it`() {
        var random = SeededGenerator(seed: 1)
        for seed in 0..<500 as Range<UInt64> {
            let key = key(seed)
            #expect(key.count == 40 && key.starts(with: Array("ost_".utf8)))
            #expect(VirtualKey.hasForm(key) && TokenForm.fits(key))
            let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.".utf8)
            let other = random.damaged(key, with: alphabet)
            #expect(!VirtualKey.hasForm(other) || other == key, "\(String(decoding: other, as: UTF8.self))")
        }
        for text in ["", "ost_", "a.b.c", "ost_" + String(repeating: "0", count: 36), "sk-ant-api03-x"] {
            #expect(!VirtualKey.hasForm(Array(text.utf8)))
        }
    }

    /// CRC-32 of "123456789" is the check value of its specification; the last six digits are that number to base 62.
    @Test func `the checksum is the CRC-32 that scanners compute`() {
        // 0123456789… thirty times a digit of the alphabet, computed with zlib.crc32 elsewhere.
        let text = "ost_000000000000000000000000000000"
        let crc = Self.crc32(Array(text.utf8))
        #expect(Self.crc32(Array("123456789".utf8)) == 0xcbf4_3926)
        let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        var rest = crc
        var tail: [UInt8] = []
        for _ in 0..<6 {
            tail.insert(digits[Int(rest % 62)], at: 0)
            rest /= 62
        }
        #expect(VirtualKey.hasForm(Array(text.utf8) + tail))
    }

    @Test func `no two keys are the same, and every digit comes up`() {
        let keys = (0..<2_000 as Range<UInt64>).map(key)
        #expect(Set(keys).count == keys.count)
        #expect(Set(keys.flatMap { $0[4..<34] }).count == 62)
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var state: UInt32 = 0xffff_ffff
        for byte in bytes {
            state ^= UInt32(byte)
            for _ in 0..<8 { state = state & 1 == 0 ? state >> 1 : state >> 1 ^ 0xedb8_8320 }
        }
        return ~state
    }
}
