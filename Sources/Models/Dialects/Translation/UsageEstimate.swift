import OstiaryCore

/// What an exchange probably used, where its provider does not say: a quarter of the bytes of its text, which is close
/// for English and code, and high for most other writing. An image counts as 1,600 tokens.
enum UsageEstimate {
    static let image = 1600

    static func tokens(ofBytes count: Int) -> Int { count / 4 + 1 }

    /// Puts estimates where nothing is known, and says so.
    static func complete(_ tokens: inout Exchange.Tokens, _ input: Int, _ output: Int) {
        if tokens.input == nil {
            tokens.input = input
            tokens.isEstimated = true
        }
        if tokens.output == nil {
            tokens.output = output
            tokens.isEstimated = true
        }
    }
}

enum InputEstimate {
    static func tokens(of request: Exchange.Request) -> Int {
        var sum = Sum()
        for part in request.system { sum.add(part) }
        for turn in request.turns {
            sum.bytes += 16
            for part in turn.parts { sum.add(part) }
        }
        for tool in request.tools { sum.bytes += tool.raw?.byteCount ?? tool.schema?.byteCount ?? 0 }
        return UsageEstimate.tokens(ofBytes: sum.bytes) + sum.images * UsageEstimate.image
    }
}

enum OutputEstimate {
    static func tokens(of answer: Exchange.Answer) -> Int {
        var sum = Sum()
        for part in answer.parts { sum.add(part) }
        return UsageEstimate.tokens(ofBytes: sum.bytes)
    }
}

private struct Sum {
    var bytes = 0
    var images = 0

    mutating func add(_ part: Exchange.Part) {
        switch part.kind {
        case .text(let text), .refusal(let text), .sealedThinking(let text), .toolReference(let text):
            bytes += text.byteCount
        case .thinking(let text, _): bytes += text.byteCount
        case .image: images += 1
        case .audio, .other: bytes += part.raw?.byteCount ?? 0
        case .searchResult(_, _, let parts): for part in parts { add(part) }
        case .document(let document):
            switch document.source {
            case .text(let text), .url(let text): bytes += text.byteCount
            case .parts(let parts): for part in parts { add(part) }
            // A page of a document costs about as much as an image and has some 50 KB.
            case .data(_, let data): images += data.byteCount / 65536 + 1
            case .file: images += 1
            }
        case .call(let call):
            bytes += call.name.byteCount + 16
            switch call.arguments {
            case .object(let object): bytes += object.byteCount
            case .text(let text): bytes += text.byteCount
            }
        case .result(let result): for part in result.parts { add(part) }
        }
    }
}
