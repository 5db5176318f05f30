import OstiaryCore

@testable import OstiaryModels

/// A request that can be translated is JSON in the other dialect, and one that is refused is refused with a reason; an
/// answer the same. Whatever the pair of dialects, nothing traps.
func fuzzTranslation(_ bytes: [UInt8]) {
    for client in Exchange.Dialect.allCases {
        for provider in Exchange.Dialect.allCases {
            var translation = Translation(from: client, to: provider, context, random: Counter())
            if let request = try? translation.request(bytes) {
                let written = try? JSONReader.read(request.bytes, depth: 256)
                demand(written?.object != nil, "a request from \(client) to \(provider) is no JSON")
            }
            if let answer = try? translation.answer(bytes) {
                let written = try? JSONReader.read(answer.bytes, depth: 256)
                demand(written?.object != nil, "an answer from \(provider) to \(client) is no JSON")
            }
        }
    }
}

/// A translated stream is the same however it came cut, each of its events is JSON, and it is complete or has failed.
func fuzzTranslatedStream(_ bytes: [UInt8]) {
    for client in Exchange.Dialect.allCases {
        for provider in Exchange.Dialect.allCases {
            let whole = stream(bytes, [0..<bytes.count], client, provider)
            check(whole.bytes, client)
            for cut in Cuts.of(bytes).prefix(4) {
                let cut = stream(bytes, cut, client, provider)
                demand(cut.bytes == whole.bytes, "a stream from \(provider) to \(client) changes when it is cut")
                demand(cut.hasFailed == whole.hasFailed, "a stream fails when it is cut")
            }
        }
    }
}

private let context = Translation.Context(now: UnixTime(seconds: 0))

private func stream(
    _ bytes: [UInt8],
    _ cut: [Range<Int>],
    _ client: Exchange.Dialect,
    _ provider: Exchange.Dialect
) -> (bytes: [UInt8], hasFailed: Bool) {
    var translator = Translation(from: client, to: provider, context, random: Counter()).stream()
    var out = ByteWriter()
    for piece in cut { translator.feed(bytes.span.extracting(piece), into: &out) }
    translator.finish(into: &out)
    return (out.bytes, translator.failure != nil)
}

/// Each frame has one line of data, which is JSON or `[DONE]`.
private func check(_ written: [UInt8], _ client: Exchange.Dialect) {
    for line in written.split(separator: 0x0a) where line.starts(with: "data: ".utf8) {
        let data = Array(line.dropFirst(6))
        if data.elementsEqual("[DONE]".utf8) { continue }
        demand((try? JSONReader.read(data, depth: 256)) != nil, "an event for \(client) is no JSON")
    }
}

/// Ids that are the same in every run.
private struct Counter: RandomNumberGenerator {
    private var state: UInt64 = 0

    mutating func next() -> UInt64 {
        state &+= 1
        return state
    }
}
