import OstiaryCore

/// The tools that the conversation has referred to by name (R9).
enum ToolReferences {
    static func names(in request: Exchange.Request) -> Set<String> {
        var names: Set<String> = []
        for turn in request.turns {
            for part in turn.parts { collect(part, &names) }
        }
        return names
    }

    private static func collect(_ part: Exchange.Part, _ names: inout Set<String>) {
        switch part.kind {
        case .toolReference(let name): names.insert(name.string)
        case .result(let result): for part in result.parts { collect(part, &names) }
        // What a provider's own search found.
        case .other:
            part.raw?["content"]?["tool_references"]?.forEachElement {
                if let name = $0["tool_name"]?.string { names.insert(name) }
            }
        default: return
        }
    }
}
