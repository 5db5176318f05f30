import OstiaryCore

/// What a stream has used so far: what its provider told, completed by an estimate from what was written.
struct UsageTally {
    /// What the provider told.
    private(set) var told = Exchange.Tokens()
    /// Bytes of output so far.
    private var written = 0
    /// Tokens of the request, as estimated.
    private let input: Int

    init(_ memory: Translation.Memory) { input = memory.inputEstimate }

    var tokens: Exchange.Tokens {
        var tokens = told
        UsageEstimate.complete(&tokens, input, UsageEstimate.tokens(ofBytes: written))
        return tokens
    }

    mutating func hear(_ tokens: Exchange.Tokens?) {
        if let tokens { told.merge(tokens) }
    }

    mutating func count(_ text: JSONText) { written += text.byteCount }
}
