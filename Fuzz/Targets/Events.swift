import OstiaryCore
import OstiaryModels

/// The usage is the same however an answer is cut, and its numbers are those of the report's own range.
func fuzzEvents(_ bytes: [UInt8]) {
    for layout in [UsageReader.Layout.events, .whole] {
        let whole = usage(bytes, [0..<bytes.count], layout)
        for number in [whole.inputTokens, whole.outputTokens, whole.cachedInputTokens].compactMap({ $0 }) {
            demand((0..<1_000_000_000_000_000).contains(number), "a usage of \(number) tokens")
        }
        for cut in Cuts.of(bytes) {
            demand(usage(bytes, cut, layout) == whole, "the usage changes when the answer is cut")
        }
    }
    _ = UsageMetricsField.read(bytes)
}

private func usage(_ bytes: [UInt8], _ cut: [Range<Int>], _ layout: UsageReader.Layout) -> Usage {
    var reader = UsageReader(layout)
    for piece in cut { reader.feed(bytes.span.extracting(piece)) }
    return reader.finish()
}
