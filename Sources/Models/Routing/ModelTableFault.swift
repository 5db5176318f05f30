/// Everything that is wrong with a table of models.
public struct ModelTableFaults: Error, Hashable, Sendable {
    public let faults: [ModelTableFault]
}

/// One thing that is wrong with a table of models.
public struct ModelTableFault: Hashable, Sendable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        /// The key is no model name; the value says why, like `is empty`.
        case key(String)
        /// The provider's name for the model is none.
        case upstreamName(String)
        /// A `*` somewhere else than at the key's end.
        case starInside
        /// A `*` in the upstream name of an entry that is no pattern, or not at its end.
        case starUpstream
        /// Another entry has the same key.
        case duplicate
        /// No provider of this name is configured.
        case unknownProvider(String)
    }

    /// The entry's position and key.
    public let position: Int
    public let key: String
    public let reason: Reason

    public var description: String {
        switch reason {
        case .key(let fault): "models: a key \(fault)"
        case .upstreamName(let fault): "models.\(key).name \(fault)"
        case .starInside: "models.\(key): * may only stand at the end"
        case .starUpstream: "models.\(key).name: * may only stand at the end, and only where the key has one too"
        case .duplicate: "models.\(key) appears twice"
        case .unknownProvider(let provider): "models.\(key).provider: there is no provider \(provider)"
        }
    }

    static func all(in entries: [ModelTable.Entry], providers: some Collection<String>) -> [ModelTableFault] {
        let known = Set(providers.map { Array($0.utf8) })
        let star = UInt8(ascii: "*")
        var keys: Set<[UInt8]> = []
        var faults: [ModelTableFault] = []
        for (position, entry) in entries.enumerated() {
            func add(_ reason: Reason) { faults.append(.init(position: position, key: entry.key, reason: reason)) }
            if let fault = ModelName.fault(in: entry.key.utf8) { add(.key("\(fault)")) }
            if entry.key.utf8.dropLast().contains(star) { add(.starInside) }
            if !keys.insert(Array(entry.key.utf8)).inserted { add(.duplicate) }
            if !known.contains(Array(entry.provider.utf8)) { add(.unknownProvider(entry.provider)) }
            for target in entry.rules?.targets ?? [] where !known.contains(Array(target.provider.utf8)) {
                add(.unknownProvider(target.provider))
            }
            guard let name = entry.upstreamName else { continue }
            if let fault = ModelName.fault(in: name.utf8) { add(.upstreamName("\(fault)")) }
            let literal = entry.isPattern ? Substring(name).utf8.dropLast() : Substring(name).utf8
            if literal.contains(star) { add(.starUpstream) }
        }
        return faults
    }
}
