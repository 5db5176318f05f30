import OstiaryCore

/// Which verdicts of the fast check swift-crypto is asked about too: each, while there are at most a hundred a second of
/// its kind; of the others one in 64, drawn at random.
///
/// Good and bad signatures have an allowance each, so that a flood of bad ones leaves no good one unconfirmed. At about
/// 60 µs a question, both together take at most 1.2 % of one core, and the draws 1 µs a signature.
struct SecondOpinions: Sendable {
    static let perSecond = 100.0
    /// Draws come out of one random word, six bits each.
    private static let bits: UInt64 = 6

    private var accepted = Allowance(perSecond: perSecond)
    private var refused = Allowance(perSecond: perSecond)
    private var word: UInt64 = 0
    private var left = 0

    /// Whether to ask about this verdict.
    mutating func areWanted(
        of verdict: Bool,
        at moment: MonotonicTime,
        random: inout some RandomNumberGenerator
    ) -> Bool {
        if verdict ? accepted.take(at: moment) : refused.take(at: moment) { return true }
        if left == 0 {
            word = random.next()
            left = UInt64.bitWidth / Int(Self.bits)
        }
        left -= 1
        defer { word = word >> Self.bits }
        return word & (1 << Self.bits - 1) == 0
    }
}
