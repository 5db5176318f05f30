import OstiaryCore

/// Makes request names on one event loop, without a system call each: SplitMix64 from a random seed. A name says which
/// request is meant; nothing is protected by its being hard to guess.
struct RequestIDs {
    private var state: UInt64

    init() {
        state = UInt64.random(in: .min ... .max)
    }

    mutating func next() -> RequestID {
        RequestID(high: word(), low: word())
    }

    private mutating func word() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
