/// Ways to cut an input into pieces, as the network might. They depend on the input alone, so a finding repeats.
enum Cuts {
    /// One way for each element: the pieces' ranges, in order, without gaps.
    static func of(_ bytes: [UInt8]) -> [[Range<Int>]] {
        var cuts = [pieces(bytes.count) { 1 }]
        var seed = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        func random(below bound: Int) -> Int {
            // xorshift64: good enough to choose places.
            seed ^= seed << 13
            seed ^= seed >> 7
            seed ^= seed << 17
            return Int(truncatingIfNeeded: seed >> 33) % max(1, bound)
        }
        for longest in [3, 9, 64] { cuts.append(pieces(bytes.count) { 1 + random(below: longest) }) }
        let halves = bytes.count <= 24 ? Array(0...bytes.count) : (0..<4).map { _ in random(below: bytes.count) }
        for half in halves { cuts.append([0..<half, half..<bytes.count]) }
        return cuts
    }

    private static func pieces(_ count: Int, _ length: () -> Int) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var start = 0
        while start < count {
            let end = min(count, start + length())
            pieces.append(start..<end)
            start = end
        }
        return pieces
    }
}
