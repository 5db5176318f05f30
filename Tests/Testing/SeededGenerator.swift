/// Random numbers that are the same in every run, so that what a test finds can be found again (SplitMix64).
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) {
        state = seed
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }

    /// One of these.
    public mutating func one<Element>(of elements: [Element], else other: Element) -> Element {
        elements.randomElement(using: &self) ?? other
    }

    /// Whether something happens that happens once in `count` times.
    public mutating func happens(onceIn count: Int) -> Bool {
        Int.random(in: 0..<max(1, count), using: &self) == 0
    }

    /// The bytes with one of them changed, taken out or put in; what is put in comes from `alphabet` as a rule.
    public mutating func damaged(_ bytes: [UInt8], with alphabet: [UInt8]) -> [UInt8] {
        var bytes = bytes
        let octet = happens(onceIn: 4) ? UInt8.random(in: 0...255, using: &self) : one(of: alphabet, else: 0)
        let place = Int.random(in: 0...bytes.count, using: &self)
        switch Int.random(in: 0..<3, using: &self) {
        case 0 where place < bytes.count: bytes[place] = octet
        case 1 where place < bytes.count: bytes.remove(at: place)
        default: bytes.insert(octet, at: place)
        }
        return bytes
    }
}
