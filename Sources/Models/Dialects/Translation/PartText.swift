import OstiaryCore

/// Parts as text, for dialects that have no other word for them.
enum PartText {
    static func of(_ part: Exchange.Part) -> JSONText {
        switch part.kind {
        case .text(let text), .refusal(let text), .thinking(let text, _): return text
        case .document(let document): return of(document)
        case .searchResult(let title, let source, let parts):
            let head = [title, source].compactMap(\.self)
            return JSONText(joining: head + parts.map(of), by: "\n")
        case .result(let result):
            let label = JSONText(joining: [JSONText("Result of tool call "), result.callID, JSONText(":")])
            return JSONText(joining: [label] + result.parts.map(of), by: "\n")
        case .toolReference(let name): return JSONText(joining: [JSONText("Tool available: "), name])
        case .call(let call): return JSONText(joining: [JSONText("[tool call "), call.name, JSONText("]")])
        case .image: return JSONText("[image]")
        case .audio: return JSONText("[audio]")
        case .sealedThinking: return JSONText("")
        // R22.
        case .other(let type):
            return JSONText(joining: [JSONText("[unsupported block: "), type, JSONText("]")])
        }
    }

    private static func of(_ document: Exchange.Document) -> JSONText {
        let text: JSONText
        switch document.source {
        case .text(let words): text = words
        case .parts(let parts): text = JSONText(joining: parts.map(of), by: "\n")
        case .url(let url): text = url
        case .data, .file: text = JSONText("[file]")
        }
        guard let title = document.title else {
            return JSONText(joining: [JSONText("<document>"), text, JSONText("</document>")])
        }
        return JSONText(joining: [
            JSONText("<document title=\""), title, JSONText("\">"), text, JSONText("</document>"),
        ])
    }
}

extension Exchange.Part {
    var isCall: Bool { if case .call = kind { true } else { false } }

    var isResult: Bool { if case .result = kind { true } else { false } }
}
