import OstiaryCore

/// Leading instructions as text.
enum ChatSystem {
    static func texts(_ system: [Exchange.Part]) -> [JSONText] {
        var texts: [JSONText] = []
        for (position, part) in system.enumerated() {
            guard let text = part.text else { continue }
            // R11: it changes with every request and would keep prefixes from being found in caches.
            if position == 0, text.starts(with: "x-anthropic-billing-header:") { continue }
            texts.append(text)
        }
        return texts
    }
}
